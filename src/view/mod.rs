//! The components, by part of the screen.
//!
//! A `panel` is connected: it is given the state and the tasks (`connected`), and puts what `select` computes into the
//! components beside it. Those are presentational: values in, callbacks out.

pub mod connected;
pub mod drawer;
pub mod figure_notice;
pub mod files;
pub mod inspector;
pub mod link_notice;
pub mod measures;
pub mod parts;
pub mod prompts;
pub mod rail;
pub mod results;
pub mod search;
pub mod settings;
pub mod shortcuts;
pub mod stage;
pub mod tokens;
pub mod top;
