//! What reading can fail with.

use thiserror::Error;

use crate::FormatError;
use circuitscope_core::CircuitError;

/// A file that cannot be read, or a request that cannot be answered.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ReaderError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A file or a URL gives no bytes.
    #[error("{file}: {reason}")]
    Read { file: String, reason: String },
    /// The tokenizers library refuses a file or a text.
    #[error("{file}: {doing}: {reason}")]
    Tokenizer { file: String, doing: String, reason: String },
    /// Answers are one token each: what is compared is the logit of one.
    #[error("{file}: every answer should be one token, found {}", .found.join("; "))]
    Answers {
        file: String,
        /// Where each answer of several tokens stands, and its tokens.
        found: Vec<String>,
    },
    #[error("{file}: a tokenizer is needed for these prompts: they are text")]
    TextPrompts { file: String },
    #[error("a tokenizer is needed: open a tokenizer.json first")]
    NoTokenizer,
}
