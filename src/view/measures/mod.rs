//! Curves, their numbers and comparisons.

mod curves;
mod official;
mod pair;
pub mod panel;
mod tables;
