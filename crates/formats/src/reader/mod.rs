//! What the reader's program holds between requests and how it answers them, a concern a file: [`scores`] reads and writes prune
//! scores in other programs' formats, [`tokenizer`] turns text into tokens and tokens into text, [`prompts`] a file of text prompts into
//! one of ids.

pub mod error;
pub mod prompts;
pub mod scores;
pub mod session;
pub mod tokenizer;

pub use error::ReaderError;
pub use prompts::read_prompts;
pub use session::{Answer, File, Session};
pub use tokenizer::Tokenizer;
