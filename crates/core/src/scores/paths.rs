//! What is connected to what in a graph: the src nodes that each dest node is read by.
//!
//! An edge is connected when it lies on a path from the embedding to the output: its src node is reached from the embedding by
//! edges of the circuit, and its dest node reaches the output. A head passes on what any of its inputs gets. In a token-wise
//! graph a query feeds its head at its own position, a key or a value at its own and later ones (all, where attention is
//! bidirectional). In a node graph heads and MLPs read the last node of the residual stream before them.

use std::ops::Range;

use crate::config::AttentionDir;
use crate::graph::node::{DestKind, SrcKind};
use crate::graph::{DestNode, Graph};

/// A src node at a token position (0 where the graph is not token-wise), as a number.
pub type SrcAt = usize;

/// The dest nodes of a graph, with what each of them reads and is read by.
pub struct Paths<'a> {
    graph: &'a Graph,
    dir: AttentionDir,
    /// In the order of their edges, which is that of the forward pass.
    pub nodes: Vec<Node>,
}

/// A dest node, its edges and its src nodes.
pub struct Node {
    pub dest: DestNode,
    srcs: Range<usize>,
    pub read_by: ReadBy,
}

/// The src nodes that are computed from a dest node.
#[derive(Clone, PartialEq, Eq)]
pub enum ReadBy {
    /// None: it is the end of the residual stream.
    Output,
    Srcs {
        /// At the dest node's own position, in two ranges of src indices.
        here: [Range<usize>; 2],
        /// At this and later positions.
        later: Range<usize>,
    },
}

impl Node {
    /// The indices of the edges into it.
    pub fn edges(&self) -> Range<usize> {
        self.dest.first_edge..self.dest.first_edge + self.srcs.len()
    }

    fn position(&self) -> usize {
        self.dest.seq_idx.unwrap_or(0)
    }
}

impl<'a> Paths<'a> {
    /// The paths of a graph, in a model whose positions attend in a direction.
    pub fn new(graph: &'a Graph, dir: AttentionDir) -> Self {
        let blocks = Blocks::new(graph);
        let node = |dest: DestNode| {
            let module = &graph.dests[dest.module_idx];
            Node {
                dest,
                srcs: module.min_src_idx..module.min_src_idx + module.n_src,
                read_by: blocks.read_by(module.kind, dest.head_idx),
            }
        };
        Self { graph, dir, nodes: graph.dest_nodes().map(node).collect() }
    }

    /// The src nodes that a dest node reads, in the order of its edges.
    pub fn srcs_of(&self, node: &Node) -> impl Iterator<Item = SrcAt> + use<> {
        let (n_positions, position) = (self.n_positions(), node.position());
        node.srcs.clone().map(move |src_idx| src_idx * n_positions + position)
    }

    /// The src node of an edge.
    pub fn src_of_edge(&self, edge: usize) -> SrcAt {
        self.src_of(&self.nodes[self.nodes.partition_point(|node| node.dest.first_edge <= edge) - 1], edge)
    }

    /// The src node of an edge into a dest node.
    pub fn src_of(&self, node: &Node, edge: usize) -> SrcAt {
        (node.srcs.start + edge - node.dest.first_edge) * self.n_positions() + node.position()
    }

    /// Some edges, ascending, by their dest nodes: each dest node that has any, with their places in `edges`.
    pub fn by_dest(&self, edges: &[usize]) -> Vec<(&Node, Range<usize>)> {
        let mut next = 0;
        let runs = self.nodes.iter().map(|node| {
            let first = next;
            next += edges[first..].partition_point(|&edge| edge < node.edges().end);
            (node, first..next)
        });
        runs.filter(|(_, run)| !run.is_empty()).collect()
    }

    /// The src nodes that read a dest node; none at the output.
    pub fn readers(&self, node: &Node) -> impl Iterator<Item = SrcAt> + use<> {
        let n_positions = self.n_positions();
        let (here, later) = match &node.read_by {
            ReadBy::Output => ([0..0, 0..0], 0..0),
            ReadBy::Srcs { here, later } => (here.clone(), later.clone()),
        };
        let own = node.position()..node.position() + 1;
        let positions = match self.dir {
            AttentionDir::Causal => node.position()..n_positions,
            AttentionDir::Bidirectional => 0..n_positions,
        };
        let at = move |srcs: Range<usize>, positions: Range<usize>| {
            srcs.flat_map(move |src_idx| positions.clone().map(move |position| src_idx * n_positions + position))
        };
        here.into_iter().flat_map(move |srcs| at(srcs, own.clone())).chain(at(later, positions))
    }

    /// For each src node the dest nodes that it reads, by their indices in [`Paths::nodes`].
    pub fn nodes_read_by_src(&self) -> Vec<Vec<usize>> {
        let mut nodes = vec![Vec::new(); self.graph.srcs.len() * self.n_positions()];
        for (node_idx, node) in self.nodes.iter().enumerate() {
            self.readers(node).for_each(|src| nodes[src].push(node_idx));
        }
        nodes
    }

    /// For each src node whether it is there from the start: the embedding, and what reads it without an edge.
    pub fn starts(&self) -> Vec<bool> {
        // An MLP beside its attention has no node of the stream before it.
        let is_beside_heads = !self.graph.srcs.iter().any(|src| src.kind == SrcKind::ResidMid(0));
        let starts = self.graph.srcs.iter().map(|src| match src.kind {
            SrcKind::ResidStart => true,
            SrcKind::Heads(0) => !self.graph.config.factorized,
            SrcKind::Mlp(0) => !self.graph.config.factorized && is_beside_heads,
            _ => false,
        });
        starts.flat_map(|starts| std::iter::repeat_n(starts, self.n_positions())).collect()
    }

    fn n_positions(&self) -> usize {
        self.graph.config.seq_len.unwrap_or(1)
    }
}

/// The indices of the src nodes of each block; empty ranges for those that a graph does not have.
struct Blocks(Vec<Block>);

#[derive(Clone, Default)]
struct Block {
    heads: Range<usize>,
    mlp: Range<usize>,
    resid_mid: Range<usize>,
    resid_post: Range<usize>,
}

impl Blocks {
    fn new(graph: &Graph) -> Self {
        let mut blocks = vec![Block::default(); graph.n_layers];
        for (src_idx, src) in graph.srcs.iter().enumerate() {
            let Some(block) = src.kind.block().and_then(|block| blocks.get_mut(block)) else { continue };
            let range = match src.kind {
                SrcKind::ResidStart => continue,
                SrcKind::Heads(_) => &mut block.heads,
                SrcKind::Mlp(_) => &mut block.mlp,
                SrcKind::ResidMid(_) => &mut block.resid_mid,
                SrcKind::ResidPost(_) => &mut block.resid_post,
            };
            // The heads of a block are next to each other; of the other kinds it has one.
            *range = if range.start == range.end { src_idx..src_idx + 1 } else { range.start..src_idx + 1 };
        }
        Self(blocks)
    }

    /// The src nodes that read the dest node of a head.
    fn read_by(&self, kind: DestKind, head_idx: usize) -> ReadBy {
        let block = &self.0[kind.block()];
        let head = block.heads.start + head_idx..block.heads.start + head_idx + 1;
        let at_its_position = |here: [Range<usize>; 2]| ReadBy::Srcs { here, later: 0..0 };
        match kind {
            DestKind::Q(_) => at_its_position([head, 0..0]),
            DestKind::K(_) | DestKind::V(_) | DestKind::AttnIn(_) => ReadBy::Srcs { here: [0..0, 0..0], later: head },
            DestKind::MlpIn(_) => at_its_position([block.mlp.clone(), 0..0]),
            DestKind::ResidMid(_) => at_its_position([block.resid_mid.clone(), block.mlp.clone()]),
            DestKind::ResidPost(at) => self.0.get(at + 1).map_or(ReadBy::Output, |next| {
                let mlp = if next.resid_mid.is_empty() { next.mlp.clone() } else { 0..0 };
                ReadBy::Srcs { here: [block.resid_post.clone(), mlp], later: next.heads.clone() }
            }),
        }
    }
}
