//! Qwen 3 in the Hugging Face layout (Yang et al. 2025; `transformers` `models/qwen3`): Llama with an RMS norm of every
//! head's query and key before they are rotated. The norms are inside a head, so that heads still add up in the residual
//! stream.

use serde_json::Value;

use super::llama::{self, DEFAULTS, Defaults};
use super::{Family, Fields, qwen2};
use crate::config::model::{Biases, ModelConfig};
use crate::error::CircuitError;

pub const FAMILY: Family = Family {
    name: "qwen3",
    title: "Qwen3",
    models: "Qwen3 0.6B and 1.7B",
    summary: "as Llama, with norms of queries and keys, and a head size of its own",
    model_types: &["qwen3"],
    architectures: &["Qwen3ForCausalLM"],
    config,
    weights: llama::weights,
    prefixes: &["model.", ""],
};

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields::new(file, json);
    fields.only("mlp_bias", false)?;
    let bias = fields.flag_or("attention_bias", false)?;
    let config = llama::common(FAMILY.name, &fields, Defaults { n_ctx: 32768, d_head: Some(128), ..DEFAULTS })?;
    let attn_windows = qwen2::windows(&fields, config.n_layers)?;
    let biases = Biases { qkv: bias, attn_out: bias, ..Biases::NONE };
    Ok(ModelConfig { attn_windows, biases, qk_norm: true, ..config })
}
