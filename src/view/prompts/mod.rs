//! Prompts typed by hand.

pub mod form;
