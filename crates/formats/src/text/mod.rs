//! Tokenizers, and prompts that are written as text.
//!
//! In reading order: [`tokenizer`] turns text into token ids, [`pieces`] shows tokens as text, [`prompts`] reads a file of
//! prompts, and [`answers`] checks that each answer is one token.

mod answers;
mod error;
mod pieces;
mod prompts;
mod tokenizer;

pub use error::TextError;
pub use prompts::{ReadPrompts, read_prompts};
pub use tokenizer::Tokenizer;
