//! The likeliest tokens.

mod likeliest;
pub mod panel;
