//! The demo's recorded results are what the engine computes. `CIRCUITSCOPE_UPDATE=1 cargo test demo` writes them anew.

use std::path::PathBuf;

use circuitscope_core::{EdgeCounts, EdgeValues, OutputSlice, RunSettings, Tokens};
use circuitscope_engine::session::{RunRequest, Session, Text, circuit_result};
use serde_json::{Value, json};

use crate::support::read_text;

/// The demo's settings on the page, and an edge count for each of its different circuits: none, the official one, all.
fn settings() -> RunSettings {
    let edge_counts = EdgeCounts::List(vec![0, 2, 77]);
    RunSettings { slice: OutputSlice::NotFirstSeq, batch_size: 6, edge_counts, ..RunSettings::default() }
}

#[test]
fn recorded_results_of_the_demo_are_right() {
    let path = dir().join("recorded.json");
    let computed = computed();
    if std::env::var_os("CIRCUITSCOPE_UPDATE").is_some() {
        std::fs::write(&path, computed.to_string() + "\n").unwrap();
    }
    let recorded: Value = serde_json::from_str(&read_text(&path)).unwrap();
    assert_same("", &recorded, &computed);
}

fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("www/demo/tracr-reverse")
}

fn computed() -> Value {
    let file = |name: &str| read_text(&dir().join(name));
    let mut session = Session::new(burn::tensor::Device::flex(), circuitscope_engine::run::Stacking::cpu(1 << 30));
    let (config, prompts) = (file("tl_config.json"), file("prompts.json"));
    let config = Text { name: "tl_config.json", text: &config };
    let weights = [dir().join("model.safetensors")];
    pollster::block_on(session.load_model(config, &weights, None, async |_, _| true)).unwrap();
    let scores = std::fs::read(dir().join("scores.safetensors")).unwrap();
    let settings = settings();
    let prompts = Text { name: "prompts.json", text: &prompts };
    let request = RunRequest {
        prompts,
        scores: ("scores.safetensors", &scores),
        values: EdgeValues::Scores,
        edits: &[],
        settings: &settings,
        keep_logits: false,
    };
    let output = pollster::block_on(session.run(request, &(), &mut ())).unwrap();
    let circuits: Vec<_> = output.circuits.iter().map(circuit_result).collect();
    let baseline = output.baseline.clone();
    let tokens: Vec<Vec<Vec<Tokens>>> = (0..circuits.len())
        .map(|circuit| {
            let at = |prompt, position| session.inspect(circuit, prompt, position, 8).unwrap();
            let row = |prompt| (0..baseline.n_positions).map(|position| at(prompt, position)).collect();
            (0..baseline.n_prompts).map(row).collect()
        })
        .collect();
    rounded(json!({ "circuits": circuits, "baseline": baseline, "tokens": tokens }))
}

/// Six decimals are more than is shown.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(n) if n.is_f64() => {
            let rounded = (n.as_f64().unwrap() * 1e6).round() / 1e6;
            json!(rounded + 0.0)
        }
        Value::Array(values) => values.into_iter().map(rounded).collect(),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(k, v)| (k, rounded(v))).collect()),
        other => other,
    }
}

/// Asserts that numbers agree to 1e-4 and all else is equal.
#[track_caller]
fn assert_same(path: &str, recorded: &Value, computed: &Value) {
    match (recorded, computed) {
        (Value::Number(r), Value::Number(c)) => {
            let (r, c) = (r.as_f64().unwrap(), c.as_f64().unwrap());
            assert!((r - c).abs() <= 1e-4 + 1e-4 * c.abs(), "{path}: recorded {r}, computed {c}");
        }
        (Value::Array(r), Value::Array(c)) if r.len() == c.len() => {
            r.iter().zip(c).enumerate().for_each(|(i, (r, c))| assert_same(&format!("{path}[{i}]"), r, c));
        }
        (Value::Object(r), Value::Object(c)) => {
            assert!(r.keys().eq(c.keys()), "{path}");
            r.iter().for_each(|(k, r)| assert_same(&format!("{path}.{k}"), r, &c[k]));
        }
        _ => assert_eq!(recorded, computed, "{path}"),
    }
}
