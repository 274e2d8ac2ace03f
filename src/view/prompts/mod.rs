//! Prompts typed by hand.

mod form;
pub mod panel;
