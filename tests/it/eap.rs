//! EAP and EAP-IG against EAP-IG's own program (`tests/fixtures/eap`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use circuitscope_core::settings::discovery::{IgPoints, InputGradient, MaskGradient};
use circuitscope_core::{Algorithm, DiscoverSettings, Graph, GraphConfig, ModelConfig, Prompts};
use circuitscope_engine::discover::{DiscoverInput, discover};
use circuitscope_engine::model::{Model, Transformer, load};
use circuitscope_engine::run::Stacking;
use serde::Deserialize;

use crate::support::read_text;

const CASES: [&str; 2] = ["eap-gpt2", "eap-llama-gqa"];

#[derive(Deserialize)]
struct Expected {
    scores: Vec<Scores>,
}

/// The scores that EAP-IG found.
#[derive(Deserialize)]
struct Scores {
    method: String,
    ig_steps: Option<usize>,
    batch_size: usize,
    /// By the edge's name.
    edges: BTreeMap<String, f64>,
}

struct Case {
    model: Transformer,
    prompts: Prompts,
    graph: Graph,
    expected: Vec<Scores>,
}

impl Case {
    fn open(name: &str) -> Self {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/eap").join(name);
        let text = |file: &str| read_text(&dir.join(file));
        let config = ModelConfig::from_json("config.json", &text("config.json")).unwrap();
        let prompts = Prompts::from_json("prompts.json", &text("prompts.json")).unwrap();
        let Expected { scores: expected } = serde_json::from_str(&text("scores.json")).unwrap();
        let graph = Graph::new(&config, GraphConfig::default());
        Self { model: open_model(config, &dir.join("model.safetensors")), prompts, graph, expected }
    }

    /// The scores of a search by the edge's name, divided by the number of prompts as EAP-IG does.
    fn scores(&self, algorithm: Algorithm, batch_size: usize) -> BTreeMap<String, f64> {
        let settings = &DiscoverSettings { algorithm, batch_size, ..DiscoverSettings::default() };
        let (model, prompts, graph, stacking) = (&self.model, &self.prompts, &self.graph, Stacking::cpu(1 << 28));
        let input = DiscoverInput { model, prompts, graph, settings, stacking };
        let found = pollster::block_on(discover(&input, &(), &mut ())).unwrap().scores;
        let n_prompts = self.prompts.pairs.len() as f64;
        graph.edges().map(|edge| (graph.edge_name(edge), f64::from(found.score(edge)) / n_prompts)).collect()
    }
}

fn open_model(config: ModelConfig, weights: &Path) -> Transformer {
    let (weights, device) = (weights.to_owned(), Device::flex());
    pollster::block_on(load(config, &weights, &device, async |_, _| true)).unwrap()
}

fn input_gradient(steps: usize, points: IgPoints) -> Algorithm {
    Algorithm::InputGradient(InputGradient { steps, points, ..InputGradient::default() })
}

#[track_caller]
fn assert_near(what: &str, found: &BTreeMap<String, f64>, expected: &BTreeMap<String, f64>) {
    assert!(found.keys().eq(expected.keys()), "{what}: the same edges");
    let largest = expected.values().fold(0.0_f64, |max, score| max.max(score.abs()));
    for (edge, expected) in expected {
        assert!(
            (found[edge] - expected).abs() <= 1e-4 * largest,
            "{what}: {edge} {}, expected {expected}",
            found[edge]
        );
    }
}

#[test]
fn scores_are_those_of_eap_ig() {
    for name in CASES {
        let case = Case::open(name);
        assert!(!case.expected.is_empty() && case.model.config().n_layers == 2);
        for Scores { method, ig_steps, batch_size, edges } in &case.expected {
            let algorithm = match (method.as_str(), ig_steps) {
                ("EAP-IG-inputs", Some(steps)) => input_gradient(*steps, IgPoints::default()),
                _ => Algorithm::MaskGradient(MaskGradient::default()),
            };
            let found = case.scores(algorithm, *batch_size);
            assert_near(&format!("{name} {method} {ig_steps:?} batch {batch_size}"), &found, edges);
        }
    }
}

/// One step of the points that end at the clean embedding is the clean run's gradient: EAP. One step of those that begin at the
/// corrupt one is not.
#[test]
fn one_step_is_eap_only_where_it_ends_at_the_clean_prompts() {
    let case = Case::open("eap-gpt2");
    let eap = case.scores(Algorithm::MaskGradient(MaskGradient::default()), 2);
    assert_near("1/m to 1", &case.scores(input_gradient(1, IgPoints::AboveZeroToOne), 2), &eap);
    let found = case.scores(input_gradient(1, IgPoints::ZeroToBelowOne), 2);
    let furthest = eap.iter().map(|(edge, score)| (found[edge] - score).abs()).fold(0.0, f64::max);
    let largest = eap.values().fold(0.0_f64, |max, score| max.max(score.abs()));
    assert!(furthest > 0.1 * largest, "{furthest} of {largest}");
}
