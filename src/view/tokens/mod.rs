//! The likeliest tokens.

pub mod panel;
