//! The values of all prompts as rows of dots over one axis: which prompts fail, and by how much.
//!
//! Dots of a row lie on one line and are translucent, so that many of about the same value are darker; nothing is moved
//! aside, as a dot's place is its value.

use super::request::ValueScale;
use super::text::{fixed_text, value_text};
use crate::geometry::{Point, Size, TextAlign, TextSpot};
use crate::plot::scale::AxisRange;
use crate::plot::ticks::marks;
use crate::plot::{DIGIT, Scale, TickLabel};

/// The room of the names of the rows, and of a half label at the right (`page.html` of the design).
const NAMES: f64 = 58.0;
const RIGHT: f64 = 14.0;
/// The first row's middle, and the distance between rows (`page.html` of the design).
const FIRST_ROW: f64 = 13.0;
const ROW: f64 = 20.0;
/// Below the last row: the rest of it, and the labels of the axis.
const FOOT: f64 = 29.0;
/// A free share of the range at both ends, so that no dot is cut.
const FREE: f64 = 0.04;
/// The least distance between the labels of the axis, as in other plots.
const TICK_PITCH: f64 = 44.0;
/// How near to a dot a click must be: half a row, so that a row is never taken for its neighbour.
const REACH: f64 = 10.0;

/// All that the rows depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct DotsRequest {
    pub width: f64,
    pub scale: ValueScale,
    pub rows: Vec<DotRow>,
    /// The row that says how well the circuit does.
    pub judged: usize,
    pub lower_is_better: bool,
}

/// The values of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct DotRow {
    pub name: String,
    /// One a prompt, in the prompts' order. Those that are not finite have no dot.
    pub values: Vec<f64>,
}

/// Everything that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DotsLayout {
    pub size: Size,
    pub rows: Vec<DrawnRow>,
    /// Upright lines with their labels.
    pub ticks: Vec<TickLabel>,
    /// The lower end of the upright lines.
    pub bottom: f64,
    /// The prompts from the worst to the best of the judged row; those without a value come first.
    pub worst_first: Vec<usize>,
    /// For each prompt its values in words: `Prompt 3: Clean 2.10, Circuit 1.20`.
    pub titles: Vec<String>,
}

/// A row of dots.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnRow {
    pub name: TickLabel,
    pub dots: Vec<PromptDot>,
}

/// A prompt's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PromptDot {
    /// The prompt's index.
    pub prompt: usize,
    pub value: f64,
    pub at: Point,
}

/// The positions of everything in the rows.
pub fn dots(request: &DotsRequest) -> DotsLayout {
    let height = FIRST_ROW + ROW * request.rows.len().saturating_sub(1) as f64 + FOOT;
    let (from, length) = (NAMES, (request.width - NAMES - RIGHT).max(1.0));
    let range = range(request);
    let x_of = |value: f64| from + length * range.share(value);
    let rows = request.rows.iter().enumerate().map(|(i, row)| drawn_row(row, FIRST_ROW + ROW * i as f64, x_of));
    DotsLayout {
        size: Size { width: request.width, height },
        rows: rows.collect(),
        ticks: tick_labels(request.scale, range, length, |value| Point { x: x_of(value), y: height - 4.0 }),
        bottom: height - FOOT + ROW / 2.0,
        worst_first: worst_first(request),
        titles: titles(request),
    }
}

impl DotsLayout {
    /// The prompt of the dot that is nearest to a point, if one is near.
    pub fn prompt_at(&self, at: Point) -> Option<usize> {
        let dots = self.rows.iter().flat_map(|row| &row.dots);
        let distances = dots.map(|dot| ((dot.at.x - at.x).hypot(dot.at.y - at.y), dot.prompt));
        let near = distances.filter(|(distance, _)| *distance <= REACH);
        near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, prompt)| prompt)
    }

    /// The prompt that a key leads to from a prompt: arrows to the next worse or better one, Home to the worst, End to the
    /// best.
    pub fn next(&self, prompt: Option<usize>, key: &str) -> Option<usize> {
        let last = self.worst_first.len().checked_sub(1)?;
        let place = prompt.and_then(|prompt| self.worst_first.iter().position(|&other| other == prompt));
        let next = match (key, place) {
            ("Home", _) | ("ArrowRight" | "ArrowDown" | "ArrowLeft" | "ArrowUp", None) => 0,
            ("End", _) => last,
            ("ArrowRight" | "ArrowDown", Some(i)) => (i + 1).min(last),
            ("ArrowLeft" | "ArrowUp", Some(i)) => i.saturating_sub(1),
            _ => return None,
        };
        self.worst_first.get(next).copied()
    }
}

/// All finite values, and 0.
fn range(request: &DotsRequest) -> AxisRange {
    let values = request.rows.iter().flat_map(|row| &row.values).filter(|value| value.is_finite());
    let (low, high) = values.fold((0.0f64, 0.0f64), |(low, high), &value| (low.min(value), high.max(value)));
    let free = FREE * if high > low { high - low } else { 1.0 };
    AxisRange { scale: Scale::Linear, low: low - free, high: high + free }
}

fn drawn_row(row: &DotRow, y: f64, x_of: impl Fn(f64) -> f64) -> DrawnRow {
    let finite = row.values.iter().enumerate().filter(|(_, value)| value.is_finite());
    let dot = |(prompt, &value): (usize, &f64)| PromptDot { prompt, value, at: Point { x: x_of(value), y } };
    let spot = TextSpot { at: Point { x: 0.0, y: y + 4.0 }, align: TextAlign::Start };
    DrawnRow { name: TickLabel { text: row.name.clone(), spot }, dots: finite.map(dot).collect() }
}

/// As many labels as have room for the widest of them and as much again.
fn tick_labels(scale: ValueScale, range: AxisRange, length: f64, at: impl Fn(f64) -> Point) -> Vec<TickLabel> {
    let texts = |room: f64| {
        marks(range, room)
            .into_iter()
            .filter_map(move |mark| Some((mark.value, tick_text(scale, mark.value, &mark.label?))))
    };
    let width = |text: &str| DIGIT * text.chars().count() as f64;
    let widest = texts(2.0).map(|(_, text)| width(&text)).fold(DIGIT, f64::max);
    let mut free_from = f64::NEG_INFINITY;
    let label = |(value, text): (f64, String)| {
        let (at, half) = (at(value), width(&text) / 2.0);
        let has_room = at.x - half > free_from;
        free_from = if has_room { at.x + half + DIGIT / 2.0 } else { free_from };
        has_room.then_some(TickLabel { text, spot: TextSpot { at, align: TextAlign::Middle } })
    };
    texts(length / TICK_PITCH.max(2.0 * widest)).filter_map(label).collect()
}

fn tick_text(scale: ValueScale, value: f64, label: &str) -> String {
    let decimals = label.find('.').map_or(0, |point| label.len() - point - 1);
    let unit = if scale == ValueScale::Percent { " %" } else { "" };
    fixed_text(value, decimals) + unit
}

/// Where two are as bad, the earlier comes first.
fn worst_first(request: &DotsRequest) -> Vec<usize> {
    let Some(row) = request.rows.get(request.judged) else { return Vec::new() };
    let mut prompts: Vec<usize> = (0..row.values.len()).collect();
    let goodness = |prompt: &usize| match row.values[*prompt] {
        value if value.is_nan() => f64::NEG_INFINITY,
        value if request.lower_is_better => -value,
        value => value,
    };
    prompts.sort_by(|a, b| goodness(a).total_cmp(&goodness(b)));
    prompts
}

fn titles(request: &DotsRequest) -> Vec<String> {
    let n_prompts = request.rows.iter().map(|row| row.values.len()).max().unwrap_or(0);
    let title = |prompt: usize| {
        let values = request.rows.iter().filter_map(|row| {
            let value = row.values.get(prompt)?;
            Some(format!("{} {}", row.name, value_text(request.scale, *value)))
        });
        format!("Prompt {}: {}", prompt + 1, values.collect::<Vec<_>>().join(", "))
    };
    (0..n_prompts).map(title).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(circuit: &[f64]) -> DotsRequest {
        let row = |name: &str, values: &[f64]| DotRow { name: name.to_owned(), values: values.to_vec() };
        DotsRequest {
            width: 256.0,
            scale: ValueScale::Linear,
            rows: vec![row("Clean", &[2.0, 3.0, 2.5]), row("Circuit", circuit), row("Corrupt", &[-3.0, -1.0, -2.0])],
            judged: 1,
            lower_is_better: false,
        }
    }

    #[test]
    fn a_larger_value_lies_further_right_and_inside() {
        let layout = dots(&request(&[-4.0, 0.0, 4.0]));
        let xs: Vec<f64> = layout.rows[1].dots.iter().map(|dot| dot.at.x).collect();
        assert!(NAMES < xs[0] && xs[0] < xs[1] && xs[1] < xs[2] && xs[2] < 256.0, "{xs:?}");
        let labels: Vec<&str> = layout.ticks.iter().map(|tick| tick.text.as_str()).collect();
        assert_eq!(labels, ["−4", "−2", "0", "2", "4"]);
    }

    #[test]
    fn the_worst_prompt_comes_first_whichever_way_is_worse() {
        let mut request = request(&[1.0, -2.0, 1.0]);
        assert_eq!(dots(&request).worst_first, [1, 0, 2]);
        request.lower_is_better = true;
        assert_eq!(dots(&request).worst_first, [0, 2, 1]);
    }

    #[test]
    fn keys_go_through_the_prompts_from_the_worst_on() {
        let layout = dots(&request(&[1.0, -2.0, 3.0]));
        let keys = ["ArrowRight", "ArrowDown", "ArrowLeft", "Home", "End", "Tab"];
        assert_eq!(keys.map(|key| layout.next(Some(0), key)), [Some(2), Some(2), Some(1), Some(1), Some(2), None]);
        assert_eq!(layout.next(None, "ArrowRight"), Some(1));
    }

    #[test]
    fn a_value_that_is_no_number_has_no_dot_and_is_the_worst() {
        let layout = dots(&request(&[1.0, f64::NAN, 3.0]));
        assert_eq!(layout.rows[1].dots.len(), 2);
        assert_eq!(layout.worst_first[0], 1);
        assert_eq!(layout.titles[1], "Prompt 2: Clean 3.00, Circuit not a number, Corrupt −1.00");
    }

    #[test]
    fn a_click_finds_the_dot_beside_it_and_nothing_far_away() {
        let layout = dots(&request(&[1.0, -2.0, 3.0]));
        let dot = layout.rows[1].dots[1];
        assert_eq!(layout.prompt_at(Point { x: dot.at.x + 3.0, y: dot.at.y - 3.0 }), Some(1));
        assert_eq!(layout.prompt_at(Point { x: 5.0, y: dot.at.y }), None);
    }

    #[test]
    fn labels_of_large_values_do_not_overlap() {
        let layout = dots(&request(&[-1_234_567.0, 0.0, 7_654_321.0]));
        let ends = layout.ticks.iter().map(|tick| (tick.spot.at.x, DIGIT * tick.text.chars().count() as f64 / 2.0));
        let ends: Vec<_> = ends.collect();
        assert!(ends.windows(2).all(|pair| pair[0].0 + pair[0].1 < pair[1].0 - pair[1].1), "{ends:?}");
        assert!(dots(&DotsRequest { rows: Vec::new(), ..request(&[]) }).worst_first.is_empty());
    }
}
