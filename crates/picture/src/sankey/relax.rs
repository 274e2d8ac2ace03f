//! Step 4: where the boxes of a column go.
//!
//! As in d3-sankey, sweeps go over the columns, back and forth: every box wants to stand level with the boxes that it is
//! linked to, by their links' widths. Those of a column are sorted by that wish (ties by the graph's order) and placed as
//! near to it as can be without overlap. That last problem is isotonic regression, which the pool-adjacent-violators
//! algorithm solves exactly in one pass (Barlow et al. 1972, "Statistical Inference under Order Restrictions").

use super::diagram::{Diagram, FlowNode, Segment};
use circuitscope_core::sorting;

/// Back and forth this often; more changes nothing that one can see.
const N_SWEEPS: usize = 8;
/// Of the room that a column's slots leave, at most this share is spread between them …
const SPREAD_SHARE: f64 = 0.7;
/// … and at most this much a box, in pixels.
const MAX_SPREAD: f64 = 24.0;

/// A lane follows the next lane of its link more than a box: ribbons bend at their ends.
const LANE_WEIGHT: f64 = 4.0;

/// Which links a box follows.
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

/// Shares out some of a column's spare room, so that its boxes do not huddle.
fn spread_slots(diagram: &mut Diagram, band: f64) {
    for column in &diagram.columns {
        let taken: f64 = column.iter().map(|&place| diagram.nodes[place].slot).sum();
        let boxes: Vec<usize> = column.iter().copied().filter(|&place| !diagram.nodes[place].is_lane()).collect();
        let spread = ((band - taken).max(0.0) * SPREAD_SHARE / boxes.len().max(1) as f64).min(MAX_SPREAD);
        boxes.into_iter().for_each(|place| diagram.nodes[place].slot += spread);
    }
}

/// Moves a column's boxes to where their links on one side draw them.
fn pull(diagram: &mut Diagram, column: usize, side: Side, band: f64) {
    for i in 0..diagram.columns[column].len() {
        let place = diagram.columns[column][i];
        if let Some(wish) = wish(diagram, &diagram.nodes[place], side) {
            diagram.nodes[place].centre = wish;
        }
    }
    let Diagram { nodes, columns, .. } = &mut *diagram;
    sorting::sort_by(&mut columns[column], |&a, &b| nodes[a].centre.total_cmp(&nodes[b].centre).then(a.cmp(&b)));
    settle(diagram, column, band);
}

/// The mean of the linked nodes' centres, by width, near columns and lanes counting more; `None` without links on that side.
fn wish(diagram: &Diagram, node: &FlowNode, side: Side) -> Option<f64> {
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

/// Places a column's boxes, in their order, as near to their centres as can be without overlap.
///
/// With `before` the sum of the slots before a box, its slot starts at `before + shift`; the slots do not overlap where the
/// shifts do not fall. So the shifts are the isotonic regression of those that the centres ask for, kept within the band.
fn settle(diagram: &mut Diagram, column: usize, band: f64) {
    let Diagram { nodes, columns, .. } = diagram;
    let column = &columns[column];
    let mut before = 0.0;
    let mut wishes = Vec::with_capacity(column.len());
    for &place in column {
        wishes.push(nodes[place].centre - nodes[place].slot / 2.0 - before);
        before += nodes[place].slot;
    }
    let most = (band - before).max(0.0);
    before = 0.0;
    for (&place, shift) in column.iter().zip(isotonic(&wishes)) {
        nodes[place].centre = before + shift.clamp(0.0, most) + nodes[place].slot / 2.0;
        before += nodes[place].slot;
    }
}

/// The sequence that never falls and is nearest to `wishes` in squares.
fn isotonic(wishes: &[f64]) -> Vec<f64> {
    // Pools of neighbours that share a value: its mean and their number.
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(wishes.len());
    for &wish in wishes {
        let (mut mean, mut n) = (wish, 1);
        while let Some(&(last, n_last)) = pools.last().filter(|(last, _)| *last > mean) {
            mean = (mean * n as f64 + last * n_last as f64) / (n + n_last) as f64;
            n += n_last;
            pools.pop();
        }
        pools.push((mean, n));
    }
    pools.into_iter().flat_map(|(mean, n)| std::iter::repeat_n(mean, n)).collect()
}
