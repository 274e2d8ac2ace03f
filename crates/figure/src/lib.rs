//! A circuit as a figure that any page can mount: the drawing, the strip that sets the circuit's size, a caption and tokens.
//!
//! Data in, events out: no component here knows where its data come from, or what follows from an event.

mod caption;
mod dots;
mod heat_map;
mod place;
mod shared;
mod strip;
mod tokens;

pub use caption::{Caption, CaptionProps, PinnedName, ReadingLine, ReadingLineProps, StripLegend, StripLegendProps};
pub use circuitscope_picture::strip::text::{Reading, Span, Tone, plain_text, reading};
pub use dots::{Dots, DotsProps};
pub use heat_map::{HeatMap, HeatMapProps};
pub use shared::Shared;
pub use strip::{Strip, StripEvent, StripProps};
pub use tokens::{NextToken, NextTokens, NextTokensProps, TokenRole, Tokens, TokensProps};

/// The style of the components, for the page that mounts them. It reads the page's custom properties (`--ink`, `--muted`,
/// `--line`, `--accent`, `--pos` …) and falls back on the design's own colours; `strip::svg::STYLE` of the pictures goes with it.
pub const STYLE: &str = include_str!("figure.css");
