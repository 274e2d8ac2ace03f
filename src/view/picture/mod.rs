//! The circuit as a picture, with the controls over and under it.

mod circuit_svg;
pub mod panel;
mod toolbar;
