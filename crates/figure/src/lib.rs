//! A circuit as a figure that any page can mount: the drawing, the strip that sets the circuit's size, a caption and tokens.
//!
//! Data in, events out: no component here knows where its data come from, or what follows from an event.
//!
//! - [`room`]: how much room an element has.
//! - [`scene`]: a drawn circuit, as [`Drawing`] takes it; [`walk`]: the way through it by keys; [`zoom`]: the part that is seen.
//! - [`names`], [`tip`]: what edges and nodes are called, and what is said of those at the pointer.
//! - [`Strip`]: the curve that sets the circuit's size.

mod caption;
mod dots;
pub mod drawing;
mod heat_map;
mod legend;
mod marks;
mod motion;
pub mod names;
mod place;
pub mod room;
pub mod scene;
mod shared;
mod strip;
pub mod tip;
mod tokens;
pub mod walk;
pub mod zoom;

pub use caption::{Caption, CaptionProps, PinnedName, ReadingLine, ReadingLineProps, StripLegend, StripLegendProps};
pub use circuitscope_picture::strip::text::{Reading, Span, Tone, plain_text, reading};
pub use dots::{Dots, DotsProps};
pub use drawing::{Drawing, ZOOM_STEP};
pub use heat_map::{HeatMap, HeatMapProps};
pub use legend::{SideNames, legend, legend_entry};
pub use room::use_room;
pub use scene::{Markup, Scene, SceneParts, Stop, StopLink};
pub use shared::Shared;
pub use strip::{Strip, StripEvent, StripProps};
pub use tokens::{NextToken, NextTokens, NextTokensProps, TokenRole, Tokens, TokensProps, likeliest};
pub use walk::Target;
pub use zoom::{Zoom, use_zoom};

/// The style of the components, for the page that mounts them. It reads the page's custom properties (`--ink`, `--muted`,
/// `--line`, `--accent`, `--pos` …) and falls back on the design's own colours; `strip::svg::STYLE` of the pictures goes with it.
pub const STYLE: &str = concat!(include_str!("figure.css"), include_str!("drawing.css"));
