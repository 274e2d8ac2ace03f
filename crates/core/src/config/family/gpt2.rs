//! GPT-2 in the Hugging Face layout (Radford et al. 2019; `transformers` `models/gpt2`).
//!
//! Its matrices are `Conv1D`s, stored `[in, out]`. Queries, keys and values are one tensor; the unembedding is the token
//! embedding. Files carry the prefix `transformer.` or not.

use serde_json::Value;

use super::{ACT_FNS, FOREIGN, Family, Fields, Param, Weight};
use crate::config::model::{Biases, ModelConfig, Sizes};
use crate::error::CircuitError;

pub const FAMILY: Family = Family {
    name: "gpt2",
    title: "GPT-2",
    models: "GPT-2 small to XL, DistilGPT-2",
    summary: "learned positions, layer norm, tied unembedding",
    model_types: &["gpt2"],
    architectures: &["GPT2LMHeadModel"],
    config,
    weights,
    prefixes: &["transformer.", ""],
};

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields::new(file, json);
    fields.none_of(FOREIGN)?;
    fields.only("scale_attn_weights", true)?;
    fields.only("scale_attn_by_inverse_layer_idx", false)?;
    fields.only("add_cross_attention", false)?;
    fields.only("tie_word_embeddings", true)?;
    let (d_model, n_heads) = (fields.size("n_embd")?, fields.size("n_head")?);
    let sizes = Sizes {
        n_layers: fields.layers("n_layer")?,
        n_heads,
        d_model,
        d_head: fields.share("n_embd", d_model, "n_head", n_heads)?,
        d_mlp: Some(fields.size_or("n_inner", d_model.saturating_mul(4))?),
        n_ctx: fields.size_or("n_positions", 1024)?,
        d_vocab: fields.size("vocab_size")?,
    };
    Ok(ModelConfig {
        act_fn: fields.choice("activation_function", "gelu_new", ACT_FNS)?,
        eps: fields.number_or("layer_norm_epsilon", 1e-5)?,
        tied_unembedding: true,
        biases: Biases { unembed: false, ..Biases::ALL },
        ..ModelConfig::decoder(FAMILY.name, sizes)
    })
}

fn weights(config: &ModelConfig) -> Vec<Weight> {
    let &ModelConfig { n_layers, n_heads, d_model, d_head, n_ctx, d_vocab, .. } = config;
    let d_mlp = config.d_mlp.unwrap_or(0);
    let d_attn = n_heads * d_head;
    let mut list = vec![
        Weight::plain(Param::EmbedWE, "wte.weight", &[d_vocab, d_model]),
        Weight::plain(Param::PosEmbedWPos, "wpe.weight", &[n_ctx, d_model]),
    ];
    for l in 0..n_layers {
        let name = |rest: &str| format!("h.{l}.{rest}");
        list.extend([
            Weight::plain(Param::Ln1W(l), name("ln_1.weight"), &[d_model]),
            Weight::plain(Param::Ln1B(l), name("ln_1.bias"), &[d_model]),
            // Columns are queries, keys, values; within each, heads.
            Weight::rearranged(
                Param::AttnWQkv(l),
                name("attn.c_attn.weight"),
                &[d_model, 3 * d_attn],
                &[d_model, 3 * n_heads, d_head],
                &[1, 0, 2],
                &[3 * n_heads, d_model, d_head],
            ),
            Weight::rearranged(
                Param::AttnBQkv(l),
                name("attn.c_attn.bias"),
                &[3 * d_attn],
                &[3 * n_heads, d_head],
                &[0, 1],
                &[3 * n_heads, d_head],
            ),
            Weight::rearranged(
                Param::AttnWO(l),
                name("attn.c_proj.weight"),
                &[d_attn, d_model],
                &[n_heads, d_head, d_model],
                &[0, 1, 2],
                &[n_heads, d_head, d_model],
            ),
            Weight::plain(Param::AttnBO(l), name("attn.c_proj.bias"), &[d_model]),
            Weight::plain(Param::Ln2W(l), name("ln_2.weight"), &[d_model]),
            Weight::plain(Param::Ln2B(l), name("ln_2.bias"), &[d_model]),
            Weight::plain(Param::MlpWIn(l), name("mlp.c_fc.weight"), &[d_model, d_mlp]),
            Weight::plain(Param::MlpBIn(l), name("mlp.c_fc.bias"), &[d_mlp]),
            Weight::plain(Param::MlpWOut(l), name("mlp.c_proj.weight"), &[d_mlp, d_model]),
            Weight::plain(Param::MlpBOut(l), name("mlp.c_proj.bias"), &[d_model]),
        ]);
    }
    list.extend([
        Weight::plain(Param::LnFinalW, "ln_f.weight", &[d_model]),
        Weight::plain(Param::LnFinalB, "ln_f.bias", &[d_model]),
    ]);
    list
}
