//! Where results go: stdout, or the file that `--out` names.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::error::CliError;

/// Writes a result to a file, or to stdout where none is named.
///
/// # Errors
/// When it cannot be written.
pub fn write(out: Option<&Path>, bytes: &[u8]) -> Result<(), CliError> {
    match out {
        Some(path) => write_file(path, bytes),
        None => print(bytes),
    }
}

/// Writes a file.
///
/// # Errors
/// When it cannot be written.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    std::fs::write(path, bytes).map_err(|e| CliError::Write { file: path.display().to_string(), reason: e.to_string() })
}

/// Writes to stdout. That its reader has seen enough (`| head`) is no error.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::Write { file: "stdout".to_owned(), reason: e.to_string() })
        }
        _ => Ok(()),
    }
}
