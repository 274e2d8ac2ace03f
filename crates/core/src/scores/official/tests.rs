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
}

#[test]
fn a_circuit_fits_the_graphs_that_have_its_edges() {
    let models = [(4, 1, Some(8)), (2, 1, Some(8)), (12, 12, Some(8)), (4, 8, None)];
    for (n_layers, n_heads, d_mlp) in models {
        let model = model(n_layers, n_heads, d_mlp);
        for (factorized, separate_qkv) in [(true, true), (true, false), (false, false)] {
            for seq_len in [None, Some(24)] {
                let graph = Graph::new(&model, GraphConfig { factorized, separate_qkv, seq_len });
                let fitting = OfficialCircuit::fitting(&graph);
                assert_eq!(fitting.is_empty(), !factorized || !separate_qkv);
                for circuit in OfficialCircuit::ALL.into_iter().filter(|circuit| circuit.shape() == shape_of(&graph)) {
                    // Which edges there are does not depend on the words' positions.
                    let edges = circuit.edges(&Words::none()).unwrap();
                    assert_eq!(
                        fitting.contains(&circuit),
                        edges.missing(&EdgeIndex::new(&graph)).is_none(),
                        "{circuit:?}"
                    );
                }
            }
        }
    }
}
