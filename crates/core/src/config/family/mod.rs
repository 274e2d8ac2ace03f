//! Model families: how each one's config is read and where each tensor of the model stands in its file.
//!
//! To add a family, write a file beside this one with a `FAMILY` and name it in [`FAMILIES`]. What is shared here is the
//! list of tensors that the forward pass wants ([`Param`]) and small readers of JSON fields; [`sizes`] reads what most
//! Hugging Face configs call alike.

mod gemma;
mod gpt2;
mod gpt_neo;
mod gpt_neox;
mod llama;
mod qwen2;
mod qwen3;
mod rope;
mod transformer_lens;
mod windows;

use serde_json::Value;

use crate::config::{ActFn, MAX_LAYERS, ModelConfig, Sizes};
use crate::error::CircuitError;
use crate::files::tensor_file::{TensorFile, TensorInfo};

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
    /// Where each tensor stands in the weights file.
    pub weights: fn(&ModelConfig) -> Vec<Weight>,
    /// Prefixes that a file's tensor names may all carry, or not.
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

/// What attention and MLP put out is normalised before it is added to the residual stream: the norm's divisor depends on all
/// heads at once.
const POST_NORMS: &str = "its blocks normalise the summed output of all heads, and that of the MLP, before they are added to \
                          the residual stream: what a head adds then depends on every other head, and the stream is no sum \
                          of its nodes' outputs";

/// Models that people will try and that edge patching makes no sense for, or that are not supported for one reason.
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

/// Which tensor of a file each weight of a model is.
///
/// # Errors
/// Names the first tensor that is missing or has another shape than the config gives it.
pub fn locate<'a>(config: &ModelConfig, file: &'a TensorFile) -> Result<Vec<(Weight, &'a TensorInfo)>, CircuitError> {
    let Some(family) = by_name(&config.family) else {
        return Err(CircuitError::field(&file.file, "family", "a known family", config.family.clone()));
    };
    let weights = (family.weights)(config);
    let n_present = |prefix: &&str| weights.iter().filter(|w| file.get(&w.name_in_file(prefix)).is_some()).count();
    let prefix = family.prefixes.iter().copied().max_by_key(n_present).unwrap_or("");
    weights.into_iter().map(|weight| locate_one(weight, family, prefix, file)).collect()
}

fn locate_one<'a>(
    weight: Weight,
    family: &Family,
    prefix: &str,
    file: &'a TensorFile,
) -> Result<(Weight, &'a TensorInfo), CircuitError> {
    let tensor = weight.name_in_file(prefix);
    let expected = format!("{:?}", weight.shape);
    match file.get(&tensor) {
        None => {
            let first =
                file.tensors.first().map_or(String::new(), |t| format!(", and the file begins with `{}`", t.name));
            let hint = format!("; the config is of the family {}{first}", family.name);
            Err(CircuitError::MissingTensor { file: file.file.clone(), tensor, expected, hint })
        }
        Some(info) if info.shape != weight.shape => {
            let expected = format!("{expected} by the config");
            let (file, found) = (file.file_of(info).to_owned(), format!("{:?}", info.shape));
            Err(CircuitError::Shape { file, tensor, expected, found })
        }
        Some(info) => Ok((weight, info)),
    }
}

/// A tensor that the forward pass wants, in TransformerLens's names. Blocks are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// `[d_vocab, d_model]`
    EmbedWE,
    /// `[n_ctx, d_model]`
    PosEmbedWPos,
    /// `[d_model]`: the norm before attention.
    Ln1W(usize),
    /// `[d_model]`
    Ln1B(usize),
    /// `[n_heads, d_model, d_head]`
    AttnWQ(usize),
    /// `[n_key_value_heads, d_model, d_head]`
    AttnWK(usize),
    /// `[n_key_value_heads, d_model, d_head]`
    AttnWV(usize),
    /// `[3 n_heads, d_model, d_head]`: queries, keys, values, where a file holds them as one tensor.
    AttnWQkv(usize),
    /// `[n_heads, d_head]`
    AttnBQ(usize),
    /// `[n_key_value_heads, d_head]`
    AttnBK(usize),
    /// `[n_key_value_heads, d_head]`
    AttnBV(usize),
    /// `[3 n_heads, d_head]`
    AttnBQkv(usize),
    /// `[d_head]`: the gain of the norm of every head's query.
    AttnQNorm(usize),
    /// `[d_head]`
    AttnKNorm(usize),
    /// `[n_heads, d_head, d_model]`
    AttnWO(usize),
    /// `[d_model]`
    AttnBO(usize),
    /// `[d_model]`: the norm before the MLP.
    Ln2W(usize),
    /// `[d_model]`
    Ln2B(usize),
    /// `[d_model, d_mlp]`
    MlpWGate(usize),
    /// `[d_mlp]`
    MlpBGate(usize),
    /// `[d_model, d_mlp]`
    MlpWIn(usize),
    /// `[d_mlp]`
    MlpBIn(usize),
    /// `[d_mlp]`: what TransformerLens adds after a gated MLP's product.
    MlpBPost(usize),
    /// `[d_mlp]`: the gain of the layer norm inside a `solu_ln` MLP.
    MlpLnW(usize),
    /// `[d_mlp]`
    MlpLnB(usize),
    /// `[d_mlp, d_model]`
    MlpWOut(usize),
    /// `[d_model]`
    MlpBOut(usize),
    /// `[d_model]`
    LnFinalW,
    /// `[d_model]`
    LnFinalB,
    /// `[d_model, d_vocab_out]`
    UnembedWU,
    /// `[d_vocab_out]`
    UnembedBU,
}

impl Param {
    /// How often the forward pass holds it: keys and values once for every query head that they serve.
    pub fn n_copies(self, config: &ModelConfig) -> usize {
        match self {
            Self::AttnWK(_) | Self::AttnWV(_) | Self::AttnBK(_) | Self::AttnBV(_) => {
                config.n_heads / config.n_key_value_heads
            }
            _ => 1,
        }
    }
}

/// Where a [`Param`] stands in a file and how it becomes what the forward pass wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    pub param: Param,
    /// The tensor's name in the file, without the family's prefix.
    pub name: String,
    /// Whether the family's prefix stands before the name, where a file has it.
    pub prefixed: bool,
    /// Its shape in the file.
    pub shape: Vec<usize>,
    /// The file's shape split into more axes, then the order in which those axes are taken; `None`: as it is.
    pub rearrange: Option<Rearrange>,
    /// What the forward pass gets.
    pub target: Vec<usize>,
}

/// Read as `split`, permute by `order`, read as the weight's target shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Rearrange {
    pub split: Vec<usize>,
    pub order: Vec<usize>,
}

impl Weight {
    /// A tensor that the file holds as the forward pass wants it.
    fn plain(param: Param, name: impl Into<String>, shape: &[usize]) -> Self {
        let (shape, target) = (shape.to_vec(), shape.to_vec());
        Self { param, name: name.into(), prefixed: true, shape, rearrange: None, target }
    }

    /// The matrix of a torch `Linear`, which the file holds as `[out, in]`.
    fn linear(param: Param, name: impl Into<String>, [d_in, d_out]: [usize; 2]) -> Self {
        Self::rearranged(param, name.into(), &[d_out, d_in], &[d_out, d_in], &[1, 0], &[d_in, d_out])
    }

    /// The `Linear` of the queries, keys or values of some heads.
    fn head_inputs(param: Param, name: String, [heads, d_model, d_head]: [usize; 3]) -> Self {
        let split = [heads, d_head, d_model];
        Self::rearranged(param, name, &[heads * d_head, d_model], &split, &[0, 2, 1], &[heads, d_model, d_head])
    }

    /// The `Linear` from the heads to the residual stream.
    fn head_outputs(param: Param, name: String, [heads, d_head, d_model]: [usize; 3]) -> Self {
        let split = [d_model, heads, d_head];
        Self::rearranged(param, name, &[d_model, heads * d_head], &split, &[1, 2, 0], &[heads, d_head, d_model])
    }

    /// The bias of the queries, keys or values of some heads.
    fn head_bias(param: Param, name: String, [heads, d_head]: [usize; 2]) -> Self {
        Self { shape: vec![heads * d_head], ..Self::plain(param, name, &[heads, d_head]) }
    }

    /// The same without the family's prefix: the head of a language model stands beside its body.
    fn beside(self) -> Self {
        Self { prefixed: false, ..self }
    }

    /// The tensor's name in a file whose names carry `prefix`.
    fn name_in_file(&self, prefix: &str) -> String {
        if self.prefixed { format!("{prefix}{}", self.name) } else { self.name.clone() }
    }

    /// A tensor that is split into axes, permuted and reshaped on its way.
    fn rearranged(
        param: Param,
        name: String,
        shape: &[usize],
        split: &[usize],
        order: &[usize],
        target: &[usize],
    ) -> Self {
        let rearrange = Some(Rearrange { split: split.to_vec(), order: order.to_vec() });
        Self { param, name, prefixed: true, shape: shape.to_vec(), rearrange, target: target.to_vec() }
    }
}

/// The activation functions of Hugging Face configs that are supported, by their names there.
const ACT_FNS: &[(&str, ActFn)] = &[
    ("gelu_new", ActFn::GeluNew),
    ("gelu_pytorch_tanh", ActFn::GeluNew),
    ("gelu_fast", ActFn::GeluNew),
    ("gelu", ActFn::Gelu),
    ("relu", ActFn::Relu),
    ("silu", ActFn::Silu),
    ("swish", ActFn::Silu),
];

/// The sizes of a Hugging Face config, in the field names that most families share. `head_dim` counts where the family has it.
fn sizes(fields: &Fields, n_ctx: usize, head_dim: bool) -> Result<Sizes, CircuitError> {
    let (d_model, n_heads) = (fields.size("hidden_size")?, fields.size("num_attention_heads")?);
    let d_head = match head_dim && fields.get("head_dim").is_some() {
        true => fields.size("head_dim")?,
        false => fields.share("hidden_size", d_model, "num_attention_heads", n_heads)?,
    };
    Ok(Sizes {
        n_layers: fields.layers("num_hidden_layers")?,
        n_heads,
        d_model,
        d_head,
        d_mlp: Some(fields.size("intermediate_size")?),
        n_ctx: fields.size_or("max_position_embeddings", n_ctx)?,
        d_vocab: fields.size("vocab_size")?,
    })
}

/// The fields of one config file, or of an object in it, read with messages that name the file and the field.
struct Fields<'a> {
    file: &'a str,
    json: &'a Value,
    /// The field that the object is, with a dot, or nothing.
    path: String,
}

impl<'a> Fields<'a> {
    fn new(file: &'a str, json: &'a Value) -> Self {
        Self { file, json, path: String::new() }
    }

    /// A field that is there and is not `null`.
    fn get(&self, field: &str) -> Option<&'a Value> {
        self.json.get(field).filter(|v| !v.is_null())
    }

    /// The fields of a field that is an object, may be missing or `null`.
    fn object(&self, field: &str) -> Result<Option<Fields<'a>>, CircuitError> {
        match self.get(field) {
            None => Ok(None),
            Some(json) if json.is_object() => {
                Ok(Some(Fields { file: self.file, json, path: format!("{}{field}.", self.path) }))
            }
            Some(_) => Err(self.wrong(field, "an object")),
        }
    }

    fn wrong(&self, field: &str, expected: &str) -> CircuitError {
        let found = self.get(field).map_or("nothing".to_owned(), Value::to_string);
        CircuitError::field(self.file, &format!("{}{field}", self.path), expected, found)
    }

    /// A whole number that must be there.
    fn size(&self, field: &str) -> Result<usize, CircuitError> {
        let value = self.get(field).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        value.ok_or_else(|| self.wrong(field, "a whole number"))
    }

    /// A whole number that may be missing or `null`.
    fn size_or(&self, field: &str, default: usize) -> Result<usize, CircuitError> {
        if self.get(field).is_none() { Ok(default) } else { self.size(field) }
    }

    /// The number of blocks. Bounded here, since lists with an entry a block are made while a config is read.
    fn layers(&self, field: &str) -> Result<usize, CircuitError> {
        match self.size(field)? {
            n @ 1..=MAX_LAYERS => Ok(n),
            _ => Err(self.wrong(field, &format!("from 1 to {MAX_LAYERS}"))),
        }
    }

    /// What each of `n` parts of a whole has.
    fn share(&self, whole_field: &str, whole: usize, field: &str, n: usize) -> Result<usize, CircuitError> {
        match whole.checked_rem(n) {
            Some(0) => Ok(whole / n),
            _ => Err(self.wrong(field, &format!("a divisor of {whole_field}, {whole}"))),
        }
    }

    /// A number that may be missing or `null`.
    fn number(&self, field: &str) -> Result<Option<f64>, CircuitError> {
        let number = |value: &Value| value.as_f64().ok_or_else(|| self.wrong(field, "a number"));
        self.get(field).map(number).transpose()
    }

    /// A number that may be missing or `null`.
    fn number_or(&self, field: &str, default: f64) -> Result<f64, CircuitError> {
        Ok(self.number(field)?.unwrap_or(default))
    }

    /// A truth value that may be missing or `null`.
    fn flag_or(&self, field: &str, default: bool) -> Result<bool, CircuitError> {
        match self.get(field) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong(field, "true or false")),
        }
    }

    /// The value that stands beside the field's text in `choices`; a missing field counts as `default`.
    fn choice<T: Copy>(&self, field: &str, default: &str, choices: &[(&str, T)]) -> Result<T, CircuitError> {
        let text = match self.get(field) {
            None => default,
            Some(value) => value.as_str().unwrap_or_default(),
        };
        choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
            self.wrong(field, &format!("one of {}", names.join(", ")))
        })
    }

    /// A flag that changes the maths and is supported with one value only.
    fn only(&self, field: &str, supported: bool) -> Result<(), CircuitError> {
        if self.flag_or(field, supported)? == supported {
            Ok(())
        } else {
            Err(self.wrong(field, &format!("{supported} (the other is not supported)")))
        }
    }

    /// Fields that change the maths, or how the weights are stored, wherever they are there.
    fn none_of(&self, names: &[&str]) -> Result<(), CircuitError> {
        let there = |name: &&&str| self.get(name).is_some_and(|value| *value != Value::Bool(false));
        match names.iter().find(there) {
            None => Ok(()),
            Some(name) => Err(self.wrong(name, "missing or null (it is not supported)")),
        }
    }
}

/// Fields that no supported family has, and that would change its maths.
const FOREIGN: &[&str] = &[
    "quantization_config",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "attention_multiplier",
    "embedding_multiplier",
    "residual_multiplier",
    "logits_scaling",
    "logit_scale",
    "clip_qkv",
    "num_experts",
    "num_local_experts",
    "no_rope_layers",
    "use_bidirectional_attention",
    "alibi",
];
