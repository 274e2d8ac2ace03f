//! What the reference's cases do not have: families and options against Hugging Face's plain logits
//! (`tests/fixtures/make_huggingface_cases.py`), and TransformerLens dictionaries of such models against TransformerLens
//! (`make_transformer_lens_cases.py`).

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use circuitscope_core::{FileDtype, ModelConfig, RotaryScaling};
use circuitscope_engine::model::{Model, Plain, TokenBatch, Transformer, load, load::read_header};

use crate::support::{assert_close, read_text, tensor};

const DICTIONARIES: [&str; 5] = ["gpt-neo", "llama-folded", "llama-gqa", "pythia", "pythia-folded"];

const MODELS: [&str; 19] = [
    "gemma",
    "gpt-neo-untied",
    "llama-bf16",
    "llama-biases",
    "llama-rope-dynamic",
    "llama-rope-linear",
    "llama-rope-llama3",
    "llama-rope-llama3-v5",
    "llama-rope-yarn",
    "llama-rope-yarn-mscale",
    "llama-tied",
    "mistral-window",
    "neox-no-bias",
    "neox-v5",
    "qwen2-f16",
    "qwen2-window",
    "qwen3",
    "qwen3-biases",
    "qwen3-window-v5",
];

type Change = fn(&mut ModelConfig);

fn folder(name: &str) -> PathBuf {
    fixtures("huggingface").join(name)
}

fn fixtures(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder)
}

fn config(name: &str) -> ModelConfig {
    ModelConfig::from_json("config.json", &read_text(&folder(name).join("config.json"))).unwrap()
}

fn model(folder: &Path, config: ModelConfig) -> Transformer {
    let weights = folder.join("model.safetensors");
    pollster::block_on(load(config, &weights, &Device::flex(), async |_, _| true)).unwrap()
}

/// The logits of the prompts that stand beside the folder.
fn logits(folder: &Path, config: ModelConfig) -> Vec<f32> {
    let prompts: Vec<Vec<u32>> = serde_json::from_str(&read_text(&folder.join("../prompts.json"))).unwrap();
    let tokens = TokenBatch::new(prompts.iter().map(Vec::as_slice), &Device::flex());
    let logits = model(folder, config).forward(&tokens, 0..prompts[0].len(), &mut Plain);
    pollster::block_on(logits.into_data_async()).unwrap().try_to_vec().unwrap()
}

/// Asserts that a folder holds these models, and checks the logits of each.
fn check_logits(folder: &Path, names: &[&str], config_file: &str) {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut found: Vec<_> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, names, "every folder is checked");
    for name in names {
        let folder = folder.join(name);
        let config = ModelConfig::from_json(config_file, &read_text(&folder.join(config_file))).unwrap();
        let expected = tensor(&folder.join("expected.safetensors"), "logits").1;
        assert_close(name, &logits(&folder, config), &expected);
    }
}

#[test]
fn models_have_the_logits_of_hugging_face() {
    check_logits(&fixtures("huggingface"), &MODELS, "config.json");
}

#[test]
fn dictionaries_have_the_logits_of_transformer_lens() {
    check_logits(&fixtures("transformer_lens"), &DICTIONARIES, "tl_config.json");
}

/// What is left out of a config must show in the logits, or the check above says nothing about it.
#[test]
fn what_the_configs_ask_for_matters() {
    let changes: [(&str, Change); 11] = [
        ("gemma", |c| c.gain_offset = 0.0),
        ("gemma", |c| c.embed_scale = 1.0),
        ("llama-rope-linear", |c| c.rotary.as_mut().unwrap().scaling = RotaryScaling::None),
        ("llama-rope-llama3", |c| c.rotary.as_mut().unwrap().scaling = RotaryScaling::None),
        ("llama-rope-llama3-v5", |c| c.rotary.as_mut().unwrap().scaling = RotaryScaling::None),
        ("llama-rope-yarn", |c| c.rotary.as_mut().unwrap().scaling = RotaryScaling::None),
        ("llama-rope-yarn-mscale", |c| c.rotary.as_mut().unwrap().scaling = RotaryScaling::None),
        ("mistral-window", |c| c.attn_windows = Vec::new()),
        ("qwen2-window", |c| c.attn_windows = vec![Some(5); 2]),
        ("qwen3-window-v5", |c| c.attn_windows = Vec::new()),
        ("neox-v5", |c| c.rotary.as_mut().unwrap().base = 10000.0),
    ];
    for (name, change) in changes {
        let mut changed = config(name);
        change(&mut changed);
        let (found, expected) = (logits(&folder(name), changed), logits(&folder(name), config(name)));
        let most = found.iter().zip(&expected).map(|(f, e)| (f - e).abs()).fold(0.0, f32::max);
        assert!(most > 1e-2, "{name}: {most}");
    }
}

#[test]
fn half_precision_files_are_what_they_say() {
    for (name, dtype) in [("llama-bf16", FileDtype::Bf16), ("qwen2-f16", FileDtype::F16)] {
        let header = pollster::block_on(read_header(&folder(name).join("model.safetensors"))).unwrap();
        assert!(header.tensors.iter().all(|t| t.dtype == dtype), "{name}");
    }
}
