//! The browser's side of the seam: [`Script`] starts workers for a [`Client`](crate::Client), [`serve`] listens in a worker, and
//! [`OpenSource`] reads the files and URLs of a message.

mod client;
mod error;
mod machine;
mod message;
mod server;
mod source;

pub use client::{OwnScript, Script};
pub use error::js_text;
pub use machine::{memory_bytes, n_cores};
pub use server::{Scope, event_loop_turn, serve};
pub use source::OpenSource;
