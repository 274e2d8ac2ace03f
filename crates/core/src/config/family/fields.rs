//! Reading the fields of a config file, with messages that name the file and the field; and the fields that most Hugging Face
//! configs share.

use serde_json::Value;

use crate::config::MAX_LAYERS;
use crate::config::model::{ActFn, Sizes};
use crate::error::CircuitError;

/// The activation functions of Hugging Face configs that are supported, by their names there.
pub const ACT_FNS: &[(&str, ActFn)] = &[
    ("gelu_new", ActFn::GeluNew),
    ("gelu_pytorch_tanh", ActFn::GeluNew),
    ("gelu_fast", ActFn::GeluNew),
    ("gelu", ActFn::Gelu),
    ("relu", ActFn::Relu),
    ("silu", ActFn::Silu),
    ("swish", ActFn::Silu),
];

/// The sizes of a Hugging Face config, in the field names that most families share. `head_dim` counts where the family has it.
pub fn sizes(fields: &Fields, n_ctx: usize, head_dim: bool) -> Result<Sizes, CircuitError> {
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

/// Fields that no supported family has, and that would change its maths.
pub const FOREIGN: &[&str] = &[
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

/// The fields of one config file, or of an object in it, read with messages that name the file and the field.
pub struct Fields<'a> {
    pub file: &'a str,
    pub json: &'a Value,
    /// Where the object is in the file, with a dot at the end (`rope_scaling.`); empty for the whole file.
    path: String,
}

impl<'a> Fields<'a> {
    pub fn new(file: &'a str, json: &'a Value) -> Self {
        Self { file, json, path: String::new() }
    }

    /// A field that is there and is not `null`.
    pub fn get(&self, field: &str) -> Option<&'a Value> {
        self.json.get(field).filter(|v| !v.is_null())
    }

    /// The object in a field, which may be missing or `null`.
    pub fn object(&self, field: &str) -> Result<Option<Fields<'a>>, CircuitError> {
        match self.get(field) {
            None => Ok(None),
            Some(json) if json.is_object() => {
                Ok(Some(Fields { file: self.file, json, path: format!("{}{field}.", self.path) }))
            }
            Some(_) => Err(self.wrong(field, "an object")),
        }
    }

    pub fn wrong(&self, field: &str, expected: &str) -> CircuitError {
        let found = self.get(field).map_or("nothing".to_owned(), Value::to_string);
        CircuitError::field(self.file, &format!("{}{field}", self.path), expected, found)
    }

    /// A whole number that must be there.
    pub fn size(&self, field: &str) -> Result<usize, CircuitError> {
        let value = self.get(field).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        value.ok_or_else(|| self.wrong(field, "a whole number"))
    }

    /// A whole number that may be missing or `null`.
    pub fn size_or(&self, field: &str, default: usize) -> Result<usize, CircuitError> {
        if self.get(field).is_none() { Ok(default) } else { self.size(field) }
    }

    /// The number of blocks. Bounded here, since lists with an entry a block are made while a config is read.
    pub fn layers(&self, field: &str) -> Result<usize, CircuitError> {
        match self.size(field)? {
            n @ 1..=MAX_LAYERS => Ok(n),
            _ => Err(self.wrong(field, &format!("from 1 to {MAX_LAYERS}"))),
        }
    }

    /// The size of each of `n` equal parts of a whole.
    pub fn share(&self, whole_field: &str, whole: usize, field: &str, n: usize) -> Result<usize, CircuitError> {
        match whole.checked_rem(n) {
            Some(0) => Ok(whole / n),
            _ => Err(self.wrong(field, &format!("a divisor of {whole_field}, {whole}"))),
        }
    }

    /// A number that may be missing or `null`.
    pub fn number(&self, field: &str) -> Result<Option<f64>, CircuitError> {
        let number = |value: &Value| value.as_f64().ok_or_else(|| self.wrong(field, "a number"));
        self.get(field).map(number).transpose()
    }

    /// A number that may be missing or `null`.
    pub fn number_or(&self, field: &str, default: f64) -> Result<f64, CircuitError> {
        Ok(self.number(field)?.unwrap_or(default))
    }

    /// A truth value that may be missing or `null`.
    pub fn flag_or(&self, field: &str, default: bool) -> Result<bool, CircuitError> {
        match self.get(field) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong(field, "true or false")),
        }
    }

    /// The value that `choices` pairs with the field's text; a missing field counts as `default`.
    pub fn choice<T: Copy>(&self, field: &str, default: &str, choices: &[(&str, T)]) -> Result<T, CircuitError> {
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
    pub fn only(&self, field: &str, supported: bool) -> Result<(), CircuitError> {
        if self.flag_or(field, supported)? == supported {
            Ok(())
        } else {
            Err(self.wrong(field, &format!("{supported} (the other is not supported)")))
        }
    }

    /// Refuses fields that change the maths, or how the weights are stored, unless they are missing, `null` or `false`.
    pub fn none_of(&self, names: &[&str]) -> Result<(), CircuitError> {
        let there = |name: &&&str| self.get(name).is_some_and(|value| *value != Value::Bool(false));
        match names.iter().find(there) {
            None => Ok(()),
            Some(name) => Err(self.wrong(name, "missing or null (it is not supported)")),
        }
    }
}
