//! The files of an archive that was saved with a figure: stored as they are, and read from it where they lie.

use js_sys::Array;
use web_sys::{Blob, File};

use super::Trouble;
use super::open::bytes_of;

/// What stands at an archive's end, without its comment, and the longest comment (APPNOTE, section 4.3.16).
const END_BYTES: usize = 22;
const MAX_COMMENT: usize = u16::MAX as usize;
/// A list of as many shards as a figure may have takes less, in bytes.
const MAX_DIRECTORY: u32 = 1 << 20;
/// What stands before a file, without its name and its extra field.
const LOCAL_BYTES: u64 = 30;
/// The file that an archive of a figure has.
const FIGURE: &str = "figure.json";

/// Where the list of files is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Directory {
    n_bytes: u32,
    at: u32,
}

/// A file of an archive.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    name: String,
    n_bytes: u32,
    /// Where its header begins.
    at: u32,
    /// Whether it is stored as it is.
    stored: bool,
}

/// The files of an archive; nothing where it is no figure's, as torch's files are archives too.
///
/// # Errors
/// When it is a figure's, and its files are compressed or cut off.
pub async fn unzip(archive: &File) -> Result<Option<Vec<File>>, Trouble> {
    let name = archive.name();
    let size = archive.size() as u64;
    let tail = size.saturating_sub((END_BYTES + MAX_COMMENT) as u64);
    let Some(directory) = directory(&slice(archive, tail, size).await?) else { return Ok(None) };
    let (start, n_bytes) = (u64::from(directory.at), u64::from(directory.n_bytes));
    if directory.n_bytes > MAX_DIRECTORY || start + n_bytes > size {
        return Ok(None);
    }
    let entries = entries(&slice(archive, start, start + n_bytes).await?);
    if !entries.iter().any(|entry| entry.name == FIGURE) {
        return Ok(None);
    }
    let mut files = Vec::new();
    for Entry { name: file, n_bytes, at, stored } in entries {
        if !stored {
            return Err(Trouble::Failed(format!(
                "{name}: its files are compressed. Unpack it, and drop what is in it."
            )));
        }
        let cut_off = || Trouble::Failed(format!("{name} is cut off, or no archive that can be read"));
        let at = u64::from(at);
        let skipped = local_bytes(&slice(archive, at, at + LOCAL_BYTES).await?).ok_or_else(cut_off)?;
        let (start, end) = (at + skipped, at + skipped + u64::from(n_bytes));
        if end > size {
            return Err(cut_off());
        }
        let part = archive.slice_with_f64_and_f64(start as f64, end as f64).map_err(|_| cut_off())?;
        files.push(File::new_with_blob_sequence(&Array::of1(&part), &file).map_err(|_| cut_off())?);
    }
    Ok(Some(files))
}

async fn slice(archive: &File, start: u64, end: u64) -> Result<Vec<u8>, Trouble> {
    let part: Result<Blob, _> = archive.slice_with_f64_and_f64(start as f64, end as f64);
    bytes_of(&archive.name(), &part.map_err(|_| Trouble::Failed(format!("{} cannot be read", archive.name())))?).await
}

/// Where the list of files is, by the archive's last bytes.
fn directory(tail: &[u8]) -> Option<Directory> {
    let last = tail.len().checked_sub(END_BYTES)?;
    let at = (0..=last).rev().find(|&at| tail[at..].starts_with(b"PK\x05\x06"))?;
    Some(Directory { n_bytes: u32_at(tail, at + 12)?, at: u32_at(tail, at + 16)? })
}

/// The files of a list, as far as it can be read. Folders and what lies in them are left out.
fn entries(mut list: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while list.starts_with(b"PK\x01\x02") {
        let Some((entry, rest)) = entry(list) else { break };
        list = rest;
        if !entry.name.contains(['/', '\\']) && !entry.name.is_empty() {
            entries.push(entry);
        }
    }
    entries
}

/// The first entry of a list, and the rest of it (APPNOTE, section 4.3.12).
fn entry(list: &[u8]) -> Option<(Entry, &[u8])> {
    let [n_name, n_extra, n_comment] = [28, 30, 32].map(|at| u16_at(list, at).map(usize::from));
    let end = 46 + n_name?;
    let name = String::from_utf8_lossy(list.get(46..end)?).into_owned();
    let (flags, method, packed, n_bytes) = (u16_at(list, 8)?, u16_at(list, 10)?, u32_at(list, 20)?, u32_at(list, 24)?);
    // The first flag says that it is encrypted.
    let stored = flags & 1 == 0 && method == 0 && packed == n_bytes;
    let entry = Entry { name, n_bytes, at: u32_at(list, 42)?, stored };
    Some((entry, list.get(end + n_extra? + n_comment?..)?))
}

/// How many bytes stand before a file's own.
fn local_bytes(header: &[u8]) -> Option<u64> {
    let is_header = header.starts_with(b"PK\x03\x04");
    let (n_name, n_extra) = (u16_at(header, 26)?, u16_at(header, 28)?);
    is_header.then(|| LOCAL_BYTES + u64::from(n_name) + u64::from(n_extra))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::zip::tests::archive;
    use super::*;

    #[test]
    fn what_was_archived_is_found_where_it_lies() {
        let files = [("figure.json", &b"{}"[..]), ("model.safetensors", &[7; 300])];
        let bytes = archive(&files);
        let Directory { n_bytes, at } = directory(&bytes).unwrap();
        let found = entries(&bytes[at as usize..(at + n_bytes) as usize]);
        assert_eq!(found.len(), 2);
        for (entry, (name, content)) in found.iter().zip(files) {
            assert!(entry.stored && entry.name == name);
            let start = entry.at as usize + local_bytes(&bytes[entry.at as usize..]).unwrap() as usize;
            assert_eq!(&bytes[start..start + entry.n_bytes as usize], content);
        }
    }

    #[test]
    fn an_archive_that_is_cut_off_or_damaged_does_no_harm() {
        let bytes = archive(&[("figure.json", &b"{}"[..]), ("a/b.json", b"")]);
        for n in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[n] ^= 0xff;
            for bytes in [&bytes[..n], &damaged] {
                let Some(Directory { n_bytes, at }) = directory(bytes) else { continue };
                let end = (at as usize).saturating_add(n_bytes as usize);
                let list = bytes.get(at as usize..end).unwrap_or_default();
                assert!(entries(list).len() <= 2);
                _ = local_bytes(bytes);
            }
        }
        assert_eq!(directory(b""), None);
    }
}
