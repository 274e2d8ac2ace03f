//! Llama in the Hugging Face layout (Touvron et al. 2023; `transformers` `models/llama`), and what is built like it.
//!
//! RMS norms, rotary positions, gated MLPs, and fewer heads of keys and values than of queries. Mistral (Jiang et al. 2023)
//! has windows besides; Qwen and Gemma name their tensors in the same way.

use serde_json::Value;

use super::rope::rotary;
use super::windows::{no_windows, sliding_windows};
use super::{ACT_FNS, FOREIGN, Family, Fields, Param, Weight, sizes};
use crate::config::model::{Biases, ModelConfig, Normalization, PositionalEmbedding};
use crate::error::CircuitError;

pub const FAMILY: Family = Family {
    name: "llama",
    title: "Llama",
    models: "SmolLM2, TinyLlama, Llama 3.2 1B",
    summary: "RMS norm, rotary positions, gated MLP, grouped queries run ungrouped, tied or not",
    model_types: &["llama"],
    architectures: &["LlamaForCausalLM", "LLaMAForCausalLM"],
    config,
    weights,
    prefixes: &["model.", ""],
};

pub const MISTRAL: Family = Family {
    name: "mistral",
    title: "Mistral",
    models: "small models of the Mistral architecture",
    summary: "as Llama, with a sliding window",
    model_types: &["mistral"],
    architectures: &["MistralForCausalLM"],
    config: mistral_config,
    weights,
    prefixes: &["model.", ""],
};

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields::new(file, json);
    let attention_bias = fields.flag_or("attention_bias", false)?;
    let mlp = fields.flag_or("mlp_bias", false)?;
    let config = common(FAMILY.name, &fields, Defaults { n_ctx: 2048, ..DEFAULTS })?;
    no_windows(&fields, config.n_layers)?;
    fields.none_of(&["sliding_window"])?;
    let biases = Biases { qkv: attention_bias, attn_out: attention_bias, mlp, unembed: false };
    Ok(ModelConfig { biases, ..config })
}

fn mistral_config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields::new(file, json);
    fields.only("attention_bias", false)?;
    fields.only("mlp_bias", false)?;
    let config = common(MISTRAL.name, &fields, Defaults { n_ctx: 4096 * 32, ..DEFAULTS })?;
    let attn_windows = sliding_windows(&fields, config.n_layers, 0)?;
    Ok(ModelConfig { attn_windows, ..config })
}

/// What the configs of a family do not state.
pub struct Defaults {
    pub n_ctx: usize,
    /// `None`: `d_model / n_heads`.
    pub d_head: Option<usize>,
    pub tied: bool,
    pub act_fn: &'static str,
}

pub const DEFAULTS: Defaults = Defaults { n_ctx: 2048, d_head: None, tied: false, act_fn: "silu" };

/// The fields that all configs of this kind share.
pub fn common(family: &str, fields: &Fields, defaults: Defaults) -> Result<ModelConfig, CircuitError> {
    fields.none_of(FOREIGN)?;
    let mut sizes = sizes(fields, defaults.n_ctx, true)?;
    if let (Some(d_head), None) = (defaults.d_head, fields.get("head_dim")) {
        sizes.d_head = d_head;
    }
    Ok(ModelConfig {
        n_key_value_heads: fields.size_or("num_key_value_heads", sizes.n_heads)?,
        act_fn: fields.choice("hidden_act", defaults.act_fn, ACT_FNS)?,
        gated_mlp: true,
        normalization: Normalization::RMS,
        eps: fields.number_or("rms_norm_eps", 1e-6)?,
        positional_embedding: PositionalEmbedding::Rotary,
        rotary: Some(rotary(fields, &sizes, 1.0)?),
        tied_unembedding: fields.flag_or("tie_word_embeddings", defaults.tied)?,
        biases: Biases::NONE,
        ..ModelConfig::decoder(family, sizes)
    })
}

/// The tensors of a model of this kind.
pub fn weights(config: &ModelConfig) -> Vec<Weight> {
    let &ModelConfig { n_layers, d_model, d_vocab, .. } = config;
    let mut list = vec![Weight::plain(Param::EmbedWE, "embed_tokens.weight", &[d_vocab, d_model])];
    for l in 0..n_layers {
        list.extend(block_weights(config, l));
    }
    list.push(Weight::plain(Param::LnFinalW, "norm.weight", &[d_model]));
    if !config.tied_unembedding {
        list.push(Weight::linear(Param::UnembedWU, "lm_head.weight", [d_model, d_vocab]).beside());
    }
    list
}

/// The tensors of block `l`.
fn block_weights(config: &ModelConfig, l: usize) -> Vec<Weight> {
    let &ModelConfig { n_heads, n_key_value_heads, d_model, d_head, biases, .. } = config;
    let d_mlp = config.d_mlp.unwrap_or(0);
    let name = |rest: &str| format!("layers.{l}.{rest}");
    let groups = [n_key_value_heads, d_model, d_head];
    let mut list = vec![
        Weight::plain(Param::Ln1W(l), name("input_layernorm.weight"), &[d_model]),
        Weight::head_inputs(Param::AttnWQ(l), name("self_attn.q_proj.weight"), [n_heads, d_model, d_head]),
        Weight::head_inputs(Param::AttnWK(l), name("self_attn.k_proj.weight"), groups),
        Weight::head_inputs(Param::AttnWV(l), name("self_attn.v_proj.weight"), groups),
        Weight::head_outputs(Param::AttnWO(l), name("self_attn.o_proj.weight"), [n_heads, d_head, d_model]),
        Weight::plain(Param::Ln2W(l), name("post_attention_layernorm.weight"), &[d_model]),
        Weight::linear(Param::MlpWGate(l), name("mlp.gate_proj.weight"), [d_model, d_mlp]),
        Weight::linear(Param::MlpWIn(l), name("mlp.up_proj.weight"), [d_model, d_mlp]),
        Weight::linear(Param::MlpWOut(l), name("mlp.down_proj.weight"), [d_mlp, d_model]),
    ];
    if biases.qkv {
        list.extend([
            Weight::head_bias(Param::AttnBQ(l), name("self_attn.q_proj.bias"), [n_heads, d_head]),
            Weight::head_bias(Param::AttnBK(l), name("self_attn.k_proj.bias"), [n_key_value_heads, d_head]),
            Weight::head_bias(Param::AttnBV(l), name("self_attn.v_proj.bias"), [n_key_value_heads, d_head]),
        ]);
    }
    if biases.attn_out {
        list.push(Weight::plain(Param::AttnBO(l), name("self_attn.o_proj.bias"), &[d_model]));
    }
    if biases.mlp {
        list.extend([
            Weight::plain(Param::MlpBGate(l), name("mlp.gate_proj.bias"), &[d_mlp]),
            Weight::plain(Param::MlpBIn(l), name("mlp.up_proj.bias"), &[d_mlp]),
            Weight::plain(Param::MlpBOut(l), name("mlp.down_proj.bias"), &[d_model]),
        ]);
    }
    if config.qk_norm {
        list.extend([
            Weight::plain(Param::AttnQNorm(l), name("self_attn.q_norm.weight"), &[d_head]),
            Weight::plain(Param::AttnKNorm(l), name("self_attn.k_norm.weight"), &[d_head]),
        ]);
    }
    list
}
