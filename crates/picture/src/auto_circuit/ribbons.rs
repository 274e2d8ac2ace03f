//! Step 5: the ends of the ribbons within their boxes.
//!
//! On each side of a box the ribbons lie next to each other, sorted by where their other ends are, so that they do not cross
//! at the box. Ties, as between the q, k and v inputs of one head, keep the graph's edge order on both sides.

use std::cmp::Ordering;

use super::diagram::{Diagram, FlowNode, Segment};

/// Sets the ends of the segments.
pub(super) fn ribbons(diagram: &mut Diagram) {
    let Diagram { nodes, segments, .. } = diagram;
    for i in 0..nodes.len() {
        let (mut incoming, mut outgoing) =
            (std::mem::take(&mut nodes[i].incoming), std::mem::take(&mut nodes[i].outgoing));
        incoming.sort_by(|&a, &b| order(segments, a, b, |segment| nodes[segment.src].centre));
        outgoing.sort_by(|&a, &b| order(segments, a, b, |segment| nodes[segment.dest].centre));
        stack(&nodes[i], &incoming, segments, |segment, at| segment.dest_at = at);
        stack(&nodes[i], &outgoing, segments, |segment, at| segment.src_at = at);
        (nodes[i].incoming, nodes[i].outgoing) = (incoming, outgoing);
    }
}

/// By where the other end is, then in the graph's edge order.
fn order(segments: &[Segment], a: usize, b: usize, other_end: impl Fn(&Segment) -> f64) -> Ordering {
    let (a, b) = (&segments[a], &segments[b]);
    other_end(a).total_cmp(&other_end(b)).then(a.link.edge_idx.cmp(&b.link.edge_idx))
}

/// Lays ribbons next to each other around the middle of a box.
fn stack(node: &FlowNode, order: &[usize], segments: &mut [Segment], set_end: impl Fn(&mut Segment, f64)) {
    let sum: f64 = order.iter().map(|&i| segments[i].width).sum();
    let mut start = node.centre - sum / 2.0;
    for &i in order {
        let width = segments[i].width;
        set_end(&mut segments[i], start + width / 2.0);
        start += width;
    }
}
