//! What can go wrong between a weights file and logits.

use thiserror::Error;

use circuitscope_core::CircuitError;
use circuitscope_wire::ReadError;

/// An error of reading or running a model.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ModelError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The device gave no answer, or an error.
    #[error("the device failed while {doing}: {reason}")]
    Device { doing: String, reason: String },
    /// A tensor on the device is not what was uploaded.
    #[error("{file}: tensor `{tensor}` arrived on the device with a sum of magnitudes of {found}, expected {expected}")]
    Upload { file: String, tensor: String, expected: f64, found: f64 },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl ModelError {
    /// An error of the device while doing something.
    pub fn device(doing: &str, reason: impl std::fmt::Debug) -> Self {
        Self::Device { doing: doing.to_owned(), reason: format!("{reason:?}") }
    }
}
