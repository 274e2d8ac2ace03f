//! What several parts of the screen are built from: form controls, plots, rows of tokens, notices.

pub mod controls;
pub mod help;
pub mod menu;
pub mod notice;
pub mod plot_svg;
pub mod remembered;
pub mod screen;
pub mod svg;
pub mod token_rows;
