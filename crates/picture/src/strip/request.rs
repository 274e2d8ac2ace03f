//! What a strip shows.

use std::rc::Rc;

use circuitscope_core::sort::sort_by_key;
use circuitscope_core::{Metric, Unit};

use super::stops::Stops;
use crate::geometry::Size;
use crate::plot::Level;

/// Everything that a strip depends on but the cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct StripRequest {
    pub size: Size,
    /// The graph's number of edges, and the counts at which the cursor can stop.
    pub stops: Stops,
    pub measure: Measure,
    /// The measure of the circuits that the cursor chooses from; `None` before any run.
    pub chosen: Option<StripSeries>,
    /// Runs to compare with.
    pub pinned: Vec<StripSeries>,
    /// The measure of as many edges drawn at random.
    pub random: Option<StripSeries>,
    /// The measure of the unpatched model on the clean and on the corrupt prompts.
    pub levels: Vec<Level>,
    /// Absolute scores, largest first: shown where no series has a value.
    pub distribution: Option<Rc<[f32]>>,
    /// Whether the values belong to other settings than those that are set now.
    pub stale: bool,
}

/// The quantity on the y axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    pub name: String,
    pub scale: ValueScale,
}

/// How values of a measure become lengths and words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueScale {
    Linear,
    /// Linear, with 0 and 100 always on the axis.
    Percent,
    /// Logarithmic; values below `least` are drawn at it.
    Log {
        least: f64,
    },
}

/// A curve.
#[derive(Debug, Clone, PartialEq)]
pub struct StripSeries {
    pub name: String,
    /// For a pinned series, the index of its look in [`PINNED`](super::svg::PINNED).
    pub style: usize,
    /// In any order. Counts above the number of edges and values that are not finite are left out.
    pub points: Vec<StripPoint>,
    /// Whether more points are still to come.
    pub partial: bool,
}

/// The measure of one circuit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StripPoint {
    pub k: usize,
    pub mean: f64,
    /// The least and the largest value of the middle half of the prompts.
    pub middle_half: Option<(f64, f64)>,
}

/// Which circuit is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cursor {
    /// The number of edges of the circuit.
    pub k: usize,
    pub edited: Edited,
}

/// Whether the circuit is the strongest `k` edges, or one that was changed by hand and so lies off the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edited {
    No,
    /// With the measure of the changed circuit; `None` while that is being measured.
    Yes(Option<f64>),
}

impl Measure {
    /// One of the fourteen metrics, with the axis that auto-circuit draws it on.
    pub fn of(metric: Metric) -> Self {
        let scale = match (metric.log_y_min(), metric.unit()) {
            (Some(least), _) => ValueScale::Log { least },
            (None, Unit::Percent) => ValueScale::Percent,
            (None, _) => ValueScale::Linear,
        };
        Self { name: metric.name().to_owned(), scale }
    }
}

impl Cursor {
    /// At the strongest `k` edges.
    pub fn at(k: usize) -> Self {
        Self { k, edited: Edited::No }
    }
}

impl StripSeries {
    /// The points that can be drawn on an axis of `n_edges`, in ascending order of their counts.
    pub(super) fn drawable(&self, n_edges: usize) -> Vec<StripPoint> {
        let on_axis = |point: &&StripPoint| point.k <= n_edges && point.mean.is_finite();
        let mut points: Vec<StripPoint> = self.points.iter().filter(on_axis).copied().collect();
        sort_by_key(&mut points, |point| point.k);
        points.dedup_by_key(|point| point.k);
        points
    }
}
