//! Why a request failed.

use thiserror::Error;

use crate::model::ModelError;
use crate::run::{RunError, TOP_TOKENS};
use circuitscope_core::CircuitError;

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SessionError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Run(#[from] RunError),
    /// The device cannot be opened.
    #[error("{0}")]
    Device(String),
    #[error("no device is open: open one first")]
    NoDevice,
    #[error("no model is loaded: load one first")]
    NoModel,
    #[error("no call was begun that parts could be of")]
    NoCall,
    #[error("no circuits were run: run some first")]
    NoRun,
    #[error("`{field}` should be below {expected}, found {found}")]
    OutOfRange { field: &'static str, expected: usize, found: usize },
    #[error("`topK` should be at most {most}, the number of tokens that a run keeps of each output, found {found}", most = TOP_TOKENS)]
    TopK { found: usize },
}

impl SessionError {
    /// Whether the caller asked to stop.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Run(RunError::Cancelled) | Self::Model(ModelError::Cancelled))
            || matches!(self, Self::Run(RunError::Model(ModelError::Cancelled)))
    }
}
