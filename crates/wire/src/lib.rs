//! The seam between the page and its workers: the messages they exchange.
//!
//! [`engine`] has the messages of the program that computes, [`reader`] those of the program that reads tokenizers and other programs'
//! files. Both are plain serde data, posted with `postMessage`; files and arrays of numbers travel beside them as attachments.

pub mod engine;
pub mod reader;
