//! Prompts typed by hand.

pub mod form;
pub mod panel;
