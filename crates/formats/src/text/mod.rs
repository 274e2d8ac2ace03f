//! Tokenizers, and prompts that are written as text.
//!
//! In reading order: [`tokenizer`] turns text into token ids, [`pieces`] shows tokens as text, [`prompts`] reads a file of
//! prompts, and [`answers`] checks that each answer is one token.
//!
//! Prompts reach the engine as token ids, padded on the left. Padding is a number of positions a prompt: the model masks them and
//! shifts positions, as TransformerLens does.

mod answers;
mod error;
mod pieces;
mod prompts;
mod tokenizer;

pub use error::TextError;
pub use prompts::{ReadPrompts, read_prompts};
pub use tokenizer::Tokenizer;
