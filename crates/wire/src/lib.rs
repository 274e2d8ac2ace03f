//! The seam between programs that exchange messages: the page, and the workers that compute, read files and fetch models.
//!
//! ```text
//!   page                                                      worker
//!   Client ─ starts ─► Connection ─ post ─► Call<Request> ─► Inbox ─ serve ─► Handler::answer
//!                          ▲                                                       │
//!      future, on_event ◄──┴──────────── Reply<Event> ◄──────────── post ──────────┘
//! ```
//!
//! In reading order: [`message`] has what all messages share, a [`Call`] one way and [`Reply`]s the other; [`engine`], [`reader`] and
//! [`hub`] the requests and events of each program; [`source`] where bytes are read from; [`client`] the caller's side and [`server`]
//! the worker's, neither of which knows of a browser; `browser` (with the feature of that name) starts real workers, listens in
//! them, and opens files and URLs.
//!
//! A message is `[call, attachments]` or `[reply, attachments]`. Calls and replies are plain serde data; attachments are what serde
//! has no words for: `File`s, `Blob`s and arrays of numbers. Every call is answered by any number of events that report progress,
//! then by exactly one that ends it.
//!
//! # To add a request
//!
//! 1. A variant of the program's `Request`, with its files as [`Source`]s, and a variant of its `Event` that answers it. An event that
//!    comes before the answer is named in [`Protocol::meaning`].
//! 2. An arm where the worker answers: `crates/workers/engine/src/handler.rs`, `formats::reader::Session::answer` (which is given the
//!    bytes of the files that `Request::sources` lists), or `calls` in `www/module/hub-worker.js`.
//! 3. A call where it is asked for: `client.call(request, &attachments, on_event).await`, and a match on the event.

pub mod client;
pub mod engine;
pub mod help;
pub mod hub;
pub mod message;
pub mod reader;
pub mod server;
pub mod source;

#[cfg(feature = "browser")]
pub mod browser;

pub use circuitscope_core::Source;
pub use client::{Client, Connection, Fault};
pub use engine::Engine;
pub use hub::Hub;
pub use message::{Call, Meaning, Post, Protocol, Reply};
pub use reader::Reader;
pub use server::{Caller, Handler, Inbox, Refusal};
pub use source::{ByteSource, ReadError};
