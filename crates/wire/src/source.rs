//! Where bytes are read from, a range at a time: memory, a file on disk, and in a browser a `File` or a URL (`browser::OpenSource`).

use std::ops::Range;

use thiserror::Error;

/// The bytes of a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}: could not be read: {reason}")]
pub struct ReadError {
    pub file: String,
    pub reason: String,
}

impl ReadError {
    pub fn new(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file: file.into(), reason: reason.into() }
    }
}

/// Something whose bytes can be read by their position.
#[allow(async_fn_in_trait, reason = "used on one thread only, in the browser as well")]
pub trait ByteSource {
    /// The name, for messages.
    fn name(&self) -> &str;

    /// The number of bytes.
    fn len(&self) -> u64;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of a range.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, ReadError>;

    /// All bytes.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn read_all(&self) -> Result<Vec<u8>, ReadError> {
        self.read(0..self.len()).await
    }

    /// The contents as text.
    ///
    /// # Errors
    /// When they cannot be read or are not UTF-8.
    async fn read_text(&self) -> Result<String, ReadError> {
        let text = String::from_utf8(self.read_all().await?);
        text.map_err(|e| ReadError::new(self.name(), format!("expected text in UTF-8, found other bytes ({e})")))
    }
}

/// Bytes in memory, with their file's name.
impl ByteSource for (&str, &[u8]) {
    fn name(&self) -> &str {
        self.0
    }

    fn len(&self) -> u64 {
        self.1.len() as u64
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        let bytes = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let bytes = bytes.and_then(|(start, end)| self.1.get(start..end));
        bytes.map(<[u8]>::to_vec).ok_or_else(|| {
            let Range { start, end } = range;
            ReadError::new(self.0, format!("expected bytes {start} to {end}, found a file of {} bytes", self.1.len()))
        })
    }
}

/// A file on disk.
#[cfg(not(target_arch = "wasm32"))]
impl ByteSource for std::path::PathBuf {
    fn name(&self) -> &str {
        self.to_str().unwrap_or("file")
    }

    fn len(&self) -> u64 {
        std::fs::metadata(self).map_or(0, |m| m.len())
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        read_range(self, range).map_err(|e| ReadError::new(self.name(), e.to_string()))
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn read_range(path: &std::path::Path, range: Range<u64>) -> std::io::Result<Vec<u8>> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = vec![0; (range.end - range.start) as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;

    #[test]
    fn bytes_in_memory_are_read_by_their_position() {
        let source = ("a.txt", &b"abcd"[..]);
        assert_eq!(block_on(source.read(1..3)), Ok(b"bc".to_vec()));
        assert_eq!(block_on(source.read_text()), Ok("abcd".to_owned()));
        let error = block_on(source.read(2..5)).unwrap_err();
        assert_eq!(error.to_string(), "a.txt: could not be read: expected bytes 2 to 5, found a file of 4 bytes");
    }

    #[test]
    fn bytes_that_are_no_text_name_their_file() {
        let error = block_on(("p.json", &[0xff, 0xfe][..]).read_text()).unwrap_err();
        assert!(error.to_string().starts_with("p.json: could not be read: expected text in UTF-8"), "{error}");
    }

    #[test]
    fn a_file_on_disk_is_read_by_its_position() {
        let path = std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        assert_eq!(block_on(path.read(1..8)), Ok(b"package".to_vec()));
        assert!(block_on(path.read(0..path.len() + 1)).unwrap_err().file.ends_with("Cargo.toml"));
        let missing = path.with_file_name("none.toml");
        assert_eq!(missing.len(), 0);
        assert!(block_on(missing.read(0..1)).is_err());
    }
}
