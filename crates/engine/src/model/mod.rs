//! From weights to logits: a model is read tensor by tensor, and run with [`Hooks`] that may change the input of each node.
//!
//! There is one copy of the model's maths, [`Transformer`]; nothing is cloned or changed to patch it.
//!
//! In reading order:
//! - [`folder`]: a model's files on disk; [`load`]: from files to a model, by `read_tensor`, `weights` (on the device) and
//!   `build`; [`trainable`]: from tensors of the caller, so that gradients reach them.
//! - [`hooks`]: how a forward pass is observed and patched; [`transformer`] with [`attention`] and [`mlp`]: the pass, of the operations in
//!   [`crate::ops`].
//! - [`error`]: what can go wrong.

pub mod attention;
mod build;
pub mod error;
#[cfg(not(target_arch = "wasm32"))]
pub mod folder;
pub mod hooks;
pub mod load;
pub mod mlp;
mod read_tensor;
pub mod trainable;
pub mod transformer;
mod weights;

pub use error::ModelError;
#[cfg(not(target_arch = "wasm32"))]
pub use folder::ModelFolder;
pub use hooks::{Dest, DestInput, Hooks, Model, Plain, Prefix, PrefixKeeper, Start, TokenBatch, token_ids};
pub use load::{ByteSource, load, load_plain, load_shards};
pub use trainable::from_tensors;
pub use transformer::Transformer;
