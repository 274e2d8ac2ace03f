//! The list of files, models of the hub, and the scores' file.

pub mod hub_form;
pub mod hub_panel;
pub mod list;
pub mod scores;
