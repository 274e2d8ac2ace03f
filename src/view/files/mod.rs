//! The list of files, models of the hub, and the scores' file.

mod hub_form;
mod hub_panel;
pub mod list;
pub mod panel;
mod remember;
mod scores;
pub mod scores_panel;
