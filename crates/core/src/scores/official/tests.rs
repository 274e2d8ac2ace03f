//! Which models a circuit is of, and how many edges it has.

use super::*;
use crate::config::{ModelConfig, Sizes};
use crate::graph::GraphConfig;

fn model(n_layers: usize, n_heads: usize, d_mlp: Option<usize>) -> ModelConfig {
    let (d_model, d_head, n_ctx, d_vocab) = (24, 2, 16, 16);
    ModelConfig::decoder("gpt2", Sizes { n_layers, n_heads, d_model, d_head, d_mlp, n_ctx, d_vocab })
}

fn graph(model: &ModelConfig) -> Graph {
    Graph::new(model, GraphConfig::default())
}

#[test]
fn named_words_count_in_token_wise_graphs_only() {
    // The words of auto-circuit's `ioi_vanilla_template_prompts.json`, whose task gives none without token positions.
    let words = [("IO", 2), ("S1", 4), ("S1+1", 5), ("S2", 10), ("end", 14)];
    let words = words.map(|(word, position)| (word.to_owned(), position)).into_iter().collect();
    let graph = graph(&model(12, 12, Some(8)));
    let scores = OfficialCircuit::Ioi.scores(&graph, &words).unwrap();
    assert_eq!(scores.values().iter().filter(|&&score| score == 1.0).count(), 739);
    assert_eq!(scores, OfficialCircuit::Ioi.scores(&graph, &BTreeMap::new()).unwrap());
}

#[test]
fn circuits_are_offered_for_models_of_their_shape() {
    use OfficialCircuit::{Docstring, Greaterthan, Ioi, TracrReverse, TracrReverseAcdc};
    let fitting = |model: &ModelConfig| OfficialCircuit::fitting(&graph(model));
    assert_eq!(fitting(&model(12, 12, Some(8))), [Ioi, Greaterthan]);
    assert_eq!(fitting(&model(4, 8, None)), [Docstring]);
    assert_eq!(fitting(&model(4, 1, Some(8))), [TracrReverse, TracrReverseAcdc]);
    // GPT-2 medium has the heads and MLPs that the circuits of GPT-2 small name, and others.
    assert_eq!(fitting(&model(24, 16, Some(8))), []);
    // The edges of these circuits are into queries, keys and values.
    let joint = GraphConfig { separate_qkv: false, ..GraphConfig::default() };
    assert_eq!(OfficialCircuit::fitting(&Graph::new(&model(12, 12, Some(8)), joint)), []);
    let nodes = GraphConfig { factorized: false, ..GraphConfig::default() };
    assert_eq!(OfficialCircuit::fitting(&Graph::new(&model(12, 12, Some(8)), nodes)), []);
}
