//! What can be wrong with a file of scores in another program's format.

use thiserror::Error;

use crate::file::NotUtf8;
use circuitscope_core::CircuitError;

/// At most this many names are listed in a message.
const MAX_LISTED: usize = 10;

/// An error of a file in another program's format.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FormatError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    NotUtf8(#[from] NotUtf8),
    /// The file is in none of the formats.
    #[error("{file}: expected prune scores or a circuit as {expected}; {found}")]
    Unrecognised { file: String, expected: String, found: String },
    /// The file is in a format, and damaged.
    #[error("{file}: not a readable {format}: {reason}")]
    Unreadable { file: String, format: &'static str, reason: String },
    /// A pickle asks for something other than data.
    #[error(
        "{file}: the pickle asks for `{name}`, which is refused: only tensors, containers and numbers are read. In Python, \
         save the dictionary of tensors alone, with `torch.save` or `safetensors.torch.save_file`"
    )]
    Refused { file: String, name: String },
    /// Names that the graph does not have.
    #[error("{file}: {names}, not in {graph}; {hint}")]
    Unknown { file: String, names: String, graph: String, hint: String },
    /// A value that makes no sense or does not fit; `field` says where in the file it is.
    #[error("{file}: {field} should be {expected}, found {found}")]
    Wrong { file: String, field: String, expected: String, found: String },
    /// The file has no scores of the name that was picked.
    #[error("{file}: there are no scores `{pick}`; there are {choices}")]
    NoSuchChoice { file: String, pick: String, choices: String },
    /// A format cannot say what should be written.
    #[error("{format} cannot hold {what}: {why}")]
    CannotHold { format: &'static str, what: String, why: &'static str },
}

impl FormatError {
    /// A value that does not fit.
    pub fn wrong(file: &str, field: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Wrong { file: file.to_owned(), field: field.into(), expected: expected.into(), found: found.into() }
    }

    /// A file that is damaged.
    pub fn unreadable(file: &str, format: &'static str, reason: impl Into<String>) -> Self {
        Self::Unreadable { file: file.to_owned(), format, reason: reason.into() }
    }
}

/// Names in a message, the first of them if they are many: `` 2 edges (`A`, `B`) ``.
pub fn listed(what: &str, names: &[String]) -> String {
    let mut shown: Vec<_> = names.iter().take(MAX_LISTED).map(|name| format!("`{}`", shortened(name))).collect();
    if names.len() > MAX_LISTED {
        shown.push(format!("and {} more", names.len() - MAX_LISTED));
    }
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("{} {what}{plural} ({})", names.len(), shown.join(", "))
}

/// A name from a file, short enough for a message.
pub fn shortened(name: &str) -> String {
    const MOST: usize = 80;
    match name.char_indices().nth(MOST) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}
