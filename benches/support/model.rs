//! Models of random weights, prompts for them, and how much memory they take.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use burn::tensor::Device;
use circuitscope_core::config::family;
use circuitscope_core::{
    Algorithm, Answers, DiscoverSettings, EdgeCounts, Graph, ModelConfig, OutputSlice, PromptPair, Prompts,
    PruneScores, RunSettings,
};
use circuitscope_engine::discover::{DiscoverInput, discover};
use circuitscope_engine::model::{Model, Plain, TokenBatch, Transformer, load};
use circuitscope_engine::run::{RunInput, Stacking, Unpatched, run_circuits};

use super::random;

/// GPT-2's kind of model with 1,519 edges.
pub const FOUR_LAYERS: &str = r#"{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": 4, "n_head": 8, "n_embd": 128,
    "n_positions": 64, "vocab_size": 1000, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}"#;
/// GPT-2 small's shape: 32,491 edges.
pub const GPT2_SMALL: &str = r#"{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": 12, "n_head": 12, "n_embd": 768,
    "n_positions": 1024, "vocab_size": 50257, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}"#;

/// Runs circuits of some edge counts; without `unpatched`, the unpatched model as well.
pub fn run_sweep(
    model: &Transformer,
    graph: &Graph,
    scores: &PruneScores,
    prompts: &Prompts,
    counts: &[usize],
    unpatched: Option<Rc<Unpatched>>,
) -> Rc<Unpatched> {
    let settings = RunSettings {
        slice: OutputSlice::LastSeq,
        batch_size: prompts.pairs.len(),
        edge_counts: EdgeCounts::List(counts.to_vec()),
        ..RunSettings::default()
    };
    let (settings, stacking) = (&settings, Stacking::cpu(1 << 30));
    let circuits = scores.into();
    let input = RunInput { model, prompts, graph, circuits, settings, stacking, unpatched, keep_logits: false };
    pollster::block_on(run_circuits(&input, &(), &mut ())).unwrap().unpatched
}

/// Edge counts from 1 to all, evenly spaced in the logarithm.
pub fn log_spaced(n_edges: usize, n: usize) -> Vec<usize> {
    let step = (n_edges as f64).ln() / (n - 1) as f64;
    (0..n).map(|i| ((step * i as f64).exp().round() as usize).min(n_edges)).collect()
}

/// Pairs of prompts of one length.
pub fn random_prompts(n: usize, seq: usize, d_vocab: usize) -> Prompts {
    let mut ids = random(2, 2 * n * seq).into_iter().map(|x| ((x + 1.0) / 2.0 * d_vocab as f32) as u32);
    let mut prompt = || ids.by_ref().take(seq).map(|id| id.min(d_vocab as u32 - 1)).collect::<Vec<_>>();
    let tokens = |token| Answers::Tokens(vec![token]);
    let mut pair = || PromptPair { clean: prompt(), corrupt: prompt(), answers: tokens(0), wrong_answers: tokens(1) };
    let pairs = (0..n).map(|_| pair()).collect();
    Prompts { file: "random".to_owned(), seq_labels: None, word_idxs: Default::default(), pad_token: None, pairs }
}

/// The folder of a model of random weights below the target directory, written if it is not there.
pub fn random_model(name: &str, config: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !dir.join("model.safetensors").exists() {
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("config.json"), config).unwrap();
        write_random_weights(&ModelConfig::from_json("config.json", config).unwrap(), &dir.join("model.safetensors"));
    }
    dir
}

/// Weights of a standard deviation of about 0.02, as GPT-2 starts from; gains of 1.
fn write_random_weights(config: &ModelConfig, path: &Path) {
    let family = family::by_name(&config.family).unwrap();
    let weights = (family.weights)(config);
    let tensors: Vec<_> = weights
        .iter()
        .enumerate()
        .map(|(i, weight)| {
            let n = weight.shape.iter().product();
            let is_gain = weight.shape.len() == 1 && weight.name.ends_with("weight");
            let number = |x: f32| if is_gain { 1.0 } else { 0.035 * x };
            let bytes: Vec<u8> = random(i as u64 + 3, n).into_iter().flat_map(|x| number(x).to_le_bytes()).collect();
            let prefix = if weight.prefixed { family.prefixes[0] } else { "" };
            (format!("{prefix}{}", weight.name), weight.shape.clone(), bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (name, safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let metadata = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
    safetensors::serialize_to_file(views, Some(metadata), path).unwrap();
}

/// Forgets what was held at most; does nothing elsewhere than on Linux.
pub fn reset_peak_memory() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// An unpatched pass over the corrupt prompts, whose logits are read.
pub fn plain_pass(model: &Transformer, prompts: &Prompts, positions: Range<usize>) {
    let tokens = TokenBatch::new(prompts.pairs.iter().map(|p| p.corrupt.as_slice()), model.device());
    let logits = model.forward(&tokens, positions, &mut Plain);
    pollster::block_on(logits.into_data_async()).unwrap().try_to_vec::<f32>().unwrap();
}

/// Searches for a circuit.
pub fn find(model: &Transformer, graph: &Graph, prompts: &Prompts, algorithm: Algorithm) {
    let settings = DiscoverSettings { batch_size: prompts.pairs.len(), algorithm, ..DiscoverSettings::default() };
    let (settings, stacking) = (&settings, Stacking::cpu(1 << 30));
    let input = DiscoverInput { model, prompts, graph, settings, stacking };
    pollster::block_on(discover(&input, &(), &mut ())).unwrap();
}

/// Loads a model's folder.
pub fn open(dir: &Path, device: &Device) -> Transformer {
    let text = fs::read_to_string(dir.join("config.json")).unwrap();
    let config = ModelConfig::from_json("config.json", &text).unwrap();
    let (weights, always) = (dir.join("model.safetensors"), async |_, _| true);
    pollster::block_on(load(config, &weights, device, always)).unwrap()
}

/// The memory that this process holds (`VmRSS:`) or has held at most (`VmHWM:`), from Linux's `/proc`; 0 elsewhere.
pub fn memory_mib(key: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|l| l.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(0) / 1024
}
