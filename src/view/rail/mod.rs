//! The rail at the left: what is in use, the settings in a sentence, and how the work stands.

mod lines;
pub mod panel;
mod status;
