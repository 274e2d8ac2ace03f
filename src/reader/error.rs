//! What reading can fail with.

use thiserror::Error;

use crate::circuit::CircuitError;

/// A file that cannot be read, or a request that cannot be answered.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ReaderError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A file or a URL gives no bytes.
    #[error("{file}: {reason}")]
    Read { file: String, reason: String },
    /// The tokenizers library refuses a file or a text.
    #[error("{file}: {doing}: {reason}")]
    Tokenizer { file: String, doing: String, reason: String },
    #[error("a tokenizer is needed: open a tokenizer.json first")]
    NoTokenizer,
}
