//! The nodes of a model's two graphs, and how many edges they have.

use super::{Graph, GraphConfig};
use crate::config::ModelConfig;
use crate::graph::node::{DestKind, DestModule, SrcKind, SrcNode};

impl Graph {
    /// The graph of a model that is known to be small, as in tests and benchmarks. For models and prompts from files use
    /// [`Graph::try_new`], which refuses a graph of too many edges. Only nodes are made; edges are counted, never stored.
    pub fn new(model: &ModelConfig, config: GraphConfig) -> Self {
        let (srcs, dests) =
            if config.factorized { factorized(model, config.separate_qkv) } else { unfactorized(model) };
        Self { config, n_layers: model.n_layers, srcs, dests }
    }
}

/// How many edges the graph of a model has, without making its nodes; `u64::MAX` where there are more than that.
pub fn n_edges(model: &ModelConfig, config: GraphConfig) -> u64 {
    let blocks = 0..model.n_layers as u64;
    let per_position = if config.factorized {
        // The end of the residual stream reads every src node.
        let end = 1_u64.saturating_add(blocks.end.saturating_mul(srcs_a_block(model)));
        blocks.map(|block| factorized_block(model, config.separate_qkv, block)).fold(end, u64::saturating_add)
    } else {
        blocks.end.saturating_mul(unfactorized_block(model))
    };
    per_position.saturating_mul(config.seq_len.unwrap_or(1) as u64)
}

/// The src nodes of a block in the factorized graph: its heads and its MLP.
fn srcs_a_block(model: &ModelConfig) -> u64 {
    model.n_heads as u64 + u64::from(!model.attn_only())
}

/// The edges into a block in the factorized graph.
fn factorized_block(model: &ModelConfig, separate_qkv: bool, block: u64) -> u64 {
    let n_heads = model.n_heads as u64;
    let n_before = 1 + block.saturating_mul(srcs_a_block(model));
    let into_heads = if separate_qkv { 3 * n_heads } else { n_heads }.saturating_mul(n_before);
    let into_mlp = match (model.attn_only(), model.parallel_attn_mlp) {
        (true, _) => 0,
        (false, true) => n_before,
        (false, false) => n_before + n_heads,
    };
    into_heads.saturating_add(into_mlp)
}

/// The edges into the residual stream's nodes of a block in the unfactorized graph: from the stream before and from the
/// heads and the MLP.
fn unfactorized_block(model: &ModelConfig) -> u64 {
    let n_heads = model.n_heads as u64;
    match (model.attn_only(), model.parallel_attn_mlp) {
        (true, _) => 1 + n_heads,
        (false, true) => 1 + n_heads + 1,
        (false, false) => (1 + n_heads) + (1 + 1),
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

    /// How many src nodes are in layers before `layer`. They are pushed in the order of their layers.
    fn n_before(&self, layer: usize) -> usize {
        self.0.partition_point(|src| src.layer < layer)
    }
}

/// The nodes of the factorized graph (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").
fn factorized(model: &ModelConfig, separate_qkv: bool) -> (Vec<SrcNode>, Vec<DestModule>) {
    let (mut srcs, mut dests) = (Srcs::default(), Vec::new());
    let mut dest = |kind: DestKind, layer: usize, n_heads: Option<usize>, srcs: &Srcs| {
        let n_src = srcs.n_before(layer);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sizes;
    use crate::graph::EdgeLookup;

    /// A model of each of three kinds: with MLPs after attention, beside it, and without.
    fn models(n_layers: usize, n_heads: usize) -> [ModelConfig; 3] {
        let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (8, 2, Some(8), 16, 16);
        let sizes = Sizes { n_layers, n_heads, d_model, d_head, d_mlp, n_ctx, d_vocab };
        let after = ModelConfig::decoder("gpt2", sizes);
        let beside = ModelConfig { parallel_attn_mlp: true, ..after.clone() };
        let without = ModelConfig { d_mlp: None, ..after.clone() };
        [after, beside, without]
    }

    #[test]
    fn edges_are_counted_as_they_are() {
        for (n_layers, n_heads) in [(1, 1), (1, 3), (3, 2), (4, 5)] {
            for model in models(n_layers, n_heads) {
                for (factorized, separate_qkv) in [(true, true), (true, false), (false, true)] {
                    for seq_len in [None, Some(1), Some(3)] {
                        let config = GraphConfig { factorized, separate_qkv, seq_len };
                        let graph = Graph::new(&model, config);
                        assert_eq!(n_edges(&model, config), graph.edges().count() as u64, "{model:?} {config:?}");
                        assert_eq!(graph.n_edges(), graph.edges().count());
                        assert!(graph.edges().map(|edge| edge.edge_idx).eq(0..graph.n_edges()));
                        let lookup = EdgeLookup::new(&graph);
                        assert!(graph.edges().all(|edge| lookup.edge(edge.edge_idx) == Some(edge)));
                        assert_eq!(lookup.edge(graph.n_edges()), None);
                    }
                }
            }
        }
    }

    #[test]
    fn a_model_with_a_million_heads_has_its_nodes_but_too_many_edges() {
        let [model, ..] = models(1024, 1024);
        let graph = Graph::new(&model, GraphConfig::default());
        assert_eq!((graph.srcs.len(), graph.dests.len()), (1 + 1024 * 1025, 1024 * 4 + 1));
        let Err(error) = Graph::try_new(&model, GraphConfig::default()) else { panic!("too large a graph") };
        assert!(error.to_string().contains("268435456"), "{error}");
    }

    #[test]
    fn a_sequence_of_any_length_is_counted_without_overflow() {
        let [model, ..] = models(3, 2);
        let config = GraphConfig { seq_len: Some(usize::MAX), ..GraphConfig::default() };
        assert_eq!(n_edges(&model, config), u64::MAX);
        assert_eq!(Graph::new(&model, config).n_edges(), usize::MAX);
        let error = Graph::try_new(&model, config).unwrap_err().to_string();
        assert!(error.contains("seq_len") && error.contains("token-wise"), "{error}");
    }
}
