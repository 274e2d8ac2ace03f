//! The boxes that nodes are drawn as: each its own, or the heads of a block in one.

use std::collections::BTreeSet;
use std::rc::Rc;

use circuitscope_core::{Graph, SrcKind};

use crate::drawn::{Node, NodeKind, Nodes};

/// The boxes of a picture, and which of them each node of the graph is in.
pub(super) struct Boxes {
    pub nodes: Rc<Nodes>,
    /// For each node of the graph the index of its box.
    pub of: Vec<usize>,
    /// For each node whether all links to it end at one place.
    is_merged: Vec<bool>,
}

impl Boxes {
    /// Each node in a box of its own.
    pub fn apart(nodes: Rc<Nodes>) -> Self {
        let (of, is_merged) = ((0..nodes.nodes.len()).collect(), vec![false; nodes.nodes.len()]);
        Self { nodes, of, is_merged }
    }

    /// The heads of some blocks in a box a block. Of the heads of such a block only those that are drawn are members, and a
    /// single one stays as it is. A box comes after all nodes of the graph, at the index that its block gives, and its place
    /// is the mean of those of all heads of the block: neither depends on which heads are drawn.
    pub fn by_block(graph: &Graph, nodes: &Rc<Nodes>, blocks: &BTreeSet<usize>, is_drawn: &[bool]) -> Self {
        let mut of: Vec<usize> = (0..nodes.nodes.len()).collect();
        let mut all = nodes.nodes.clone();
        for (block, heads) in heads_by_block(graph).into_iter().enumerate() {
            let drawn: Vec<usize> = heads.iter().copied().filter(|&head| is_drawn[head]).collect();
            if blocks.contains(&block) && drawn.len() > 1 {
                drawn.iter().for_each(|&head| of[head] = all.len());
            }
            all.push(heads_in_one(nodes, block, &heads, drawn.len()));
        }
        let is_merged = of.iter().enumerate().map(|(node, &of)| of != node).collect();
        let nodes = Nodes { nodes: all, ..Nodes::clone(nodes) };
        Self { nodes: Rc::new(nodes), of, is_merged }
    }

    /// Merges the inputs of all heads, or of some.
    pub fn merge_ports(&mut self, all: bool, heads: &BTreeSet<String>) {
        for (node, is_merged) in self.nodes.nodes.iter().zip(&mut self.is_merged) {
            *is_merged |= all || heads.contains(&node.name);
        }
    }

    /// Whether all links to a node end at one place: it has one input, or shares its box with others.
    pub fn is_merged(&self, node: usize) -> bool {
        self.is_merged[node]
    }

    /// Whether each edge is a link of its own.
    pub fn are_apart(&self) -> bool {
        !self.is_merged.contains(&true)
    }
}

/// For each block the nodes that are its heads.
fn heads_by_block(graph: &Graph) -> Vec<Vec<usize>> {
    let mut heads = vec![Vec::new(); graph.n_layers];
    for (src_idx, src) in graph.srcs.iter().enumerate() {
        if let SrcKind::Heads(block) = src.kind {
            heads[block].push(src_idx);
        }
    }
    heads
}

fn heads_in_one(nodes: &Nodes, block: usize, heads: &[usize], n_members: usize) -> Node {
    let places: f64 = heads.iter().map(|&head| nodes.nodes[head].place).sum();
    let label = format!("{block} \u{d7}{n_members}");
    let group = heads.first().and_then(|&head| nodes.nodes[head].group);
    Node {
        name: format!("A{block}"),
        short_label: label.clone(),
        label,
        kind: NodeKind::Head,
        layer: heads.first().map_or(0, |&head| nodes.nodes[head].layer),
        n_members,
        place: places / heads.len().max(1) as f64,
        group: group.filter(|_| heads.iter().all(|&head| nodes.nodes[head].group == group)),
        is_renamed: false,
    }
}
