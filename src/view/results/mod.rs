//! The table of circuits that were run.

pub mod table;
