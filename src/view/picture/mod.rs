//! The circuit as a picture, with the controls over and under it.

pub mod circuit_svg;
pub mod toolbar;
