//! How Python gets the model: TransformerLens's `HookedTransformer` of the same config, with the file's weights.
//!
//! TransformerLens's own `from_pretrained` knows models by their names on the hub. A config written out and the function that
//! rearranges a family's weights need no name, and give the model whose numbers the page shows: neither layer norms are folded
//! nor weights centred.

use super::PythonError;
use crate::config::model::{ActFn, ModelConfig, Normalization, PositionalEmbedding, Rotary, RotaryScaling};

/// TransformerLens's version, which auto-circuit 1.0.1 runs with.
const TRANSFORMER_LENS: &str = "TransformerLens 2.11.0";

/// What TransformerLens itself takes for models with rotary positions that were trained on more.
const MAX_N_CTX: usize = 2048;

/// How the weights are stored.
pub(super) enum Source {
    /// `tl_config.json`, and a state dict.
    StateDict,
    /// A model of Hugging Face; with TransformerLens's function that reads such weights.
    HuggingFace(&'static str),
}

impl Source {
    /// # Errors
    /// When TransformerLens does not read the family.
    pub fn of(model: &ModelConfig) -> Result<Self, PythonError> {
        Ok(Self::HuggingFace(match model.family.as_str() {
            "transformer_lens" => return Ok(Self::StateDict),
            "gpt2" => "convert_gpt2_weights",
            "gpt_neo" => "convert_neo_weights",
            "gpt_neox" => "convert_neox_weights",
            "llama" => "convert_llama_weights",
            "mistral" => "convert_mistral_weights",
            "qwen2" => "convert_qwen2_weights",
            "gemma" => "convert_gemma_weights",
            other => return Err(PythonError(format!("{TRANSFORMER_LENS} cannot load models of the family {other}"))),
        }))
    }
}

/// The fields of `HookedTransformerConfig`, as arguments of a Python call.
///
/// # Errors
/// When TransformerLens has no field for something.
pub(super) fn config_fields(model: &ModelConfig) -> Result<Vec<(&'static str, String)>, PythonError> {
    let mut fields = vec![
        ("n_layers", model.n_layers.to_string()),
        ("n_heads", model.n_heads.to_string()),
        ("d_model", model.d_model.to_string()),
        ("d_head", model.d_head.to_string()),
        ("n_ctx", n_ctx(model).to_string()),
        ("d_vocab", model.d_vocab.to_string()),
        ("normalization_type", normalization(model.normalization).to_owned()),
        ("eps", model.eps.to_string()),
    ];
    match model.d_mlp {
        Some(d_mlp) => fields.extend([("d_mlp", d_mlp.to_string()), ("act_fn", act_fn(model).to_owned())]),
        None => fields.push(("attn_only", "True".to_owned())),
    }
    let flags = [
        ("gated_mlp", model.gated_mlp),
        ("final_rms", matches!(model.normalization, Normalization::RMS | Normalization::RMSPre)),
        ("parallel_attn_mlp", model.parallel_attn_mlp),
    ];
    fields.extend(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| (name, "True".to_owned())));
    if model.n_key_value_heads != model.n_heads {
        fields.push(("n_key_value_heads", model.n_key_value_heads.to_string()));
        fields.push(("ungroup_grouped_query_attention", "True".to_owned()));
    }
    if model.attn_scale == 1.0 {
        fields.push(("use_attn_scale", "False".to_owned()));
    } else if model.attn_scale != (model.d_head as f64).sqrt() {
        fields.push(("attn_scale", model.attn_scale.to_string()));
    }
    if let PositionalEmbedding::Shortformer = model.positional_embedding {
        fields.push(("positional_embedding_type", "\"shortformer\"".to_owned()));
    }
    if let Some(rotary) = model.rotary {
        fields.extend(rotary_fields(rotary)?);
    }
    fields.extend(window_fields(model));
    if model.qk_norm {
        return Err(PythonError(format!("{TRANSFORMER_LENS} does not normalise queries and keys")));
    }
    Ok(fields)
}

/// TransformerLens keeps a mask of this many rows and columns for each block.
fn n_ctx(model: &ModelConfig) -> usize {
    if model.rotary.is_some() { model.n_ctx.min(MAX_N_CTX) } else { model.n_ctx }
}

fn normalization(normalization: Normalization) -> &'static str {
    match normalization {
        Normalization::None => "None",
        Normalization::LN => "\"LN\"",
        Normalization::LNPre => "\"LNPre\"",
        Normalization::RMS => "\"RMS\"",
        Normalization::RMSPre => "\"RMSPre\"",
    }
}

fn act_fn(model: &ModelConfig) -> &'static str {
    match model.act_fn {
        ActFn::Gelu => "\"gelu\"",
        ActFn::GeluNew => "\"gelu_new\"",
        ActFn::Relu => "\"relu\"",
        ActFn::Silu => "\"silu\"",
        ActFn::SoluLn => "\"solu_ln\"",
    }
}

fn rotary_fields(rotary: Rotary) -> Result<Vec<(&'static str, String)>, PythonError> {
    let mut fields = vec![
        ("positional_embedding_type", "\"rotary\"".to_owned()),
        ("rotary_dim", rotary.dim.to_string()),
        ("rotary_base", rotary.base.to_string()),
        ("rotary_adjacent_pairs", "False".to_owned()),
    ];
    match rotary.scaling {
        RotaryScaling::None => {}
        // The length of the first training is written into TransformerLens as 8192.
        RotaryScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_n_ctx: 8192.0 } => fields.extend([
            ("use_NTK_by_parts_rope", "True".to_owned()),
            ("NTK_by_parts_factor", python_float(factor)),
            ("NTK_by_parts_low_freq_factor", python_float(low_freq_factor)),
            ("NTK_by_parts_high_freq_factor", python_float(high_freq_factor)),
        ]),
        _ => return Err(PythonError(format!("{TRANSFORMER_LENS} does not scale rotary angles in this model's way"))),
    }
    Ok(fields)
}

fn python_float(x: f64) -> String {
    format!("{x:?}")
}

/// TransformerLens has one window for all local layers.
fn window_fields(model: &ModelConfig) -> Vec<(&'static str, String)> {
    let Some(window) = model.attn_windows.iter().find_map(|window| *window) else { return Vec::new() };
    let kinds = (0..model.n_layers).map(|block| match model.attn_window(block) {
        Some(_) => "\"local\"",
        None => "\"global\"",
    });
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    vec![
        ("use_local_attn", "True".to_owned()),
        ("window_size", window.to_string()),
        ("attn_types", format!("[{kinds}]")),
    ]
}
