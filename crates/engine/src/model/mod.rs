//! From weights to logits: reading a model tensor by tensor and running it, told by [`Hooks`] what to do at each node.
//!
//! There is one copy of the model's maths, [`Transformer`]; nothing is cloned or changed to patch it.

pub mod attention;
pub mod error;
#[cfg(not(target_arch = "wasm32"))]
pub mod folder;
pub mod hooks;
pub mod load;
pub mod mlp;
pub mod norm;
pub mod rotary;
pub mod transformer;

pub use error::ModelError;
#[cfg(not(target_arch = "wasm32"))]
pub use folder::ModelFolder;
pub use hooks::{Dest, DestInput, Hooks, Model, Plain, Start, TokenBatch};
pub use load::{ByteSource, load, load_shards};
pub use transformer::Transformer;
