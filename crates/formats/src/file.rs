//! A file that was read whole.

use thiserror::Error;

/// A file's name and its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// For messages.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A file that should be text and is not.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{file}: expected text in UTF-8, found an {reason}")]
pub struct NotUtf8 {
    pub file: String,
    pub reason: String,
}

impl File {
    /// The contents as text, without a byte order mark.
    ///
    /// # Errors
    /// When they are not UTF-8.
    pub fn text(&self) -> Result<&str, NotUtf8> {
        text(&self.name, &self.bytes)
    }
}

/// The bytes of a file as text, without a byte order mark.
///
/// # Errors
/// When they are not UTF-8.
pub fn text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, NotUtf8> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| NotUtf8 { file: file.to_owned(), reason: error.to_string() })?;
    Ok(text.trim_start_matches('\u{feff}'))
}
