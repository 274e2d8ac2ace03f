//! GPT-2 in the Hugging Face layout (Radford et al. 2019; `transformers` `models/gpt2`).
//!
//! Its matrices are `Conv1D`s, stored `[in, out]`. Queries, keys and values are one tensor; the unembedding is the token
//! embedding. Files carry the prefix `transformer.` or not.

use serde_json::Value;

use super::{Family, Fields, Param, Weight};
use crate::circuit::config::{ActFn, AttentionDir, ModelConfig, Normalization, PositionalEmbedding};
use crate::circuit::error::CircuitError;

pub const FAMILY: Family = Family { name: "gpt2", recognise, config, weights, prefixes: &["transformer.", ""] };

fn recognise(json: &Value) -> bool {
    json.get("model_type").and_then(Value::as_str) == Some("gpt2")
}

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields { file, json };
    fields.only("scale_attn_weights", true)?;
    fields.only("scale_attn_by_inverse_layer_idx", false)?;
    fields.only("add_cross_attention", false)?;
    fields.only("tie_word_embeddings", true)?;
    let (d_model, n_heads) = (fields.size("n_embd")?, fields.size("n_head")?);
    if n_heads == 0 || d_model % n_heads != 0 {
        return Err(CircuitError::field(
            file,
            "n_head",
            format!("a divisor of n_embd, {d_model}"),
            n_heads.to_string(),
        ));
    }
    let d_head = d_model / n_heads;
    let d_vocab = fields.size("vocab_size")?;
    let act_fns = [
        ("gelu_new", ActFn::GeluNew),
        ("gelu_pytorch_tanh", ActFn::GeluNew),
        ("gelu", ActFn::Gelu),
        ("relu", ActFn::Relu),
        ("silu", ActFn::Silu),
        ("swish", ActFn::Silu),
    ];
    Ok(ModelConfig {
        family: FAMILY.name.to_owned(),
        n_layers: fields.size("n_layer")?,
        n_heads,
        d_model,
        d_head,
        d_mlp: Some(fields.size_or("n_inner", d_model.saturating_mul(4))?),
        n_ctx: fields.size_or("n_positions", 1024)?,
        d_vocab,
        d_vocab_out: d_vocab,
        act_fn: fields.choice("activation_function", "gelu_new", &act_fns)?,
        normalization: Normalization::LN,
        eps: fields.number_or("layer_norm_epsilon", 1e-5)?,
        positional_embedding: PositionalEmbedding::Standard,
        attention_dir: AttentionDir::Causal,
        attn_scale: (d_head as f64).sqrt(),
        tied_unembedding: true,
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
