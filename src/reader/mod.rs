//! The seam between the page and the program that reads what is not ours: tokenizers, and other programs' files.
//!
//! [`protocol`] says what the two tell each other; [`session`] is what the reader holds and how it answers, a concern a file:
//! [`scores`] reads and writes prune scores in other programs' formats, [`tokenizer`] turns text into tokens and tokens into text, [`prompts`] a file of text prompts into one of ids. In the browser, [`source`] reads files and URLs and [`worker`]
//! answers messages.

#[cfg(feature = "reader")]
pub mod error;
#[cfg(feature = "reader")]
pub mod prompts;
pub mod protocol;
#[cfg(feature = "reader")]
pub mod scores;
#[cfg(feature = "reader")]
pub mod session;
#[cfg(all(feature = "reader", target_arch = "wasm32"))]
pub mod source;
#[cfg(feature = "reader")]
pub mod tokenizer;
#[cfg(all(feature = "reader", target_arch = "wasm32"))]
pub mod worker;

#[cfg(feature = "reader")]
pub use error::ReaderError;
#[cfg(feature = "reader")]
pub use prompts::read_prompts;
pub use protocol::{Call, Event, Reply, Request, ScoresFound, SpecialToken, TokenizerInfo};
#[cfg(feature = "reader")]
pub use session::{Answer, File, Session};
#[cfg(feature = "reader")]
pub use tokenizer::Tokenizer;
