//! Find, test and show circuits in small transformers, in a browser tab.
//!
//! ```text
//! weights ─► safetensors ─► Transformer ──┐
//! config ──► ModelConfig ─► Graph         ├─► run_circuits ─► CircuitOutput* ─► Measurement*
//! prompts ─► PromptBatch ─────────────────┤        ▲
//! scores ──► PruneScores ─────────────────┴────────┘
//!                └─► Circuit ─► LayoutRequest ─► Layout ─► <svg>
//! ```
//!
//! The modules, in reading order: [`circuit`] holds the words of the field as plain data; [`model`] turns weights into
//! logits; [`run`] patches; [`discover`] finds which edges matter; [`formats`] reads and writes other programs' scores and
//! circuits; [`layout`] is the geometry of a drawn circuit; [`view`] its picture; [`engine`] the seam between the page and the
//! worker that computes; [`reader`] that to the worker that reads tokenizers and foreign formats; [`app`] the page. The
//! semantics throughout are those of
//! [auto-circuit](https://github.com/UFO-101/auto-circuit), whose names are used.

pub mod circuit;
#[cfg(feature = "tensors")]
pub mod discover;
pub mod engine;
pub mod formats;
pub mod layout;
#[cfg(feature = "tensors")]
pub mod model;
pub mod reader;
#[cfg(feature = "tensors")]
pub mod run;
pub mod view;

#[cfg(feature = "page")]
pub mod app;
