//! The geometry of a plot: curves with bands over two axes. [`PlotRequest`] holds all that counts, [`PlotLayout`] all that
//! is drawn; [`plot`] leads from one to the other, purely.
//!
//! Edge counts are on a logarithmic axis that also has a place for 0: where 0.5 would be, as in auto-circuit's plots
//! (`measure_prune_metrics.py`), labelled 0, with a break in the axis before 1.

use crate::sankey::{Point, Rect, Size, TextAlign, TextSpot};

/// Everything that counts for a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotRequest {
    pub size: Size,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    /// Values that the curves are to be seen against.
    pub levels: Vec<Level>,
    /// Whether a line from corner to corner is drawn: the ROC curve of chance.
    pub diagonal: bool,
    /// Whether the names of series and levels are written in the plot.
    pub legend: bool,
}

/// What an axis is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// With its unit.
    pub label: String,
    pub scale: Scale,
    /// From where to where, if that does not follow from the values.
    pub range: Option<(f64, f64)>,
}

/// How values become lengths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    Linear,
    /// Logarithmic; values below `least` are drawn at it.
    Log {
        least: f64,
    },
    /// Logarithmic for counts, with a place for 0.
    LogCounts,
}

/// A curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub name: String,
    /// Which of the view's colours and dashes it has.
    pub style: usize,
    /// Ascending in `x`. Values that are not finite are left out.
    pub values: Vec<PlotValue>,
}

/// A point of a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotValue {
    pub x: f64,
    pub y: f64,
    /// The ends of the band at this point.
    pub band: Option<(f64, f64)>,
    /// What is told of it.
    pub hover: String,
}

/// A horizontal line.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    pub name: String,
    pub y: f64,
}

/// Everything that is drawn, in CSS pixels from the top left corner.
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
    /// Where each level is.
    pub levels: Vec<(f64, TextSpot, String)>,
    pub diagonal: bool,
    pub legend: Vec<LegendItem>,
    x_scale: (Scale, (f64, f64)),
}

#[derive(Debug, Clone, PartialEq)]
pub struct AxisLayout {
    pub label: String,
    pub label_spot: TextSpot,
    pub ticks: Vec<Tick>,
}

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Along the axis.
    pub at: f64,
    /// With its place; a small mark has none.
    pub label: Option<(String, TextSpot)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DrawnSeries {
    pub name: String,
    pub style: usize,
    pub points: Vec<DrawnPoint>,
    /// The outline of the band; empty where there is none.
    pub band: Vec<Point>,
    /// Whether each point is marked; not where they are many.
    pub marked: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DrawnPoint {
    pub at: Point,
    /// The value on the x axis.
    pub x: f64,
    pub hover: String,
}

/// A name with the line that it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct LegendItem {
    pub style: usize,
    /// The left end of the sample.
    pub at: Point,
    pub name: String,
}

/// The length of a legend's sample of a line.
pub const SAMPLE: f64 = 24.0;

/// An edge count of 0 is where this would be (`measure_prune_metrics.py`).
const ZERO_COUNT: f64 = 0.5;
/// A digit at 11 pixels in DejaVu Sans, a wide face.
const DIGIT: f64 = 7.0;
/// Room above the frame for the y axis's label, below it for ticks and the x axis's label, and at the right.
const TOP: f64 = 26.0;
const BOTTOM: f64 = 38.0;
const RIGHT: f64 = 14.0;
const LEGEND_ROW: f64 = 17.0;
/// The least distance between the labels of an axis.
const X_PITCH: f64 = 44.0;
const Y_PITCH: f64 = 26.0;
/// More points than this are drawn without marks.
const MOST_MARKS: usize = 64;
/// Points nearer to each other than this are drawn as one.
const RESOLUTION: f64 = 0.4;

/// Where everything of a plot goes. The same request gives the same layout.
pub fn plot(request: &PlotRequest) -> PlotLayout {
    let (width, height) = (request.size.width, request.size.height);
    let values = || request.series.iter().flat_map(|s| &s.values).filter(|v| v.x.is_finite() && v.y.is_finite());
    let x_range = range(&request.x, &mut values().map(|v| v.x));
    let ys = values().flat_map(|v| [Some(v.y), v.band.map(|b| b.0), v.band.map(|b| b.1)]).flatten();
    let y_range = range(&request.y, &mut ys.chain(request.levels.iter().map(|level| level.y)));
    let legend = legend(request);
    let top = TOP + legend.last().map_or(0.0, |item| item.at.y - LEGEND_ROW / 2.0 + 3.0);
    let y_marks = marks(request.y.scale, y_range, (height - top - BOTTOM) / Y_PITCH);
    let widest = y_marks.iter().filter_map(|(_, label)| Some(label.as_ref()?.chars().count())).max().unwrap_or(1);
    let left = 12.0 + DIGIT * widest as f64;
    let frame = Rect { x: left, y: top, width: width - left - RIGHT, height: height - top - BOTTOM };
    let x_marks = marks(request.x.scale, x_range, frame.width / X_PITCH);
    let to_x = |x: f64| frame.x + frame.width * share(request.x.scale, x_range, x);
    let to_y = |y: f64| frame.y + frame.height * (1.0 - share(request.y.scale, y_range, y));
    let bottom = frame.y + frame.height;
    let x_tick = |(value, label): (f64, Option<String>)| {
        let at = to_x(value);
        let spot = TextSpot { at: Point { x: at, y: bottom + 16.0 }, align: TextAlign::Middle };
        Tick { at, label: label.map(|label| (label, spot)) }
    };
    let y_tick = |(value, label): (f64, Option<String>)| {
        let at = to_y(value);
        let spot = TextSpot { at: Point { x: frame.x - 6.0, y: at + 4.0 }, align: TextAlign::End };
        Tick { at, label: label.map(|label| (label, spot)) }
    };
    let level = |level: &Level| {
        let at = to_y(level.y);
        let right = Point { x: frame.x + frame.width - 4.0, y: if at - frame.y < 14.0 { at + 12.0 } else { at - 4.0 } };
        (at, TextSpot { at: right, align: TextAlign::End }, level.name.clone())
    };
    let has_zero = request.x.scale == Scale::LogCounts && x_range.0 <= ZERO_COUNT;
    PlotLayout {
        size: request.size,
        frame,
        x: AxisLayout {
            label: request.x.label.clone(),
            label_spot: TextSpot {
                at: Point { x: frame.x + frame.width / 2.0, y: height - 6.0 },
                align: TextAlign::Middle,
            },
            ticks: x_marks.into_iter().map(x_tick).collect(),
        },
        y: AxisLayout {
            label: request.y.label.clone(),
            label_spot: TextSpot { at: Point { x: 6.0, y: 14.0 }, align: TextAlign::Start },
            ticks: y_marks.into_iter().map(y_tick).collect(),
        },
        axis_break: has_zero.then(|| (to_x(0.0) + to_x(1.0)) / 2.0),
        series: request.series.iter().map(|series| drawn(series, &to_x, &to_y)).collect(),
        levels: request.levels.iter().map(level).collect(),
        diagonal: request.diagonal,
        legend,
        x_scale: (request.x.scale, x_range),
    }
}

impl PlotLayout {
    /// Where a value on the x axis is, in pixels.
    pub fn place(&self, x: f64) -> f64 {
        let (scale, range) = self.x_scale;
        self.frame.x + self.frame.width * share(scale, range, x)
    }

    /// For each series the point nearest to `x`, in pixels, if it is near enough to be pointed at: series and point.
    pub fn near(&self, x: f64) -> Vec<(usize, usize)> {
        let nearest = (0..self.series.len()).filter_map(|series| Some((series, self.nearest(series, x)?)));
        let points: Vec<_> = nearest.map(|(series, i)| (series, i, self.series[series].points[i].at.x)).collect();
        let least = points.iter().map(|point| (point.2 - x).abs()).fold(f64::INFINITY, f64::min);
        // Points beside the nearest one are of the same edge count, but for the rounding of a pixel.
        let reach = (least + 1.0).max(3.0);
        points.into_iter().filter(|point| (point.2 - x).abs() <= reach).map(|(series, i, _)| (series, i)).collect()
    }

    /// The point of a series that is nearest to `x`, in pixels.
    pub fn nearest(&self, series: usize, x: f64) -> Option<usize> {
        let points = self.series.get(series)?.points.iter().enumerate();
        let distance = |point: &DrawnPoint| (point.at.x - x).abs();
        points.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1))).map(|(i, _)| i)
    }
}

fn drawn(series: &Series, to_x: &impl Fn(f64) -> f64, to_y: &impl Fn(f64) -> f64) -> DrawnSeries {
    let mut points: Vec<DrawnPoint> = Vec::new();
    let (mut upper, mut lower) = (Vec::new(), Vec::new());
    let last = series.values.len().saturating_sub(1);
    for (i, value) in series.values.iter().enumerate().filter(|(_, v)| v.x.is_finite() && v.y.is_finite()) {
        let at = Point { x: to_x(value.x), y: to_y(value.y) };
        let moved = points.last().is_none_or(|p| (p.at.x - at.x).abs().max((p.at.y - at.y).abs()) >= RESOLUTION);
        if !moved && i != last {
            continue;
        }
        if let Some((low, high)) = value.band {
            upper.push(Point { x: at.x, y: to_y(high) });
            lower.push(Point { x: at.x, y: to_y(low) });
        }
        points.push(DrawnPoint { at, x: value.x, hover: value.hover.clone() });
    }
    let band = upper.into_iter().chain(lower.into_iter().rev()).collect();
    let marked = points.len() <= MOST_MARKS;
    DrawnSeries { name: series.name.clone(), style: series.style, points, band, marked }
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
        LegendItem { style: series.style, at, name: series.name.clone() }
    };
    request.series.iter().map(item).collect()
}

/// From where to where an axis goes.
fn range(axis: &Axis, values: &mut dyn Iterator<Item = f64>) -> (f64, f64) {
    if let Some(range) = axis.range {
        return range;
    }
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    values.filter(|v| v.is_finite()).for_each(|v| (low, high) = (low.min(v), high.max(v)));
    match axis.scale {
        Scale::LogCounts => {
            let low = if low < 1.0 { ZERO_COUNT } else { low };
            (low.min(1.0), high.max(10.0))
        }
        Scale::Log { least } => (least, round_up(high.max(least * 10.0))),
        Scale::Linear if low > high => (0.0, 1.0),
        Scale::Linear if low == high => (low - 0.5, high + 0.5),
        Scale::Linear => {
            let step = nice_step((high - low) / 5.0);
            // A curve that only just passes a mark needs no other one.
            let slack = step * 1e-6;
            (((low + slack) / step).floor() * step, ((high - slack) / step).ceil() * step)
        }
    }
}

/// The next number of the form 1, 2 or 5 times a power of ten.
fn round_up(x: f64) -> f64 {
    let power = 10f64.powf(x.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|&n| n >= x * (1.0 - 1e-9)).unwrap_or(x)
}

/// The number of that form nearest to a wanted step.
fn nice_step(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.log10().floor());
    let digit = match wanted / power {
        ..1.5 => 1.0,
        1.5..3.5 => 2.0,
        3.5..7.5 => 5.0,
        _ => 10.0,
    };
    digit * power
}

/// Where a value lies between the ends of an axis: 0 to 1.
fn share(scale: Scale, (low, high): (f64, f64), value: f64) -> f64 {
    let share = match scale {
        Scale::Linear => (value - low) / (high - low),
        Scale::Log { least } => (value.max(least) / low).ln() / (high / low).ln(),
        Scale::LogCounts => (value.max(ZERO_COUNT) / low).ln() / (high / low).ln(),
    };
    share.clamp(0.0, 1.0)
}

/// The marks of an axis, about `room` of them with a label.
fn marks(scale: Scale, (low, high): (f64, f64), room: f64) -> Vec<(f64, Option<String>)> {
    match scale {
        Scale::Linear => linear_marks(low, high, room),
        Scale::Log { least } => log_marks(low, high, room, &|value| {
            if value <= least { format!("≤ {}", power_text(value)) } else { power_text(value) }
        }),
        Scale::LogCounts => {
            let zero = (low <= ZERO_COUNT).then(|| (0.0, Some("0".to_owned())));
            zero.into_iter().chain(log_marks(low.max(1.0), high, room, &power_text)).collect()
        }
    }
}

fn linear_marks(low: f64, high: f64, room: f64) -> Vec<(f64, Option<String>)> {
    let step = nice_step((high - low) / room.clamp(2.0, 6.0));
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    // Adding 0 makes a 0 of -0.
    let mark = |i: i64| (i as f64 * step, Some(format!("{:.decimals$}", i as f64 * step + 0.0)));
    (first..=last).map(mark).collect()
}

/// Powers of ten; between them 2 and 5 where there is room for their labels, and small marks.
fn log_marks(low: f64, high: f64, room: f64, label: &dyn Fn(f64) -> String) -> Vec<(f64, Option<String>)> {
    let n_decades = (high / low).log10();
    let (first, last) = ((low.log10() - 1e-9).floor() as i32, (high.log10() + 1e-9).floor() as i32);
    let stride = (n_decades / room.max(1.0)).ceil().max(1.0) as i32;
    let digits_labelled = n_decades * 3.0 <= room;
    let mut marks = Vec::new();
    for power in first..=last {
        for digit in 1..10 {
            let value = f64::from(digit) * 10f64.powi(power);
            if value < low * (1.0 - 1e-9) || value > high * (1.0 + 1e-9) {
                continue;
            }
            let labelled =
                if digit == 1 { (power - first) % stride == 0 } else { digits_labelled && [2, 5].contains(&digit) };
            if labelled || (stride == 1 && n_decades <= 8.0) || digit == 1 {
                marks.push((value, labelled.then(|| label(value))));
            }
        }
    }
    marks
}

/// A round number: in digits where it has few, else as a power of ten.
fn power_text(value: f64) -> String {
    let power = value.log10().floor() as i32;
    match power {
        -3..=-1 => format!("{value:.*}", power.unsigned_abs() as usize),
        0..=2 => format!("{value:.0}"),
        3..=5 => format!("{:.0},{:03.0}", (value / 1000.0).floor(), value % 1000.0),
        _ => {
            let digit = (value / 10f64.powi(power)).round();
            let times = if digit == 1.0 { String::new() } else { format!("{digit:.0}·") };
            format!("{times}10{}", superscript(power))
        }
    }
}

fn superscript(n: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => char::from_u32(0x2070 + c.to_digit(10).unwrap_or(0)).unwrap_or(c),
    };
    n.to_string().chars().map(raised).collect()
}
