//! What can go wrong in a run.

use thiserror::Error;

use crate::model::ModelError;
use circuitscope_core::CircuitError;

/// An error of a run of circuits.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RunError {
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}
