//! The edges of a graph: their order, their names, and finding one by its name.

use std::collections::HashMap;

use super::Graph;
use crate::sort::sort_by;

/// An edge, by its index: `graph.dests[module_idx]`'s mask at `[seq_idx?, head_idx?, src_idx - min_src_idx]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The index among all edges of the graph.
    pub edge_idx: usize,
    pub module_idx: usize,
    pub seq_idx: Option<usize>,
    pub head_idx: usize,
    pub src_idx: usize,
}

/// A dest node (at one position, in a token-wise graph). Its edges are next to each other in the graph's edge order, one from
/// each of its module's src nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DestNode {
    /// The index of its first edge among all edges of the graph.
    pub first_edge: usize,
    pub module_idx: usize,
    pub seq_idx: Option<usize>,
    pub head_idx: usize,
}

impl Graph {
    /// All dest nodes, in the order of their edges.
    pub fn dest_nodes(&self) -> impl Iterator<Item = DestNode> + '_ {
        let modules = self.dests.iter().enumerate().zip(self.first_edges());
        modules.flat_map(move |((module_idx, module), first)| {
            let (n_nodes, n_src) = (module.n_nodes(), module.n_src);
            (0..self.config.seq_len.unwrap_or(1)).flat_map(move |position| {
                (0..n_nodes).map(move |head_idx| DestNode {
                    first_edge: first + (position * n_nodes + head_idx) * n_src,
                    module_idx,
                    seq_idx: self.config.seq_len.map(|_| position),
                    head_idx,
                })
            })
        })
    }

    /// The edges into a dest node.
    pub fn edges_into(&self, node: DestNode) -> impl Iterator<Item = Edge> + use<> {
        let DestNode { first_edge, module_idx, seq_idx, head_idx } = node;
        let module = &self.dests[module_idx];
        let srcs = module.min_src_idx..module.min_src_idx + module.n_src;
        srcs.zip(first_edge..).map(move |(src_idx, edge_idx)| Edge { edge_idx, module_idx, seq_idx, head_idx, src_idx })
    }

    /// All edges, in order, made lazily.
    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.dest_nodes().flat_map(|node| self.edges_into(node))
    }

    /// The name of a dest node, without its position.
    pub fn dest_node_name(&self, node: DestNode) -> String {
        self.dests[node.module_idx].node_name(node.head_idx, self.n_layers)
    }

    /// The name of an edge's dest node.
    pub fn dest_name(&self, edge: Edge) -> String {
        self.dests[edge.module_idx].node_name(edge.head_idx, self.n_layers)
    }

    /// The name of an edge, without its position: `A0.1->MLP 1`.
    pub fn edge_name(&self, edge: Edge) -> String {
        format!("{}->{}", self.srcs[edge.src_idx].name, self.dest_name(edge))
    }

    /// The names of all nodes, sorted, each once.
    pub fn node_names(&self) -> Vec<String> {
        let dests = self.dests.iter().flat_map(|d| (0..d.n_nodes()).map(|head| d.node_name(head, self.n_layers)));
        let mut names: Vec<_> = self.srcs.iter().map(|s| s.name.clone()).chain(dests).collect();
        sort_by(&mut names, Ord::cmp);
        names.dedup();
        names
    }
}

/// Says which edge an index is, in a time that does not depend on the number of edges.
#[derive(Debug)]
pub struct EdgeLookup<'a> {
    graph: &'a Graph,
    /// For each module, the index of its first edge.
    first_edges: Vec<usize>,
}

impl<'a> EdgeLookup<'a> {
    /// The look-up of a graph.
    pub fn new(graph: &'a Graph) -> Self {
        Self { graph, first_edges: graph.first_edges() }
    }

    /// The edge of an index; `None` where the graph has fewer edges.
    pub fn edge(&self, edge_idx: usize) -> Option<Edge> {
        let module_idx = self.first_edges.partition_point(|&first| first <= edge_idx).checked_sub(1)?;
        let (module, offset) = (&self.graph.dests[module_idx], edge_idx - self.first_edges[module_idx]);
        if offset >= self.graph.n_module_edges(module) {
            return None;
        }
        let (node, src_idx) = (offset / module.n_src, module.min_src_idx + offset % module.n_src);
        let seq_idx = self.graph.config.seq_len.map(|_| node / module.n_nodes());
        Some(Edge { edge_idx, module_idx, seq_idx, head_idx: node % module.n_nodes(), src_idx })
    }
}

/// Finds the edges of a graph by name. Building it takes time for every node; finding an edge does not depend on their
/// number.
#[derive(Debug)]
pub struct EdgeIndex<'a> {
    graph: &'a Graph,
    srcs: HashMap<&'a str, usize>,
    /// At the first position, where the graph is token-wise.
    dests: HashMap<String, DestNode>,
}

impl<'a> EdgeIndex<'a> {
    /// The index of a graph.
    pub fn new(graph: &'a Graph) -> Self {
        let srcs = graph.srcs.iter().enumerate().map(|(src_idx, src)| (src.name.as_str(), src_idx)).collect();
        let at_start = graph.dest_nodes().filter(|node| node.seq_idx.is_none_or(|position| position == 0));
        Self { graph, srcs, dests: at_start.map(|node| (graph.dest_node_name(node), node)).collect() }
    }

    /// Whether edges are looked for at a position.
    pub fn is_token_wise(&self) -> bool {
        self.graph.config.seq_len.is_some()
    }

    /// The edge of a name as [`crate::edge_name`] writes it, such as `A0.1->MLP 1`, or `3:A0.1->MLP 1` in a token-wise graph.
    pub fn find_named(&self, name: &str) -> Option<Edge> {
        match name.split_once(':') {
            Some((position, name)) => self.find(name, Some(position.parse().ok()?)),
            None => self.find(name, None),
        }
    }

    /// The edge of a name such as `A0.1->MLP 1`. A position is needed in a token-wise graph, and not allowed in another.
    pub fn find(&self, name: &str, seq_idx: Option<usize>) -> Option<Edge> {
        let (src, dest) = name.split_once("->")?;
        self.edge(self.src(src)?, self.dest(dest, seq_idx)?)
    }

    /// The src node of a name.
    pub fn src(&self, name: &str) -> Option<usize> {
        self.srcs.get(name).copied()
    }

    /// The dest node of a name. A position is needed in a token-wise graph, and not allowed in another.
    pub fn dest(&self, name: &str, seq_idx: Option<usize>) -> Option<DestNode> {
        let &at_start = self.dests.get(name)?;
        let module = &self.graph.dests[at_start.module_idx];
        let position = match (seq_idx, self.graph.config.seq_len) {
            (Some(position), Some(seq_len)) if position < seq_len => position,
            (None, None) => 0,
            _ => return None,
        };
        let first_edge = at_start.first_edge + position * module.n_nodes() * module.n_src;
        Some(DestNode { first_edge, seq_idx, ..at_start })
    }

    /// The edge between two nodes, where there is one.
    pub fn edge(&self, src_idx: usize, dest: DestNode) -> Option<Edge> {
        let DestNode { first_edge, module_idx, seq_idx, head_idx } = dest;
        let module = &self.graph.dests[module_idx];
        let offset = src_idx.checked_sub(module.min_src_idx).filter(|&offset| offset < module.n_src)?;
        Some(Edge { edge_idx: first_edge + offset, module_idx, seq_idx, head_idx, src_idx })
    }
}
