//! What a model's config file says: the shape of the model and the choices that change its maths.
//!
//! [`model`] holds the types, [`family`](mod@family) how each family of models stores its config and its weights, `check` the
//! bounds of every size, and `read` the way from a file to a checked configuration.

mod check;
pub mod family;
pub mod model;
mod read;

pub use model::{
    ActFn, AttentionDir, Biases, ModelConfig, Normalization, PositionalEmbedding, Rotary, RotaryScaling, Sizes,
};

/// No model has more blocks.
pub const MAX_LAYERS: usize = 1024;
