//! The tensors of a model, by what the forward pass calls them, and how each is stored in a file.

use crate::config::model::ModelConfig;

/// A tensor that the forward pass wants, in TransformerLens's names. Blocks are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// How many copies the forward pass keeps: of keys and values one for every query head that they serve.
    pub fn n_copies(self, config: &ModelConfig) -> usize {
        match self {
            Self::AttnWK(_) | Self::AttnWV(_) | Self::AttnBK(_) | Self::AttnBV(_) => {
                config.n_heads / config.n_key_value_heads
            }
            _ => 1,
        }
    }
}

/// Where a [`Param`] is in a file, and how it is rearranged for the forward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    pub param: Param,
    /// The tensor's name in the file, without the family's prefix.
    pub name: String,
    /// Whether the family's prefix comes before the name, in files that have it.
    pub prefixed: bool,
    /// Its shape in the file.
    pub shape: Vec<usize>,
    /// How the axes are rearranged; `None` where the file has them in order.
    pub rearrange: Option<Rearrange>,
    /// Its shape in the forward pass.
    pub target: Vec<usize>,
}

/// Reshape to `split`, permute by `order`, reshape to the weight's target shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Rearrange {
    pub split: Vec<usize>,
    pub order: Vec<usize>,
}

impl Weight {
    /// A tensor that the file holds as the forward pass wants it.
    pub(super) fn plain(param: Param, name: impl Into<String>, shape: &[usize]) -> Self {
        let (shape, target) = (shape.to_vec(), shape.to_vec());
        Self { param, name: name.into(), prefixed: true, shape, rearrange: None, target }
    }

    /// The matrix of a torch `Linear`, which the file holds as `[out, in]`.
    pub(super) fn linear(param: Param, name: impl Into<String>, [d_in, d_out]: [usize; 2]) -> Self {
        Self::rearranged(param, name.into(), &[d_out, d_in], &[d_out, d_in], &[1, 0], &[d_in, d_out])
    }

    /// The `Linear` of the queries, keys or values of some heads.
    pub(super) fn head_inputs(param: Param, name: String, [heads, d_model, d_head]: [usize; 3]) -> Self {
        let split = [heads, d_head, d_model];
        Self::rearranged(param, name, &[heads * d_head, d_model], &split, &[0, 2, 1], &[heads, d_model, d_head])
    }

    /// The `Linear` from the heads to the residual stream.
    pub(super) fn head_outputs(param: Param, name: String, [heads, d_head, d_model]: [usize; 3]) -> Self {
        let split = [d_model, heads, d_head];
        Self::rearranged(param, name, &[d_model, heads * d_head], &split, &[1, 2, 0], &[heads, d_head, d_model])
    }

    /// The bias of the queries, keys or values of some heads.
    pub(super) fn head_bias(param: Param, name: String, [heads, d_head]: [usize; 2]) -> Self {
        Self { shape: vec![heads * d_head], ..Self::plain(param, name, &[heads, d_head]) }
    }

    /// The same without the family's prefix: the head of a language model stands beside its body.
    pub(super) fn beside(self) -> Self {
        Self { prefixed: false, ..self }
    }

    /// The tensor's name in a file whose names carry `prefix`.
    pub(super) fn name_in_file(&self, prefix: &str) -> String {
        if self.prefixed { format!("{prefix}{}", self.name) } else { self.name.clone() }
    }

    /// A tensor that is split into axes, permuted and reshaped on its way.
    pub(super) fn rearranged(
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
