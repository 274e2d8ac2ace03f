//! Step 4: where each ribbon starts and ends within its boxes.
//!
//! On each side of a box the ribbons lie next to each other, sorted by where their other ends are, so that they do not cross
//! at the box. Ties, as between the q, k and v inputs of one head, keep the graph's edge order on both sides.

use super::diagram::{Diagram, FlowLink, FlowNode};

/// Sets the ends of the links.
pub(super) fn ribbons(diagram: &mut Diagram) {
    let Diagram { nodes, links, .. } = diagram;
    for place in 0..nodes.len() {
        let (mut incoming, mut outgoing) =
            (std::mem::take(&mut nodes[place].incoming), std::mem::take(&mut nodes[place].outgoing));
        sort_by_centre(&mut incoming, |i| &nodes[links[i].src]);
        sort_by_centre(&mut outgoing, |i| &nodes[links[i].dest]);
        stack(&nodes[place], &incoming, links, |link, at| link.dest_at = at);
        stack(&nodes[place], &outgoing, links, |link, at| link.src_at = at);
        (nodes[place].incoming, nodes[place].outgoing) = (incoming, outgoing);
    }
}

fn sort_by_centre<'a>(links: &mut [usize], other: impl Fn(usize) -> &'a FlowNode) {
    links.sort_by(|&a, &b| other(a).centre.total_cmp(&other(b).centre).then(a.cmp(&b)));
}

/// Lays ribbons next to each other around the middle of a box.
fn stack(node: &FlowNode, order: &[usize], links: &mut [FlowLink], set_end: impl Fn(&mut FlowLink, f64)) {
    let sum: f64 = order.iter().map(|&i| links[i].width).sum();
    let mut start = node.centre - sum / 2.0;
    for &i in order {
        let width = links[i].width;
        set_end(&mut links[i], start + width / 2.0);
        start += width;
    }
}
