//! Why a figure cannot be recorded or verified.

use std::io;
use std::path::Path;

use circuitscope_core::CircuitError;
use circuitscope_engine::model::ModelError;
use circuitscope_engine::session::SessionError;
use circuitscope_formats::{FormatError, NotUtf8, TextError};
use thiserror::Error;

/// Why a figure cannot be recorded or verified.
#[derive(Debug, Error)]
pub enum RecordError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    NotUtf8(#[from] NotUtf8),
    #[error("{file}: cannot be read: {reason}")]
    Read { file: String, reason: io::Error },
    #[error("{file}: cannot be written: {reason}")]
    Write { file: String, reason: io::Error },
    /// What is missing to run a figure again.
    #[error("{file}: it cannot be run again here: {missing}")]
    Missing { file: String, missing: String },
}

impl RecordError {
    pub(crate) fn read(path: &Path, reason: io::Error) -> Self {
        Self::Read { file: path.display().to_string(), reason }
    }
}
