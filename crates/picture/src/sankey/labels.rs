//! Step 8: the names of boxes, the strongest first, where there is room: above, below, or right of the box (beside it first when
//! vertical). Never on a box, another name, or outside; and only on few ribbons that are not the box's own. The other names are
//! late: they show while the pointer is on the box.

use super::columns::{Columns, has_side_labels};
use super::flow::Flow;
use super::frame::Frame;
use super::layout::{Label, LabelPlace, Layout, NodeBox};
use super::request::Request;
use super::text::{BASELINE, LABEL_HEIGHT, text_width};
use crate::drawn::{LayerPart, NodeKind};
use crate::geometry::{Point, Rect, TextAlign, TextSpot};

/// Below this distance between columns names are short.
const SHORT_PITCH: f64 = 26.0;
/// Between a box and its name.
const ABOVE: f64 = 2.0;
const BESIDE: f64 = 3.0;
/// Between two names.
const GAP: f64 = 1.5;
/// A name lies on at most so much ink of other boxes' ribbons: the summed widths of their sample points below it. The ribbon of a
/// single wide edge is more than that.
const MAX_INK: f64 = 12.0;
/// Samples of a curve.
const N_SAMPLES: usize = 5;
/// Names without room of their own are not tried where ribbons are that many: there are ribbons everywhere.
const MANY_RIBBONS: usize = 400;

pub(super) struct LabelInput<'a> {
    pub request: &'a Request,
    pub frame: &'a Frame,
    pub columns: &'a Columns,
    /// By box: its summed |score|.
    pub strengths: Vec<f64>,
    /// By box: whether room was kept for its name.
    pub has_room: Vec<bool>,
    /// By band: its room, across the flow.
    pub token_wise: bool,
}

impl LabelInput<'_> {
    /// Appends the boxes of a flow.
    pub fn add(&mut self, flow: &Flow) {
        let items = &flow.items[..flow.n_boxes];
        self.strengths.extend(items.iter().map(|item| item.strength));
        self.has_room.extend(items.iter().map(|item| item.before + item.after > 0.0));
    }
}

/// Writes the names of all boxes of a layout.
pub(super) fn labels(input: &LabelInput, layout: &mut Layout) {
    let mut order: Vec<usize> = (0..layout.boxes.len()).collect();
    order.sort_by(|&a, &b| input.strengths[b].total_cmp(&input.strengths[a]).then(a.cmp(&b)));
    let rects: Vec<Rect> = layout.boxes.iter().map(|b| b.rect).collect();
    let samples = if layout.ribbons.len() > MANY_RIBBONS { Vec::new() } else { samples(layout) };
    let sides = [LayerPart::Embed, LayerPart::Unembed].map(|part| has_side_labels(input.request, part));
    let mut taken: Vec<Rect> = Vec::new();
    for i in order {
        let is_short = input.columns.pitch < SHORT_PITCH && !input.frame.is_vertical();
        let node_box = &layout.boxes[i];
        let node = layout.node(node_box);
        let text = if is_short { &node.short_label } else { &node.label };
        let width = text_width(text) + 2.0;
        if let Some(label) = inside(input, node_box, width, is_short) {
            layout.boxes[i].label = label;
            continue;
        }
        let is_free = |rect: &Rect| {
            let within =
                rect.x >= 0.0 && rect.y >= 0.0 && rect.right() <= input.frame.width && rect.bottom() <= limit(input);
            within
                && rects.iter().enumerate().all(|(j, r)| j == i || !r.is_near(rect, 0.0))
                && taken.iter().all(|r| !r.is_near(rect, GAP))
        };
        let candidates = candidates(input, node_box, width, sides, node_box.n_out == 0);
        let found = candidates.into_iter().enumerate().find(|(n, candidate)| {
            let Some((rect, _)) = candidate else { return false };
            let has_room = *n == 0 && input.has_room[i];
            let may_try = has_room || layout.ribbons.len() <= MANY_RIBBONS;
            may_try && is_free(rect) && (has_room || ink(&samples, rect, i) <= MAX_INK)
        });
        let (place, (rect, align)) = match found {
            Some((_, Some(candidate))) => (LabelPlace::Beside, candidate),
            _ => (LabelPlace::Late, late(input, node_box, width)),
        };
        if place == LabelPlace::Beside {
            taken.push(rect);
        }
        layout.boxes[i].label = Label { place, is_short, spot: spot(&rect, align), rect };
    }
}

/// Names stay above the axis.
fn limit(input: &LabelInput) -> f64 {
    match input.frame.is_vertical() {
        false => input.frame.axis_at - 1.0,
        true => input.frame.height,
    }
}

fn spot(rect: &Rect, align: TextAlign) -> TextSpot {
    let x = match align {
        TextAlign::Start => rect.x + 1.0,
        TextAlign::Middle => rect.x + rect.width / 2.0,
        TextAlign::End => rect.right() - 1.0,
    };
    TextSpot { at: Point { x, y: rect.y + BASELINE }, align }
}

/// The embedding's and the end's names are inside, where they fit.
fn inside(input: &LabelInput, node_box: &NodeBox, width: f64, is_short: bool) -> Option<Label> {
    if !matches!(node_box.kind, NodeKind::Embed | NodeKind::Unembed) {
        return None;
    }
    let rect = node_box.rect;
    let (length, thickness) =
        if input.frame.is_vertical() { (rect.width, rect.height) } else { (rect.height, rect.width) };
    if width + 2.0 > length || thickness < LABEL_HEIGHT {
        return None;
    }
    let place = if input.frame.is_vertical() { LabelPlace::Inside } else { LabelPlace::InsideTurned };
    // The middle of a letter is about a third of its size above the baseline.
    let at = Point { x: rect.centre().x, y: rect.centre().y + 3.8 };
    Some(Label { place, is_short, spot: TextSpot { at, align: TextAlign::Middle }, rect })
}

type Candidate = Option<(Rect, TextAlign)>;

/// Where a name may be, the best first; the first is where room was kept.
fn candidates(
    input: &LabelInput,
    node_box: &NodeBox,
    width: f64,
    sides: [bool; 2],
    only_reads: bool,
) -> [Candidate; 3] {
    let rect = node_box.rect;
    let middle_x = (rect.centre().x - width / 2.0).clamp(1.0, (input.frame.width - width - 1.0).max(1.0));
    let middle_y = rect.centre().y - LABEL_HEIGHT / 2.0;
    let at = |x, y, align| Some((Rect { x, y, width, height: LABEL_HEIGHT }, align));
    let above = at(middle_x, rect.y - ABOVE - LABEL_HEIGHT, TextAlign::Middle);
    let below = at(middle_x, rect.bottom() + ABOVE, TextAlign::Middle);
    let right = at(rect.right() + BESIDE, middle_y, TextAlign::Start);
    let left = at(rect.x - BESIDE - width, middle_y, TextAlign::End);
    let last = input.columns.layers.len() - 1;
    match node_box.column {
        _ if input.frame.is_vertical() => [right, above, below],
        0 if sides[0] => [left, above, below],
        column if column == last && sides[1] => [right, above, below],
        _ if input.token_wise && only_reads && node_box.kind == NodeKind::Head => [right, above, below],
        _ => [above, below, right],
    }
}

/// Where a late name shows: above its box, within the drawing.
fn late(input: &LabelInput, node_box: &NodeBox, width: f64) -> (Rect, TextAlign) {
    let rect = node_box.rect;
    let x = (rect.centre().x - width / 2.0).clamp(1.0, (input.frame.width - width - 1.0).max(1.0));
    let y = (rect.y - ABOVE - LABEL_HEIGHT).max(0.0);
    (Rect { x, y, width, height: LABEL_HEIGHT }, TextAlign::Middle)
}

/// A point of a ribbon, by which ink below a name is measured.
struct Sample {
    at: Point,
    width: f64,
    src_box: usize,
    dest_box: usize,
}

fn samples(layout: &Layout) -> Vec<Sample> {
    let of = |ribbon| {
        let curves: &[crate::geometry::Curve] = layout.line(ribbon);
        curves.iter().flat_map(|curve| (0..N_SAMPLES).map(|i| curve.at(i as f64 / N_SAMPLES as f64)))
    };
    let sample = |ribbon: &super::layout::Ribbon, at| {
        let &super::layout::Ribbon { width, src_box, dest_box, .. } = ribbon;
        Sample { at, width, src_box, dest_box }
    };
    layout.ribbons.iter().flat_map(|ribbon| of(ribbon).map(move |at| sample(ribbon, at))).collect()
}

/// The ink of other boxes' ribbons below a name.
fn ink(samples: &[Sample], rect: &Rect, own: usize) -> f64 {
    let is_below = |sample: &&Sample| {
        let (reach, Point { x, y }) = (sample.width / 2.0, sample.at);
        sample.src_box != own
            && sample.dest_box != own
            && x > rect.x
            && x < rect.right()
            && y + reach > rect.y
            && y - reach < rect.bottom()
    };
    samples.iter().filter(is_below).map(|sample| sample.width + 1.0).sum()
}
