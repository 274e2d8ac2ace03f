//! The points of a series, and the outline of its band.

use super::layout::{AxisLayout, DrawnPoint, DrawnSeries};
use super::request::Series;
use crate::geometry::Point;

/// More points than this are drawn without marks.
const MOST_MARKS: usize = 64;
/// Points nearer to each other than this, in pixels, are drawn as one.
const RESOLUTION: f64 = 0.4;

/// A series as a curve.
pub(super) fn drawn(series: &Series, x: &AxisLayout, y: &AxisLayout) -> DrawnSeries {
    let mut points: Vec<DrawnPoint> = Vec::new();
    let (mut upper, mut lower) = (Vec::new(), Vec::new());
    let mut values = series.finite().peekable();
    while let Some(value) = values.next() {
        let at = Point { x: x.px(value.x), y: y.px(value.y) };
        // The last one is always drawn.
        if values.peek().is_some() && points.last().is_some_and(|before| is_same(before.at, at)) {
            continue;
        }
        if let Some((low, high)) = value.band {
            upper.push(Point { x: at.x, y: y.px(high) });
            lower.push(Point { x: at.x, y: y.px(low) });
        }
        points.push(DrawnPoint { at, x: value.x, at_floor: y.at_floor(value.y), hover: value.hover.clone() });
    }
    let band = upper.into_iter().chain(lower.into_iter().rev()).collect();
    let marked = points.len() <= MOST_MARKS;
    DrawnSeries { name: series.name.clone(), style: series.style, points, band, marked }
}

/// Whether two points are too near to be seen apart.
fn is_same(a: Point, b: Point) -> bool {
    (a.x - b.x).abs().max((a.y - b.y).abs()) < RESOLUTION
}
