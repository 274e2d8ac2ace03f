//! What a forward pass is made of, once for all devices: on the CPU by kernels of our own over packed weights, elsewhere (and where
//! weights themselves are differentiated) by plain tensor operations.
//!
//! - [`norm`], [`linear`], [`heads`] and [`head_outputs`] (what heads read and write), [`attend`], [`rotary`]: the operations.
//! - [`nodes`]: some heads among all, as a device finds them.
//! - [`edges`], [`own_inputs`]: the sums of patched edges, where they can wait for the norm that follows, on the CPU and on a GPU.
//! - [`kernels`]: those of our own, as burn's CPU backend calls them; `autodiff`: as its autodiff does; `gpu`: those on a GPU.

pub mod attend;
mod autodiff;
pub mod edges;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod head_outputs;
pub mod heads;
pub mod kernels;
pub mod linear;
pub mod nodes;
pub mod norm;
pub mod own_inputs;
mod plain_heads;
pub mod rotary;
