//! Scores and circuits as other programs write them.
//!
//! In reading order: [`read`] opens a file of any format and [`write`] writes one. Each format has a file or a folder:
//! [`tensors`] is a tensor for each module, in safetensors or in the torch files of [`torch`]; [`mib`] the circuits of EAP-IG
//! and of the MIB benchmark; [`edge_list`] lists of edges as JSON or CSV. [`names`] finds a graph's edges by their names,
//! [`values`] checks numbers and sizes, and [`python_values`] reads JSON values as Python writes them.

pub mod error;
mod read;
pub mod torch;
mod write;

mod edge_list;
mod mib;
mod names;
mod python_values;
mod tensors;
mod values;

pub use error::FormatError;
pub use read::{FoundScores, Wanted, read_scores};
pub use write::{WriteRequest, write_scores};
