//! A torch file: a zip archive whose members are stored as they are, handed out as slices of the file.
//!
//! Nothing is inflated and nothing is allocated for a member: one that is compressed, encrypted or larger than the file is
//! refused. The `zip` crate reads the directory.

use std::io::{Cursor, copy, sink};

use zip::{CompressionMethod, ZipArchive};

use super::TORCH_FILE;
use crate::scores::error::FormatError;

/// An open archive.
pub struct Archive<'a> {
    file: &'a str,
    bytes: &'a [u8],
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// What the names of all members start with, with its slash.
    root: String,
}

impl<'a> Archive<'a> {
    /// Opens an archive that `torch.save` wrote.
    ///
    /// # Errors
    /// When it is no zip archive, was cut off, or has no `data.pkl`.
    pub fn open(file: &'a str, bytes: &'a [u8]) -> Result<Self, FormatError> {
        let unreadable = |reason: String| FormatError::unreadable(file, TORCH_FILE, reason);
        let zip = ZipArchive::new(Cursor::new(bytes))
            .map_err(|e| unreadable(format!("its zip directory cannot be read: {e} (is the file cut off?)")))?;
        let root = zip.file_names().find_map(|name| {
            let name = name.ok()?;
            let root = name.strip_suffix("data.pkl")?;
            (root.is_empty() || root.ends_with('/')).then(|| root.to_owned())
        });
        let root =
            root.ok_or_else(|| unreadable("the zip archive has no data.pkl: torch.save did not write it".to_owned()))?;
        Ok(Self { file, bytes, zip, root })
    }

    /// A member's bytes; `None` where there is no such member.
    ///
    /// # Errors
    /// When it is compressed, encrypted, damaged, or does not lie within the file.
    pub fn member(&mut self, name: &str) -> Result<Option<&'a [u8]>, FormatError> {
        let path = format!("{}{name}", self.root);
        let Some(index) = self.zip.index_for_name(&path) else { return Ok(None) };
        let (file, bytes) = (self.file, self.bytes);
        let unreadable = |reason: String| FormatError::unreadable(file, TORCH_FILE, format!("member {name}: {reason}"));
        let mut member = self.zip.by_index(index).map_err(|e| unreadable(e.to_string()))?;
        if member.compression() != CompressionMethod::Stored || member.encrypted() {
            return Err(unreadable("it is compressed or encrypted, which torch.save does not do".to_owned()));
        }
        let (size, stored) = (member.size(), member.compressed_size());
        let start = member.data_start().ok_or_else(|| unreadable("its bytes are not in the file".to_owned()))?;
        let end = start.checked_add(stored).filter(|&end| size == stored && end <= bytes.len() as u64);
        let Some(end) = end else {
            let sizes = format!("{size} bytes, {stored} of them stored, from byte {start} of {}", bytes.len());
            return Err(unreadable(format!("it should lie within the file, found {sizes}")));
        };
        // Reading to the end compares the checksum.
        copy(&mut member, &mut sink()).map_err(|e| unreadable(e.to_string()))?;
        Ok(Some(&bytes[start as usize..end as usize]))
    }
}
