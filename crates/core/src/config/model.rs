//! The configuration of a model, in TransformerLens's words, whatever file it came from.

use serde::{Deserialize, Serialize};

/// The shape of a model and the choices that change its maths. Field names are TransformerLens's (`HookedTransformerConfig`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct ModelConfig {
    /// The family whose file format this model came in.
    pub family: String,
    pub n_layers: usize,
    pub n_heads: usize,
    /// How many heads of keys and values the weights hold. Where they are fewer than `n_heads`, each is shared by several
    /// query heads; in the graph every query head still has its own K and V input, as in TransformerLens's
    /// `ungroup_grouped_query_attention`.
    pub n_key_value_heads: usize,
    pub d_model: usize,
    pub d_head: usize,
    /// The width of the MLP; `None` for an attention-only model.
    pub d_mlp: Option<usize>,
    /// The longest sequence: the rows of the position embedding, or the length that the model was trained on.
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
    /// The factor on the token embedding before the first block.
    pub embed_scale: f64,
    pub positional_embedding: PositionalEmbedding,
    /// Where `positional_embedding` is rotary.
    pub rotary: Option<Rotary>,
    pub attention_dir: AttentionDir,
    /// For each block how many positions a query attends to, itself included; `null`: all. Empty where no block is limited.
    pub attn_windows: Vec<Option<usize>>,
    /// Whether queries and keys of a head are RMS-normalised before they are rotated.
    pub qk_norm: bool,
    /// The divisor of attention scores; the square root of `d_head` in most models.
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
/// rotated together by an angle that grows with the position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct Rotary {
    /// How many numbers of a head are rotated, from the first on; the others stay.
    pub dim: usize,
    /// Pair `i` is rotated by `base^(-2i / dim)` per position, before scaling.
    pub base: f64,
    pub scaling: RotaryScaling,
}

/// How the angles are scaled for longer sequences than those of the first training; Hugging Face's `rope_scaling`
/// (`transformers` `modeling_rope_utils.py`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RotaryScaling {
    None,
    /// All angles are divided.
    Linear {
        factor: f64,
    },
    /// The angles of slow pairs are divided, those of fast ones kept, with a ramp between (Llama 3.1).
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
    /// Queries and keys are rotated: [`Rotary`].
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
    /// A decoder like GPT-2, of these sizes and with biases everywhere. A family changes the fields in which it differs.
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

    /// Whether the model has no MLPs.
    pub fn attn_only(&self) -> bool {
        self.d_mlp.is_none()
    }

    /// How many positions a query of a block attends to, itself included; `None`: all.
    pub fn attn_window(&self, block: usize) -> Option<usize> {
        self.attn_windows.get(block).copied().flatten()
    }
}
