//! Gemma, the first one, in the Hugging Face layout (Gemma Team 2024; `transformers` `models/gemma`): Llama with embeddings
//! scaled by the root of their size, gains stored less 1, and GELU in the gate. Gemma 2 and 3 have norms after attention and
//! MLP and are refused.

use serde_json::Value;

use super::llama::{self, Defaults};
use super::windows::no_windows;
use super::{ACT_FNS, Family, Fields};
use crate::config::model::{ActFn, Biases, ModelConfig};
use crate::error::CircuitError;

pub const FAMILY: Family = Family {
    name: "gemma",
    title: "Gemma (1)",
    models: "Gemma 2B, the first one",
    summary: "as Llama, with scaled embeddings and GELU",
    model_types: &["gemma"],
    architectures: &["GemmaForCausalLM"],
    config,
    weights: llama::weights,
    prefixes: &["model.", ""],
};

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields::new(file, json);
    fields.only("mlp_bias", false)?;
    let bias = fields.flag_or("attention_bias", false)?;
    let defaults = Defaults { n_ctx: 8192, d_head: Some(256), tied: true, act_fn: "gelu_pytorch_tanh" };
    let config = llama::common(FAMILY.name, &fields, defaults)?;
    no_windows(&fields, config.n_layers)?;
    // Released configs say "gelu" in `hidden_act` and mean the tanh approximation: Hugging Face reads them so.
    let act_fn = match (fields.get("hidden_activation"), config.act_fn) {
        (Some(_), _) => fields.choice("hidden_activation", "", ACT_FNS)?,
        (None, ActFn::Gelu) => ActFn::GeluNew,
        (None, act_fn) => act_fn,
    };
    Ok(ModelConfig {
        act_fn,
        gain_offset: 1.0,
        embed_scale: (config.d_model as f64).sqrt(),
        biases: Biases { qkv: bias, attn_out: bias, ..Biases::NONE },
        ..config
    })
}
