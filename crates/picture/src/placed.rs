//! The boxes of a graph, with places that stay whatever circuit of it is drawn.

use circuitscope_core::Graph;

use crate::drawn::Nodes;
use crate::sankey::{WeightedEdge, order};
use crate::view::edge_ends;

/// The boxes of a graph, ordered once by the scores of all its edges, `[edge]` in the graph's edge order.
pub fn placed_nodes(graph: &Graph, scores: &[f32]) -> Nodes {
    let edge = |((src, dest), score): ((usize, usize), &f32)| WeightedEdge {
        src: src as u32,
        dest: dest as u32,
        weight: score.abs(),
    };
    let edges: Vec<_> = edge_ends(graph).zip(scores).map(edge).collect();
    let nodes = Nodes::of(graph);
    let places = order(&nodes, &edges);
    nodes.with_places(&places)
}
