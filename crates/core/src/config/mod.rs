//! The shape of a model and the choices that change its maths, in TransformerLens's words.

pub mod family;

use serde::{Deserialize, Serialize};

use crate::error::CircuitError;

/// No model has more blocks.
pub const MAX_LAYERS: usize = 1024;

/// What a model is, apart from its weights. Field names are TransformerLens's (`HookedTransformerConfig`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct ModelConfig {
    /// The family whose file format this model came in.
    pub family: String,
    pub n_layers: usize,
    pub n_heads: usize,
    /// How many heads of keys and values the weights hold. Where they are fewer than `n_heads`, each serves as many
    /// queries as there are for it; in the graph every query head has its own K and V input all the same, as in
    /// TransformerLens's `ungroup_grouped_query_attention`.
    pub n_key_value_heads: usize,
    pub d_model: usize,
    pub d_head: usize,
    /// The width of the MLP; `None` for an attention-only model.
    pub d_mlp: Option<usize>,
    /// The longest sequence: what the position embedding has rows for, or what the model was trained on.
    pub n_ctx: usize,
    pub d_vocab: usize,
    /// The number of logits a position, where it differs from `d_vocab` (Tracr's models).
    pub d_vocab_out: usize,
    pub act_fn: ActFn,
    /// Whether the MLP is `(act(W_gate x) · (W_in x)) W_out` (Shazeer 2020, "GLU Variants Improve Transformer").
    pub gated_mlp: bool,
    /// Whether the MLP of a block reads the same residual stream as its attention. Both then count as one layer.
    pub parallel_attn_mlp: bool,
    pub normalization: Normalization,
    /// Added to the variance in a layer norm, or to the mean square in an RMS norm.
    pub eps: f64,
    /// Added to the gain of every norm: Gemma's files hold the gain less 1.
    pub gain_offset: f64,
    /// What the token embedding is multiplied with before the first block.
    pub embed_scale: f64,
    pub positional_embedding: PositionalEmbedding,
    /// Where `positional_embedding` is rotary.
    pub rotary: Option<Rotary>,
    pub attention_dir: AttentionDir,
    /// For each block how many positions a query looks back on, its own counted; `null`: all. Empty where no block is
    /// limited.
    pub attn_windows: Vec<Option<usize>>,
    /// Whether queries and keys of a head are RMS-normalised before they are turned.
    pub qk_norm: bool,
    /// What attention scores are divided by; the square root of `d_head` in most models.
    pub attn_scale: f64,
    /// Whether the unembedding is the transposed token embedding, so that the file holds it once.
    pub tied_unembedding: bool,
    pub biases: Biases,
}

/// Which of the products have a bias in the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct Biases {
    /// Queries, keys and values.
    pub qkv: bool,
    /// The attention's output.
    pub attn_out: bool,
    pub mlp: bool,
    pub unembed: bool,
}

impl Biases {
    pub const ALL: Self = Self { qkv: true, attn_out: true, mlp: true, unembed: true };
    pub const NONE: Self = Self { qkv: false, attn_out: false, mlp: false, unembed: false };
}

/// Rotary position embedding (Su et al. 2021, "RoFormer"): number `i` and number `i + dim / 2` of a query or key are
/// turned together by an angle that grows with the position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct Rotary {
    /// How many numbers of a head are turned, from the first on; the others stay.
    pub dim: usize,
    /// Pair `i` is turned by `base^(-2i / dim)` a position, before scaling.
    pub base: f64,
    pub scaling: RotaryScaling,
}

/// How the angles are changed so that a model reads further than it was first trained to; Hugging Face's
/// `rope_scaling` (`transformers` `modeling_rope_utils.py`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RotaryScaling {
    None,
    /// All angles are divided.
    Linear {
        factor: f64,
    },
    /// Slow pairs are divided, fast ones left, with a ramp between (Llama 3.1).
    Llama3 {
        factor: f64,
        low_freq_factor: f64,
        high_freq_factor: f64,
        original_n_ctx: f64,
    },
    /// The same by another ramp, and queries and keys are scaled (Peng et al. 2023, "YaRN").
    Yarn {
        factor: f64,
        attention_factor: f64,
        beta_fast: f64,
        beta_slow: f64,
        original_n_ctx: f64,
    },
}

/// The nonlinearity of the MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
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
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub enum Normalization {
    None,
    /// Centre, scale, then a learned gain and bias.
    LN,
    /// Centre and scale only.
    LNPre,
    /// Divide by the root of the mean square, then a learned gain (Zhang and Sennrich 2019).
    RMS,
    /// Divide by the root of the mean square only.
    RMSPre,
}

/// How positions enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PositionalEmbedding {
    /// Added to the token embedding.
    Standard,
    /// Added to the normalised inputs of queries and keys only (Press et al. 2020, "Shortformer").
    Shortformer,
    /// Queries and keys are turned: [`Rotary`].
    Rotary,
}

/// Which positions a position attends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AttentionDir {
    Causal,
    Bidirectional,
}

/// The sizes that every model has.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub n_layers: usize,
    pub n_heads: usize,
    pub d_model: usize,
    pub d_head: usize,
    /// `None` for an attention-only model.
    pub d_mlp: Option<usize>,
    pub n_ctx: usize,
    pub d_vocab: usize,
}

impl ModelConfig {
    /// A decoder as GPT-2 is one, of these sizes and with biases everywhere. What a family does otherwise it says itself.
    pub fn decoder(family: &str, sizes: Sizes) -> Self {
        let Sizes { n_layers, n_heads, d_model, d_head, d_mlp, n_ctx, d_vocab } = sizes;
        Self {
            family: family.to_owned(),
            n_layers,
            n_heads,
            n_key_value_heads: n_heads,
            d_model,
            d_head,
            d_mlp,
            n_ctx,
            d_vocab,
            d_vocab_out: d_vocab,
            act_fn: ActFn::GeluNew,
            gated_mlp: false,
            parallel_attn_mlp: false,
            normalization: Normalization::LN,
            eps: 1e-5,
            gain_offset: 0.0,
            embed_scale: 1.0,
            positional_embedding: PositionalEmbedding::Standard,
            rotary: None,
            attention_dir: AttentionDir::Causal,
            attn_windows: Vec::new(),
            qk_norm: false,
            attn_scale: (d_head as f64).sqrt(),
            tied_unembedding: false,
            biases: Biases::ALL,
        }
    }

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

    /// How many positions a query of a block looks back on, its own counted; `None`: all.
    pub fn attn_window(&self, block: usize) -> Option<usize> {
        self.attn_windows.get(block).copied().flatten()
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
            ("n_layers", self.n_layers, MAX_LAYERS),
            ("n_heads", self.n_heads, 1024),
            ("n_key_value_heads", self.n_key_value_heads, 1024),
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
        let (heads, groups) = (self.n_heads, self.n_key_value_heads);
        if heads % groups != 0 {
            let expected = format!("a divisor of the number of heads, {heads}");
            return Err(CircuitError::field(file, "n_key_value_heads", expected, groups.to_string()));
        }
        if let Some(window) = self.attn_windows.iter().flatten().find(|&&window| window == 0) {
            return Err(CircuitError::field(file, "window", "from 1", window.to_string()));
        }
        let above_0 = |field: &str, number: f64| {
            let fits = number.is_finite() && number > 0.0;
            if fits { Ok(()) } else { Err(CircuitError::field(file, field, "a number above 0", number.to_string())) }
        };
        above_0("attn_scale", self.attn_scale)?;
        above_0("embed_scale", self.embed_scale)?;
        if !(self.eps.is_finite() && self.eps >= 0.0) {
            return Err(CircuitError::field(file, "eps", "a number from 0", self.eps.to_string()));
        }
        let Some(rotary) = &self.rotary else { return Ok(()) };
        if rotary.dim == 0 || rotary.dim % 2 != 0 || rotary.dim > self.d_head {
            let expected = format!("an even number from 2 to {}, the size of a head", self.d_head);
            return Err(CircuitError::field(file, "rotary_dim", expected, rotary.dim.to_string()));
        }
        let numbers: &[(&str, f64)] = match &rotary.scaling {
            RotaryScaling::None => &[],
            RotaryScaling::Linear { factor } => &[("factor", *factor)],
            RotaryScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_n_ctx } => &[
                ("factor", *factor),
                ("low_freq_factor", *low_freq_factor),
                ("high_freq_factor less low_freq_factor", high_freq_factor - low_freq_factor),
                ("original_max_position_embeddings", *original_n_ctx),
            ],
            RotaryScaling::Yarn { factor, attention_factor, beta_fast, beta_slow, original_n_ctx } => &[
                ("factor", *factor),
                ("attention_factor", *attention_factor),
                ("beta_slow", *beta_slow),
                ("beta_fast less beta_slow", beta_fast - beta_slow),
                ("original_max_position_embeddings", *original_n_ctx),
            ],
        };
        if !(rotary.base.is_finite() && rotary.base > 1.0) {
            return Err(CircuitError::field(file, "rope_theta", "a number above 1", rotary.base.to_string()));
        }
        numbers.iter().try_for_each(|(field, number)| above_0(&format!("rope_scaling.{field}"), *number))
    }
}
