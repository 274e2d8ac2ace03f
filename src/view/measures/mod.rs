//! Curves, their numbers and comparisons.

mod curves;
mod official;
pub mod panel;
mod tables;
