//! Finds a graph's edges by their names: auto-circuit's (`A0.1->MLP 1`) or EAP-IG's (`a0.h1->m1`).

use std::collections::HashMap;

use circuitscope_core::{DestKind, DestModule, Edge, Graph, SrcKind, SrcNode};

/// The edges of a graph, by the names of their nodes.
pub struct EdgeIndex<'a> {
    graph: &'a Graph,
    srcs: HashMap<String, usize>,
    /// Module and head.
    dests: HashMap<String, (usize, usize)>,
    first_edges: Vec<usize>,
}

impl<'a> EdgeIndex<'a> {
    /// By auto-circuit's names.
    pub fn new(graph: &'a Graph) -> Self {
        Self::with_names(graph, |src| src.name.clone(), |module, head| module.node_name(head, graph.n_layers))
    }

    /// By EAP-IG's names (`Graph.from_model` of its `graph.py`), of a graph of separate q, k and v.
    pub fn mib(graph: &'a Graph) -> Self {
        Self::with_names(graph, mib_src, |module, head| mib_dest(module.kind, head))
    }

    fn with_names(
        graph: &'a Graph,
        src: impl Fn(&SrcNode) -> String,
        dest: impl Fn(&DestModule, usize) -> String,
    ) -> Self {
        let srcs = graph.srcs.iter().enumerate().map(|(i, node)| (src(node), i)).collect();
        let heads = |i: usize| (0..graph.dests[i].n_nodes()).map(move |head| (i, head));
        let dests = (0..graph.dests.len()).flat_map(heads);
        let dests = dests.map(|(i, head)| (dest(&graph.dests[i], head), (i, head))).collect();
        Self { graph, srcs, dests, first_edges: graph.first_edges() }
    }

    /// Whether there is a node of a name, as a source or (without its input) as a destination.
    pub fn has_node(&self, name: &str) -> bool {
        self.srcs.contains_key(name) || self.dests.contains_key(name)
    }

    /// The index of an edge among the graph's edges. A token-wise graph needs a position, another graph must have none.
    pub fn find(&self, src: &str, dest: &str, seq_idx: Option<usize>) -> Option<usize> {
        let (&src_idx, &(module_idx, head_idx)) = (self.srcs.get(src)?, self.dests.get(dest)?);
        let module = &self.graph.dests[module_idx];
        let column = src_idx.checked_sub(module.min_src_idx).filter(|&column| column < module.n_src)?;
        let position = match (seq_idx, self.graph.config.seq_len) {
            (None, None) => 0,
            (Some(seq_idx), Some(seq_len)) if seq_idx < seq_len => seq_idx,
            _ => return None,
        };
        let row = position * module.n_nodes() + head_idx;
        Some(self.first_edges[module_idx] + row * module.n_src + column)
    }
}

/// EAP-IG's name of an edge.
pub fn mib_edge_name(graph: &Graph, edge: Edge) -> String {
    format!("{}->{}", mib_src(&graph.srcs[edge.src_idx]), mib_dest(graph.dests[edge.module_idx].kind, edge.head_idx))
}

/// EAP-IG's name of a src node.
pub fn mib_src(src: &SrcNode) -> String {
    match (src.kind, src.head_idx) {
        (SrcKind::ResidStart, _) => "input".to_owned(),
        (SrcKind::Heads(block), head) => format!("a{block}.h{}", head.unwrap_or(0)),
        (SrcKind::Mlp(block), _) => format!("m{block}"),
        // Nodes of unfactorized graphs, which EAP-IG does not have; no file of it names them.
        (SrcKind::ResidMid(_) | SrcKind::ResidPost(_), _) => src.name.clone(),
    }
}

/// EAP-IG's name of a dest node, as its edges have it.
pub fn mib_dest(kind: DestKind, head: usize) -> String {
    match kind {
        DestKind::Q(block) => format!("a{block}.h{head}<q>"),
        DestKind::K(block) => format!("a{block}.h{head}<k>"),
        DestKind::V(block) => format!("a{block}.h{head}<v>"),
        DestKind::AttnIn(block) => format!("a{block}.h{head}"),
        DestKind::MlpIn(block) => format!("m{block}"),
        DestKind::ResidPost(_) => "logits".to_owned(),
        DestKind::ResidMid(block) => format!("resid_mid{block}"),
    }
}

/// EAP-IG's node of a dest node: its name without the input.
pub fn mib_node(dest: &str) -> &str {
    dest.split_once('<').map_or(dest, |(node, _)| node)
}
