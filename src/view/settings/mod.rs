//! The settings of a run.

pub mod form;
