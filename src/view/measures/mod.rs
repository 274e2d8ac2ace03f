//! Curves, their numbers and comparisons.

pub mod tables;
