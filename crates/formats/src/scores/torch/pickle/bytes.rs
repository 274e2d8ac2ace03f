//! Reads numbers and texts from a pickle's bytes, each within the bytes that there are.

use crate::scores::error::FormatError;
use crate::scores::torch::TORCH_FILE;

/// The bytes of a pickle, and how far they have been read.
pub struct Bytes<'a> {
    file: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    pub fn new(file: &'a str, bytes: &'a [u8]) -> Self {
        Self { file, bytes, at: 0 }
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        self.file
    }

    /// The error that the pickle is wrong where it is being read.
    pub fn wrong<T>(&self, reason: impl Into<String>) -> Result<T, FormatError> {
        let reason = format!("{} (at byte {} of its pickle)", reason.into(), self.at);
        Err(FormatError::unreadable(self.file, TORCH_FILE, reason))
    }

    pub fn take(&mut self, n: u64) -> Result<&'a [u8], FormatError> {
        let end = usize::try_from(n).ok().and_then(|n| self.at.checked_add(n));
        let Some(taken) = end.and_then(|end| self.bytes.get(self.at..end)) else { return self.wrong("it is cut off") };
        self.at += taken.len();
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, FormatError> {
        Ok(self.take(1)?[0])
    }

    /// A little-endian number without a sign, of at most 8 bytes.
    pub fn unsigned(&mut self, n_bytes: u64) -> Result<u64, FormatError> {
        Ok(self.take(n_bytes)?.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte)))
    }

    /// A little-endian number in two's complement; of no bytes it is 0.
    pub fn signed(&mut self, n_bytes: u64) -> Result<i64, FormatError> {
        match n_bytes {
            0 => Ok(0),
            1..=8 => {
                let n_unused_bits = 64 - 8 * n_bytes as u32;
                Ok((self.unsigned(n_bytes)? << n_unused_bits) as i64 >> n_unused_bits)
            }
            _ => self.wrong(format!("a whole number of {n_bytes} bytes")),
        }
    }

    /// A number with a fraction, the one kind that pickles store big-endian.
    pub fn float(&mut self) -> Result<f64, FormatError> {
        let bits = self.take(8)?.iter().fold(0, |n, &byte| n << 8 | u64::from(byte));
        Ok(f64::from_bits(bits))
    }

    /// A text, after its length in `length_bytes` bytes.
    pub fn text(&mut self, length_bytes: u64) -> Result<String, FormatError> {
        let length = self.unsigned(length_bytes)?;
        match std::str::from_utf8(self.take(length)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => self.wrong("a text that is not UTF-8"),
        }
    }

    /// A line of text, without its end.
    pub fn line(&mut self) -> Result<String, FormatError> {
        let rest = &self.bytes[self.at..];
        let Some(n) = rest.iter().position(|&b| b == b'\n') else { return self.wrong("it is cut off") };
        self.at += n + 1;
        Ok(String::from_utf8_lossy(&rest[..n]).into_owned())
    }
}
