//! Step 6: boxes and their cells as rectangles.

use super::flow::{Flow, ItemKind};
use super::layout::{Cell, Label, LabelPlace, NodeBox};
use super::ports::Ports;
use super::ribbons::BandStart;
use super::scene::Scene;
use crate::drawn::{NodeKind, Port};
use crate::geometry::{Point, Rect, TextAlign, TextSpot};

/// The embedding's and the end's boxes are at least so thick: their names are inside.
const END_THICKNESS: f64 = 15.0;
/// A letter of 9 pixels needs a cell of this length and thickness.
const LETTER_LENGTH: f64 = 9.0;
const LETTER_THICKNESS: f64 = 12.0;

/// The boxes of a band.
pub(super) fn boxes(scene: &Scene, flow: &Flow, ports: &Ports, start: BandStart) -> Vec<NodeBox> {
    (0..flow.n_boxes).filter_map(|item| node_box(scene, (flow, ports), item, start)).collect()
}

fn node_box(scene: &Scene, (flow, ports): (&Flow, &Ports), item_idx: usize, start: BandStart) -> Option<NodeBox> {
    let item = &flow.items[item_idx];
    let ItemKind::Box(node_idx) = item.kind else { return None };
    let kind = scene.nodes.nodes[node_idx].kind;
    let along = span(scene, item.column, kind);
    let across = [start.across + item.at, start.across + item.end()];
    let into = flow.links_into.of(item_idx);
    let n_in = |port: Port| into.iter().filter(|&&link| flow.links[link as usize].port == Some(port)).count();
    let mut at = across[0];
    let mut cells = Vec::new();
    for (port, length) in Port::ALL.into_iter().zip(ports.cells[item_idx]).filter(|&(_, length)| length > 0.0) {
        cells.push(Cell { port, rect: scene.frame.rect(along, [at, at + length]), n_in: n_in(port) });
        at += length;
    }
    let shortest = ports.cells[item_idx].into_iter().filter(|&length| length > 0.0).fold(f64::INFINITY, f64::min);
    Some(NodeBox {
        band: start.band,
        node_idx,
        kind,
        column: item.column,
        rect: scene.frame.rect(along, across),
        has_letters: !cells.is_empty() && shortest >= LETTER_LENGTH && along[1] - along[0] >= LETTER_THICKNESS,
        cells,
        label: no_label(),
        n_in: into.len(),
        n_out: flow.links_from(item_idx).len(),
    })
}

/// Start and end of a box, along the flow. Those of the embedding and the end grow outward.
fn span(scene: &Scene, column: usize, kind: NodeKind) -> [f64; 2] {
    let (centre, half) = (scene.columns.centres[column], scene.columns.thickness / 2.0);
    let grown = if scene.token_wise { 0.0 } else { (END_THICKNESS - 2.0 * half).max(0.0) };
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
