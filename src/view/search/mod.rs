//! The section that finds circuits.

pub mod form;
pub mod panel;
