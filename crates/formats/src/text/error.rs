//! What can be wrong with a tokenizer or with prompts as text.

use thiserror::Error;

use crate::file::NotUtf8;
use circuitscope_core::CircuitError;

/// A tokenizer, a text or a file of prompts that cannot be read.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum TextError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    NotUtf8(#[from] NotUtf8),
    /// The tokenizers library refuses a file.
    #[error("{file}: not a tokenizer that can be read: {reason}")]
    Tokenizer { file: String, reason: String },
    /// The tokenizers library refuses a text; `file` is the tokenizer's.
    #[error("{text:?} cannot be tokenized by {file}: {reason}")]
    Encode { file: String, text: String, reason: String },
    /// A text of a file of prompts has no token ids.
    #[error("{file}: `{field}`: {error}")]
    Prompt { file: String, field: String, error: Box<TextError> },
    /// Answers are one token each: a metric compares the logits of single tokens.
    #[error("{file}: every answer should be one token, found {}", .found.join("; "))]
    Answers {
        file: String,
        /// The fields of answers that are several tokens, with those tokens.
        found: Vec<String>,
    },
    #[error("{file}: a tokenizer is needed for these prompts: they are text")]
    TextPrompts { file: String },
    #[error("a tokenizer is needed: open a tokenizer.json first")]
    NoTokenizer,
}

impl TextError {
    /// An error of a field of a file of prompts.
    pub fn prompt(file: &str, field: &str, error: Self) -> Self {
        Self::Prompt { file: file.to_owned(), field: field.to_owned(), error: Box::new(error) }
    }
}
