//! TransformerLens state dicts, with the fields of a `HookedTransformerConfig` beside them (Nanda and Bloom 2022).
//!
//! The tensors are already what the forward pass wants: names such as `blocks.0.attn.W_Q`, shape `[n_heads, d_model, d_head]`.

use serde_json::Value;

use super::{Family, Fields, Param, Weight};
use crate::circuit::config::{ActFn, AttentionDir, ModelConfig, Normalization, PositionalEmbedding};
use crate::circuit::error::CircuitError;

pub const FAMILY: Family = Family { name: "transformer_lens", recognise, config, weights, prefixes: &[""] };

fn recognise(json: &Value) -> bool {
    json.get("model_type").is_none() && json.get("n_layers").is_some() && json.get("d_model").is_some()
}

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields { file, json };
    fields.only("parallel_attn_mlp", false)?;
    fields.only("gated_mlp", false)?;
    fields.only("final_rms", false)?;
    fields.only("use_local_attn", false)?;
    fields.only("scale_attn_by_inverse_layer_idx", false)?;
    if fields.get("n_key_value_heads").is_some() && fields.size("n_key_value_heads")? != fields.size("n_heads")? {
        return Err(fields.wrong("n_key_value_heads", "null (grouped queries are not supported)"));
    }
    let d_vocab = fields.size("d_vocab")?;
    let d_head = fields.size("d_head")?;
    let attn_only = fields.flag_or("attn_only", false)?;
    let act_fns = [
        ("gelu", ActFn::Gelu),
        ("gelu_new", ActFn::GeluNew),
        ("gelu_pytorch_tanh", ActFn::GeluNew),
        ("relu", ActFn::Relu),
        ("silu", ActFn::Silu),
        ("solu_ln", ActFn::SoluLn),
    ];
    let norms = [("", Normalization::None), ("LN", Normalization::LN), ("LNPre", Normalization::LNPre)];
    let positions = [("standard", PositionalEmbedding::Standard), ("shortformer", PositionalEmbedding::Shortformer)];
    let directions = [("causal", AttentionDir::Causal), ("bidirectional", AttentionDir::Bidirectional)];
    let attn_scale = match (fields.flag_or("use_attn_scale", true)?, fields.number_or("attn_scale", -1.0)?) {
        (false, _) => 1.0,
        // TransformerLens writes -1 for "the square root of d_head".
        (true, -1.0) => (d_head as f64).sqrt(),
        (true, scale) => scale,
    };
    Ok(ModelConfig {
        family: FAMILY.name.to_owned(),
        n_layers: fields.size("n_layers")?,
        n_heads: fields.size("n_heads")?,
        d_model: fields.size("d_model")?,
        d_head,
        d_mlp: if attn_only { None } else { Some(fields.size("d_mlp")?) },
        n_ctx: fields.size("n_ctx")?,
        d_vocab,
        d_vocab_out: match fields.number_or("d_vocab_out", -1.0)? {
            -1.0 => d_vocab,
            _ => fields.size("d_vocab_out")?,
        },
        act_fn: if attn_only { ActFn::Relu } else { fields.choice("act_fn", "", &act_fns)? },
        normalization: fields.choice("normalization_type", "", &norms)?,
        eps: fields.number_or("eps", 1e-5)?,
        positional_embedding: fields.choice("positional_embedding_type", "standard", &positions)?,
        attention_dir: fields.choice("attention_dir", "causal", &directions)?,
        attn_scale,
        tied_unembedding: false,
    })
}

fn weights(config: &ModelConfig) -> Vec<Weight> {
    let &ModelConfig { n_layers, n_ctx, d_model, d_vocab, d_vocab_out, .. } = config;
    let mut list = vec![
        Weight::plain(Param::EmbedWE, "embed.W_E", &[d_vocab, d_model]),
        Weight::plain(Param::PosEmbedWPos, "pos_embed.W_pos", &[n_ctx, d_model]),
    ];
    for l in 0..n_layers {
        list.extend(block_weights(config, l));
    }
    if config.normalization == Normalization::LN {
        list.push(Weight::plain(Param::LnFinalW, "ln_final.w", &[d_model]));
        list.push(Weight::plain(Param::LnFinalB, "ln_final.b", &[d_model]));
    }
    list.push(Weight::plain(Param::UnembedWU, "unembed.W_U", &[d_model, d_vocab_out]));
    list.push(Weight::plain(Param::UnembedBU, "unembed.b_U", &[d_vocab_out]));
    list
}

/// The tensors of block `l`.
fn block_weights(config: &ModelConfig, l: usize) -> Vec<Weight> {
    let &ModelConfig { n_heads, d_model, d_head, .. } = config;
    let learned_norm = config.normalization == Normalization::LN;
    let name = |rest: &str| format!("blocks.{l}.{rest}");
    let mut list = vec![
        Weight::plain(Param::AttnWQ(l), name("attn.W_Q"), &[n_heads, d_model, d_head]),
        Weight::plain(Param::AttnBQ(l), name("attn.b_Q"), &[n_heads, d_head]),
        Weight::plain(Param::AttnWK(l), name("attn.W_K"), &[n_heads, d_model, d_head]),
        Weight::plain(Param::AttnBK(l), name("attn.b_K"), &[n_heads, d_head]),
        Weight::plain(Param::AttnWV(l), name("attn.W_V"), &[n_heads, d_model, d_head]),
        Weight::plain(Param::AttnBV(l), name("attn.b_V"), &[n_heads, d_head]),
        Weight::plain(Param::AttnWO(l), name("attn.W_O"), &[n_heads, d_head, d_model]),
        Weight::plain(Param::AttnBO(l), name("attn.b_O"), &[d_model]),
    ];
    if learned_norm {
        list.push(Weight::plain(Param::Ln1W(l), name("ln1.w"), &[d_model]));
        list.push(Weight::plain(Param::Ln1B(l), name("ln1.b"), &[d_model]));
    }
    let Some(d_mlp) = config.d_mlp else { return list };
    list.extend([
        Weight::plain(Param::MlpWIn(l), name("mlp.W_in"), &[d_model, d_mlp]),
        Weight::plain(Param::MlpBIn(l), name("mlp.b_in"), &[d_mlp]),
        Weight::plain(Param::MlpWOut(l), name("mlp.W_out"), &[d_mlp, d_model]),
        Weight::plain(Param::MlpBOut(l), name("mlp.b_out"), &[d_model]),
    ]);
    if learned_norm {
        list.push(Weight::plain(Param::Ln2W(l), name("ln2.w"), &[d_model]));
        list.push(Weight::plain(Param::Ln2B(l), name("ln2.b"), &[d_model]));
        if config.act_fn == ActFn::SoluLn {
            list.push(Weight::plain(Param::MlpLnW(l), name("mlp.ln.w"), &[d_mlp]));
            list.push(Weight::plain(Param::MlpLnB(l), name("mlp.ln.b"), &[d_mlp]));
        }
    }
    list
}
