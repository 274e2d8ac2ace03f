//! A run as Python, where Python has auto-circuit: it prints the numbers of the page.
//!
//! `CIRCUITSCOPE_PYTHON` names a Python with the packages that the head of a script lists; without it `python3` is tried.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use circuitscope_core::python::{PythonRun, script};
use circuitscope_core::{
    AblationType, CircuitMasks, EdgeCounts, EdgeRef, MaskEdit, MaskEdits, Metric, ModelConfig, OutputSlice, PatchType,
    PromptSettings, Prompts, RunSettings,
};
use circuitscope_engine::run::{RunInput, Stacking};
use circuitscope_formats::{File, Tokenizer, read_prompts};
use serde_json::Value;

use crate::support::{Case, CaseGraph, read_text, run_with_logits};

/// A Python that has the packages, or none, which is said.
fn python() -> Option<String> {
    let named = std::env::var("CIRCUITSCOPE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let wanted =
        "import auto_circuit, safetensors, transformer_lens, torch; assert torch.__version__.startswith('2.5.1')";
    let found = Command::new(&named).args(["-c", wanted]).output().is_ok_and(|output| output.status.success());
    if !found {
        // Not by `eprintln`, which a test that passes keeps to itself.
        let mut stderr = std::io::stderr();
        let skipped = "SKIPPED: no Python with auto-circuit 1.0.1 and torch 2.5.1 (CIRCUITSCOPE_PYTHON names one)";
        writeln!(stderr, "{skipped}").unwrap();
    }
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

/// A run of a circuit of a case.
struct Asked<'a> {
    case: &'a Case,
    graph: usize,
    settings: RunSettings,
    n_edges: usize,
    edits: &'a [(String, f32)],
    /// Where the prompts are texts: how they are read.
    texts: Option<PromptSettings>,
    dir: PathBuf,
}

impl<'a> Asked<'a> {
    fn new(case: &'a Case, graph: usize, n_edges: usize) -> Self {
        let config = case.graph(graph).graph.config;
        let settings = RunSettings {
            factorized: config.factorized,
            separate_qkv: config.separate_qkv,
            token_wise: config.seq_len.is_some(),
            slice: OutputSlice::LastSeq,
            batch_size: case.batch_size(),
            ..RunSettings::default()
        };
        Self { case, graph, settings, n_edges, edits: &[], texts: None, dir: case.dir.clone() }
    }

    fn patched(self, patch_type: PatchType, ablation: AblationType, reverse: bool) -> Self {
        Self { settings: RunSettings { patch_type, ablation, reverse, ..self.settings }, ..self }
    }

    fn prompts(&self) -> Prompts {
        let Some(texts) = self.texts else { return self.case.prompts() };
        let file = |name: &str| File { name: name.to_owned(), bytes: read_text(&self.dir.join(name)).into_bytes() };
        let tokenizer = Tokenizer::open(&file("tokenizer.json"), Some(&file("tokenizer_config.json"))).unwrap();
        read_prompts(&file("prompts.json"), Some(&tokenizer), texts).unwrap().prompts
    }

    /// The value here.
    fn ours(&self) -> f64 {
        let (model, prompts) = (self.case.model(), self.prompts());
        let CaseGraph { graph, scores, .. } = &self.case.graph(self.graph);
        let edit = |(name, mask): &(String, f32)| MaskEdit { edge: EdgeRef::Name(name.clone()), mask: *mask };
        let edits = MaskEdits::new(&self.edits.iter().map(edit).collect::<Vec<_>>(), graph).unwrap();
        let settings = RunSettings { edge_counts: EdgeCounts::List(vec![self.n_edges]), ..self.settings.clone() };
        let input = RunInput {
            model: &model,
            prompts: &prompts,
            graph,
            circuits: CircuitMasks::from(scores).with_edits(&edits),
            settings: &settings,
            stacking: Stacking::cpu(1 << 28),
            unpatched: None,
            keep_logits: false,
        };
        run_with_logits(&input).0.circuits[0].measurement.mean(Metric::LogitDiff).unwrap()
    }

    /// The value that Python prints.
    fn theirs(&self, python: &str) -> f64 {
        let model = self.case.config();
        let run = PythonRun {
            model: &model,
            model_path: ".",
            prompts_file: "prompts.json",
            n_prompts: self.prompts().pairs.len(),
            texts: self.texts,
            scores_file: &format!("graph{}.scores.safetensors", self.graph),
            settings: &self.settings,
            seq_len: self.case.graph(self.graph).graph.config.seq_len,
            n_edges: self.n_edges,
            edits: self.edits,
            metric: Metric::LogitDiff,
            value: None,
            version: "0.1.0",
        };
        printed(python, &script(&run).unwrap(), &self.dir)
    }

    #[track_caller]
    fn check(&self, python: &str) {
        let (ours, theirs) = (self.ours(), self.theirs(python));
        let close = (ours - theirs).abs() <= 1e-4 + 1e-4 * theirs.abs();
        let Self { case, graph, settings, .. } = self;
        assert!(close, "{} graph {graph}, {settings:?}: {ours}, auto-circuit has {theirs}", case.name);
    }
}

#[test]
fn auto_circuit_prints_the_recorded_results_of_the_demo() {
    let Some(python) = python() else { return };
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("www/demo/tracr-reverse");
    let model = ModelConfig::from_json("config", &read_text(&dir.join("tl_config.json"))).unwrap();
    let settings = RunSettings { slice: OutputSlice::NotFirstSeq, batch_size: 6, ..RunSettings::default() };
    let recorded: Value = serde_json::from_str(&read_text(&dir.join("recorded.json"))).unwrap();
    for circuit in recorded["circuits"].as_array().unwrap() {
        let n_edges = circuit["circuit"]["nEdges"].as_u64().unwrap() as usize;
        let value = circuit["measurement"][Metric::CleanKlDiv.idx()]["mean"].as_f64().unwrap();
        let run = PythonRun {
            model: &model,
            model_path: ".",
            prompts_file: "prompts.json",
            n_prompts: 6,
            texts: None,
            scores_file: "scores.safetensors",
            settings: &settings,
            seq_len: None,
            n_edges,
            edits: &[],
            metric: Metric::CleanKlDiv,
            value: None,
            version: "0.1.0",
        };
        let found = printed(&python, &script(&run).unwrap(), &dir);
        assert!((found - value).abs() < 1e-4, "{n_edges} edges: {found}, recorded {value}");
    }
}

#[test]
fn auto_circuit_prints_the_same_numbers_for_every_family() {
    let Some(python) = python() else { return };
    for name in ["gpt2", "gpt-neo", "llama-gqa", "pythia", "qwen2", "attn-only"] {
        let case = Case::open(name);
        Asked::new(&case, 0, case.graph(0).graph.n_edges() / 4).check(&python);
    }
}

#[test]
fn auto_circuit_prints_the_same_numbers_for_edges_at_positions() {
    let Some(python) = python() else { return };
    let case = Case::open("gpt2");
    let asked = || Asked::new(&case, 2, 60);
    assert!(asked().settings.token_wise);
    asked().check(&python);
    asked().patched(PatchType::Tree, AblationType::TokenwiseMeanCorrupt, true).check(&python);
    asked().patched(PatchType::Edge, AblationType::Zero, false).check(&python);
}

#[test]
fn auto_circuit_prints_the_same_numbers_for_edges_in_part() {
    let Some(python) = python() else { return };
    let case = Case::open("gpt2");
    for (graph, prefix) in [(0, ""), (2, "5:")] {
        let edits =
            [("A0.1->MLP 1", 0.5), ("MLP 0->Resid End", 0.25), ("Resid Start->A0.1.Q", 0.0), ("A0.0->A1.1.V", 1.0)]
                .map(|(name, mask)| (format!("{prefix}{name}"), mask));
        for (patch_type, ablation, reverse) in [
            (PatchType::Edge, AblationType::Resample, false),
            (PatchType::Tree, AblationType::TokenwiseMeanCorrupt, true),
        ] {
            let asked = Asked { edits: &edits, ..Asked::new(&case, graph, 40).patched(patch_type, ablation, reverse) };
            let unedited = Asked { edits: &[], ..Asked::new(&case, graph, 40).patched(patch_type, ablation, reverse) };
            assert!((asked.ours() - unedited.ours()).abs() > 5e-4, "the edits make no difference");
            asked.check(&python);
        }
    }
}

#[test]
fn auto_circuit_prints_the_same_numbers_for_texts() {
    let Some(python) = python() else { return };
    let case = Case::open("gpt2-text");
    // A model's folder has its tokenizer beside it.
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("python-texts");
    std::fs::create_dir_all(&dir).unwrap();
    let tokenizer = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizers/gpt2");
    let beside = ["tokenizer.json", "tokenizer_config.json"].map(|name| (&tokenizer, name));
    let own =
        ["config.json", "model.safetensors", "prompts.json", "graph0.scores.safetensors"].map(|name| (&case.dir, name));
    for (from, name) in beside.into_iter().chain(own) {
        std::fs::copy(from.join(name), dir.join(name)).unwrap();
    }
    for prepend_bos in [true, false] {
        let texts = Some(PromptSettings { prepend_bos, ..PromptSettings::default() });
        Asked { texts, dir: dir.clone(), ..Asked::new(&case, 0, 40) }.check(&python);
    }
}
