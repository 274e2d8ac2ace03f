//! Scores and circuits as other programs write them, read and written: plain data on both sides.
//!
//! ```text
//! bytes ─► core::recognise ─► read (pickle, JSON, CSV) ─► names to edges of a graph ─► PruneScores + notes
//! ```
//!
//! [`FORMATS`](circuitscope_core::FORMATS) says which formats there are; `scores` reads and writes any of them. One file a format: `torch` (over
//! `pickle` and `archive`), `mib` and `mib_torch`, `edge_list`; safetensors is read in
//! [`circuitscope_core::scores::prune_scores`]. A foreign format's names are converted to the graph's edges once, in `names`.
//! [`reader`] is what the reader's program holds and how it answers.

mod archive;
mod edge_list;
mod error;
mod json;
mod mib;
mod mib_torch;
mod names;
mod pickle;
pub mod reader;
mod scores;
mod torch;

pub use error::FormatError;
pub use scores::{FoundScores, Wanted, WriteRequest, read_scores, write_scores};
pub use torch::{ScoresChoice, TorchFile, TorchTensor};
