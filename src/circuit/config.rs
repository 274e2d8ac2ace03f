//! The shape of a model and the choices that change its maths, in TransformerLens's words.

use serde::{Deserialize, Serialize};

use super::error::CircuitError;
use super::family;

/// What a model is, apart from its weights. Field names are TransformerLens's (`HookedTransformerConfig`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// The family whose file format this model came in.
    pub family: String,
    pub n_layers: usize,
    pub n_heads: usize,
    pub d_model: usize,
    pub d_head: usize,
    /// The width of the MLP; `None` for an attention-only model.
    pub d_mlp: Option<usize>,
    /// The longest sequence that the position embedding has a row for.
    pub n_ctx: usize,
    pub d_vocab: usize,
    /// The number of logits a position, where it differs from `d_vocab` (Tracr's models).
    pub d_vocab_out: usize,
    pub act_fn: ActFn,
    pub normalization: Normalization,
    /// Added to the variance in a layer norm.
    pub eps: f64,
    pub positional_embedding: PositionalEmbedding,
    pub attention_dir: AttentionDir,
    /// What attention scores are divided by; the square root of `d_head` in most models.
    pub attn_scale: f64,
    /// Whether the unembedding is the transposed token embedding, so that the file holds it once.
    pub tied_unembedding: bool,
}

/// The nonlinearity of the MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActFn {
    /// The exact form, with the error function.
    Gelu,
    /// The tanh approximation.
    GeluNew,
    Relu,
    Silu,
    /// `x · softmax(x)`, then a layer norm (Elhage et al. 2022, "Softmax Linear Units").
    SoluLn,
}

/// The layer norm before every dest node but the residual ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Normalization {
    None,
    /// Centre, scale, then a learned gain and bias.
    LN,
    /// Centre and scale only.
    LNPre,
}

/// How positions enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionalEmbedding {
    /// Added to the token embedding.
    Standard,
    /// Added to the normalised inputs of queries and keys only (Press et al. 2020, "Shortformer").
    Shortformer,
}

/// Which positions a position attends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionDir {
    Causal,
    Bidirectional,
}

impl ModelConfig {
    /// Reads a Hugging Face `config.json` or a TransformerLens `tl_config.json`, recognised by its fields.
    ///
    /// # Errors
    /// When the text is not JSON, the family is not supported, or a field changes the maths in a way that is not
    /// supported; the message names the field.
    pub fn from_json(file: &str, text: &str) -> Result<Self, CircuitError> {
        let json: serde_json::Value = serde_json::from_str(text).map_err(|e| CircuitError::json(file, &e))?;
        let config = (family::recognise(file, &json)?.config)(file, &json)?;
        config.check(file)?;
        Ok(config)
    }

    /// Whether the model has no MLPs.
    pub fn attn_only(&self) -> bool {
        self.d_mlp.is_none()
    }

    /// The number of parameters that the weights hold.
    pub fn n_params(&self) -> usize {
        let weights = family::by_name(&self.family).map(|f| (f.weights)(self)).unwrap_or_default();
        weights.iter().map(|w| w.shape.iter().product::<usize>()).sum()
    }

    /// Sizes are bounded so that a product of four of them fits in a `usize` of 64 bits and a hostile config
    /// cannot ask for a graph that fills the memory.
    fn check(&self, file: &str) -> Result<(), CircuitError> {
        let sizes = [
            ("n_layers", self.n_layers, 1024),
            ("n_heads", self.n_heads, 1024),
            ("d_model", self.d_model, 1 << 16),
            ("d_head", self.d_head, 1 << 16),
            ("d_mlp", self.d_mlp.unwrap_or(1), 1 << 20),
            ("n_ctx", self.n_ctx, 1 << 20),
            ("d_vocab", self.d_vocab, 1 << 22),
            ("d_vocab_out", self.d_vocab_out, 1 << 22),
        ];
        for (field, found, most) in sizes {
            if found == 0 || found > most {
                return Err(CircuitError::field(file, field, format!("from 1 to {most}"), found.to_string()));
            }
        }
        if !(self.eps.is_finite() && self.eps >= 0.0) {
            return Err(CircuitError::field(file, "eps", "a number from 0", self.eps.to_string()));
        }
        if !(self.attn_scale.is_finite() && self.attn_scale > 0.0) {
            return Err(CircuitError::field(file, "attn_scale", "a number above 0", self.attn_scale.to_string()));
        }
        Ok(())
    }
}
