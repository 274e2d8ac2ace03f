//! What is drawn of a plot and where, in CSS pixels from the top left corner.

use super::scale::AxisRange;
use crate::geometry::{Point, Rect, Size, TextSpot};

/// The length of a legend's sample of a line.
pub const SAMPLE: f64 = 24.0;

/// Everything that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotLayout {
    pub size: Size,
    /// The room of the curves.
    pub frame: Rect,
    pub x: AxisLayout,
    pub y: AxisLayout,
    /// Between 0 and 1 on an axis of counts.
    pub axis_break: Option<f64>,
    pub series: Vec<DrawnSeries>,
    pub levels: Vec<DrawnLevel>,
    /// Whether a line from corner to corner is drawn.
    pub diagonal: bool,
    pub legend: Vec<LegendItem>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisLayout {
    pub label: String,
    pub label_spot: TextSpot,
    pub ticks: Vec<Tick>,
    pub(super) line: AxisLine,
}

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Along the axis.
    pub at: f64,
    /// A small mark has none.
    pub label: Option<TickLabel>,
}

/// The label of a mark.
#[derive(Debug, Clone, PartialEq)]
pub struct TickLabel {
    pub text: String,
    pub spot: TextSpot,
}

/// A curve with its band.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnSeries {
    pub name: String,
    /// As in the request.
    pub style: usize,
    pub points: Vec<DrawnPoint>,
    /// The outline of the band; empty where there is none.
    pub band: Vec<Point>,
    /// Whether each point is marked; not if they are many.
    pub marked: bool,
}

/// A point of a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnPoint {
    pub at: Point,
    /// The value on the x axis.
    pub x: f64,
    /// Whether the value is at the least of a logarithmic axis or below: the point only says "at most this", and its mark
    /// is another.
    pub at_floor: bool,
    pub hover: String,
}

/// A horizontal line with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnLevel {
    pub name: String,
    /// Its `y` in pixels.
    pub at: f64,
    pub spot: TextSpot,
}

/// The name of a series with a sample of its line.
#[derive(Debug, Clone, PartialEq)]
pub struct LegendItem {
    pub name: String,
    /// As in the request.
    pub style: usize,
    /// The left end of the sample.
    pub at: Point,
}

/// From the values of an axis to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AxisLine {
    pub range: AxisRange,
    /// Where the lowest value is.
    pub start: f64,
    /// From the lowest to the highest value; negative where the axis goes up.
    pub length: f64,
}

impl AxisLine {
    pub fn px(&self, value: f64) -> f64 {
        self.start + self.length * self.range.share(value)
    }
}

impl AxisLayout {
    /// The position of a value, in pixels.
    pub fn px(&self, value: f64) -> f64 {
        self.line.px(value)
    }

    /// Whether a value is at the least of a logarithmic axis or below, and so is drawn at its foot.
    pub fn at_floor(&self, value: f64) -> bool {
        self.line.range.scale.floor().is_some_and(|floor| value <= floor)
    }
}

impl PlotLayout {
    /// For each series the point nearest to `x`, in pixels, if it is near enough to be pointed at: series and point.
    pub fn near(&self, x: f64) -> Vec<(usize, usize)> {
        let nearest = (0..self.series.len()).filter_map(|series| Some((series, self.nearest(series, x)?)));
        let distance = |&(series, point): &(usize, usize)| (self.series[series].points[point].at.x - x).abs();
        let nearest: Vec<_> = nearest.collect();
        let least = nearest.iter().map(distance).fold(f64::INFINITY, f64::min);
        // Points beside the nearest one are of the same edge count, but for the rounding of a pixel.
        let reach = (least + 1.0).max(3.0);
        nearest.into_iter().filter(|point| distance(point) <= reach).collect()
    }

    /// The point of a series that is nearest to `x`, in pixels.
    pub fn nearest(&self, series: usize, x: f64) -> Option<usize> {
        let points = self.series.get(series)?.points.iter().enumerate();
        let distance = |point: &DrawnPoint| (point.at.x - x).abs();
        points.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1))).map(|(i, _)| i)
    }
}
