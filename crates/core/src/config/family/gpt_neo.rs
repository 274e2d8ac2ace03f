//! GPT-Neo in the Hugging Face layout (Black et al. 2021; `transformers` `models/gpt_neo`): TinyStories (Eldan and Li 2023).
//!
//! Blocks alternate between attention to all earlier positions and to a window of them; attention scores are not scaled.

use serde_json::Value;

use super::windows::one_window;
use super::{ACT_FNS, FOREIGN, Family, Fields, Param, Weight};
use crate::config::model::{Biases, ModelConfig, Sizes};
use crate::error::CircuitError;

pub const FAMILY: Family = Family {
    name: "gpt_neo",
    title: "GPT-Neo",
    models: "TinyStories 1M to 33M, GPT-Neo 125M",
    summary: "global and local attention in turn, scores not scaled, learned positions, layer norm",
    model_types: &["gpt_neo"],
    architectures: &["GPTNeoForCausalLM"],
    config,
    weights,
    prefixes: &["transformer.", ""],
};

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields::new(file, json);
    fields.none_of(FOREIGN)?;
    let (d_model, n_heads) = (fields.size("hidden_size")?, fields.size("num_heads")?);
    let sizes = Sizes {
        n_layers: fields.layers("num_layers")?,
        n_heads,
        d_model,
        d_head: fields.share("hidden_size", d_model, "num_heads", n_heads)?,
        d_mlp: Some(fields.size_or("intermediate_size", d_model.saturating_mul(4))?),
        n_ctx: fields.size_or("max_position_embeddings", 2048)?,
        d_vocab: fields.size("vocab_size")?,
    };
    let window = fields.size_or("window_size", 256)?;
    let local = attention_types(&fields, sizes.n_layers)?;
    Ok(ModelConfig {
        act_fn: fields.choice("activation_function", "gelu_new", ACT_FNS)?,
        eps: fields.number_or("layer_norm_epsilon", 1e-5)?,
        attn_scale: 1.0,
        attn_windows: one_window(local, window),
        tied_unembedding: fields.flag_or("tie_word_embeddings", true)?,
        biases: Biases { qkv: false, unembed: false, ..Biases::ALL },
        ..ModelConfig::decoder(FAMILY.name, sizes)
    })
}

/// For each block, whether its attention is local. `attention_types` is a list of `[kinds, how often]`; `attention_layers`,
/// where it is there as well, is the same list written out.
fn attention_types(fields: &Fields, n_layers: usize) -> Result<Vec<bool>, CircuitError> {
    let field = if fields.get("attention_types").is_some() { "attention_types" } else { "attention_layers" };
    let expected = format!("\"global\" or \"local\" for each of {n_layers} blocks");
    let wrong = || fields.wrong(field, &expected);
    let Some(value) = fields.get(field) else {
        // Hugging Face's default is global and local, twelve times.
        return Ok((0..n_layers).map(|l| l % 2 == 1).collect());
    };
    let kinds = |list: &[Value]| -> Result<Vec<bool>, CircuitError> {
        let kind = |value: &Value| match value.as_str() {
            Some("global") => Ok(false),
            Some("local") => Ok(true),
            _ => Err(wrong()),
        };
        list.iter().map(kind).collect()
    };
    let list = value.as_array().ok_or_else(wrong)?;
    let mut local = Vec::new();
    if field == "attention_layers" {
        local = kinds(list)?;
    } else {
        for entry in list {
            let (Some(names), Some(times)) = (entry[0].as_array(), entry[1].as_u64()) else { return Err(wrong()) };
            let names = kinds(names)?;
            if names.is_empty() {
                return Err(wrong());
            }
            for _ in 0..times {
                local.extend(&names);
                if local.len() > n_layers {
                    return Err(wrong());
                }
            }
        }
    }
    if local.len() == n_layers { Ok(local) } else { Err(wrong()) }
}

fn weights(config: &ModelConfig) -> Vec<Weight> {
    let &ModelConfig { n_layers, n_heads, d_model, d_head, n_ctx, d_vocab, .. } = config;
    let d_mlp = config.d_mlp.unwrap_or(0);
    let mut list = vec![
        Weight::plain(Param::EmbedWE, "wte.weight", &[d_vocab, d_model]),
        Weight::plain(Param::PosEmbedWPos, "wpe.weight", &[n_ctx, d_model]),
    ];
    for l in 0..n_layers {
        let name = |rest: &str| format!("h.{l}.{rest}");
        let of_heads = [n_heads, d_model, d_head];
        list.extend([
            Weight::plain(Param::Ln1W(l), name("ln_1.weight"), &[d_model]),
            Weight::plain(Param::Ln1B(l), name("ln_1.bias"), &[d_model]),
            Weight::head_inputs(Param::AttnWQ(l), name("attn.attention.q_proj.weight"), of_heads),
            Weight::head_inputs(Param::AttnWK(l), name("attn.attention.k_proj.weight"), of_heads),
            Weight::head_inputs(Param::AttnWV(l), name("attn.attention.v_proj.weight"), of_heads),
            Weight::head_outputs(Param::AttnWO(l), name("attn.attention.out_proj.weight"), [n_heads, d_head, d_model]),
            Weight::plain(Param::AttnBO(l), name("attn.attention.out_proj.bias"), &[d_model]),
            Weight::plain(Param::Ln2W(l), name("ln_2.weight"), &[d_model]),
            Weight::plain(Param::Ln2B(l), name("ln_2.bias"), &[d_model]),
            Weight::linear(Param::MlpWIn(l), name("mlp.c_fc.weight"), [d_model, d_mlp]),
            Weight::plain(Param::MlpBIn(l), name("mlp.c_fc.bias"), &[d_mlp]),
            Weight::linear(Param::MlpWOut(l), name("mlp.c_proj.weight"), [d_mlp, d_model]),
            Weight::plain(Param::MlpBOut(l), name("mlp.c_proj.bias"), &[d_model]),
        ]);
    }
    list.extend([
        Weight::plain(Param::LnFinalW, "ln_f.weight", &[d_model]),
        Weight::plain(Param::LnFinalB, "ln_f.bias", &[d_model]),
    ]);
    if !config.tied_unembedding {
        list.push(Weight::linear(Param::UnembedWU, "lm_head.weight", [d_model, d_vocab]).beside());
    }
    list
}
