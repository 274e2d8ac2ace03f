//! The shown edges with their ends, and which of them lie on a path from the embedding to the end.

use circuitscope_core::sort::sort_by_key;
use circuitscope_core::{AttentionDir, Edge, EdgeLookup, Graph, connected_edges};

use super::edges::Shown;
use super::nodes::{Dests, port};
use crate::drawn::Port;

/// A shown edge with its ends among the nodes of the graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    pub shown: Shown,
    pub edge: Edge,
    pub src: usize,
    pub dest: usize,
    pub port: Option<Port>,
    /// On a path of edges that are in the circuit.
    pub on_path: bool,
}

/// The edges shown, in the graph's edge order. Indices that are no edges are left out, and an edge that is given twice counts
/// once.
pub(super) fn placed(graph: &Graph, shown: &[Shown], dir: AttentionDir) -> Vec<Placed> {
    let (lookup, dests) = (EdgeLookup::new(graph), Dests::new(graph));
    let place = |&shown: &Shown| {
        let edge = lookup.edge(shown.edge_idx)?;
        let (dest, port) = (dests.node(edge.module_idx, edge.head_idx), port(&graph.dests[edge.module_idx]));
        Some(Placed { shown, edge, src: edge.src_idx, dest, port, on_path: false })
    };
    let mut placed: Vec<_> = shown.iter().filter_map(place).collect();
    sort_by_key(&mut placed, |placed| placed.edge.edge_idx);
    placed.dedup_by_key(|placed| placed.edge.edge_idx);
    mark_paths(graph, &mut placed, dir);
    placed
}

fn mark_paths(graph: &Graph, placed: &mut [Placed], dir: AttentionDir) {
    let mut in_circuit: Vec<_> = placed.iter_mut().filter(|placed| placed.shown.is_in_circuit()).collect();
    let edges: Vec<usize> = in_circuit.iter().map(|placed| placed.edge.edge_idx).collect();
    let on_path = connected_edges(graph, dir, &edges);
    in_circuit.iter_mut().zip(on_path).for_each(|(placed, on_path)| placed.on_path = on_path);
}
