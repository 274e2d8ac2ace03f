//! Model families: how each one's config is read and where each tensor of the model stands in its file.
//!
//! To add a family, write a file beside this one with a `FAMILY` and name it in [`FAMILIES`]. What is shared here is the
//! list of tensors that the forward pass wants ([`Param`]) and small readers of JSON fields.

mod gpt2;
mod transformer_lens;

use serde_json::Value;

use super::config::ModelConfig;
use super::error::CircuitError;
use super::tensor_file::{TensorFile, TensorInfo};

/// One way of storing a model.
pub struct Family {
    /// What the family is called in messages and in `ModelConfig::family`.
    pub name: &'static str,
    /// Whether a config is of this family.
    pub recognise: fn(&Value) -> bool,
    /// The model's configuration, from its config file.
    pub config: fn(&str, &Value) -> Result<ModelConfig, CircuitError>,
    /// Where each tensor stands in the weights file.
    pub weights: fn(&ModelConfig) -> Vec<Weight>,
    /// Prefixes that a file's tensor names may all carry, or not.
    pub prefixes: &'static [&'static str],
}

/// All families, in the order in which they are tried.
pub const FAMILIES: &[&Family] = &[&gpt2::FAMILY, &transformer_lens::FAMILY];

/// The family that a config belongs to.
///
/// # Errors
/// When none recognises it; the message says what the config calls itself.
pub fn recognise(file: &str, json: &Value) -> Result<&'static Family, CircuitError> {
    FAMILIES.iter().copied().find(|f| (f.recognise)(json)).ok_or_else(|| {
        let names: Vec<_> = FAMILIES.iter().map(|f| f.name).collect();
        let found = json.get("model_type").map_or("no such field".to_owned(), Value::to_string);
        CircuitError::field(file, "model_type", format!("one of {}", names.join(", ")), found)
    })
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
    let n_present =
        |prefix: &&str| weights.iter().filter(|w| file.get(&format!("{prefix}{}", w.name)).is_some()).count();
    let prefix = family.prefixes.iter().copied().max_by_key(n_present).unwrap_or("");
    weights.into_iter().map(|weight| locate_one(weight, family, prefix, file)).collect()
}

fn locate_one<'a>(
    weight: Weight,
    family: &Family,
    prefix: &str,
    file: &'a TensorFile,
) -> Result<(Weight, &'a TensorInfo), CircuitError> {
    let tensor = format!("{prefix}{}", weight.name);
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
    /// `[d_model]`
    Ln1W(usize),
    /// `[d_model]`
    Ln1B(usize),
    /// `[n_heads, d_model, d_head]`
    AttnWQ(usize),
    /// `[n_heads, d_model, d_head]`
    AttnWK(usize),
    /// `[n_heads, d_model, d_head]`
    AttnWV(usize),
    /// `[3 n_heads, d_model, d_head]`: queries, keys, values, where a file holds them as one tensor.
    AttnWQkv(usize),
    /// `[n_heads, d_head]`
    AttnBQ(usize),
    /// `[n_heads, d_head]`
    AttnBK(usize),
    /// `[n_heads, d_head]`
    AttnBV(usize),
    /// `[3 n_heads, d_head]`
    AttnBQkv(usize),
    /// `[n_heads, d_head, d_model]`
    AttnWO(usize),
    /// `[d_model]`
    AttnBO(usize),
    /// `[d_model]`
    Ln2W(usize),
    /// `[d_model]`
    Ln2B(usize),
    /// `[d_model, d_mlp]`
    MlpWIn(usize),
    /// `[d_mlp]`
    MlpBIn(usize),
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

/// Where a [`Param`] stands in a file and how it becomes what the forward pass wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    pub param: Param,
    /// The tensor's name in the file, without the family's prefix.
    pub name: String,
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
        Self { param, name: name.into(), shape: shape.to_vec(), rearrange: None, target: shape.to_vec() }
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
        Self { param, name, shape: shape.to_vec(), rearrange, target: target.to_vec() }
    }
}

/// The fields of one config file, read with messages that name the file and the field.
struct Fields<'a> {
    file: &'a str,
    json: &'a Value,
}

impl Fields<'_> {
    /// A field that is there and is not `null`.
    fn get(&self, field: &str) -> Option<&Value> {
        self.json.get(field).filter(|v| !v.is_null())
    }

    fn wrong(&self, field: &str, expected: &str) -> CircuitError {
        let found = self.get(field).map_or("nothing".to_owned(), Value::to_string);
        CircuitError::field(self.file, field, expected, found)
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

    /// A number that may be missing or `null`.
    fn number_or(&self, field: &str, default: f64) -> Result<f64, CircuitError> {
        match self.get(field) {
            None => Ok(default),
            Some(value) => value.as_f64().ok_or_else(|| self.wrong(field, "a number")),
        }
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
}
