//! Everything that takes time: reading files, and talking to the engine and the reader. Each piece ends in a dispatch.
//!
//! [`Tasks`] holds the handles that are no plain data; the functions beside it start a piece of work and return at once.

mod compare;
mod context;
mod engine;
pub mod export;
mod faults;
pub mod figure;
pub mod files;
pub mod folder;
mod handles;
mod hash;
mod hub;
mod insight;
mod kept;
pub mod link;
mod of_use;
mod official;
mod random;
mod read_file;
mod reader;
mod runs;
pub mod save;
mod scores;
mod search;
mod sensitivity;
mod texts;
mod tokens;

pub use compare::run_other;
pub use context::Tasks;
pub use files::{add_dropped, add_files, add_text, release_files};
pub use hash::hash_file;
pub use hub::Hub;
pub use insight::{ask_attention, ask_attribution, ask_values};
pub use kept::{ask_remembered, choose_to_remember, forget_files, recall_files, remember_files, wants_to_remember};
pub use link::{listen_to_address, write_address};
pub use official::read_official;

pub use random::run_random;
pub use runs::{cancel, run, start_engine};
pub use scores::{import_scores, save_scores};
pub use search::{keep_some, search};
pub use sensitivity::test_sensitivity;
pub use texts::{encode, open_tokenizer, read_prompts};
pub use tokens::ask_tokens;
