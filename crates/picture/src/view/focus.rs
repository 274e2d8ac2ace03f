//! The edges around a node: those that it is computed from and those that are computed from it, within some hops.
//!
//! A hop is an edge. What reads what without an edge (a head its query, key and value; a later position by attention; in a node
//! graph all that reads the residual stream) is as core's `paths` says, and costs no hop.

use std::ops::Range;

use circuitscope_core::scores::paths::Node;
use circuitscope_core::{AttentionDir, Graph, Paths};

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
pub(super) fn around(
    graph: &Graph,
    dir: AttentionDir,
    nodes: &Nodes,
    placed: &[Placed],
    focus: &Focus,
) -> Option<Vec<bool>> {
    let focused = focused(nodes, &focus.name);
    if !focused.contains(&true) {
        return None;
    }
    let edges: Vec<usize> = placed.iter().map(|placed| placed.edge.edge_idx).collect();
    let paths = Paths::new(graph, dir);
    let flow = Flow { paths: &paths, by_dest: paths.by_dest(&edges), placed };
    let n_positions = graph.config.seq_len.unwrap_or(1);
    let at_positions = |&focused: &bool| std::iter::repeat_n(focused, n_positions);
    let srcs: Vec<bool> = focused[..graph.srcs.len()].iter().flat_map(at_positions).collect();
    let dests = Dests::new(graph);
    let is_focused = |node: &Node| focused[dests.node(node.dest.module_idx, node.dest.head_idx)];
    let hops = focus.hops.unwrap_or(usize::MAX);
    let (mut below, mut above) = (srcs.clone(), srcs);
    for node in paths.nodes.iter().filter(|node| is_focused(node)) {
        paths.readers(node).for_each(|src| below[src] = true);
    }
    let mut around = vec![false; placed.len()];
    flow.downstream(&mut below, hops, &mut around);
    let mut first: Vec<bool> = flow.by_dest.iter().map(|(node, _)| is_focused(node)).collect();
    flow.upstream(&mut above, &mut first, hops, &mut around);
    Some(around)
}

/// Which nodes a name means.
fn focused(nodes: &Nodes, name: &str) -> Vec<bool> {
    let of_block = format!("{name}.");
    let is_head_of = |candidate: &str| name.starts_with('A') && candidate.starts_with(&of_block);
    nodes.nodes.iter().map(|node| node.name == name || is_head_of(&node.name)).collect()
}

/// The edges of a circuit by their dest nodes.
struct Flow<'a> {
    paths: &'a Paths<'a>,
    by_dest: Vec<(&'a Node, Range<usize>)>,
    placed: &'a [Placed],
}

impl Flow<'_> {
    /// Marks the edges from the given src nodes, and on from what reads those, as many hops as asked for.
    fn downstream(&self, srcs: &mut [bool], hops: usize, around: &mut [bool]) {
        let mut hop = 0;
        let mut has_more = true;
        while has_more && hop < hops {
            let mut readers = Vec::new();
            has_more = false;
            for (node, run) in &self.by_dest {
                let taken = run.clone().filter(|&i| srcs[self.src(node, i)] && !around[i]).collect::<Vec<_>>();
                taken.iter().for_each(|&i| around[i] = true);
                has_more |= !taken.is_empty();
                if taken.iter().any(|&i| self.passes(i)) {
                    readers.extend(self.paths.readers(node));
                }
            }
            readers.into_iter().for_each(|src| srcs[src] = true);
            hop += 1;
        }
    }

    /// Marks the edges into dest nodes that the given src nodes read, and on to what those come from. `first` are dest nodes to
    /// begin with, by their places in `by_dest`.
    fn upstream(&self, srcs: &mut [bool], first: &mut [bool], hops: usize, around: &mut [bool]) {
        let mut is_done = vec![false; first.len()];
        let mut hop = 0;
        let mut has_more = true;
        while has_more && hop < hops {
            let mut sources = Vec::new();
            has_more = false;
            for (i, (node, run)) in self.by_dest.iter().enumerate() {
                let is_read = first[i] || self.paths.readers(node).any(|src| srcs[src]);
                if !is_read || std::mem::replace(&mut is_done[i], true) {
                    continue;
                }
                has_more = true;
                run.clone().for_each(|i| around[i] = true);
                sources.extend(run.clone().filter(|&i| self.passes(i)).map(|i| self.src(node, i)));
            }
            sources.into_iter().for_each(|src| srcs[src] = true);
            hop += 1;
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
