//! A run as Python: the text as golden files, and where Python has auto-circuit, that it prints the numbers of the page.
//!
//! `CIRCUITSCOPE_UPDATE=1` rewrites the golden files. `CIRCUITSCOPE_PYTHON` names a Python with the packages that the head of a
//! script lists; without it `python3` is tried.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use circuitscope_core::python::{PythonRun, script};
use circuitscope_core::{AblationType, Metric, ModelConfig, OutputSlice, PatchType, PromptSettings, RunSettings};
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn config(path: &str) -> ModelConfig {
    ModelConfig::from_json("config", &read(&root().join(path))).unwrap()
}

/// The demo's settings.
fn demo_settings() -> RunSettings {
    RunSettings { slice: OutputSlice::NotFirstSeq, batch_size: 6, ..RunSettings::default() }
}

/// The demo at its official circuit.
fn demo<'a>(model: &'a ModelConfig, settings: &'a RunSettings) -> PythonRun<'a> {
    PythonRun {
        model,
        model_path: ".",
        prompts_file: "prompts.json",
        n_prompts: 6,
        texts: None,
        scores_file: "scores.safetensors",
        settings,
        seq_len: None,
        n_edges: 2,
        edits: &[],
        metric: Metric::CleanKlDiv,
        value: None,
        version: "0.1.0",
    }
}

#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let path = root().join("tests/golden/python").join(name);
    if std::env::var_os("CIRCUITSCOPE_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, read(&path), "{name}; CIRCUITSCOPE_UPDATE=1 rewrites it");
}

#[test]
fn the_demo_is_written_as_python() {
    let (model, settings) = (config("www/demo/tracr-reverse/tl_config.json"), demo_settings());
    assert_golden("demo.py", &script(&PythonRun { value: Some(0.25), ..demo(&model, &settings) }).unwrap());
}

#[test]
fn masks_positions_and_texts_are_written_as_python() {
    let model = config("tests/fixtures/cases/gpt2/config.json");
    let settings = RunSettings {
        token_wise: true,
        patch_type: PatchType::Tree,
        ablation: AblationType::TokenwiseMeanCorrupt,
        reverse: true,
        batch_size: 2,
        ..RunSettings::default()
    };
    let edits = [("3:A0.1->MLP 1".to_owned(), 0.5), ("Resid \"Start\"->A0.1.Q".to_owned(), 0.0)];
    let run = PythonRun {
        model_path: "openai-community/gpt2",
        texts: Some(PromptSettings::default()),
        seq_len: Some(6),
        n_edges: 31,
        edits: &edits,
        metric: Metric::LogitDiff,
        ..demo(&model, &settings)
    };
    assert_golden("edited.py", &script(&run).unwrap());
}

#[test]
fn what_transformer_lens_lacks_is_said() {
    let (model, settings) = (config("tests/fixtures/cases/llama/config.json"), demo_settings());
    let other = ModelConfig { family: "qwen3".to_owned(), ..model.clone() };
    let error = script(&demo(&other, &settings)).unwrap_err().to_string();
    assert_eq!(error, "TransformerLens 2.11.0 cannot load models of the family qwen3");
    assert!(script(&demo(&model, &settings)).unwrap().contains("convert_llama_weights"));
}

/// A Python that has the packages, or none.
fn python() -> Option<String> {
    let named = std::env::var("CIRCUITSCOPE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let wanted =
        "import auto_circuit, safetensors, transformer_lens, torch; assert torch.__version__.startswith('2.5.1')";
    let found = Command::new(&named).args(["-c", wanted]).output().is_ok_and(|output| output.status.success());
    found.then_some(named)
}

/// The value that a script prints, run in a folder.
fn printed(python: &str, script: &str, dir: &Path) -> f64 {
    let output =
        Command::new(python).args(["-c", script]).current_dir(dir).env("HF_HUB_OFFLINE", "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let wrong = || panic!("{script}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().rfind(|line| line.contains(" = "));
    line.and_then(|line| line.rsplit_once(" = ")?.1.parse().ok()).unwrap_or_else(wrong)
}

#[test]
fn auto_circuit_prints_the_same_numbers() {
    let Some(python) = python() else {
        // Not by `eprintln`, which a test that passes keeps to itself.
        let skipped = "SKIPPED: no Python with auto-circuit 1.0.1 and torch 2.5.1 (CIRCUITSCOPE_PYTHON names one)";
        writeln!(std::io::stderr(), "{skipped}").unwrap();
        return;
    };
    demo_numbers(&python);
    for name in ["gpt2", "gpt-neo", "llama-gqa", "pythia", "qwen2"] {
        reference_numbers(&python, name, "config.json");
    }
    reference_numbers(&python, "attn-only", "tl_config.json");
}

/// The demo's recorded results, and the ends between which edited circuits lie.
fn demo_numbers(python: &str) {
    let dir = root().join("www/demo/tracr-reverse");
    let (model, settings) = (config("www/demo/tracr-reverse/tl_config.json"), demo_settings());
    let recorded: Value = serde_json::from_str(&read(&dir.join("recorded.json"))).unwrap();
    let value = |n_edges: usize| {
        let circuits = recorded["circuits"].as_array().unwrap();
        let circuit = circuits.iter().find(|circuit| circuit["circuit"]["nEdges"] == n_edges).unwrap();
        circuit["measurement"][Metric::CleanKlDiv.idx()]["mean"].as_f64().unwrap()
    };
    let run = demo(&model, &settings);
    for n_edges in [0, 2, 77] {
        let found = printed(python, &script(&PythonRun { n_edges, ..run.clone() }).unwrap(), &dir);
        assert!((found - value(n_edges)).abs() < 1e-4, "{n_edges} edges: {found}, recorded {}", value(n_edges));
    }
    let edits = [("A3.0->Resid End".to_owned(), 1.0)];
    let edited = PythonRun { n_edges: 2, edits: &edits, ..run };
    // An edge of the official circuit stays in it.
    assert!((printed(python, &script(&edited).unwrap(), &dir) - value(2)).abs() < 1e-4);
}

/// The metrics of a reference case.
fn reference_numbers(python: &str, name: &str, config_file: &str) {
    let path = format!("tests/fixtures/cases/{name}");
    let dir = root().join(&path);
    let model = config(&format!("{path}/{config_file}"));
    let case: Value = serde_json::from_str(&read(&dir.join("case.json"))).unwrap();
    let run_of_case = &case["graphs"][0]["runs"][0];
    let settings = RunSettings { batch_size: case["batch_size"].as_u64().unwrap() as usize, ..RunSettings::default() };
    let points = run_of_case["metrics"]["Logit Diff"].as_array().unwrap();
    let [n_edges, value] = [0, 1].map(|i| points[3][i].as_f64().unwrap());
    let run = PythonRun {
        scores_file: "graph0.scores.safetensors",
        n_edges: n_edges as usize,
        metric: Metric::LogitDiff,
        ..demo(&model, &settings)
    };
    let patch = if run_of_case["patch_type"] == "EDGE_PATCH" { PatchType::Edge } else { PatchType::Tree };
    let settings = RunSettings { patch_type: patch, ..settings.clone() };
    let found = printed(python, &script(&PythonRun { settings: &settings, ..run }).unwrap(), &dir);
    assert!((found - value).abs() < 1e-3, "{name}: {found}, the reference has {value}");
}
