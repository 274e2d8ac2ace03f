//! The components, by part of the screen.
//!
//! A `panel` is connected: it is given the state and the tasks (`connected`), and puts what `select` computes into the
//! components beside it. Those are presentational: values in, callbacks out.

pub mod connected;
pub mod files;
pub mod measures;
pub mod parts;
pub mod picture;
pub mod prompts;
pub mod results;
pub mod search;
pub mod settings;
pub mod setup;
pub mod tokens;
