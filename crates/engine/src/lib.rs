//! The engine: from weights and prompts to the logits of patched models, on burn.
//!
//! In reading order: [`model`] turns weights into logits; [`run`] patches; [`discover`] finds which edges matter; [`session`] is what
//! a program that computes holds between requests, and [`device`] chooses what it computes on.

pub mod device;
pub mod discover;
pub mod model;
pub mod run;
pub mod session;
