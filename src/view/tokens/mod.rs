//! The likeliest tokens.

pub mod likeliest;
