//! Attention between token positions: from a head's box at the position that is read to the same head where it writes.

use super::frame::Frame;
use super::layout::{ArcPath, Layout, NodeBox};
use super::request::Request;
use crate::drawn::Port;
use crate::geometry::{Curve, Point};

/// How far an arc bows out of its column, at least; neighbouring arcs differ, so that they can be told apart.
const BOW: f64 = 13.0;
const BOW_STEP: f64 = 4.0;
const N_BOWS: usize = 3;
/// How far beyond its ends an arc leans.
const LEAN: f64 = 8.0;
/// Arcs that end at a box are so far apart there.
const END_STEP: f64 = 2.2;

pub(super) fn arcs(request: &Request, frame: &Frame, layout: &Layout) -> Vec<ArcPath> {
    let mut paths = Vec::new();
    for (arc, of) in request.arcs.iter().enumerate() {
        let find = |seq_idx| layout.find_box(&of.head, Some(seq_idx));
        let (Some(from_box), Some(to_box)) = (find(of.from), find(of.to)) else { continue };
        let [from, to] = [from_box, to_box].map(|i| &layout.boxes[i]);
        let start = edge(frame, read(frame, from));
        let length = across(frame, to)[1] - across(frame, to)[0];
        let end = edge(frame, (across(frame, to)[0] + (length - 4.0).min(END_STEP * from.band as f64 + 4.0), to));
        let bow = BOW + BOW_STEP * (paths.len() % N_BOWS) as f64;
        paths.push(ArcPath { arc, from_box, to_box, curve: bowed(frame, start, end, bow) });
    }
    paths
}

/// The middle of the cells by which a head is read at a position: K and V, or all where they are not told apart.
fn read<'a>(frame: &Frame, node_box: &'a NodeBox) -> (f64, &'a NodeBox) {
    let cells = node_box.cells.iter().filter(|cell| cell.port != Port::Q && cell.n_in > 0).map(|cell| cell.rect);
    let spans = cells.map(|r| if frame.is_vertical() { [r.x, r.right()] } else { [r.y, r.bottom()] });
    let all = spans.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]).unwrap_or(across(frame, node_box));
    ((all[0] + all[1]) / 2.0, node_box)
}

/// Start and end of a box, across the flow.
fn across(frame: &Frame, node_box: &NodeBox) -> [f64; 2] {
    let rect = node_box.rect;
    if frame.is_vertical() { [rect.x, rect.right()] } else { [rect.y, rect.bottom()] }
}

/// A point at the far side of a box: along the flow and across it.
fn edge(frame: &Frame, (across, node_box): (f64, &NodeBox)) -> [f64; 2] {
    let rect = node_box.rect;
    [if frame.is_vertical() { rect.bottom() } else { rect.right() } + 0.5, across]
}

fn bowed(frame: &Frame, start: [f64; 2], end: [f64; 2], bow: f64) -> Curve {
    let lean = if end[1] > start[1] { LEAN } else { -LEAN };
    let point = |along, across| -> Point { frame.point(along, across) };
    Curve {
        start: point(start[0], start[1]),
        start_control: point(start[0] + bow, start[1] + lean),
        end_control: point(end[0] + bow, end[1] - lean),
        end: point(end[0], end[1]),
    }
}
