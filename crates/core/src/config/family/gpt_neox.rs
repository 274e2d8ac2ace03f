//! GPT-NeoX in the Hugging Face layout (Black et al. 2022; `transformers` `models/gpt_neox`): Pythia (Biderman et al. 2023).
//!
//! Queries, keys and values are one `Linear`, head after head. Part of each head is rotated (rotary positions). In the
//! parallel form, the usual one, attention and MLP of a block read the same residual stream, each through its own norm.

use serde_json::Value;

use super::rope::rotary;
use super::{ACT_FNS, FOREIGN, Family, Fields, Param, Weight, sizes};
use crate::config::model::{Biases, ModelConfig, PositionalEmbedding};
use crate::error::CircuitError;

pub const FAMILY: Family = Family {
    name: "gpt_neox",
    title: "GPT-NeoX",
    models: "Pythia 14M to 1.4B",
    summary: "attention and MLP side by side or in sequence, rotary positions on a part of each head, layer norm",
    model_types: &["gpt_neox"],
    architectures: &["GPTNeoXForCausalLM"],
    config,
    weights,
    prefixes: &["gpt_neox.", ""],
};

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields::new(file, json);
    fields.none_of(FOREIGN)?;
    let sizes = sizes(&fields, 2048, false)?;
    let attention_bias = fields.flag_or("attention_bias", true)?;
    Ok(ModelConfig {
        act_fn: fields.choice("hidden_act", "gelu", ACT_FNS)?,
        parallel_attn_mlp: fields.flag_or("use_parallel_residual", true)?,
        eps: fields.number_or("layer_norm_eps", 1e-5)?,
        positional_embedding: PositionalEmbedding::Rotary,
        rotary: Some(rotary(&fields, &sizes, 0.25)?),
        tied_unembedding: fields.flag_or("tie_word_embeddings", false)?,
        biases: Biases { qkv: attention_bias, attn_out: attention_bias, mlp: true, unembed: false },
        ..ModelConfig::decoder(FAMILY.name, sizes)
    })
}

fn weights(config: &ModelConfig) -> Vec<Weight> {
    let &ModelConfig { n_layers, n_heads, d_model, d_head, d_vocab, biases, .. } = config;
    let d_mlp = config.d_mlp.unwrap_or(0);
    let d_attn = n_heads * d_head;
    let mut list = vec![Weight::plain(Param::EmbedWE, "embed_in.weight", &[d_vocab, d_model])];
    for l in 0..n_layers {
        let name = |rest: &str| format!("layers.{l}.{rest}");
        list.extend([
            Weight::plain(Param::Ln1W(l), name("input_layernorm.weight"), &[d_model]),
            Weight::plain(Param::Ln1B(l), name("input_layernorm.bias"), &[d_model]),
            // Rows are heads; within each, queries, keys, values.
            Weight::rearranged(
                Param::AttnWQkv(l),
                name("attention.query_key_value.weight"),
                &[3 * d_attn, d_model],
                &[n_heads, 3, d_head, d_model],
                &[1, 0, 3, 2],
                &[3 * n_heads, d_model, d_head],
            ),
            Weight::head_outputs(Param::AttnWO(l), name("attention.dense.weight"), [n_heads, d_head, d_model]),
            Weight::plain(Param::Ln2W(l), name("post_attention_layernorm.weight"), &[d_model]),
            Weight::plain(Param::Ln2B(l), name("post_attention_layernorm.bias"), &[d_model]),
            Weight::linear(Param::MlpWIn(l), name("mlp.dense_h_to_4h.weight"), [d_model, d_mlp]),
            Weight::plain(Param::MlpBIn(l), name("mlp.dense_h_to_4h.bias"), &[d_mlp]),
            Weight::linear(Param::MlpWOut(l), name("mlp.dense_4h_to_h.weight"), [d_mlp, d_model]),
            Weight::plain(Param::MlpBOut(l), name("mlp.dense_4h_to_h.bias"), &[d_model]),
        ]);
        if biases.qkv {
            list.push(Weight::rearranged(
                Param::AttnBQkv(l),
                name("attention.query_key_value.bias"),
                &[3 * d_attn],
                &[n_heads, 3, d_head],
                &[1, 0, 2],
                &[3 * n_heads, d_head],
            ));
            list.push(Weight::plain(Param::AttnBO(l), name("attention.dense.bias"), &[d_model]));
        }
    }
    list.extend([
        Weight::plain(Param::LnFinalW, "final_layer_norm.weight", &[d_model]),
        Weight::plain(Param::LnFinalB, "final_layer_norm.bias", &[d_model]),
    ]);
    if !config.tied_unembedding {
        list.push(Weight::linear(Param::UnembedWU, "embed_out.weight", [d_model, d_vocab]).beside());
    }
    list
}
