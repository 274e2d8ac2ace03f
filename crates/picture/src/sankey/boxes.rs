//! Step 6: boxes and their cells as rectangles.

use super::columns::Columns;
use super::flow::{Flow, ItemKind};
use super::frame::Frame;
use super::layout::{Cell, Label, LabelPlace, NodeBox};
use super::ports::Ports;
use crate::drawn::{NodeKind, Nodes, Port};
use crate::geometry::{Point, Rect, TextAlign, TextSpot};

/// The embedding's and the end's boxes are at least so thick: their names are inside.
const END_THICKNESS: f64 = 15.0;
/// A letter of 9 pixels needs a cell of this length and thickness.
const LETTER_LENGTH: f64 = 9.0;
const LETTER_THICKNESS: f64 = 12.0;

/// What boxes are made of, one band after the other.
pub(super) struct BoxInput<'a> {
    pub frame: &'a Frame,
    pub columns: &'a Columns,
    pub nodes: &'a Nodes,
    pub token_wise: bool,
}

/// The boxes of a band whose room starts at `start`, across the flow.
pub(super) fn boxes(input: &BoxInput, flow: &Flow, ports: &Ports, band: usize, start: f64) -> Vec<NodeBox> {
    (0..flow.n_boxes).filter_map(|item| node_box(input, flow, ports, item, band, start)).collect()
}

fn node_box(input: &BoxInput, flow: &Flow, ports: &Ports, item_idx: usize, band: usize, start: f64) -> Option<NodeBox> {
    let item = &flow.items[item_idx];
    let ItemKind::Box(node_idx) = item.kind else { return None };
    let kind = input.nodes.nodes[node_idx].kind;
    let along = span(input, item.column, kind);
    let across = [start + item.at, start + item.end()];
    let into = flow.links_into.of(item_idx);
    let n_in = |port: Port| into.iter().filter(|&&link| flow.links[link as usize].port == Some(port)).count();
    let mut at = across[0];
    let mut cells = Vec::new();
    for (port, length) in Port::ALL.into_iter().zip(ports.cells[item_idx]).filter(|&(_, length)| length > 0.0) {
        cells.push(Cell { port, rect: input.frame.rect(along, [at, at + length]), n_in: n_in(port) });
        at += length;
    }
    let shortest = ports.cells[item_idx].into_iter().filter(|&length| length > 0.0).fold(f64::INFINITY, f64::min);
    Some(NodeBox {
        band,
        node_idx,
        kind,
        column: item.column,
        rect: input.frame.rect(along, across),
        has_letters: !cells.is_empty() && shortest >= LETTER_LENGTH && along[1] - along[0] >= LETTER_THICKNESS,
        cells,
        label: no_label(),
        n_in: into.len(),
        n_out: flow.links_from(item_idx).len(),
    })
}

/// Start and end of a box, along the flow. Those of the embedding and the end grow outward.
fn span(input: &BoxInput, column: usize, kind: NodeKind) -> [f64; 2] {
    let (centre, half) = (input.columns.centres[column], input.columns.thickness / 2.0);
    let grown = if input.token_wise { 0.0 } else { (END_THICKNESS - 2.0 * half).max(0.0) };
    match kind {
        NodeKind::Embed => [centre - half - grown, centre + half],
        NodeKind::Unembed => [centre - half, centre + half + grown],
        _ => [centre - half, centre + half],
    }
}

/// Until labels are placed.
fn no_label() -> Label {
    let spot = TextSpot { at: Point { x: 0.0, y: 0.0 }, align: TextAlign::Middle };
    let rect = Rect { x: 0.0, y: 0.0, width: 0.0, height: 0.0 };
    Label { place: LabelPlace::Late, is_short: false, spot, rect }
}
