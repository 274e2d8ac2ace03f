//! The middle of the page: the caption, the drawing, and the strip below it.

mod compare_bar;
mod controls;
mod drawing;
mod heading;
mod hints;
mod legend;
pub mod panel;
mod selected;
mod strip;
