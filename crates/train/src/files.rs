//! The folder of a demo: config, weights, tokenizer, prompts as texts, the loss curve, the model card.

use std::path::Path;

use burn::tensor::Device;
use circuitscope_core::{Answers, CircuitError, ModelConfig, PromptPair};
use circuitscope_engine::discover::noise::Noise;
use circuitscope_engine::model::{ModelError, Transformer, load};
use serde_json::{Value, json};
use thiserror::Error;

use crate::card;
use crate::evaluate::{Evaluation, evaluate};
use crate::tasks::Task;
use crate::training::{Recipe, Trained};

/// The name of the weights file.
pub const WEIGHTS: &str = "model.safetensors";
/// How many pairs of prompts a demo has: few enough that a circuit is run on all of them at once in a browser.
const N_PAIRS: usize = 32;
/// On how many held-out prompts a model is tested.
pub const N_HELD_OUT: usize = 1000;
/// Seeds are those of the training with these bits changed: other prompts, drawn the same way every time.
const HELD_OUT_SEED: u64 = 1 << 32;
const PAIRS_SEED: u64 = 1 << 33;

/// What can go wrong when a demo is written.
#[derive(Debug, Error)]
pub enum WriteError {
    #[error("{file}: {reason}")]
    Write { file: String, reason: std::io::Error },
    #[error("the weights could not be written: {0}")]
    Weights(#[from] safetensors::SafeTensorError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Circuit(#[from] CircuitError),
}

/// Writes a demo, and says how well the model that was written does on held-out prompts.
///
/// # Errors
/// When a file cannot be written, or the model cannot be read again.
pub async fn write(
    dir: &Path,
    task: &dyn Task,
    recipe: &Recipe,
    trained: &Trained,
    device: &Device,
) -> Result<Evaluation, WriteError> {
    let (config_file, config) = task.config();
    let weights = trained.parameters.to_bytes()?;
    let model = open(task, &weights, device).await?;
    let found = evaluate(&model, &held_out(task, recipe.seed ^ HELD_OUT_SEED)).await?;
    let facts =
        card::Facts { task, config: &trained.parameters.config, recipe, losses: &trained.losses, found: &found };
    let files: [(&str, Vec<u8>); 7] = [
        (config_file, pretty(&config)),
        (WEIGHTS, weights),
        ("tokenizer.json", pretty(&task.vocabulary().tokenizer_json())),
        ("prompts.json", prompts(task, recipe.seed ^ PAIRS_SEED).into_bytes()),
        ("loss.csv", card::loss_csv(&trained.losses).into_bytes()),
        ("loss.svg", card::loss_svg(&trained.losses).into_bytes()),
        ("README.md", card::card(&facts).into_bytes()),
    ];
    let written = |path: &Path, reason| WriteError::Write { file: path.display().to_string(), reason };
    std::fs::create_dir_all(dir).map_err(|reason| written(dir, reason))?;
    for (name, bytes) in files {
        let path = dir.join(name);
        std::fs::write(&path, bytes).map_err(|reason| written(&path, reason))?;
    }
    Ok(found)
}

/// The model's configuration.
///
/// # Errors
/// See [`ModelConfig::from_json`].
pub fn config(task: &dyn Task) -> Result<ModelConfig, CircuitError> {
    let (file, config) = task.config();
    ModelConfig::from_json(file, &config.to_string())
}

/// The model of a weights file.
///
/// # Errors
/// When the weights are not those of the task's model.
pub async fn open(task: &dyn Task, weights: &[u8], device: &Device) -> Result<Transformer, ModelError> {
    load(config(task)?, &(WEIGHTS, weights), device, async |_, _| true).await
}

/// Held-out prompts.
pub fn held_out(task: &dyn Task, seed: u64) -> Vec<PromptPair> {
    let mut noise = Noise::new(seed);
    (0..N_HELD_OUT).map(|_| task.held_out(&mut noise)).collect()
}

/// The pairs of prompts that a circuit is looked for on, as texts, a pair a line.
fn prompts(task: &dyn Task, seed: u64) -> String {
    let (vocabulary, mut noise) = (task.vocabulary(), Noise::new(seed));
    let pair = |_| {
        let pair = task.pair(&mut noise);
        let texts = |list: &Answers| -> Vec<String> { list.tokens().map(|id| vocabulary.text(&[id])).collect() };
        let json = json!({
            "clean": vocabulary.text(&pair.clean),
            "corrupt": vocabulary.text(&pair.corrupt),
            "answers": texts(&pair.answers),
            "wrong_answers": texts(&pair.wrong_answers),
        });
        json.to_string()
    };
    let (labels, pairs) = (json!(task.seq_labels()), (0..N_PAIRS).map(pair).collect::<Vec<_>>());
    format!("{{\"seq_labels\": {labels},\n\"prompts\": [\n{}\n]}}\n", pairs.join(",\n"))
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}
