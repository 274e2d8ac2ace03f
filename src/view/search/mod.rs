//! The section that finds circuits.

mod bar;
mod form;
mod loss;
pub mod panel;
pub mod scores;
