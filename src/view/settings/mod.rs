//! The settings of a run.

mod form;
pub mod panel;
