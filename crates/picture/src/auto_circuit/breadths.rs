//! Step 2: how wide every ribbon and box is, and how much room each sub-diagram takes.
//!
//! There is one scale for the whole picture, so that widths can be compared between token positions. It is the largest at
//! which every column of every sub-diagram fits in the part of the figure that the reference gives it. Where even narrow
//! ribbons and their labels do not fit, the sub-diagram gets more room and the picture grows.

use super::diagram::{Diagram, FlowNode};
use super::request::{LayoutRequest, Link, Orientation};
use super::text::{LABEL_PITCH, label_width, shown_label};
use super::{lanes, margins};

/// The room of a sub-diagram across, in pixels from the margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Band {
    pub start: f64,
    pub breadth: f64,
}

/// No ribbon is narrower: what the eye still follows.
const MIN_WIDTH: f64 = 0.8;
/// No ribbon is wider: a circuit of one edge is not a wall.
const MAX_WIDTH: f64 = 36.0;
/// Links that pass columns make the scale no smaller than this share of what it would be without.
const MIN_PASSING_SHARE: f64 = 0.7;
/// No box is shorter across.
const MIN_BREADTH: f64 = 4.0;
/// Between two boxes of a column.
const BOX_GAP: f64 = 8.0;
/// Between two labels beside each other.
const LABEL_GAP: f64 = 10.0;
/// No sub-diagram gets less: three labels below each other.
const MIN_BAND: f64 = 4.0 * LABEL_PITCH;
/// Between two sub-diagrams at least.
const BAND_GAP: f64 = 16.0;

/// Sets the widths of links and the breadths of boxes; gives the sub-diagrams' bands.
pub(super) fn breadths(request: &LayoutRequest, diagrams: &mut [Diagram]) -> Vec<Band> {
    let room = margins::across_room(request);
    let largest = largest_weight(diagrams, request.by_mask);
    let weight = |link: &Link| f64::from(link.weight(request.by_mask)).min(largest);
    let mut breadths: Vec<f64> = Vec::new();
    for (diagram, sub) in diagrams.iter_mut().zip(&request.sub_diagrams) {
        set_widths(request, diagram, |_| 0.0);
        breadths.push(((sub.domain[1] - sub.domain[0]) * room).max(MIN_BAND).max(fullest_column(diagram)));
    }
    let scale = fitting_scale(diagrams, &breadths, weight).min(MAX_WIDTH / largest);
    for (diagram, breadth) in diagrams.iter_mut().zip(&mut breadths) {
        set_widths(request, diagram, |link| scale * weight(link));
        lanes::lanes(diagram);
        *breadth = breadth.max(fullest_column(diagram));
    }
    stack(request, room, &breadths)
}

/// The largest finite score that is drawn, as which an infinite one counts (ACDC gives such); 1 where all are 0 or infinite.
fn largest_weight(diagrams: &[Diagram], by_mask: bool) -> f64 {
    let scores =
        diagrams.iter().flat_map(|diagram| &diagram.segments).map(|segment| f64::from(segment.link.weight(by_mask)));
    let largest = scores.filter(|score| score.is_finite()).fold(0.0, f64::max);
    if largest > 0.0 { largest } else { 1.0 }
}

/// Sets the widths of links, and the boxes' breadths and slots that follow from them.
fn set_widths(request: &LayoutRequest, diagram: &mut Diagram, width: impl Fn(&Link) -> f64) {
    for segment in &mut diagram.segments {
        segment.width = width(segment.link).max(MIN_WIDTH);
    }
    for node_idx in 0..diagram.nodes.len() {
        let node = &diagram.nodes[node_idx];
        let breadth = diagram.throughput(node, |segment| segment.width).max(MIN_BREADTH);
        let slot = (breadth + BOX_GAP).max(label_room(request, node));
        (diagram.nodes[node_idx].breadth, diagram.nodes[node_idx].slot) = (breadth, slot);
    }
}

/// The room that a node's label needs across.
fn label_room(request: &LayoutRequest, node: &FlowNode) -> f64 {
    match request.options.orientation {
        Orientation::Horizontal => LABEL_PITCH,
        Orientation::Vertical => label_width(&shown_label(node.label(request))) + LABEL_GAP,
    }
}

/// The room that the slots of the fullest column need.
fn fullest_column(diagram: &Diagram) -> f64 {
    let slots = |column: &Vec<usize>| column.iter().map(|&node| diagram.nodes[node].slot).sum();
    diagram.columns.iter().map(slots).fold(0.0, f64::max)
}

/// The scale, in pixels a unit of weight, at which every column fits in its band, with the links that pass it; or, where
/// they would squeeze the picture too much, a share of the scale at which it fits without them.
fn fitting_scale(diagrams: &[Diagram], breadths: &[f64], weight: impl Fn(&Link) -> f64) -> f64 {
    let (mut with_passing, mut without) = (f64::INFINITY, f64::INFINITY);
    for (diagram, breadth) in diagrams.iter().zip(breadths) {
        for (column, passing) in diagram.columns.iter().zip(passing_weights(diagram, &weight)) {
            let nodes = || column.iter().map(|&node| &diagram.nodes[node]);
            let room = breadth - nodes().map(|node| node.slot).sum::<f64>();
            let ending: f64 = nodes().map(|node| diagram.throughput(node, |s| weight(s.link))).sum();
            if ending + passing > 0.0 {
                with_passing = with_passing.min(room / (ending + passing));
                without = without.min(room / ending);
            }
        }
    }
    with_passing.max(MIN_PASSING_SHARE * without)
}

/// For each column the weight of the links that pass it.
fn passing_weights(diagram: &Diagram, weight: impl Fn(&Link) -> f64) -> Vec<f64> {
    let mut weights = vec![0.0; diagram.columns.len()];
    for segment in &diagram.segments {
        diagram.passed(segment).for_each(|column| weights[column] += weight(segment.link));
    }
    weights
}

/// Bands one after the other, with the gaps that the reference leaves.
fn stack(request: &LayoutRequest, room: f64, breadths: &[f64]) -> Vec<Band> {
    let (mut end, mut lower) = (0.0, None);
    let mut bands = Vec::with_capacity(breadths.len());
    for (sub, &breadth) in request.sub_diagrams.iter().zip(breadths) {
        let gap = lower.map_or(0.0, |lower: f64| ((lower - sub.domain[1]) * room).max(BAND_GAP));
        bands.push(Band { start: end + gap, breadth });
        (end, lower) = (end + gap + breadth, Some(sub.domain[0]));
    }
    bands
}
