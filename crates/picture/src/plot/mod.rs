//! The geometry of a plot: curves with bands over two axes.
//!
//! [`PlotRequest`] holds everything that a plot depends on, [`PlotLayout`] everything that is drawn; [`plot`] computes one from
//! the other, purely:
//!
//! 1. `scale`: the ends of both axes.
//! 2. `ticks`: marks and labels as far as there is room for them.
//! 3. `curve`: the points of each series, and the outline of its band.
//!
//! Edge counts are on a logarithmic axis that also has a position for 0: where 0.5 would be, as in auto-circuit's plots
//! (`measure_prune_metrics.py`), labelled 0, with a break in the axis before 1.

mod curve;
pub(crate) mod layout;
mod request;
pub(crate) mod scale;
mod svg;
pub(crate) mod ticks;

use crate::geometry::{Point, Rect, TextAlign, TextSpot};
use layout::AxisLine;
pub use layout::{AxisLayout, DrawnLevel, DrawnPoint, DrawnSeries, LegendItem, PlotLayout, SAMPLE, Tick, TickLabel};
pub use request::{Axis, Cursor, Level, PlotRequest, PlotValue, Scale, Series};
use scale::AxisRange;
pub use svg::{SERIES, SeriesStyle, cursor, plot_picture, plot_string};
use ticks::Mark;

/// A digit at 11 pixels in DejaVu Sans, a wide face.
pub(crate) const DIGIT: f64 = 7.0;
/// Room above the frame for the y axis's label, below it for ticks and the x axis's label, and at the right.
const TOP: f64 = 26.0;
const BOTTOM: f64 = 38.0;
const RIGHT: f64 = 14.0;
/// The height of a row of the legend.
const LEGEND_ROW: f64 = 17.0;
/// The least distance between the labels of an axis.
const X_PITCH: f64 = 44.0;
const Y_PITCH: f64 = 26.0;

/// The positions of everything in a plot. The same request gives the same layout.
pub fn plot(request: &PlotRequest) -> PlotLayout {
    let legend = legend(request);
    let (x_range, y_range) = (scale::x_range(request), scale::y_range(request));
    let top = TOP + legend.last().map_or(0.0, |item| item.at.y - LEGEND_ROW / 2.0 + 3.0);
    let height = request.size.height - top - BOTTOM;
    let y_marks = ticks::marks(y_range, height / Y_PITCH);
    let left = 12.0 + DIGIT * widest_label(&y_marks) as f64;
    let frame = Rect { x: left, y: top, width: request.size.width - left - RIGHT, height };
    let x_marks = ticks::marks(x_range, frame.width / X_PITCH);
    let x = x_axis(request, frame, x_range, x_marks);
    let y = y_axis(request, frame, y_range, y_marks);
    PlotLayout {
        size: request.size,
        frame,
        axis_break: x_range.has_zero_count().then(|| (x.px(0.0) + x.px(1.0)) / 2.0),
        series: request.series.iter().map(|series| curve::drawn(series, &x, &y)).collect(),
        levels: request.levels.iter().map(|level| drawn_level(level, frame, &y)).collect(),
        diagonal: request.diagonal,
        legend,
        x,
        y,
    }
}

/// The number of characters of the widest label.
fn widest_label(marks: &[Mark]) -> usize {
    marks.iter().filter_map(|mark| Some(mark.label.as_ref()?.chars().count())).max().unwrap_or(1)
}

fn x_axis(request: &PlotRequest, frame: Rect, range: AxisRange, marks: Vec<Mark>) -> AxisLayout {
    let line = AxisLine { range, start: frame.x, length: frame.width };
    let tick_y = frame.y + frame.height + 16.0;
    let label_at = Point { x: frame.x + frame.width / 2.0, y: request.size.height - 6.0 };
    AxisLayout {
        label: request.x.label.clone(),
        label_spot: TextSpot { at: label_at, align: TextAlign::Middle },
        ticks: ticks_at(&line, marks, |x| TextSpot { at: Point { x, y: tick_y }, align: TextAlign::Middle }),
        line,
    }
}

fn y_axis(request: &PlotRequest, frame: Rect, range: AxisRange, marks: Vec<Mark>) -> AxisLayout {
    let line = AxisLine { range, start: frame.y + frame.height, length: -frame.height };
    let tick_x = frame.x - 6.0;
    AxisLayout {
        label: request.y.label.clone(),
        label_spot: TextSpot { at: Point { x: 6.0, y: 14.0 }, align: TextAlign::Start },
        ticks: ticks_at(&line, marks, |y| TextSpot { at: Point { x: tick_x, y: y + 4.0 }, align: TextAlign::End }),
        line,
    }
}

/// Marks on their axis; `spot` gives the position of the label of a mark.
fn ticks_at(line: &AxisLine, marks: Vec<Mark>, spot: impl Fn(f64) -> TextSpot) -> Vec<Tick> {
    let tick = |mark: Mark| {
        let at = line.px(mark.value);
        Tick { at, label: mark.label.map(|text| TickLabel { text, spot: spot(at) }) }
    };
    marks.into_iter().map(tick).collect()
}

/// The name stands above the line, or below it where the frame ends.
fn drawn_level(level: &Level, frame: Rect, y: &AxisLayout) -> DrawnLevel {
    let at = y.px(level.y);
    let text_y = if at - frame.y < 14.0 { at + 12.0 } else { at - 4.0 };
    let right = Point { x: frame.x + frame.width - 4.0, y: text_y };
    DrawnLevel { name: level.name.clone(), at, spot: TextSpot { at: right, align: TextAlign::End } }
}

/// Samples of the lines with their names, in rows under the y axis's label.
fn legend(request: &PlotRequest) -> Vec<LegendItem> {
    if !request.legend {
        return Vec::new();
    }
    let (mut x, mut y) = (8.0, TOP + LEGEND_ROW / 2.0);
    let item = |series: &Series| {
        let width = SAMPLE + 22.0 + DIGIT * series.name.chars().count() as f64;
        if x + width > request.size.width && x > 8.0 {
            (x, y) = (8.0, y + LEGEND_ROW);
        }
        let at = Point { x, y };
        x += width;
        LegendItem { name: series.name.clone(), style: series.style, at }
    };
    request.series.iter().map(item).collect()
}
