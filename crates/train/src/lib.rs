//! Small models for demonstrations, trained from a seed on sequences that are made up here.
//!
//! ```text
//! task (words, sequences, pairs of prompts) ─► train ─► Parameters ─► files ─► load ─► evaluate ─► model card
//! ```
//!
//! In reading order: [`tasks`] has what each model learns, over a [`vocabulary`] of whole words; [`parameters`] are the model's
//! weights on the host; [`training`] takes steps, each a pass of the engine forward and backward and a step of [`adamw`];
//! [`evaluate`](mod@evaluate) measures a model on prompts that it was never trained on; [`files`] is the folder that a demo is opened
//! from, with its [`card`]; [`figures`] are recorded from such folders.

pub mod adamw;
pub mod card;
pub mod draw;
pub mod evaluate;
pub mod figures;
pub mod files;
pub mod parameters;
pub mod tasks;
pub mod training;
pub mod vocabulary;

pub use evaluate::{Evaluation, evaluate};
pub use tasks::{TASKS, Task, task};
pub use training::{Trained, train};
