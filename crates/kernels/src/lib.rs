//! What a transformer does most, in vectors of the CPU: products with weights that are packed once, norms, attention and
//! activations, each with what a backward pass needs of it.
//!
//! Everything works on slices of `f32`. One source serves all vector units (`rten-simd` chooses AVX-512, AVX2, Neon or the vectors of
//! WebAssembly when the program runs); every number is computed in the same order however the work is shared out among threads,
//! so that results are the same bit for bit.

#![allow(unsafe_code, reason = "vectors are loaded and stored through pointers, and threads write parts of one output")]

mod activation;
mod attention;
mod buffer;
mod edges;
mod fused;
mod norm;
mod packed;
#[cfg(not(target_arch = "wasm32"))]
mod pool;
mod product;
mod scores;
mod split;
mod table;
mod tile;
mod vocabulary;

pub use activation::Activation;
pub use attention::{Attended, AttentionShape, attention, attention_backward};
pub use edges::{EdgeSums, Source, Term, differences, total};
pub use norm::{Norm, NormKind};
pub use packed::{Packed, PackedShape};
pub use product::{Job, Sizes, product, product_transposed};
pub use scores::{EdgeScores, InputGradients};
pub use table::{product_with_table, product_with_table_backward};
pub use vocabulary::log_sum_exp;
