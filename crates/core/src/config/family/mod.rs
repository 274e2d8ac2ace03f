//! Model families: how each one's config is read, and the name and layout of each tensor in its file.
//!
//! To add a family, write a file beside this one with a `FAMILY` and name it in [`FAMILIES`]. A family reads a config into the
//! types of [`super::model`] with the help of `fields` (JSON fields), `rope` (rotary positions) and `windows` (local attention),
//! and lists its tensors as `weight` describes them; [`locate()`] finds those in a file.

mod fields;
mod gemma;
mod gpt2;
mod gpt_neo;
mod gpt_neox;
mod llama;
mod locate;
mod qwen2;
mod qwen3;
mod rope;
mod transformer_lens;
mod weight;
mod windows;

use serde_json::Value;

use self::fields::{ACT_FNS, FOREIGN, Fields, sizes};
pub use self::locate::locate;
pub use self::weight::{Param, Rearrange, Weight};
use crate::config::model::ModelConfig;
use crate::error::CircuitError;

/// One way of storing a model.
pub struct Family {
    /// What the family is called in messages and in `ModelConfig::family`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Well-known models of it.
    pub models: &'static str,
    /// What is particular about its maths, in a line.
    pub summary: &'static str,
    /// The `model_type`s of its configs; none for TransformerLens's, which have no such field.
    pub model_types: &'static [&'static str],
    /// The `architectures` of its configs.
    pub architectures: &'static [&'static str],
    /// The model's configuration, from its config file.
    pub config: fn(&str, &Value) -> Result<ModelConfig, CircuitError>,
    /// The name and layout of each tensor in the weights file.
    pub weights: fn(&ModelConfig) -> Vec<Weight>,
    /// Prefixes that a file may put before all its tensor names.
    pub prefixes: &'static [&'static str],
}

/// All families, in the order in which they are tried.
pub const FAMILIES: &[&Family] = &[
    &gpt2::FAMILY,
    &gpt_neox::FAMILY,
    &gpt_neo::FAMILY,
    &llama::FAMILY,
    &llama::MISTRAL,
    &qwen2::FAMILY,
    &qwen3::FAMILY,
    &gemma::FAMILY,
    &transformer_lens::FAMILY,
];

/// A well-known kind of model that is refused, and why.
pub struct Refused {
    pub model_types: &'static [&'static str],
    pub reason: &'static str,
}

/// The outputs of attention and MLP are normalised before they are added to the residual stream: the norm's divisor depends
/// on all heads at once.
const POST_NORMS: &str = "its blocks normalise the summed output of all heads, and that of the MLP, before they are added to \
                          the residual stream: what a head adds then depends on every other head, and the stream is no sum \
                          of its nodes' outputs";

/// Well-known models that are refused: edge patching makes no sense for them, or one thing they need is not supported.
pub const REFUSED: &[Refused] = &[
    Refused { model_types: &["gemma2", "gemma3", "gemma3_text", "gemma3n", "gemma3n_text"], reason: POST_NORMS },
    Refused { model_types: &["olmo2", "olmo3"], reason: POST_NORMS },
    Refused {
        model_types: &["mixtral", "qwen2_moe", "qwen3_moe", "olmoe", "gpt_oss"],
        reason: "its MLPs are mixtures of experts, which are not supported",
    },
];

/// The family that a config belongs to.
///
/// # Errors
/// When none recognises it; the message says what the config calls itself, and lists what is supported.
pub fn recognise(file: &str, json: &Value) -> Result<&'static Family, CircuitError> {
    let text = |field| json.get(field).and_then(Value::as_str);
    let model_type = text("model_type");
    let architectures: Vec<&str> = match json.get("architectures").and_then(Value::as_array) {
        Some(names) => names.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    let refused = REFUSED.iter().find(|r| model_type.is_some_and(|t| r.model_types.contains(&t)));
    if let (Some(refused), Some(model_type)) = (refused, model_type) {
        let found = format!("{model_type:?}, which is refused: {}", refused.reason);
        return Err(CircuitError::field(file, "model_type", "a supported family", found));
    }
    let is = |family: &&Family| match model_type {
        Some(model_type) => family.model_types.contains(&model_type),
        None if architectures.is_empty() => {
            family.name == transformer_lens::FAMILY.name && transformer_lens::recognise(json)
        }
        None => architectures.iter().any(|a| family.architectures.contains(a)),
    };
    let Some(family) = FAMILIES.iter().copied().find(is) else {
        let known = |f: &&&Family| !f.model_types.is_empty();
        let names =
            FAMILIES.iter().filter(known).map(|f| format!("{} ({})", f.model_types.join(", "), f.architectures[0]));
        let expected =
            format!("one of {}; or the fields of a TransformerLens config", names.collect::<Vec<_>>().join(", "));
        let found = match (json.get("model_type"), json.get("architectures")) {
            (Some(model_type), _) => model_type.to_string(),
            (None, Some(architectures)) => format!("no such field, and architectures {architectures}"),
            (None, None) => "no such field".to_owned(),
        };
        return Err(CircuitError::field(file, "model_type", expected, found));
    };
    // A bare `GPT2Model` has the same blocks; a classifier has another head.
    let fits = |a: &&str| family.architectures.contains(a) || (a.ends_with("Model") && !a.contains("Heads"));
    if !architectures.is_empty() && !architectures.iter().any(fits) {
        let expected = format!("{:?}, a language model", family.architectures[0]);
        return Err(CircuitError::field(file, "architectures", expected, architectures.join(", ")));
    }
    Ok(family)
}

/// The family of a given name.
pub fn by_name(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().copied().find(|f| f.name == name)
}
