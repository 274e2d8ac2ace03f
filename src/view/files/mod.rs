//! The list of files, models of the hub, and the scores' file.

pub mod hub_form;
pub mod list;
pub mod scores;
