//! Curves, their numbers and comparisons.

pub mod panel;
pub mod tables;
