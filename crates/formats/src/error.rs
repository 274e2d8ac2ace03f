//! Why the reader cannot answer a request.

use thiserror::Error;

use crate::scores::FormatError;
use crate::text::TextError;
use circuitscope_core::CircuitError;

/// A file that cannot be read, or a request that cannot be answered.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ReaderError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Text(#[from] TextError),
    /// A file or a URL gives no bytes.
    #[error("{file}: {reason}")]
    Read { file: String, reason: String },
}
