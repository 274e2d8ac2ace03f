//! The table of circuits that were run.

pub mod panel;
mod table;
