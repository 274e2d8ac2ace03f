//! The faithfulness curve that sets a circuit's size: a measure against the number of edges, with a groove and a knob above.
//!
//! [`StripRequest`] holds all that is drawn but the cursor, [`StripLayout`] where it lies; [`layout`] computes one from the
//! other, purely. A [`Cursor`] moves over a layout without changing it.
//!
//! 1. `counts`: where an edge count lies on the x axis, which is logarithmic with a break for 0.
//! 2. `values`: where a value lies on the y axis: of the measure, or before any run of |score| at a rank.
//! 3. `ticks`: marks, and labels as far as there is room for them.
//! 4. `curves`: lines, bands and dots.
//! 5. `labels`: names beside lines, where they cover least.
//!
//! - [`stops`]: the counts where the cursor can stop, and what a key does.
//! - [`measured`]: points, levels and the axis of measurements.
//! - [`svg`]: the picture.
//! - [`text`](mod@text): counts and values in words, and the sentence above the strip.
//! - [`dots`], [`tokens`], [`heat`]: what happens to the prompts: their values in rows of dots, their tokens, attention patterns.

mod counts;
mod curves;
pub mod dots;
mod frame;
pub mod heat;
pub mod keys;
mod labels;
pub mod measured;
mod request;
pub mod stops;
pub mod svg;
pub mod text;
mod ticks;
pub mod tokens;
mod values;

#[cfg(test)]
mod tests;

pub use counts::CountAxis;
pub use curves::{DrawnCurve, MeasuredDot};
pub use frame::{CursorLayout, CursorShape, GROOVE_Y, KNOB_FOOT, NamedLine, StripLayout, layout};
pub use request::{Cursor, Edited, Measure, StripPoint, StripRequest, StripSeries, ValueScale};
pub use stops::Stops;
pub use values::ValueAxis;
