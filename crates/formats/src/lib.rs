//! Files of other programs, read and written as plain data: scores and circuits, tokenizers, and prompts as text.
//!
//! ```text
//! scores   bytes ─► core::recognise ─► torch · MIB · edge list · safetensors ─► a graph's edges by their names
//!                ─► PruneScores + notes;   PruneScores ─► bytes
//! text     tokenizer.json ─► Tokenizer;    prompts with texts ─► Prompts of token ids + notes
//! session  a request + the bytes of its files ─► an event + the files that were written
//! ```
//!
//! In reading order: [`file`] is a file that was read whole, `scores` reads and writes the formats of
//! [`FORMATS`](circuitscope_core::FORMATS), `text` reads tokenizers and prompts, and `session` is what the reader's program keeps
//! between requests and how it answers them.

mod file;
mod scores;
mod text;

mod error;
mod session;

pub use error::ReaderError;
pub use file::{File, NotUtf8, text};
pub use scores::torch::{ScoresChoice, TorchFile, TorchTensor};
pub use scores::{FormatError, FoundScores, Wanted, WriteRequest, read_scores, write_scores};
pub use session::{Answer, Session};
pub use text::{ReadPrompts, TextError, Tokenizer, read_prompts};
