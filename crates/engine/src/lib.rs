//! The engine: from weights and prompts to the logits of patched models, on burn.
//!
//! In reading order: [`device`] chooses what to compute on; [`model`] turns weights into logits, by the operations of
//! `ops`; [`run`] patches; [`discover`]
//! finds which edges matter; [`inspect`] looks into a run; [`share`] divides work between engines; [`session`] is the state of a program that answers requests.

pub mod device;
pub mod discover;
pub mod inspect;
pub mod model;
mod ops;
pub mod run;
pub mod session;
pub mod share;
