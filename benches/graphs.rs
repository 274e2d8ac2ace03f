//! What graphs of millions of edges cost: making their nodes, counting and choosing their edges, naming and finding them, and
//! ranking their scores. No model is run.
//!
//! ```text
//! cargo bench --bench graphs
//! ```

mod support;

use std::hint::black_box;

use circuitscope_core::graph::n_edges;
use circuitscope_core::{
    AttentionDir, Graph, GraphConfig, KnownCircuit, ModelConfig, PruneScores, Ranking, Selection, Sizes, select,
};

use support::{Task, in_turns, random};

/// How often each thing is timed; the middle time counts.
const REPEATS: usize = 5;
/// How many edges are chosen.
const N_CHOSEN: usize = 100_000;
/// How many scores are ranked.
const N_RANKED: usize = 400_000;

fn main() {
    large_model();
    two_million_edges();
    ranking();
}

/// The nodes of a model of 1,024 layers of 1,024 heads, and how many edges they have: too many for a graph that can be
/// worked with.
fn large_model() {
    let model = model(1024, 1024);
    let config = GraphConfig::default();
    println!("\n1,024 layers of 1,024 heads: {} edges", n_edges(&model, config));
    measure("the nodes of its graph", &|| drop(black_box(Graph::new(&model, config))));
    measure("the number of its edges", &|| {
        black_box(n_edges(black_box(&model), config));
    });
    measure("refusing it", &|| drop(black_box(Graph::try_new(&model, config).unwrap_err())));
}

/// Choosing among the edges of GPT-2 XL's shape.
fn two_million_edges() {
    let graph = Graph::new(&model(48, 25), GraphConfig::default());
    let scores = PruneScores::new(random(1, graph.n_edges()));
    println!("\nGPT-2 XL's shape: {} edges, of which {N_CHOSEN} are chosen", graph.n_edges());
    let choose = |selection| select(selection, &scores, N_CHOSEN, &graph, AttentionDir::Causal).unwrap().0;
    for selection in Selection::ALL {
        measure(selection.label(), &|| drop(black_box(choose(selection))));
    }
    let chosen = choose(Selection::Top);
    let known = || KnownCircuit::from_scores("scores", &chosen, &graph).unwrap();
    measure("naming them as a known circuit", &|| drop(black_box(known())));
    let known = known();
    measure("finding the edges of a known circuit", &|| drop(black_box(known.mask(&graph).unwrap())));
}

/// Ranking scores, and cutting a circuit from them.
fn ranking() {
    let scores = random(2, N_RANKED);
    println!("\n{N_RANKED} scores");
    measure("ranking them", &|| drop(black_box(Ranking::new(&scores))));
    let ranking = Ranking::new(&scores);
    measure("the circuit of half of them", &|| {
        black_box(ranking.circuit(N_RANKED / 2).unwrap());
    });
}

fn measure(what: &str, task: &dyn Fn()) {
    println!("  {what:<58} {:>10.3} ms", in_turns(vec![Task::new("", REPEATS, task)]).seconds("").median * 1e3);
}

/// A model of small sizes but for its layers and heads, which alone a graph depends on.
fn model(n_layers: usize, n_heads: usize) -> ModelConfig {
    let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (8, 2, Some(8), 16, 16);
    ModelConfig::decoder("gpt2", Sizes { n_layers, n_heads, d_model, d_head, d_mlp, n_ctx, d_vocab })
}
