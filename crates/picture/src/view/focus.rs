//! The edges around a node: those that it is computed from and those that are computed from it, within some hops.
//!
//! A hop is an edge. What reads what without an edge (a head its query, key and value; a later position by attention; in a node
//! graph all that reads the residual stream) is as core's `paths` says, and costs no hop.

use std::ops::Range;

use circuitscope_core::scores::paths::Node;
use circuitscope_core::{Graph, Paths};

use super::ViewRequest;
use super::nodes::Dests;
use super::paths::Placed;
use crate::drawn::Nodes;

/// The part of a circuit around a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Focus {
    /// A node's name, such as `A0.1`, or `A0` for all heads of a block.
    pub name: String,
    /// How many edges away; none for as many as there are.
    pub hops: Option<usize>,
}

/// For each edge whether it is around the node; none where the graph has no such node.
pub(super) fn around(request: &ViewRequest, placed: &[Placed], focus: &Focus) -> Option<Vec<bool>> {
    let is_named = named(request.nodes, &focus.name);
    if !is_named.contains(&true) {
        return None;
    }
    let edges: Vec<usize> = placed.iter().map(|placed| placed.edge.edge_idx).collect();
    let paths = Paths::new(request.graph, request.dir);
    let flow = Flow { by_dest: paths.by_dest(&edges), paths: &paths, placed };
    let dests = Dests::new(request.graph);
    let is_focused = |node: &Node| is_named[dests.node(node.dest.module_idx, node.dest.head_idx)];
    let srcs = at_positions(request.graph, &is_named);
    let mut around = vec![false; placed.len()];
    let readers = paths.nodes.iter().filter(|node| is_focused(node)).flat_map(|node| paths.readers(node));
    let mut read = srcs.clone();
    readers.for_each(|src| read[src] = true);
    let hops = focus.hops.unwrap_or(usize::MAX);
    flow.downstream(read, hops, &mut around);
    flow.upstream(srcs, is_focused, hops, &mut around);
    Some(around)
}

/// Which nodes a name means.
pub(super) fn named(nodes: &Nodes, name: &str) -> Vec<bool> {
    let of_block = format!("{name}.");
    let is_head_of = |candidate: &str| name.starts_with('A') && candidate.starts_with(&of_block);
    nodes.nodes.iter().map(|node| node.name == name || is_head_of(&node.name)).collect()
}

/// For each src node at each position whether it is one of some nodes.
fn at_positions(graph: &Graph, is_named: &[bool]) -> Vec<bool> {
    let n_positions = graph.config.seq_len.unwrap_or(1);
    let srcs = is_named.iter().take(graph.srcs.len());
    srcs.flat_map(|&is_named| std::iter::repeat_n(is_named, n_positions)).collect()
}

/// The edges of a circuit by their dest nodes.
struct Flow<'a> {
    paths: &'a Paths<'a>,
    by_dest: Vec<(&'a Node, Range<usize>)>,
    placed: &'a [Placed],
}

impl Flow<'_> {
    /// Marks the edges from the given src nodes, and on from what reads those, as many hops as asked for.
    fn downstream(&self, mut srcs: Vec<bool>, hops: usize, around: &mut [bool]) {
        for _ in 0..hops {
            let (mut taken, mut readers) = (Vec::new(), Vec::new());
            for (node, run) in &self.by_dest {
                let n_taken = taken.len();
                taken.extend(run.clone().filter(|&i| !around[i] && srcs[self.src(node, i)]));
                if taken[n_taken..].iter().any(|&i| self.passes(i)) {
                    readers.extend(self.paths.readers(node));
                }
            }
            if taken.is_empty() {
                return;
            }
            taken.into_iter().for_each(|i| around[i] = true);
            readers.into_iter().for_each(|src| srcs[src] = true);
        }
    }

    /// Marks the edges into the dest nodes in focus and those that the given src nodes read, and on to what these come from.
    fn upstream(&self, mut srcs: Vec<bool>, is_focused: impl Fn(&Node) -> bool, hops: usize, around: &mut [bool]) {
        let mut waiting: Vec<_> = self.by_dest.iter().collect();
        for _ in 0..hops {
            let is_read = |node: &Node| is_focused(node) || self.paths.readers(node).any(|src| srcs[src]);
            let (read, others): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(node, _)| is_read(node));
            if read.is_empty() {
                return;
            }
            for (node, run) in read {
                run.clone().for_each(|i| around[i] = true);
                run.clone().filter(|&i| self.passes(i)).for_each(|i| srcs[self.src(node, i)] = true);
            }
            waiting = others;
        }
    }

    /// An edge that a reader took out leads nowhere.
    fn passes(&self, i: usize) -> bool {
        self.placed[i].shown.is_in_circuit()
    }

    fn src(&self, node: &Node, i: usize) -> usize {
        self.paths.src_of(node, self.placed[i].edge.edge_idx)
    }
}
