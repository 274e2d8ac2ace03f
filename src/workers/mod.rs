//! The workers, seen from the page.

pub mod engine;
pub mod reader;
