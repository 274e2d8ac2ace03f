//! Reads the reference cases of `tests/fixtures/cases`: what auto-circuit computed, as files.

use std::path::PathBuf;
use std::rc::Rc;

use circuitscope_core::{
    AblationType, EdgeCounts, Graph, GraphConfig, ModelConfig, PatchType, Prompts, PruneScores, RunSettings, TensorFile,
};
use circuitscope_engine::run::{CircuitOutput, Logits, Observer, RunInput, RunOutput, Stacking, run_circuits};
use serde_json::Value;

/// Every case of the families that are supported.
pub const CASES: [&str; 14] = [
    "gpt2",
    "gpt2-ties",
    "gpt2-prefix",
    "pythia",
    "neox-sequential",
    "gpt-neo",
    "llama",
    "llama-gqa",
    "qwen2",
    "attn-only",
    "attn-only-shortformer",
    "solu",
    "tracr-reverse",
    "tracr-xproportion",
];

/// A case: a folder of files and its `case.json`.
pub struct Case {
    pub name: String,
    pub dir: PathBuf,
    pub json: Value,
}

/// A graph of a case with its scores.
pub struct CaseGraph {
    pub idx: usize,
    pub json: Value,
    pub graph: Graph,
    pub scores: PruneScores,
}

impl Case {
    pub fn open(name: &str) -> Self {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases").join(name);
        let json = serde_json::from_str(&read_text(&dir.join("case.json"))).unwrap();
        Self { name: name.to_owned(), dir, json }
    }

    pub fn config_path(&self) -> PathBuf {
        let name = if self.json["format"] == "huggingface" { "config.json" } else { "tl_config.json" };
        self.dir.join(name)
    }

    pub fn config(&self) -> ModelConfig {
        ModelConfig::from_json("config", &read_text(&self.config_path())).unwrap()
    }

    pub fn prompts(&self) -> Prompts {
        Prompts::from_json("prompts.json", &read_text(&self.dir.join("prompts.json"))).unwrap()
    }

    pub fn batch_size(&self) -> usize {
        self.json["batch_size"].as_u64().unwrap() as usize
    }

    pub fn n_graphs(&self) -> usize {
        self.json["graphs"].as_array().unwrap().len()
    }

    pub fn graph(&self, idx: usize) -> CaseGraph {
        let json = self.json["graphs"][idx].clone();
        let config = GraphConfig {
            factorized: json["factorized"].as_bool().unwrap(),
            separate_qkv: json["separate_qkv"].as_bool().unwrap(),
            seq_len: json["token_wise"].as_bool().unwrap().then(|| self.json["seq"].as_u64().unwrap() as usize),
        };
        let graph = Graph::new(&self.config(), config);
        let file = format!("graph{idx}.scores.safetensors");
        let scores = PruneScores::from_bytes(&file, &std::fs::read(self.dir.join(&file)).unwrap(), &graph).unwrap();
        CaseGraph { idx, json, graph, scores }
    }

    pub fn graphs(&self) -> impl Iterator<Item = CaseGraph> + '_ {
        (0..self.n_graphs()).map(|idx| self.graph(idx))
    }

    /// A tensor of `expected.safetensors`: its shape and numbers.
    pub fn expected(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        self.find_expected(name).unwrap_or_else(|| panic!("{}: no expected tensor {name}", self.name))
    }

    /// The same, where the case has it.
    pub fn find_expected(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        find_tensor(&self.dir.join("expected.safetensors"), name)
    }
}

/// A tensor of a safetensors file: its shape and numbers.
pub fn tensor(path: &std::path::Path, name: &str) -> (Vec<usize>, Vec<f32>) {
    find_tensor(path, name).unwrap_or_else(|| panic!("{}: no tensor {name}", path.display()))
}

fn find_tensor(path: &std::path::Path, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
    let bytes = std::fs::read(path).unwrap();
    let file = TensorFile::from_bytes(&path.to_string_lossy(), &bytes).unwrap();
    let tensor = file.get(name)?;
    Some((tensor.shape.clone(), file.read(tensor, &bytes).unwrap()))
}

pub fn read_text(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The list of names or numbers in a JSON array.
pub fn strings(json: &Value) -> Vec<String> {
    json.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

pub fn numbers(json: &Value) -> Vec<usize> {
    json.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect()
}

/// Asserts `|found - expected| <= 1e-4 + 1e-4 |expected|` for every number.
#[track_caller]
pub fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}: number of elements");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= 1e-4 + 1e-4 * e.abs(), "{what}: element {i} is {f}, expected {e}");
    }
}

impl Case {
    /// The case's model on the CPU.
    pub fn model(&self) -> circuitscope_engine::model::Transformer {
        let device = burn::tensor::Device::flex();
        let weights = self.dir.join("model.safetensors");
        let loading = circuitscope_engine::model::load(self.config(), &weights, &device, async |_, _| true);
        pollster::block_on(loading).unwrap()
    }

    /// Runs circuits as a run of `case.json` says, with the logits of each.
    pub fn run(
        &self,
        model: &dyn circuitscope_engine::model::Model,
        g: &CaseGraph,
        settings: &RunSettings,
    ) -> (RunOutput, Vec<Rc<Logits>>) {
        let (prompts, graph, scores) = (self.prompts(), &g.graph, &g.scores);
        let stacking = Stacking::cpu(1 << 28);
        let input = RunInput {
            model,
            prompts: &prompts,
            graph,
            circuits: scores.into(),
            settings,
            stacking,
            unpatched: None,
            keep_logits: true,
        };
        run_with_logits(&input)
    }
}

/// Runs circuits, with the logits of each in the order of the edge counts.
pub fn run_with_logits(input: &RunInput<'_>) -> (RunOutput, Vec<Rc<Logits>>) {
    let mut kept = KeptLogits::default();
    let output = pollster::block_on(run_circuits(input, &(), &mut kept)).unwrap();
    kept.0.sort_by_key(|(index, _)| *index);
    (output, kept.0.into_iter().map(|(_, logits)| logits).collect())
}

/// Keeps the logits of each circuit with its index.
#[derive(Default)]
pub struct KeptLogits(pub Vec<(usize, Rc<Logits>)>);

impl Observer for KeptLogits {
    async fn progress(&mut self, _: usize, _: usize, _: &str) -> bool {
        true
    }

    fn circuit(&mut self, output: &CircuitOutput, logits: Option<Rc<Logits>>) {
        self.0.extend(logits.map(|logits| (output.index, logits)));
    }
}

impl CaseGraph {
    /// The settings of a run of the case.
    pub fn settings(&self, case: &Case, run: &Value) -> RunSettings {
        RunSettings {
            factorized: self.graph.config.factorized,
            separate_qkv: self.graph.config.separate_qkv,
            token_wise: self.graph.config.seq_len.is_some(),
            slice: serde_json::from_value(match &self.json["slice_output"] {
                Value::Null => "none".into(),
                slice => slice.clone(),
            })
            .unwrap(),
            patch_type: if run["patch_type"] == "EDGE_PATCH" { PatchType::Edge } else { PatchType::Tree },
            ablation: ablation(run["ablation_type"].as_str().unwrap()),
            reverse: run["reverse_clean_corrupt"].as_bool().unwrap(),
            batch_size: case.batch_size(),
            edge_counts: EdgeCounts::List(numbers(&run["test_edge_counts"])),
        }
    }
}

/// The ablation of a name such as `TOKENWISE_MEAN_CLEAN`.
pub fn ablation(name: &str) -> AblationType {
    serde_json::from_value(name.to_lowercase().into()).unwrap()
}
