//! Step 8: the names of boxes, the strongest first, where there is room: above, below, or right of the box (beside it first when
//! vertical). Never on a box, another name, or outside; and only on few ribbons that are not the box's own. The other names are
//! late: they show while the pointer is on the box.

use circuitscope_core::sort::sort_by;

use super::flow::Flow;
use super::layout::{Label, LabelPlace, Layout, NodeBox};
use super::scene::Scene;
use super::text::{BASELINE, LABEL_HEIGHT, text_width};
use crate::drawn::NodeKind;
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
/// Ribbons are looked at in points so far apart: about the width of a letter.
const SAMPLE_STEP: f64 = 8.0;
/// Names without room of their own are not tried where ribbons are that many: there are ribbons everywhere.
const MANY_RIBBONS: usize = 400;

/// What labels are placed by, for each box of the layout.
pub(super) struct LabelInput<'a> {
    pub scene: &'a Scene<'a>,
    /// Its summed |score|.
    strengths: Vec<f64>,
    /// Whether room was kept for its name.
    has_room: Vec<bool>,
}

impl<'a> LabelInput<'a> {
    pub fn new(scene: &'a Scene<'a>) -> Self {
        Self { scene, strengths: Vec::new(), has_room: Vec::new() }
    }

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
    sort_by(&mut order, |&a, &b| input.strengths[b].total_cmp(&input.strengths[a]).then(a.cmp(&b)));
    let mut taken = Taken {
        boxes: layout.boxes.iter().map(|b| b.rect).collect(),
        names: Vec::new(),
        samples: Samples::new(layout),
    };
    for i in order {
        layout.boxes[i].label = label(input, layout, i, &mut taken);
    }
}

/// What names may not lie on.
struct Taken {
    boxes: Vec<Rect>,
    names: Vec<Rect>,
    /// Empty where there are too many ribbons to try.
    samples: Samples,
}

fn label(input: &LabelInput, layout: &Layout, i: usize, taken: &mut Taken) -> Label {
    let is_short = input.scene.columns.pitch < SHORT_PITCH && !input.scene.frame.is_vertical();
    let (node_box, node) = (&layout.boxes[i], layout.node(&layout.boxes[i]));
    let width = text_width(if is_short { &node.short_label } else { &node.label }) + 2.0;
    if let Some(label) = inside(input, node_box, width, is_short) {
        return label;
    }
    let is_tried = |n: usize| input.has_room[i] && n == 0 || layout.ribbons.len() <= MANY_RIBBONS;
    // At token positions the axis names the embedding and the end.
    let named_at_axis = input.scene.token_wise && matches!(node_box.kind, NodeKind::Embed | NodeKind::Unembed);
    let all = candidates(input.scene, node_box, width).into_iter().enumerate();
    let tried: Vec<_> = all.filter(|&(n, _)| !named_at_axis && is_tried(n)).collect();
    let find = |own: Option<usize>| {
        tried.iter().copied().find(|&(n, (rect, _))| {
            let has_room = n == 0 && input.has_room[i];
            is_free(input, taken, i, &rect) && (has_room || taken.samples.ink(&rect, own) <= MAX_INK)
        })
    };
    // At best on no ribbons, or else on the box's own.
    let found = find(None).or_else(|| find(Some(i)));
    let Some((_, (rect, align))) = found else {
        let (rect, align) = late(input, node_box, width);
        return Label { place: LabelPlace::Late, is_short, spot: spot(&rect, align), rect };
    };
    taken.names.push(rect);
    Label { place: LabelPlace::Beside, is_short, spot: spot(&rect, align), rect }
}

/// Whether a name would be within the flow's room, and on no other box and no other name.
fn is_free(input: &LabelInput, taken: &Taken, own: usize, rect: &Rect) -> bool {
    let frame = &input.scene.frame;
    // Names stay above the axis and below those of token positions.
    let bottom = if frame.is_vertical() { frame.height } else { frame.axis_at - 1.0 };
    let top = if frame.is_vertical() { frame.along[0] - 16.0 } else { 0.0 };
    let is_within = rect.x >= 0.0 && rect.y >= top && rect.right() <= frame.width && rect.bottom() <= bottom;
    let is_on_box = || taken.boxes.iter().enumerate().any(|(i, other)| i != own && other.is_near(rect, 0.0));
    is_within && !is_on_box() && !taken.names.iter().any(|other| other.is_near(rect, GAP))
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
        if input.scene.frame.is_vertical() { (rect.width, rect.height) } else { (rect.height, rect.width) };
    if width + 2.0 > length || thickness < LABEL_HEIGHT {
        return None;
    }
    let place = if input.scene.frame.is_vertical() { LabelPlace::Inside } else { LabelPlace::InsideTurned };
    // The middle of a letter is about a third of its size above the baseline.
    let at = Point { x: rect.centre().x, y: rect.centre().y + 3.8 };
    Some(Label { place, is_short, spot: TextSpot { at, align: TextAlign::Middle }, rect })
}

/// Where a name may be, the best first; the first is where room was kept.
fn candidates(scene: &Scene, node_box: &NodeBox, width: f64) -> [(Rect, TextAlign); 3] {
    let rect = node_box.rect;
    let middle_x = (rect.centre().x - width / 2.0).clamp(1.0, (scene.frame.width - width - 1.0).max(1.0));
    let middle_y = rect.centre().y - LABEL_HEIGHT / 2.0;
    let at = |x, y, align| (Rect { x, y, width, height: LABEL_HEIGHT }, align);
    let above = at(middle_x, rect.y - ABOVE - LABEL_HEIGHT, TextAlign::Middle);
    let below = at(middle_x, rect.bottom() + ABOVE, TextAlign::Middle);
    let right = at(rect.right() + BESIDE, middle_y, TextAlign::Start);
    let left = at(rect.x - BESIDE - width, middle_y, TextAlign::End);
    let last = scene.columns.layers.len() - 1;
    let only_reads = scene.token_wise && node_box.n_out == 0 && node_box.kind == NodeKind::Head;
    match node_box.column {
        0 if scene.sides[0] && !scene.frame.is_vertical() => [left, left, left],
        column if column == last && scene.sides[1] && !scene.frame.is_vertical() => [right, right, right],
        _ if scene.frame.is_vertical() || only_reads => [right, above, below],
        _ => [above, below, right],
    }
}

/// Where a late name shows: above its box, within the drawing.
fn late(input: &LabelInput, node_box: &NodeBox, width: f64) -> (Rect, TextAlign) {
    let rect = node_box.rect;
    let x = (rect.centre().x - width / 2.0).clamp(1.0, (input.scene.frame.width - width - 1.0).max(1.0));
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

/// The points of ribbons by their distance from the left, so that few are looked at for a name.
struct Samples {
    by_strip: Vec<Vec<Sample>>,
}

/// The width of a strip: about a third of a name's.
const STRIP: f64 = 16.0;

impl Samples {
    fn new(layout: &Layout) -> Self {
        let n = (layout.size.width / STRIP) as usize + 1;
        let mut by_strip: Vec<Vec<Sample>> = (0..n).map(|_| Vec::new()).collect();
        for ribbon in layout.ribbons.iter().filter(|_| layout.ribbons.len() <= MANY_RIBBONS) {
            let &super::layout::Ribbon { width, src_box, dest_box, .. } = ribbon;
            for curve in layout.line(ribbon) {
                let length = (curve.end.x - curve.start.x).abs() + (curve.end.y - curve.start.y).abs();
                let n = (length / SAMPLE_STEP).ceil().max(1.0) as usize;
                for at in (0..n).map(|i| curve.at(i as f64 / n as f64)) {
                    if let Some(strip) = by_strip.get_mut((at.x / STRIP).max(0.0) as usize) {
                        strip.push(Sample { at, width, src_box, dest_box });
                    }
                }
            }
        }
        Self { by_strip }
    }

    /// The ink of ribbons below a name, but for those of one box.
    fn ink(&self, rect: &Rect, own: Option<usize>) -> f64 {
        let [first, last] = [rect.x, rect.right()].map(|x| (x / STRIP).max(0.0) as usize);
        let is_below = |sample: &&Sample| {
            let (reach, Point { x, y }) = (sample.width / 2.0, sample.at);
            let within = x > rect.x && x < rect.right() && y + reach > rect.y && y - reach < rect.bottom();
            within && own.is_none_or(|own| sample.src_box != own && sample.dest_box != own)
        };
        let strips = self.by_strip.iter().take(last + 1).skip(first);
        strips.flatten().filter(is_below).map(|sample| sample.width + 1.0).sum()
    }
}
