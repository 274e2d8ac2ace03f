//! Step 2: how wide every ribbon and box is, and how much room each sub-diagram takes.
//!
//! There is one scale for the whole picture, so that widths can be compared between token positions. It is the largest at
//! which every column of every sub-diagram fits in the part of the figure that the reference gives it. Where even narrow
//! ribbons and their labels do not fit, the sub-diagram gets more room and the picture grows.

use super::diagram::{Diagram, FlowNode};
use super::place;
use super::request::{LayoutRequest, Orientation};
use super::text::{LABEL_PITCH, label_width, shown_label};

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
    let room = place::across_room(request);
    let largest = largest_weight(diagrams);
    let weight = |score: f32| f64::from(score.abs()).min(largest);
    let mut breadths: Vec<f64> = Vec::new();
    for (diagram, sub) in diagrams.iter_mut().zip(&request.sub_diagrams) {
        set_widths(request, diagram, |_| 0.0);
        breadths.push(((sub.domain[1] - sub.domain[0]) * room).max(MIN_BAND).max(fullest_column(diagram)));
    }
    let fits = diagrams.iter().zip(&breadths).map(|(diagram, &breadth)| fitting_scale(diagram, breadth, weight));
    let scale = fits.fold(MAX_WIDTH / largest, f64::min);
    for (diagram, breadth) in diagrams.iter_mut().zip(&mut breadths) {
        set_widths(request, diagram, |score| scale * weight(score));
        *breadth = breadth.max(fullest_column(diagram));
    }
    stack(request, room, &breadths)
}

/// The largest finite score that is drawn, which an infinite one counts as (ACDC gives such); 1 where all are 0 or infinite.
fn largest_weight(diagrams: &[Diagram]) -> f64 {
    let scores = diagrams.iter().flat_map(|diagram| &diagram.links).map(|flow| f64::from(flow.link.score.abs()));
    let largest = scores.filter(|score| score.is_finite()).fold(0.0, f64::max);
    if largest > 0.0 { largest } else { 1.0 }
}

/// Sets the widths of links, and the boxes' breadths and slots that follow from them.
fn set_widths(request: &LayoutRequest, diagram: &mut Diagram, width: impl Fn(f32) -> f64) {
    for flow in &mut diagram.links {
        flow.width = width(flow.link.score).max(MIN_WIDTH);
    }
    for place in 0..diagram.nodes.len() {
        let node = &diagram.nodes[place];
        let breadth = diagram.throughput(node, |flow| flow.width).max(MIN_BREADTH);
        let slot = (breadth + BOX_GAP).max(label_room(request, node));
        (diagram.nodes[place].breadth, diagram.nodes[place].slot) = (breadth, slot);
    }
}

/// What a node's label takes across.
fn label_room(request: &LayoutRequest, node: &FlowNode) -> f64 {
    match request.options.orientation {
        Orientation::Horizontal => LABEL_PITCH,
        Orientation::Vertical => label_width(&shown_label(request.nodes[node.node_idx].label())) + LABEL_GAP,
    }
}

/// What the slots of the fullest column take.
fn fullest_column(diagram: &Diagram) -> f64 {
    let slots = |column: &Vec<usize>| column.iter().map(|&place| diagram.nodes[place].slot).sum();
    diagram.columns.iter().map(slots).fold(0.0, f64::max)
}

/// The largest scale at which every column fits in a band, beside the slots that its nodes have at scale 0.
fn fitting_scale(diagram: &Diagram, band: f64, weight: impl Fn(f32) -> f64) -> f64 {
    let fits = |column: &Vec<usize>| {
        let nodes = || column.iter().map(|&place| &diagram.nodes[place]);
        let slots: f64 = nodes().map(|node| node.slot).sum();
        let weights: f64 = nodes().map(|node| diagram.throughput(node, |flow| weight(flow.link.score))).sum();
        if weights > 0.0 { (band - slots) / weights } else { f64::INFINITY }
    };
    diagram.columns.iter().map(fits).fold(f64::INFINITY, f64::min)
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
