//! How a forward pass is observed and patched.
//!
//! The pass asks its hooks for every dest node's input and shows them every src node's output. Activations carry two
//! leading axes: `circuit`, along which several circuits are run at once (1 until a patch makes them differ), and `node`.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::circuit::{DestKind, ModelConfig, SrcKind};

/// The dest nodes whose input is asked for at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dest {
    /// Modules of the same block, such as its q, k and v inputs; each has a node a head, or one node.
    pub kinds: Vec<DestKind>,
    /// The token positions for which the input is wanted: a range that ends with the sequence.
    pub positions: Range<usize>,
}

/// The inputs of dest nodes: the nodes of [`Dest::kinds`], one kind after the other. Where q, k and v have joint nodes, the
/// `n_heads` nodes that serve all three.
#[derive(Debug, Clone)]
pub enum DestInput {
    /// All get the residual stream itself.
    Resid,
    /// Each gets its own: `[circuit, node, batch, position, d_model]`.
    Each(Tensor<5>),
    /// Some get their own, `[circuit, place in nodes, batch, position, d_model]`; the others the residual stream.
    Some { nodes: Vec<usize>, input: Tensor<5> },
}

/// What to do at each node.
pub trait Hooks {
    /// The inputs of dest nodes.
    ///
    /// # Shapes
    /// - resid: `[circuit, batch, position, d_model]`
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput;

    /// The outputs of the src nodes of one kind.
    ///
    /// # Shapes
    /// - out: `[circuit, node, batch, position, d_model]`
    fn src_output(&mut self, src: SrcKind, out: Tensor<5>, positions: &Range<usize>);

    /// Whether `src_output` should be called for this kind. Heads that nobody wants apart are summed by one product.
    fn wants(&self, src: SrcKind) -> bool;
}

/// No hooks: the unpatched model.
pub struct Plain;

impl Hooks for Plain {
    fn dest_input(&mut self, _: &Dest, _: &Tensor<4>) -> DestInput {
        DestInput::Resid
    }

    fn src_output(&mut self, _: SrcKind, _: Tensor<5>, _: &Range<usize>) {}

    fn wants(&self, _: SrcKind) -> bool {
        false
    }
}

/// Where a forward pass begins, if not with the embedding of the tokens.
#[derive(Debug, Clone)]
pub struct Start {
    /// The first block that is run.
    pub block: usize,
    /// The residual stream that it gets: `[circuit, batch, seq, d_model]`.
    pub resid: Tensor<4>,
}

/// A model that can be run under hooks.
pub trait Model {
    fn config(&self) -> &ModelConfig;

    fn device(&self) -> &Device;

    /// The last residual stream, before the final norm, at the positions of `last_block`: in the last block nothing is
    /// computed at the others but keys and values. With a `start`, the blocks before it are not run and the embedding is
    /// not shown to the hooks.
    ///
    /// # Shapes
    /// - output: `[circuit, batch, position, d_model]`
    fn resid_end_from(
        &self,
        start: Option<Start>,
        tokens: &TokenBatch,
        last_block: Range<usize>,
        hooks: &mut dyn Hooks,
    ) -> Tensor<4>;

    /// [`Model::resid_end_from`] the embedding.
    fn resid_end(&self, tokens: &TokenBatch, last_block: Range<usize>, hooks: &mut dyn Hooks) -> Tensor<4> {
        self.resid_end_from(None, tokens, last_block, hooks)
    }

    /// Logits of a residual stream.
    ///
    /// # Shapes
    /// - resid: `[circuit, batch, position, d_model]`
    /// - output: `[circuit, batch, position, d_vocab_out]`
    fn unembed(&self, resid: Tensor<4>) -> Tensor<4>;

    /// The logits at `positions`, a range that ends with the sequence.
    ///
    /// # Shapes
    /// - output: `[circuit, batch, position, d_vocab_out]`
    fn forward(&self, tokens: &TokenBatch, positions: Range<usize>, hooks: &mut dyn Hooks) -> Tensor<4> {
        let resid = self.resid_end(tokens, positions, hooks);
        self.unembed(resid)
    }
}

/// Token ids of a batch of prompts of one length, on the device. They must be below `d_vocab`: a device may read beyond
/// its tables without an error.
#[derive(Debug, Clone)]
pub struct TokenBatch {
    /// `[batch, seq]`
    pub ids: Tensor<2, Int>,
}

impl TokenBatch {
    /// Uploads prompts, which must all be as long as the first.
    pub fn new<'a>(prompts: impl Iterator<Item = &'a [u32]>, device: &Device) -> Self {
        let (mut ids, mut batch) = (Vec::new(), 0);
        for prompt in prompts {
            ids.extend(prompt.iter().map(|&id| id as i32));
            batch += 1;
        }
        let seq = ids.len() / batch;
        Self { ids: Tensor::from_data(TensorData::new(ids, [batch, seq]), device) }
    }

    /// `[batch, seq]`
    pub fn dims(&self) -> [usize; 2] {
        self.ids.dims()
    }
}
