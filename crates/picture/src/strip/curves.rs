//! Lines, bands and dots of a series, and the outline of the distribution of scores.

use super::counts::CountAxis;
use super::request::{StripPoint, StripSeries};
use super::values::ValueAxis;
use crate::geometry::Point;

/// More dots than this are one line: they would touch at the width of a screen.
const MOST_DOTS: usize = 80;

/// A series as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnCurve {
    pub name: String,
    /// As in the request.
    pub style: usize,
    /// What has been measured, from left to right; the line goes through all of it.
    pub dots: Vec<MeasuredDot>,
    /// Whether the dots are drawn; not if they are many.
    pub marked: bool,
    /// The outlines of the band, one for each run of points that have one.
    pub bands: Vec<Vec<Point>>,
    pub partial: bool,
}

/// A measured circuit on a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasuredDot {
    pub k: usize,
    pub value: f64,
    pub at: Point,
}

impl DrawnCurve {
    /// The points of the line.
    pub fn line(&self) -> Vec<Point> {
        self.dots.iter().map(|dot| dot.at).collect()
    }

    /// The value at a count: as measured, or on the straight line between its neighbours in the drawing. Nothing beyond the
    /// first and the last point.
    pub(super) fn value_at(&self, k: usize, counts: &CountAxis, values: &ValueAxis) -> Option<f64> {
        let next = self.dots.partition_point(|dot| dot.k < k);
        let after = self.dots.get(next)?;
        if after.k == k {
            return Some(after.value);
        }
        let before = self.dots.get(next.checked_sub(1)?)?;
        let share = (counts.x_of(k) - before.at.x) / (after.at.x - before.at.x);
        Some(values.between(before.value, after.value, share))
    }

    /// Whether exactly this count was measured.
    pub(super) fn is_measured(&self, k: usize) -> bool {
        self.dots.binary_search_by_key(&k, |dot| dot.k).is_ok()
    }
}

/// A series on its axes; `None` if nothing of it can be drawn.
pub(super) fn drawn(series: &StripSeries, counts: &CountAxis, values: &ValueAxis) -> Option<DrawnCurve> {
    let points = series.drawable(counts.n_edges);
    let dot = |point: &StripPoint| MeasuredDot {
        k: point.k,
        value: point.mean,
        at: Point { x: counts.x_of(point.k), y: values.y_of(point.mean) },
    };
    (!points.is_empty()).then(|| DrawnCurve {
        name: series.name.clone(),
        style: series.style,
        dots: points.iter().map(dot).collect(),
        marked: points.len() <= MOST_DOTS,
        bands: bands(&points, counts, values),
        partial: series.partial,
    })
}

/// The outline of |score| over the rank, from left to right, without the foot: a point for each of the first edges, then one
/// a pixel. Its cost goes with the width, not with the number of edges.
pub(super) fn distribution(scores: &[f32], counts: &CountAxis, values: &ValueAxis) -> Vec<Point> {
    let next = |&rank: &usize| {
        let a_pixel_on = counts.count_at(counts.x_of(rank) + 1.0).ceil() as usize;
        // The last edge closes the outline.
        (rank < scores.len()).then(|| a_pixel_on.clamp(rank + 1, scores.len()))
    };
    let ranks = std::iter::successors((!scores.is_empty()).then_some(1), next);
    ranks.map(|rank| Point { x: counts.x_of(rank), y: values.y_of(size_of(scores[rank - 1])) }).collect()
}

/// |score|; 0 where it is not a number.
pub(super) fn size_of(score: f32) -> f64 {
    if score.is_nan() { 0.0 } else { f64::from(score.abs()) }
}

/// Each run of at least two points with a band, once along its upper and back along its lower edge.
fn bands(points: &[StripPoint], counts: &CountAxis, values: &ValueAxis) -> Vec<Vec<Point>> {
    let runs = points.split(|point| finite_band(point).is_none()).filter(|run| run.len() > 1);
    let outline = |run: &[StripPoint]| {
        let ends = run.iter().filter_map(|point| Some((counts.x_of(point.k), finite_band(point)?)));
        let (upper, lower): (Vec<_>, Vec<_>) =
            ends.map(|(x, (low, high))| (Point { x, y: values.y_of(high) }, Point { x, y: values.y_of(low) })).unzip();
        upper.into_iter().chain(lower.into_iter().rev()).collect()
    };
    runs.map(outline).collect()
}

fn finite_band(point: &StripPoint) -> Option<(f64, f64)> {
    point.middle_half.filter(|(low, high)| low.is_finite() && high.is_finite())
}
