//! Graphs, scores and what is drawn of them.

use std::rc::Rc;

use circuitscope_core::{AttentionDir, EdgeIndex, Graph, GraphConfig, ModelConfig, PruneScores, Sizes};
use circuitscope_picture::drawn::{Drawn, Nodes};
use circuitscope_picture::view::{Edits, Heads, Shown, ViewOptions, ViewRequest, edges_in_circuit, shown, view};

pub fn model(n_layers: usize, n_heads: usize) -> ModelConfig {
    let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (8, 2, Some(8), 16, 16);
    ModelConfig::decoder("gpt2", Sizes { n_layers, n_heads, d_model, d_head, d_mlp, n_ctx, d_vocab })
}

/// Models with MLPs after attention, beside it and without, as edge graphs with q, k and v apart and joint and as node graphs,
/// with and without positions.
pub fn graphs(n_layers: usize, n_heads: usize) -> Vec<Graph> {
    let after = model(n_layers, n_heads);
    let beside = ModelConfig { parallel_attn_mlp: true, ..after.clone() };
    let without = ModelConfig { d_mlp: None, ..after.clone() };
    let mut graphs = Vec::new();
    for model in [after, beside, without] {
        for (factorized, separate_qkv) in [(true, true), (true, false), (false, false)] {
            for seq_len in [None, Some(3)] {
                graphs.push(Graph::new(&model, GraphConfig { factorized, separate_qkv, seq_len }));
            }
        }
    }
    graphs
}

/// Numbers in 0..1 from a linear congruential generator.
pub fn numbers(seed: u32) -> impl Iterator<Item = f32> {
    let next = |&state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(seed), next).skip(1).map(|state| (state >> 8) as f32 / (1 << 24) as f32)
}

/// Scores of both signs, a few of them tied.
fn scores(graph: &Graph, seed: u32) -> PruneScores {
    let score = |x: f32| ((x - 0.5) * 200.0).round() / 100.0;
    PruneScores::new(numbers(seed).map(score).take(graph.n_edges()).collect())
}

pub struct Case {
    pub graph: Graph,
    pub nodes: Rc<Nodes>,
    pub scores: PruneScores,
}

impl Case {
    pub fn new(graph: Graph, scores: PruneScores) -> Self {
        Self { nodes: Rc::new(Nodes::of(&graph)), graph, scores }
    }

    pub fn random(graph: Graph, seed: u32) -> Self {
        let scores = scores(&graph, seed);
        Self::new(graph, scores)
    }

    /// Edges by name with their scores; all others have the score 0.
    pub fn named(graph: Graph, edges: &[(&str, f32)]) -> Self {
        let index = EdgeIndex::new(&graph);
        let mut values = vec![0.0; graph.n_edges()];
        for (name, score) in edges {
            values[index.find_named(name).unwrap().edge_idx] = *score;
        }
        drop(index);
        Self::new(graph, PruneScores::new(values))
    }

    pub fn shown(&self, k: usize, edits: &Edits) -> Vec<Shown> {
        shown(&self.scores, &edges_in_circuit(&self.scores, &self.scores.circuit(k).unwrap()), edits)
    }

    pub fn view(&self, shown: &[Shown], options: &ViewOptions) -> Drawn {
        let (graph, nodes, dir) = (&self.graph, &self.nodes, AttentionDir::Causal);
        view(&ViewRequest { graph, nodes, shown, dir, seq_labels: &[], options })
    }

    pub fn draw(&self, k: usize, options: &ViewOptions) -> Drawn {
        self.view(&self.shown(k, &Edits::new()), options)
    }
}

pub fn apart() -> ViewOptions {
    ViewOptions { heads: Heads::Apart, ..ViewOptions::default() }
}

/// A deep model whose scores are as uneven as real ones are: each node has a strength of its own, and an edge the product of its
/// ends' strengths and one of its own, each spread over one or two powers of ten.
pub fn deep() -> Case {
    let graph = Graph::new(&model(30, 9), GraphConfig::default());
    let nodes = Nodes::of(&graph);
    let strengths: Vec<f32> = numbers(7).map(|x| 10_f32.powf(1.3 * x)).take(nodes.nodes.len()).collect();
    let own = numbers(8).map(|x| 10_f32.powf(2.0 * x - 4.0) * if (x * 1e4).fract() < 0.25 { -1.0 } else { 1.0 });
    let dest = |name: String| nodes.find(name.trim_end_matches(['Q', 'K', 'V']).trim_end_matches('.')).unwrap();
    let dests = graph.dest_nodes().flat_map(|node| {
        let strength = strengths[dest(graph.dest_node_name(node))];
        graph.edges_into(node).map(move |edge| (edge.src_idx, strength))
    });
    let scores = dests.zip(own).map(|((src, dest), own)| strengths[src] * dest * own).collect();
    Case::new(graph.clone(), PruneScores::new(scores))
}

/// The names of all drawn links.
pub fn names(drawn: &Drawn) -> Vec<&str> {
    drawn.links().map(|link| link.name.as_str()).collect()
}
