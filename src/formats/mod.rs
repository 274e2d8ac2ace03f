//! Scores and circuits as other programs write them, read and written: plain data on both sides.
//!
//! ```text
//! bytes ─► recognise ─► read (pickle, JSON, CSV) ─► names to edges of a graph ─► PruneScores + notes
//! ```
//!
//! [`table`] says which formats there are; `scores` reads and writes any of them. One file a format: `torch` (over
//! `pickle` and `archive`), `mib` and `mib_torch`, `edge_list`; safetensors is read in
//! [`crate::circuit::prune_scores`]. A foreign format's names are converted to the graph's edges once, in `names`.

//!
//! The table is there for every program; the readers and writers only with the feature `reader`, in a program of their own.

#[cfg(feature = "reader")]
mod archive;
#[cfg(feature = "reader")]
mod edge_list;
#[cfg(feature = "reader")]
mod error;
#[cfg(feature = "reader")]
mod json;
#[cfg(feature = "reader")]
mod mib;
#[cfg(feature = "reader")]
mod mib_torch;
#[cfg(feature = "reader")]
mod names;
#[cfg(feature = "reader")]
mod pickle;
#[cfg(feature = "reader")]
mod recognise;
#[cfg(feature = "reader")]
mod scores;
mod table;
#[cfg(feature = "reader")]
mod torch;

#[cfg(feature = "reader")]
pub use error::FormatError;
#[cfg(feature = "reader")]
pub use recognise::recognise;
#[cfg(feature = "reader")]
pub use scores::{FoundScores, Wanted, WriteRequest, read_scores, write_scores};
pub use table::{Extent, FORMATS, Format, FormatId, supported_files};
#[cfg(feature = "reader")]
pub use torch::{ScoresChoice, TorchFile, TorchTensor};
