//! A zip archive of files that are stored as they are (PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16). The files themselves are
//! not copied: an archive is a list of blobs.

use js_sys::{Array, Uint8Array};
use web_sys::Blob;

use super::Trouble;
use super::open::bytes_of;

/// As much of a file is read at once.
const SLICE: f64 = (16 << 20) as f64;
/// 1980-01-01, the first day that a zip archive can name: an archive of the same files is the same.
const DATE: u16 = 0x0021;
/// Sizes and places have 32 bits.
const MOST: u64 = u32::MAX as u64;

/// A file of an archive.
pub struct Stored {
    pub name: String,
    pub blob: Blob,
}

/// What the headers say of a file.
#[derive(Debug, Clone)]
struct Header {
    name: String,
    crc: u32,
    n_bytes: u32,
    /// Where its own header begins.
    at: u32,
}

/// The archive of some files.
pub async fn zip(files: &[Stored]) -> Result<Blob, Trouble> {
    let (parts, mut headers, mut at) = (Array::new(), Vec::new(), 0_u64);
    let too_large = || Trouble::Failed("the files are too large for one archive: save the JSON by itself".to_owned());
    for Stored { name, blob } in files {
        let n_bytes = blob.size() as u64;
        if n_bytes > MOST || at > MOST {
            return Err(too_large());
        }
        let header =
            Header { name: name.clone(), crc: crc_of(name, blob).await?, n_bytes: n_bytes as u32, at: at as u32 };
        let local = local_header(&header);
        at += local.len() as u64 + n_bytes;
        parts.push(&Uint8Array::from(local.as_slice()));
        parts.push(blob);
        headers.push(header);
    }
    let end = u32::try_from(at).map_err(|_| too_large())?;
    parts.push(&Uint8Array::from(directory(&headers, end).as_slice()));
    Blob::new_with_blob_sequence(&parts).map_err(|_| too_large())
}

async fn crc_of(name: &str, blob: &Blob) -> Result<u32, Trouble> {
    let (mut crc, mut from) = (Crc::default(), 0.0);
    while from < blob.size() {
        let slice = blob.slice_with_f64_and_f64(from, from + SLICE);
        let slice = slice.map_err(|_| Trouble::Failed(format!("{name}: the browser could not read it")))?;
        crc.add(&bytes_of(name, &slice).await?);
        from += SLICE;
    }
    Ok(crc.value())
}

/// What stands before a file's bytes.
fn local_header(header: &Header) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend(common(header));
    bytes.extend(header.name.as_bytes());
    bytes
}

/// What both headers of a file have: version 2.0, names in UTF-8 (flag 11), stored, the date, checksum, sizes, the name's length and
/// no extra field.
fn common(Header { name, crc, n_bytes, .. }: &Header) -> Vec<u8> {
    let mut bytes = Vec::new();
    [20, 1 << 11, 0, 0, DATE].iter().for_each(|word: &u16| bytes.extend(word.to_le_bytes()));
    [crc, n_bytes, n_bytes].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
    [name.len() as u16, 0].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
    bytes
}

/// The list of files at the archive's end.
fn directory(headers: &[Header], start: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for header in headers {
        bytes.extend(b"PK\x01\x02\x14\x00");
        bytes.extend(common(header));
        // No comment, the first disk, no attributes.
        bytes.extend([0; 10]);
        bytes.extend(header.at.to_le_bytes());
        bytes.extend(header.name.as_bytes());
    }
    let n_bytes = bytes.len() as u32;
    bytes.extend(b"PK\x05\x06\x00\x00\x00\x00");
    bytes.extend([headers.len() as u16; 2].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend([n_bytes, start].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend([0; 2]);
    bytes
}

/// The checksum of zip archives: CRC-32 with the reflected polynomial 0xEDB88320.
struct Crc {
    value: u32,
    table: [u32; 256],
}

impl Default for Crc {
    fn default() -> Self {
        let of_byte = |byte: u32| (0..8).fold(byte, |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 });
        Self { value: u32::MAX, table: std::array::from_fn(|byte| of_byte(byte as u32)) }
    }
}

impl Crc {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let entry = self.table[((self.value ^ u32::from(*byte)) & 0xff) as usize];
            self.value = (self.value >> 8) ^ entry;
        }
    }

    fn value(&self) -> u32 {
        !self.value
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An archive of files, which are in memory.
    pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut archive, mut headers) = (Vec::new(), Vec::new());
        for (name, bytes) in files {
            let (at, n_bytes) = (archive.len() as u32, bytes.len() as u32);
            let header = Header { name: (*name).to_owned(), crc: crc(bytes), n_bytes, at };
            archive.extend(local_header(&header));
            archive.extend(*bytes);
            headers.push(header);
        }
        let start = archive.len() as u32;
        archive.extend(directory(&headers, start));
        archive
    }

    fn crc(bytes: &[u8]) -> u32 {
        let mut crc = Crc::default();
        crc.add(bytes);
        crc.value()
    }

    #[test]
    fn the_checksum_is_the_published_one() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc(b""), 0);
    }

    #[test]
    fn an_archive_is_read_by_another_program() {
        use std::io::{Cursor, Read};
        let files = [("figure.json", &b"{}"[..]), ("größe.bin", &[7; 300])];
        let mut read = zip::ZipArchive::new(Cursor::new(archive(&files))).unwrap();
        assert_eq!(read.len(), 2);
        for (i, (name, bytes)) in files.into_iter().enumerate() {
            let mut file = read.by_index(i).unwrap();
            let mut found = Vec::new();
            file.read_to_end(&mut found).unwrap();
            assert_eq!((file.name().unwrap().as_ref(), found.as_slice()), (name, bytes));
        }
    }
}
