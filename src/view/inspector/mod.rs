//! The inspector at the right: the prompt and its tokens, or what is selected.

mod edge;
mod layers;
mod node;
pub mod panel;
mod values;
