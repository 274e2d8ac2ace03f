//! A run as Python: the text as golden files, which `CIRCUITSCOPE_UPDATE=1` rewrites. What it prints is tested in
//! `tests/it/python.rs`.

use std::path::{Path, PathBuf};

use circuitscope_core::python::{PythonRun, script};
use circuitscope_core::{AblationType, Metric, ModelConfig, OutputSlice, PatchType, PromptSettings, RunSettings};

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
