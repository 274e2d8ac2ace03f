//! Qwen 2 and 2.5 in the Hugging Face layout (Yang et al. 2024; `transformers` `models/qwen2`): Llama with biases on queries,
//! keys and values, and with windows in some blocks where they are switched on.

use serde_json::Value;

use super::llama::{self, DEFAULTS, Defaults};
use super::windows::{no_windows, sliding_windows};
use super::{Family, Fields};
use crate::config::model::{Biases, ModelConfig};
use crate::error::CircuitError;

pub const FAMILY: Family = Family {
    name: "qwen2",
    title: "Qwen2",
    models: "Qwen2 and Qwen2.5, 0.5B and 1.5B",
    summary: "as Llama, with biases on queries, keys and values",
    model_types: &["qwen2"],
    architectures: &["Qwen2ForCausalLM"],
    config,
    weights: llama::weights,
    prefixes: &["model.", ""],
};

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields::new(file, json);
    fields.only("attention_bias", true)?;
    fields.only("mlp_bias", false)?;
    let config = llama::common(FAMILY.name, &fields, Defaults { n_ctx: 32768, ..DEFAULTS })?;
    let attn_windows = windows(&fields, config.n_layers)?;
    Ok(ModelConfig { attn_windows, biases: Biases { qkv: true, ..Biases::NONE }, ..config })
}

/// Windows count only where `use_sliding_window` says so: configs name a size all the same.
pub fn windows(fields: &Fields, n_layers: usize) -> Result<Vec<Option<usize>>, CircuitError> {
    if fields.flag_or("use_sliding_window", false)? {
        sliding_windows(fields, n_layers, fields.size_or("max_window_layers", 28)?)
    } else {
        no_windows(fields, n_layers).map(|()| Vec::new())
    }
}
