//! Marks on both axes, and their labels as far as there is room for them.

use circuitscope_core::sort::sort_by;

use super::counts::CountAxis;
use super::request::ValueScale;
use super::text::{count_text, fixed_text};
use super::values::ValueAxis;
use crate::geometry::{Point, TextAlign, TextSpot};
use crate::plot::ticks::marks;
use crate::plot::{DIGIT, Tick, TickLabel};

/// The least gap between two labels of the x axis: half a digit, so that `0` and `1` stand apart on both sides of the break.
const X_GAP: f64 = 3.5;
/// The least distance between the base lines of two labels of the y axis, of 11 pixels each.
const Y_PITCH: f64 = 14.0;
/// A letter at 11 pixels, in the mean, and a comma (DejaVu Sans).
const LETTER: f64 = 6.2;
const COMMA: f64 = 3.5;
/// From the axis down to the base line of its labels.
const LABEL_DROP: f64 = 17.0;
/// What the axis holds, from the longest to the shortest that may find room.
const NOTES: [&str; 2] = ["edges kept, log scale", "edges, log"];

/// The marks of the x axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CountTicks {
    /// Marks at 1 to 9 times each power of ten. All but the powers are small, which a page draws shorter.
    pub ticks: Vec<CountTick>,
    /// `0`, `all` and what the axis holds: labels without a mark.
    pub notes: Vec<TickLabel>,
}

/// A mark of the x axis.
#[derive(Debug, Clone, PartialEq)]
pub struct CountTick {
    pub at: f64,
    pub is_power_of_ten: bool,
    pub label: Option<TickLabel>,
}

/// The marks of the x axis, whose line is at `bottom`. Where labels would overlap, `0` goes before `all`, that before the
/// powers of ten, and the note comes last.
pub(super) fn of_counts(counts: &CountAxis, bottom: f64) -> CountTicks {
    let mut row = Row { y: bottom + LABEL_DROP, taken: Vec::new() };
    let mut notes: Vec<TickLabel> = row.label("0", counts.zero, TextAlign::Middle).into_iter().collect();
    if counts.n_edges > 0 {
        notes.extend(row.label("all", counts.end, TextAlign::End));
    }
    let ticks = tick_counts(counts.n_edges).map(|(k, is_power_of_ten)| {
        let at = counts.x_of(k);
        let label = is_power_of_ten.then(|| row.label(&count_text(k), at, TextAlign::Middle)).flatten();
        CountTick { at, is_power_of_ten, label }
    });
    let ticks = ticks.collect();
    notes.extend(row.note());
    CountTicks { ticks, notes }
}

/// The marks of the y axis, whose labels end at `right`.
pub(super) fn of_values(values: &ValueAxis) -> Vec<Tick> {
    let room = values.line.length.abs() / (2.0 * Y_PITCH);
    let mut label_ys: Vec<f64> = Vec::new();
    let tick = |mark: crate::plot::ticks::Mark| {
        let at = values.y_of(mark.value);
        let free = label_ys.iter().all(|y| (y - at).abs() >= Y_PITCH);
        let label = mark.label.filter(|_| free).map(|text| {
            label_ys.push(at);
            let spot = TextSpot { at: Point { x: 0.0, y: at + 4.0 }, align: TextAlign::End };
            TickLabel { text: value_label(values.scale, mark.value, text), spot }
        });
        Tick { at, label }
    };
    marks(values.line.range, room).into_iter().map(tick).collect()
}

/// About how wide the widest label is.
pub(super) fn widest(ticks: &[Tick]) -> f64 {
    let widths = ticks.iter().filter_map(|tick| Some(text_width(&tick.label.as_ref()?.text)));
    widths.fold(0.0, f64::max)
}

/// About how wide a text is at 11 pixels.
pub(super) fn text_width(text: &str) -> f64 {
    let width = |c: char| match c {
        ',' | '.' | ' ' => COMMA,
        'a'..='z' => LETTER,
        '%' => 1.5 * DIGIT,
        _ => DIGIT,
    };
    text.chars().map(width).sum()
}

/// Counts with a mark, and whether they are powers of ten.
fn tick_counts(n_edges: usize) -> impl Iterator<Item = (usize, bool)> {
    let powers = std::iter::successors(Some(1usize), |power| power.checked_mul(10));
    let powers = powers.take_while(move |&power| power <= n_edges);
    let counts = powers.flat_map(|power| (1..10).map(move |digit| (power.saturating_mul(digit), digit == 1)));
    counts.take_while(move |&(k, _)| k <= n_edges)
}

/// With the unit, a minus sign and commas; logarithmic labels are as they are on any plot.
fn value_label(scale: ValueScale, value: f64, label: String) -> String {
    let decimals = label.find('.').map_or(0, |point| label.len() - point - 1);
    match scale {
        ValueScale::Log { .. } => label,
        ValueScale::Linear => fixed_text(value, decimals),
        ValueScale::Percent => fixed_text(value, decimals) + " %",
    }
}

/// The labels of an axis, with the room that is taken.
struct Row {
    y: f64,
    taken: Vec<(f64, f64)>,
}

impl Row {
    /// A label at `x`, if it has room.
    fn label(&mut self, text: &str, x: f64, align: TextAlign) -> Option<TickLabel> {
        let width = text_width(text);
        let start = match align {
            TextAlign::Start => x,
            TextAlign::Middle => x - width / 2.0,
            TextAlign::End => x - width,
        };
        let (from, to) = (start - X_GAP, start + width + X_GAP);
        // Two labels share the gap between them.
        let free = self.taken.iter().all(|&(left, right)| to - X_GAP <= left || from + X_GAP >= right);
        free.then(|| {
            self.taken.push((from, to));
            TickLabel { text: text.to_owned(), spot: TextSpot { at: Point { x, y: self.y }, align } }
        })
    }

    /// What the axis holds, in the widest gap.
    fn note(&mut self) -> Option<TickLabel> {
        let mut taken = self.taken.clone();
        sort_by(&mut taken, |a, b| a.0.total_cmp(&b.0));
        let gaps = taken.windows(2).map(|pair| (pair[0].1, pair[1].0));
        let (from, to) = gaps.max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))?;
        let fits = |note: &&str| text_width(note) + 2.0 * X_GAP <= to - from;
        let note = NOTES.into_iter().find(fits)?;
        self.label(note, (from + to) / 2.0, TextAlign::Middle)
    }
}
