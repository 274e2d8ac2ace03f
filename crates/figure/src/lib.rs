//! A circuit as a figure that any page can mount: the drawing, the strip that sets the circuit's size, a caption and tokens.
//!
//! Data in, events out: no component here knows where its data come from, or what follows from an event.

mod shared;
mod strip;

pub use circuitscope_picture::strip::text::{Reading, Span, plain_text, reading};
pub use shared::Shared;
pub use strip::{Strip, StripEvent, StripProps};

/// The style of the components, for the page that mounts them. It reads the page's custom properties (`--ink`, `--muted`,
/// `--line`, `--accent`, `--pos` …) and falls back on the design's own colours; `strip::svg::STYLE` of the pictures goes with it.
pub const STYLE: &str = include_str!("figure.css");
