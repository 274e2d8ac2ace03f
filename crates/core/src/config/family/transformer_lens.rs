//! TransformerLens state dicts, with the fields of a `HookedTransformerConfig` beside them (Nanda and Bloom 2022).
//!
//! The tensors are already what the forward pass wants: names such as `blocks.0.attn.W_Q`, shape `[n_heads, d_model, d_head]`.

use serde_json::Value;

use super::windows::one_window;
use super::{Family, Fields, Param, Weight};
use crate::config::model::{
    ActFn, AttentionDir, Biases, ModelConfig, Normalization, PositionalEmbedding, Rotary, RotaryScaling, Sizes,
};
use crate::error::CircuitError;

pub const FAMILY: Family = Family {
    name: "transformer_lens",
    title: "TransformerLens",
    models: "state dicts: attention-only and SoLU models, Tracr models, any supported model after `process_weights_`",
    summary: "attention-only or with MLP; LN, LNPre, RMS, RMSPre or no norm; standard, shortformer or rotary positions; \
              causal or bidirectional",
    model_types: &[],
    architectures: &[],
    config,
    weights,
    prefixes: &[""],
};

pub fn recognise(json: &Value) -> bool {
    json.get("n_layers").is_some() && json.get("d_model").is_some()
}

/// Fields that change the maths whenever they are there and not `false`.
const FOREIGN: &[&str] = &[
    "num_experts",
    "experts_per_token",
    "use_NTK_by_parts_rope",
    "use_normalization_before_and_after",
    "use_qk_norm",
    "relative_attention_num_buckets",
    "rotary_base_local",
    "scale_attn_by_inverse_layer_idx",
    "load_in_4bit",
];

fn config(file: &str, json: &Value) -> Result<ModelConfig, CircuitError> {
    let fields = Fields::new(file, json);
    fields.none_of(FOREIGN)?;
    fields.only("rotary_adjacent_pairs", false)?;
    for field in ["attn_scores_soft_cap", "output_logits_soft_cap"] {
        if fields.number_or(field, -1.0)? > 0.0 {
            return Err(fields.wrong(field, "-1 (soft caps are not supported)"));
        }
    }
    let d_head = fields.size("d_head")?;
    let attn_only = fields.flag_or("attn_only", false)?;
    let sizes = Sizes {
        n_layers: fields.layers("n_layers")?,
        n_heads: fields.size("n_heads")?,
        d_model: fields.size("d_model")?,
        d_head,
        d_mlp: if attn_only { None } else { Some(fields.size("d_mlp")?) },
        n_ctx: fields.size("n_ctx")?,
        d_vocab: fields.size("d_vocab")?,
    };
    let act_fns = [
        ("gelu", ActFn::Gelu),
        ("gelu_new", ActFn::GeluNew),
        ("gelu_pytorch_tanh", ActFn::GeluNew),
        ("relu", ActFn::Relu),
        ("silu", ActFn::Silu),
        ("solu_ln", ActFn::SoluLn),
    ];
    let norms = [
        ("", Normalization::None),
        ("LN", Normalization::LN),
        ("LNPre", Normalization::LNPre),
        ("RMS", Normalization::RMS),
        ("RMSPre", Normalization::RMSPre),
    ];
    let positions = [
        ("standard", PositionalEmbedding::Standard),
        ("shortformer", PositionalEmbedding::Shortformer),
        ("rotary", PositionalEmbedding::Rotary),
    ];
    let directions = [("causal", AttentionDir::Causal), ("bidirectional", AttentionDir::Bidirectional)];
    let attn_scale = match (fields.flag_or("use_attn_scale", true)?, fields.number_or("attn_scale", -1.0)?) {
        (false, _) => 1.0,
        // TransformerLens writes -1 for "the square root of d_head".
        (true, -1.0) => (d_head as f64).sqrt(),
        (true, scale) => scale,
    };
    let normalization = fields.choice("normalization_type", "", &norms)?;
    if !matches!(normalization, Normalization::RMS | Normalization::RMSPre) {
        fields.only("final_rms", false)?;
    }
    let positional_embedding = fields.choice("positional_embedding_type", "standard", &positions)?;
    let rotary = match positional_embedding {
        PositionalEmbedding::Rotary => Some(Rotary {
            dim: fields.size("rotary_dim")?,
            base: fields.number_or("rotary_base", 10000.0)?,
            scaling: RotaryScaling::None,
        }),
        _ => None,
    };
    let gated_mlp = fields.flag_or("gated_mlp", false)?;
    let act_fn = if attn_only { ActFn::Relu } else { fields.choice("act_fn", "", &act_fns)? };
    if gated_mlp && act_fn == ActFn::SoluLn {
        return Err(fields.wrong("gated_mlp", "false for the activation function solu_ln"));
    }
    Ok(ModelConfig {
        n_key_value_heads: fields.size_or("n_key_value_heads", sizes.n_heads)?,
        d_vocab_out: match fields.number_or("d_vocab_out", -1.0)? {
            -1.0 => sizes.d_vocab,
            _ => fields.size("d_vocab_out")?,
        },
        act_fn,
        gated_mlp,
        parallel_attn_mlp: !attn_only && fields.flag_or("parallel_attn_mlp", false)?,
        normalization,
        eps: fields.number_or("eps", 1e-5)?,
        positional_embedding,
        rotary,
        attention_dir: fields.choice("attention_dir", "causal", &directions)?,
        attn_windows: windows(&fields, sizes.n_layers)?,
        attn_scale,
        biases: Biases::ALL,
        ..ModelConfig::decoder(FAMILY.name, sizes)
    })
}

/// `attn_types` with `use_local_attn`.
fn windows(fields: &Fields, n_layers: usize) -> Result<Vec<Option<usize>>, CircuitError> {
    if !fields.flag_or("use_local_attn", false)? {
        return Ok(Vec::new());
    }
    let expected = format!("\"global\" or \"local\" for each of {n_layers} blocks");
    let wrong = || fields.wrong("attn_types", &expected);
    let types = fields.get("attn_types").and_then(Value::as_array).filter(|t| t.len() == n_layers).ok_or_else(wrong)?;
    let local = |value: &Value| match value.as_str() {
        Some("global") => Ok(false),
        Some("local") => Ok(true),
        _ => Err(wrong()),
    };
    Ok(one_window(types.iter().map(local).collect::<Result<_, _>>()?, fields.size("window_size")?))
}

fn weights(config: &ModelConfig) -> Vec<Weight> {
    let &ModelConfig { n_layers, n_ctx, d_model, d_vocab, d_vocab_out, .. } = config;
    let mut list = vec![Weight::plain(Param::EmbedWE, "embed.W_E", &[d_vocab, d_model])];
    if config.positional_embedding != PositionalEmbedding::Rotary {
        list.push(Weight::plain(Param::PosEmbedWPos, "pos_embed.W_pos", &[n_ctx, d_model]));
    }
    for l in 0..n_layers {
        list.extend(block_weights(config, l));
    }
    list.extend(norm_weights(config, [Param::LnFinalW, Param::LnFinalB], "ln_final", d_model));
    list.push(Weight::plain(Param::UnembedWU, "unembed.W_U", &[d_model, d_vocab_out]));
    list.push(Weight::plain(Param::UnembedBU, "unembed.b_U", &[d_vocab_out]));
    list
}

/// The gain and bias of a norm, as far as the model's kind has them.
fn norm_weights(config: &ModelConfig, [gain, bias]: [Param; 2], name: &str, d: usize) -> Vec<Weight> {
    let gain = || Weight::plain(gain, format!("{name}.w"), &[d]);
    match config.normalization {
        Normalization::LN => vec![gain(), Weight::plain(bias, format!("{name}.b"), &[d])],
        Normalization::RMS => vec![gain()],
        Normalization::None | Normalization::LNPre | Normalization::RMSPre => Vec::new(),
    }
}

/// The tensors of block `l`.
fn block_weights(config: &ModelConfig, l: usize) -> Vec<Weight> {
    let &ModelConfig { n_heads, n_key_value_heads: groups, d_model, d_head, .. } = config;
    let name = |rest: &str| format!("blocks.{l}.{rest}");
    // Keys and values of fewer heads are stored under names of their own.
    let grouped = |part: &str| name(&if groups == n_heads { format!("attn.{part}") } else { format!("attn._{part}") });
    let mut list = vec![
        Weight::plain(Param::AttnWQ(l), name("attn.W_Q"), &[n_heads, d_model, d_head]),
        Weight::plain(Param::AttnBQ(l), name("attn.b_Q"), &[n_heads, d_head]),
        Weight::plain(Param::AttnWK(l), grouped("W_K"), &[groups, d_model, d_head]),
        Weight::plain(Param::AttnBK(l), grouped("b_K"), &[groups, d_head]),
        Weight::plain(Param::AttnWV(l), grouped("W_V"), &[groups, d_model, d_head]),
        Weight::plain(Param::AttnBV(l), grouped("b_V"), &[groups, d_head]),
        Weight::plain(Param::AttnWO(l), name("attn.W_O"), &[n_heads, d_head, d_model]),
        Weight::plain(Param::AttnBO(l), name("attn.b_O"), &[d_model]),
    ];
    list.extend(norm_weights(config, [Param::Ln1W(l), Param::Ln1B(l)], &name("ln1"), d_model));
    let Some(d_mlp) = config.d_mlp else { return list };
    list.extend([
        Weight::plain(Param::MlpWIn(l), name("mlp.W_in"), &[d_model, d_mlp]),
        Weight::plain(Param::MlpWOut(l), name("mlp.W_out"), &[d_mlp, d_model]),
        Weight::plain(Param::MlpBOut(l), name("mlp.b_out"), &[d_model]),
    ]);
    if config.gated_mlp {
        list.push(Weight::plain(Param::MlpWGate(l), name("mlp.W_gate"), &[d_model, d_mlp]));
        list.push(Weight::plain(Param::MlpBPost(l), name("mlp.b_in"), &[d_mlp]));
    } else {
        list.push(Weight::plain(Param::MlpBIn(l), name("mlp.b_in"), &[d_mlp]));
    }
    list.extend(norm_weights(config, [Param::Ln2W(l), Param::Ln2B(l)], &name("ln2"), d_model));
    if config.act_fn == ActFn::SoluLn {
        list.extend(norm_weights(config, [Param::MlpLnW(l), Param::MlpLnB(l)], &name("mlp.ln"), d_mlp));
    }
    list
}
