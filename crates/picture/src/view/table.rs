//! What is said of the shown edges beside the picture: the strongest, those of a node, and how strong each block is.

use std::collections::BTreeSet;

use circuitscope_core::sort::sort_by;
use circuitscope_core::{EdgeIndex, EdgeLookup, Graph, edge_name};

use super::edges::{Shown, strength};
use super::focus::named;
use super::nodes::Dests;
use crate::drawn::{Drawn, LayerPart, NodeKind, Nodes};

/// The edges of a node, strongest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeEdges {
    pub into: Vec<Shown>,
    pub out_of: Vec<Shown>,
}

/// The summed |score| of the edges in the circuit that begin or end in a block.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BlockStrength {
    pub attn: f64,
    pub mlp: f64,
}

/// What is in use of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Heads that share a box count one by one.
    pub n_nodes: usize,
    pub n_blocks: usize,
}

/// The nodes and blocks that the drawn links begin or end in.
pub fn used(drawn: &Drawn) -> Used {
    let nodes: BTreeSet<usize> = drawn.links().flat_map(|link| [link.src, link.dest]).collect();
    let Nodes { nodes: all, layers, .. } = &*drawn.nodes;
    let inner = nodes.iter().map(|&node| layers[all[node].layer]);
    let inner = inner.filter(|layer| !matches!(layer.part, LayerPart::Earlier | LayerPart::Later));
    let blocks: BTreeSet<usize> = inner.filter_map(|layer| layer.block).collect();
    Used { n_nodes: nodes.iter().map(|&node| all[node].n_members).sum(), n_blocks: blocks.len() }
}

/// The name of an edge, with its position in a token-wise graph.
pub fn name_of(graph: &Graph, edge_idx: usize) -> Option<String> {
    EdgeLookup::new(graph).edge(edge_idx).map(|edge| edge_name(graph, edge))
}

/// The index of the edge of a name as [`name_of`] writes it. For many names [`EdgeIndex`] is to be kept.
pub fn find_edge(graph: &Graph, name: &str) -> Option<usize> {
    EdgeIndex::new(graph).find_named(name).map(|edge| edge.edge_idx)
}

/// The strongest edges, at most `n`; of equally strong ones the first.
pub fn strongest(shown: &[Shown], n: usize) -> Vec<Shown> {
    let mut edges = shown.to_vec();
    let order = |a: &Shown, b: &Shown| {
        let by_score = b.score.abs().total_cmp(&a.score.abs());
        by_score.then(a.edge_idx.cmp(&b.edge_idx))
    };
    if n < edges.len() {
        edges.select_nth_unstable_by(n, order);
        edges.truncate(n);
    }
    sort_by(&mut edges, order);
    edges
}

/// The edges of a node, by its name as in [`super::Focus`].
pub fn edges_of(graph: &Graph, nodes: &Nodes, shown: &[Shown], name: &str) -> NodeEdges {
    let is_named = named(nodes, name);
    let (mut into, mut out_of) = (Vec::new(), Vec::new());
    for (shown, [src, dest]) in with_ends(graph, shown) {
        into.extend(is_named[dest].then_some(shown));
        out_of.extend(is_named[src].then_some(shown));
    }
    let [into, out_of] = [into, out_of].map(|edges| strongest(&edges, edges.len()));
    NodeEdges { into, out_of }
}

/// For each block how strong it is; an edge counts at both of its ends.
pub fn strength_by_block(graph: &Graph, nodes: &Nodes, shown: &[Shown]) -> Vec<BlockStrength> {
    let mut blocks = vec![BlockStrength::default(); graph.n_layers];
    for (shown, ends) in with_ends(graph, shown).filter(|(shown, _)| shown.is_in_circuit()) {
        for node in ends {
            let block = graph.srcs.get(node).and_then(|src| src.kind.block());
            let Some(block) = block.and_then(|block| blocks.get_mut(block)) else { continue };
            match nodes.nodes[node].kind {
                NodeKind::Head => block.attn += strength(shown.score),
                NodeKind::Mlp => block.mlp += strength(shown.score),
                NodeKind::Embed | NodeKind::Resid | NodeKind::Unembed => {}
            }
        }
    }
    blocks
}

/// The shown edges with the nodes that they begin and end at.
fn with_ends<'a>(graph: &'a Graph, shown: &'a [Shown]) -> impl Iterator<Item = (Shown, [usize; 2])> + 'a {
    let (lookup, dests) = (EdgeLookup::new(graph), Dests::new(graph));
    shown.iter().filter_map(move |&shown| {
        let edge = lookup.edge(shown.edge_idx)?;
        Some((shown, [edge.src_idx, dests.node(edge.module_idx, edge.head_idx)]))
    })
}
