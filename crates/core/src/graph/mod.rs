//! The computation graph of a model: its src nodes, its dest modules, and an edge for every entry of every patch mask.
//!
//! auto-circuit's `graph_edges` (`utils/graph_utils.py`). A *factorized* graph has an edge from every src node to every
//! dest node of a later layer (edge patching); an *unfactorized* one only to those of the next layer, with the residual
//! stream as nodes (node patching). Edges are not stored: an edge is a place in a mask, and edges are counted module after
//! module, each module's mask in row-major order.

pub mod node;

use serde::{Deserialize, Serialize};

use crate::config::ModelConfig;
use crate::graph::node::{DestKind, DestModule, SrcKind, SrcNode};
use crate::sorting;

/// Which graph of a model is meant; auto-circuit's arguments of `patchable_model`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GraphConfig {
    /// Edges (true) or nodes (false).
    pub factorized: bool,
    /// Whether a head's query, key and value inputs are nodes apart. Unfactorized graphs have no such nodes.
    pub separate_qkv: bool,
    /// The sequence length, for a graph with an edge at every token position; `None` patches all positions alike.
    pub seq_len: Option<usize>,
}

impl Default for GraphConfig {
    fn default() -> Self {
        Self { factorized: true, separate_qkv: true, seq_len: None }
    }
}

/// The computation graph of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    pub config: GraphConfig,
    pub n_layers: usize,
    /// In `src_idx` order.
    pub srcs: Vec<SrcNode>,
    /// In the order of the forward pass.
    pub dests: Vec<DestModule>,
}

/// An edge, by its place: `graph.dests[module_idx]`'s mask at `[seq_idx?, head_idx?, src_idx - min_src_idx]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The place among all edges of the graph.
    pub edge_idx: usize,
    pub module_idx: usize,
    pub seq_idx: Option<usize>,
    pub head_idx: usize,
    pub src_idx: usize,
}

impl Graph {
    /// The graph of a model.
    pub fn new(model: &ModelConfig, config: GraphConfig) -> Self {
        let (srcs, dests) =
            if config.factorized { factorized(model, config.separate_qkv) } else { unfactorized(model) };
        Self { config, n_layers: model.n_layers, srcs, dests }
    }

    /// The shape of a module's mask: `[seq?, head?, n_src]`.
    pub fn mask_shape(&self, module: &DestModule) -> Vec<usize> {
        self.config.seq_len.into_iter().chain(module.n_heads).chain([module.n_src]).collect()
    }

    /// How many edges end in a module's nodes.
    pub fn n_module_edges(&self, module: &DestModule) -> usize {
        self.config.seq_len.unwrap_or(1) * module.n_nodes() * module.n_src
    }

    /// How many edges the graph has.
    pub fn n_edges(&self) -> usize {
        self.dests.iter().map(|module| self.n_module_edges(module)).sum()
    }

    /// For each module, the index of its first edge.
    pub fn first_edges(&self) -> Vec<usize> {
        let sizes = self.dests.iter().map(|module| self.n_module_edges(module));
        sizes.scan(0, |next, size| Some(std::mem::replace(next, *next + size))).collect()
    }

    /// All edges, in order.
    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        let first_edges = self.first_edges();
        self.dests.iter().enumerate().flat_map(move |(module_idx, module)| {
            let first_edge = first_edges[module_idx];
            (0..self.n_module_edges(module)).map(move |offset| {
                let (row, src) = (offset / module.n_src, offset % module.n_src);
                Edge {
                    edge_idx: first_edge + offset,
                    module_idx,
                    seq_idx: self.config.seq_len.map(|_| row / module.n_nodes()),
                    head_idx: row % module.n_nodes(),
                    src_idx: module.min_src_idx + src,
                }
            })
        })
    }

    /// The modules that are these inputs of the model, by place, in the same order; none where they are no nodes. In a graph
    /// with joint q, k and v any of the three is the joint module; the second value says so.
    pub fn modules_of(&self, kinds: &[DestKind]) -> (Vec<usize>, bool) {
        let place = |kind| self.dests.iter().position(|d| d.kind == kind);
        let joint = match kinds {
            [DestKind::Q(block) | DestKind::K(block) | DestKind::V(block), ..] => place(DestKind::AttnIn(*block)),
            _ => None,
        };
        match joint {
            Some(m) => (vec![m], true),
            None => (kinds.iter().filter_map(|&kind| place(kind)).collect(), false),
        }
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
        sorting::sort(&mut names);
        names.dedup();
        names
    }
}

/// Collects src nodes, counting the layers.
#[derive(Default)]
struct Srcs(Vec<SrcNode>);

impl Srcs {
    fn push(&mut self, name: String, kind: SrcKind, layer: usize) {
        self.0.push(SrcNode { name, kind, layer, head_idx: None });
    }

    fn push_heads(&mut self, block: usize, n_heads: usize, layer: usize) {
        self.0.extend((0..n_heads).map(|head| SrcNode {
            name: format!("A{block}.{head}"),
            kind: SrcKind::Heads(block),
            layer,
            head_idx: Some(head),
        }));
    }
}

/// The nodes of the factorized graph (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").
fn factorized(model: &ModelConfig, separate_qkv: bool) -> (Vec<SrcNode>, Vec<DestModule>) {
    let (mut srcs, mut dests) = (Srcs::default(), Vec::new());
    let mut dest = |kind: DestKind, layer: usize, n_heads: Option<usize>, srcs: &Srcs| {
        let n_src = srcs.0.iter().filter(|s| s.layer < layer).count();
        dests.push(DestModule { module_name: kind.module_name(), kind, layer, n_heads, min_src_idx: 0, n_src });
    };
    srcs.push("Resid Start".to_owned(), SrcKind::ResidStart, 0);
    let mut layer = 0;
    for block in 0..model.n_layers {
        layer += 1;
        let inputs: &[DestKind] = if separate_qkv {
            &[DestKind::Q(block), DestKind::K(block), DestKind::V(block)]
        } else {
            &[DestKind::AttnIn(block)]
        };
        for &kind in inputs {
            dest(kind, layer, Some(model.n_heads), &srcs);
        }
        srcs.push_heads(block, model.n_heads, layer);
        if !model.attn_only() {
            // An MLP beside its attention reads what the attention reads, and neither reads the other.
            layer += usize::from(!model.parallel_attn_mlp);
            dest(DestKind::MlpIn(block), layer, None, &srcs);
            srcs.push(format!("MLP {block}"), SrcKind::Mlp(block), layer);
        }
    }
    dest(DestKind::ResidPost(model.n_layers - 1), layer + 1, None, &srcs);
    (srcs.0, dests)
}

/// The nodes of the unfactorized graph: what is added to the residual stream goes to the stream's next node only. Where
/// attention and MLP of a block are side by side there is no node between them (the reference refuses such models here).
fn unfactorized(model: &ModelConfig) -> (Vec<SrcNode>, Vec<DestModule>) {
    let (mut srcs, mut dests) = (Srcs::default(), Vec::new());
    let mut dest = |kind: DestKind, layer: usize, min_src_idx: usize, srcs: &Srcs| {
        let (module_name, n_src) = (kind.module_name(), srcs.0.len() - min_src_idx);
        dests.push(DestModule { module_name, kind, layer, n_heads: None, min_src_idx, n_src });
        srcs.0.len()
    };
    srcs.push("Resid Start".to_owned(), SrcKind::ResidStart, 0);
    let (mut layer, mut min_src_idx) = (0, 0);
    for block in 0..model.n_layers {
        srcs.push_heads(block, model.n_heads, layer);
        if !model.attn_only() {
            if !model.parallel_attn_mlp {
                layer += 1;
                min_src_idx = dest(DestKind::ResidMid(block), layer, min_src_idx, &srcs);
                srcs.push(format!("Resid Mid {block}"), SrcKind::ResidMid(block), layer);
            }
            srcs.push(format!("MLP {block}"), SrcKind::Mlp(block), layer);
        }
        layer += 1;
        min_src_idx = dest(DestKind::ResidPost(block), layer, min_src_idx, &srcs);
        if block + 1 < model.n_layers {
            srcs.push(format!("Resid Post {block}"), SrcKind::ResidPost(block), layer);
        }
    }
    (srcs.0, dests)
}
