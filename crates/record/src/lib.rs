//! Figure files on a disk: recorded from a model's files, and verified against them.
//!
//! ```text
//! model folder, prompts, scores ─► inputs ─► record ─► FigureFile ─► verify ─► Verified
//!                                                         └─► files ─► what is beside it
//! ```
//!
//! In reading order: [`inputs`] opens the files of a figure, [`record()`] runs its circuits and writes down what they give,
//! [`files`] are the files that a figure names, with their hashes, and [`verify()`] runs a figure again. Nothing is fetched: a
//! figure's files are those on this disk.

mod date;
pub mod error;
pub mod files;
pub mod inputs;
mod paths;
pub mod record;
mod results;
pub mod verify;

pub use date::date_of;
pub use error::RecordError;
pub use files::{FileState, NamedFile, files};
pub use inputs::{InputPaths, Inputs};
pub use record::{Draft, Keep, Words, record, write_figure, write_file};
pub use verify::verify;
