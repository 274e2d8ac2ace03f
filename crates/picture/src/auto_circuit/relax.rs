//! Step 4: the positions of the boxes within their columns.
//!
//! As in d3-sankey, sweeps go over the columns, back and forth. Every box has a target: the mean of the centres of the boxes
//! that it is linked to, weighted by their links' widths. The boxes of a column are sorted by their targets (ties by the
//! graph's order) and set as near to them as possible without overlap. That last problem is isotonic regression, which the
//! pool-adjacent-violators algorithm solves exactly in one pass (Barlow et al. 1972, "Statistical Inference under Order
//! Restrictions").

use super::diagram::{Diagram, FlowNode, Segment};

/// Back and forth this often; more changes nothing that one can see.
const N_SWEEPS: usize = 8;
/// Of the room that a column's slots leave, at most this share is spread between them …
const SPREAD_SHARE: f64 = 0.7;
/// … and at most this much a box, in pixels.
const MAX_SPREAD: f64 = 24.0;

/// A lane follows the next lane of its link more than a box: ribbons bend at their ends.
const LANE_WEIGHT: f64 = 4.0;

/// Which of a box's links its target depends on.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Incoming,
    Outgoing,
    Both,
}

/// Sets the centres of the boxes, within a band of the given breadth, and sorts each column by them.
pub(super) fn relax(diagram: &mut Diagram, band: f64) {
    let n_columns = diagram.columns.len();
    spread_slots(diagram, band);
    diagram.nodes.iter_mut().for_each(|node| node.centre = band / 2.0);
    (0..n_columns).for_each(|column| settle(diagram, column, band));
    for _ in 0..N_SWEEPS {
        (1..n_columns).for_each(|column| pull(diagram, column, Side::Incoming, band));
        (0..n_columns).rev().for_each(|column| pull(diagram, column, Side::Outgoing, band));
    }
    (0..n_columns).for_each(|column| pull(diagram, column, Side::Both, band));
    centre(diagram, band);
}

/// Moves everything to the middle of the band: boxes only follow each other, so together they may have drifted.
fn centre(diagram: &mut Diagram, band: f64) {
    let start = diagram.nodes.iter().map(|node| node.centre - node.slot / 2.0).fold(f64::INFINITY, f64::min);
    let end = diagram.nodes.iter().map(|node| node.centre + node.slot / 2.0).fold(f64::NEG_INFINITY, f64::max);
    diagram.nodes.iter_mut().for_each(|node| node.centre += (band - end - start) / 2.0);
}

/// Adds some of a column's spare room to the slots of its boxes, so that they do not huddle.
fn spread_slots(diagram: &mut Diagram, band: f64) {
    for column in &diagram.columns {
        let taken: f64 = column.iter().map(|&node| diagram.nodes[node].slot).sum();
        let boxes: Vec<usize> = column.iter().copied().filter(|&node| !diagram.nodes[node].is_lane()).collect();
        let spread = ((band - taken).max(0.0) * SPREAD_SHARE / boxes.len().max(1) as f64).min(MAX_SPREAD);
        boxes.into_iter().for_each(|node| diagram.nodes[node].slot += spread);
    }
}

/// Moves a column's boxes to their targets, as near as possible without overlap.
fn pull(diagram: &mut Diagram, column: usize, side: Side, band: f64) {
    for i in 0..diagram.columns[column].len() {
        let node = diagram.columns[column][i];
        if let Some(target) = target(diagram, &diagram.nodes[node], side) {
            diagram.nodes[node].centre = target;
        }
    }
    let Diagram { nodes, columns, .. } = &mut *diagram;
    columns[column].sort_by(|&a, &b| nodes[a].centre.total_cmp(&nodes[b].centre).then(a.cmp(&b)));
    settle(diagram, column, band);
}

/// The mean of the linked nodes' centres, by width, near columns and lanes counting more; `None` without links on that side.
fn target(diagram: &Diagram, node: &FlowNode, side: Side) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut follow = |segments: &[usize], end: fn(&Segment) -> usize| {
        for segment in segments.iter().map(|&i| &diagram.segments[i]) {
            let other = &diagram.nodes[end(segment)];
            let straight = if node.is_lane() && other.is_lane() { LANE_WEIGHT } else { 1.0 };
            let weight = straight * segment.width / other.column.abs_diff(node.column).max(1) as f64;
            sum += weight * other.centre;
            weights += weight;
        }
    };
    if side != Side::Outgoing {
        follow(&node.incoming, |segment| segment.src);
    }
    if side != Side::Incoming {
        follow(&node.outgoing, |segment| segment.dest);
    }
    (weights > 0.0).then(|| sum / weights)
}

/// Sets a column's boxes, in their order, as near to their centres as possible without overlap.
///
/// With `before` the sum of the slots before a box, its slot starts at `before + shift`; the slots do not overlap if the
/// shifts never fall. So the shifts are the isotonic regression of those that would keep every centre as it is, clamped to
/// the band.
fn settle(diagram: &mut Diagram, column: usize, band: f64) {
    let Diagram { nodes, columns, .. } = diagram;
    let column = &columns[column];
    let mut before = 0.0;
    let mut targets = Vec::with_capacity(column.len());
    for &node in column {
        targets.push(nodes[node].centre - nodes[node].slot / 2.0 - before);
        before += nodes[node].slot;
    }
    let most = (band - before).max(0.0);
    before = 0.0;
    for (&node, shift) in column.iter().zip(isotonic(&targets)) {
        nodes[node].centre = before + shift.clamp(0.0, most) + nodes[node].slot / 2.0;
        before += nodes[node].slot;
    }
}

/// The sequence that never falls and is nearest to `targets` in squares.
fn isotonic(targets: &[f64]) -> Vec<f64> {
    // Pools of neighbours that share a value: its mean and their number.
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(targets.len());
    for &target in targets {
        let (mut mean, mut n) = (target, 1);
        while let Some(&(last, n_last)) = pools.last().filter(|(last, _)| *last > mean) {
            mean = (mean * n as f64 + last * n_last as f64) / (n + n_last) as f64;
            n += n_last;
            pools.pop();
        }
        pools.push((mean, n));
    }
    pools.into_iter().flat_map(|(mean, n)| std::iter::repeat_n(mean, n)).collect()
}
