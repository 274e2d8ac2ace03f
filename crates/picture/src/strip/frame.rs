//! Where everything in a strip lies, in CSS pixels from its top left corner.

use std::rc::Rc;

use super::counts::CountAxis;
use super::curves::{self, DrawnCurve};
use super::labels::Obstacles;
use super::request::{Cursor, Edited, Measure, StripRequest, StripSeries};
use super::stops::Stops;
use super::text::count_text;
use super::ticks::{self, CountTick};
use super::values::{self, ValueAxis};
use crate::geometry::{Point, Rect, Size, TextSpot};
use crate::plot::{Tick, TickLabel};

/// The groove's middle, the foot of the knob and the top of the plot (NOTES.md of the design: a knob of 54 x 24).
pub const GROOVE_Y: f64 = 14.0;
pub const KNOB_FOOT: f64 = 26.0;
const PLOT_TOP: f64 = 30.0;
/// The width of the knob, and the room in it that the count leaves free; a longer count makes it wider.
const KNOB_WIDTH: f64 = 54.0;
const KNOB_PADDING: f64 = 16.0;
/// The count's bold 12 pixels are wider than the 11 of the labels by so much (DejaVu Sans).
const BOLD: f64 = 1.2;
/// The knob's outline.
const OUTLINE: f64 = 2.0;
/// Room below the axis for its labels.
const BELOW: f64 = 22.0;
/// Strips narrower than this have the margins of a phone (`cs.js` of the design).
const NARROW: f64 = 460.0;
/// How near to a dot the pointer must be, sideways, to be at it: half of a touch on a phone would be more than their distance.
const REACH: f64 = 10.0;

/// The name of the distribution.
const DISTRIBUTION: &str = "|score| of the k-th edge";

/// Everything that is drawn but the cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct StripLayout {
    pub size: Size,
    /// The room of the curves; the axis is its lower edge.
    pub frame: Rect,
    pub measure: Measure,
    pub stops: Stops,
    pub counts: CountAxis,
    pub values: ValueAxis,
    pub count_ticks: Vec<CountTick>,
    /// `0`, `all` and what the axis holds.
    pub notes: Vec<TickLabel>,
    pub value_ticks: Vec<Tick>,
    pub chosen: Option<DrawnCurve>,
    pub pinned: Vec<DrawnCurve>,
    pub random: Option<DrawnCurve>,
    /// Beside the curve of random edges, or the distribution.
    pub names: Vec<TickLabel>,
    pub levels: Vec<NamedLine>,
    /// The outline of |score| over the rank, before any run; otherwise empty.
    pub distribution: Vec<Point>,
    scores: Option<Rc<[f32]>>,
    pub stale: bool,
}

/// A horizontal line with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedLine {
    pub name: String,
    pub y: f64,
    /// `None` where there is no room for the name.
    pub spot: Option<TextSpot>,
}

/// Where the cursor lies.
#[derive(Debug, Clone, PartialEq)]
pub struct CursorLayout {
    /// Of the line, from the foot of the knob down to the axis.
    pub x: f64,
    /// Of the knob's middle, which stays inside the strip.
    pub knob_x: f64,
    pub knob_width: f64,
    /// The mark at the value; `None` where nothing is known.
    pub mark: Option<(Point, CursorShape)>,
    /// The value there, measured or between its neighbours.
    pub value: Option<f64>,
}

/// What the mark at the cursor says of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorShape {
    /// A ring: measured, or a score.
    Measured,
    /// A grey ring: between its neighbours.
    Interpolated,
    /// A hollow diamond: an edited circuit, off the curve.
    Edited,
}

/// The positions of everything in a strip. The same request gives the same layout.
pub fn layout(request: &StripRequest) -> StripLayout {
    let scores = shown_scores(request);
    let bottom = (request.size.height - BELOW).max(PLOT_TOP + 1.0);
    let values = match &scores {
        Some(scores) => ValueAxis::of_scores(scores, bottom, PLOT_TOP),
        None => ValueAxis::new(request.measure.scale, shown_values(request).into_iter(), bottom, PLOT_TOP),
    };
    let mut value_ticks = ticks::of_values(&values);
    let frame = frame(request.size, ticks::widest(&value_ticks), bottom);
    value_ticks.iter_mut().filter_map(|tick| tick.label.as_mut()).for_each(|label| label.spot.at.x = frame.x - 6.0);
    let counts = count_axis(request, frame);
    let count_ticks = ticks::of_counts(&counts, bottom);
    let drawn = |series: &StripSeries| curves::drawn(series, &counts, &values);
    let mut layout = StripLayout {
        size: request.size,
        frame,
        measure: request.measure.clone(),
        stops: request.stops.clone(),
        count_ticks: count_ticks.ticks,
        notes: count_ticks.notes,
        value_ticks,
        chosen: request.chosen.as_ref().and_then(drawn),
        pinned: request.pinned.iter().filter_map(drawn).collect(),
        random: request.random.as_ref().and_then(drawn),
        names: Vec::new(),
        levels: Vec::new(),
        distribution: scores.as_ref().map_or_else(Vec::new, |scores| curves::distribution(scores, &counts, &values)),
        scores,
        stale: request.stale,
        counts,
        values,
    };
    name_lines(&mut layout, request);
    layout
}

impl StripLayout {
    /// The position of a count.
    pub fn x_of(&self, k: usize) -> f64 {
        self.counts.x_of(k)
    }

    /// The stop nearest to a position.
    pub fn k_at(&self, x: f64) -> usize {
        self.counts.k_at(x, &self.stops)
    }

    /// The value of the chosen series at a count, measured or between its neighbours in the drawing; before any run |score|
    /// at that rank.
    pub fn value_at(&self, k: usize) -> Option<f64> {
        match &self.scores {
            Some(scores) => scores.get(k.checked_sub(1)?).map(|&score| curves::size_of(score)),
            None => self.chosen.as_ref()?.value_at(k, &self.counts, &self.values),
        }
    }

    /// Whether the value at a count is known, and not only that of its neighbours.
    pub fn is_measured(&self, k: usize) -> bool {
        self.scores.is_some() || self.chosen.as_ref().is_some_and(|curve| curve.is_measured(k))
    }

    /// The count of the measured circuit that the pointer is at.
    pub fn measured_near(&self, x: f64) -> Option<usize> {
        let dots = self.chosen.iter().flat_map(|curve| &curve.dots);
        let distances = dots.map(|dot| ((dot.at.x - x).abs(), dot.k)).filter(|(distance, _)| *distance <= REACH);
        distances.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, k)| k)
    }

    /// The position of the measured circuit of a count.
    pub fn dot_of(&self, k: usize) -> Option<Point> {
        self.chosen.as_ref()?.dots.iter().find(|dot| dot.k == k).map(|dot| dot.at)
    }

    /// Where a cursor lies.
    pub fn cursor(&self, cursor: &Cursor) -> CursorLayout {
        let x = self.x_of(cursor.k);
        let on_curve = self.value_at(cursor.k);
        let (value, shape) = match cursor.edited {
            Edited::Yes(value) => (value.or(on_curve), CursorShape::Edited),
            Edited::No if self.is_measured(cursor.k) => (on_curve, CursorShape::Measured),
            Edited::No => (on_curve, CursorShape::Interpolated),
        };
        let value = value.filter(|value| !value.is_nan());
        let mark = value.map(|value| (Point { x, y: self.values.y_of(value) }, shape));
        let knob_width = KNOB_WIDTH.max(BOLD * ticks::text_width(&count_text(cursor.k)) + KNOB_PADDING);
        CursorLayout { x, knob_x: within(x, knob_width, self.size.width), knob_width, mark, value }
    }

    /// What the strip shows, for readers who do not see it.
    pub fn description(&self) -> String {
        if self.scores.is_some() {
            return "|score| of the edges against their rank, both logarithmic".to_owned();
        }
        let curves = self.chosen.iter().chain(&self.pinned).chain(&self.random);
        let names: Vec<&str> = curves.map(|curve| curve.name.as_str()).collect();
        let names = if names.is_empty() { "nothing measured yet".to_owned() } else { names.join(", ") };
        format!("{} against the number of edges kept, which is logarithmic: {names}", self.measure.name)
    }
}

/// The knob's middle for a cursor at `x`: it stays inside the strip.
fn within(x: f64, knob_width: f64, width: f64) -> f64 {
    let half = knob_width / 2.0 + OUTLINE;
    x.min(width - half).max(half)
}

/// The scores, if they are shown: where nothing was measured.
fn shown_scores(request: &StripRequest) -> Option<Rc<[f32]>> {
    let scores = request.distribution.as_ref().filter(|scores| !scores.is_empty())?;
    let n_edges = request.stops.n_edges();
    let all = request.chosen.iter().chain(&request.pinned).chain(&request.random);
    let measured = all.into_iter().any(|series| !series.drawable(n_edges).is_empty());
    (!measured).then(|| scores.clone())
}

/// Every value that the y axis has to show.
fn shown_values(request: &StripRequest) -> Vec<f64> {
    let n_edges = request.stops.n_edges();
    let all = request.chosen.iter().chain(&request.pinned).chain(&request.random);
    let points: Vec<_> = all.flat_map(|series| series.drawable(n_edges)).collect();
    values::values_of(&points).chain(request.levels.iter().map(|level| level.y)).collect()
}

/// The room of the curves: as far to the left as the labels of the y axis let it, to the right as far as the knob does.
fn frame(size: Size, label_width: f64, bottom: f64) -> Rect {
    let least = if size.width < NARROW { 36.0 } else { 46.0 };
    let x = f64::max(least, label_width + 10.0);
    let width = (size.width - KNOB_WIDTH / 2.0 - OUTLINE - x).max(1.0);
    Rect { x, y: PLOT_TOP, width, height: bottom - PLOT_TOP }
}

/// 0 stands a little inside the frame, 1 beyond the break (`cs.js` of the design).
fn count_axis(request: &StripRequest, frame: Rect) -> CountAxis {
    let break_width = if request.size.width < NARROW { 14.0 } else { 22.0 };
    let zero = frame.x + 8.0;
    let one = zero + break_width;
    CountAxis { zero, one, end: (frame.x + frame.width).max(one + 1.0), n_edges: request.stops.n_edges() }
}

/// Places the names of the levels, of random edges and of the distribution; the other series are named in the page's legend.
fn name_lines(layout: &mut StripLayout, request: &StripRequest) {
    let Rect { x, width, .. } = layout.frame;
    // The distribution has another y axis than the levels.
    let finite = request.levels.iter().filter(|level| level.y.is_finite() && layout.scores.is_none());
    let levels: Vec<(&str, f64)> = finite.map(|level| (level.name.as_str(), layout.values.y_of(level.y))).collect();
    let flat = |y: f64| vec![Point { x, y }, Point { x: x + width, y }];
    let level_lines = levels.iter().map(|&(_, y)| flat(y));
    let named = layout.random.iter().map(|curve| (curve.name.as_str(), curve.line()));
    let distribution = layout.scores.iter().map(|_| (DISTRIBUTION, layout.distribution.clone()));
    let (names, named_lines): (Vec<_>, Vec<_>) = named.chain(distribution).unzip();
    let others = layout.chosen.iter().chain(&layout.pinned).map(DrawnCurve::line);
    let lines = level_lines.chain(named_lines).chain(others).collect();
    let mut obstacles = Obstacles { frame: layout.frame, lines, names: Vec::new() };
    let drawn_levels = levels.iter().enumerate().map(|(i, &(name, y))| {
        let spot = obstacles.place(name, i);
        NamedLine { name: name.to_owned(), y, spot }
    });
    let drawn_levels: Vec<NamedLine> = drawn_levels.collect();
    let drawn_names = names.iter().enumerate().filter_map(|(i, &name)| {
        let spot = obstacles.place(name, levels.len() + i)?;
        Some(TickLabel { text: name.to_owned(), spot })
    });
    layout.names = drawn_names.collect();
    layout.levels = drawn_levels;
}
