//! A decoder of the GPT kind: embedding, blocks of attention and MLP around a residual stream, unembedding.

use std::ops::Range;

use burn::tensor::{Device, Tensor};

use super::attention::{Attention, AttentionContext, positions_of};
use super::hooks::{Dest, Hooks, Model, Start, TokenBatch, token_ids};
use super::mlp::Mlp;
use crate::ops::attend::Masks;
use crate::ops::linear::{Linear, times_rows};
use crate::ops::norm::Norm;
use crate::ops::rotary::RotaryTables;
use circuitscope_core::{DestKind, ModelConfig, PositionalEmbedding, SrcKind};

/// A model's weights on a device, in f32.
#[derive(Debug, Clone)]
pub struct Transformer {
    pub(super) config: ModelConfig,
    pub(super) uses_kernels: bool,
    pub(super) device: Device,
    /// `[d_vocab, d_model]`
    pub(super) w_e: Tensor<2>,
    /// `[n_ctx, d_model]`; `None` for rotary models.
    pub(super) w_pos: Option<Tensor<2>>,
    pub(super) rotary: Option<RotaryTables>,
    pub(super) blocks: Vec<Block>,
    pub(super) ln_final: Norm,
    pub(super) unembedding: Unembedding,
}

/// From the last residual stream, after its norm, to logits.
#[derive(Debug, Clone)]
pub(super) enum Unembedding {
    /// Weights `[d_model, d_vocab_out]` of its own.
    Own(Box<Linear>),
    /// The transposed embedding.
    Tied {
        /// `[1, d_vocab_out]`
        b_u: Option<Box<Tensor<2>>>,
        /// Whether the kernels compute it.
        on_host: bool,
    },
}

/// Attention, then an MLP where the model has them, or both side by side.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub attention: Attention,
    /// Whether the MLP reads what the attention reads.
    pub parallel: bool,
    pub mlp: Option<Mlp>,
}

impl Model for Transformer {
    fn config(&self) -> &ModelConfig {
        &self.config
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn uses_kernels(&self) -> bool {
        self.uses_kernels
    }

    fn resid_end_from(
        &self,
        start: Option<Start>,
        tokens: &TokenBatch,
        last_block: Range<usize>,
        hooks: &mut dyn Hooks,
    ) -> Tensor<4> {
        let seq = tokens.dims()[1];
        let run = tokens.run();
        let is_shortformer = self.config.positional_embedding == PositionalEmbedding::Shortformer;
        let (first_block, mut resid, qk_positions) = match start {
            Some(Start { block, resid }) => (block, resid, if is_shortformer { self.embed(tokens).1 } else { None }),
            None => {
                let (resid, qk_positions) = self.embed(tokens);
                let resid = positions_of(&resid, &run);
                show(hooks, SrcKind::ResidStart, &resid, &run);
                (0, resid, qk_positions)
            }
        };
        let turn = self.rotary.as_ref().map(|tables| tables.at(seq, tokens.positions(), self.uses_kernels));
        let (masks, prefix) = (Masks::new(seq, tokens.padding.clone(), self.uses_kernels), tokens.prefix.clone());
        let context = AttentionContext { qk_positions, turn, seq, run: run.clone(), prefix, masks };
        for (block_idx, block) in self.blocks.iter().enumerate().skip(first_block) {
            let kept = if block_idx + 1 == self.blocks.len() { last_block.clone() } else { run.clone() };
            resid = block.forward(block_idx, resid, &kept, &context, hooks);
            if hooks.is_done() {
                break;
            }
        }
        resid
    }

    fn unembed(&self, resid: Tensor<4>) -> Tensor<4> {
        let [circuits, batch, pos, d_model] = resid.dims();
        let rows = self.ln_final.forward(resid.reshape([circuits * batch * pos, d_model]));
        let logits = match &self.unembedding {
            Unembedding::Own(linear) => linear.forward(rows),
            Unembedding::Tied { b_u, on_host } => times_rows(rows, self.w_e.clone(), b_u.as_deref().cloned(), *on_host),
        };
        logits.reshape([circuits, batch, pos, self.config.d_vocab_out])
    }

    fn part_logits(&self, parts: Tensor<4>, resid: &Tensor<4>, tokens: &[u32]) -> Tensor<4> {
        let ([n_parts, batch, pos, d_model], n_tokens) = (parts.dims(), tokens.len());
        let ids = token_ids(tokens, &self.device);
        let (w_u, b_u) = match &self.unembedding {
            Unembedding::Own(linear) => linear.columns(tokens, ids),
            Unembedding::Tied { b_u, .. } => {
                let w_u = self.w_e.clone().select(0, ids.clone()).transpose();
                (w_u, b_u.clone().map(|b_u| (*b_u).select(1, ids)))
            }
        }; // [d_model, token], [1, token]
        let biases = self.resid_bias().reshape([1, 1, 1, d_model]).expand([1, batch, pos, d_model]);
        let normed = self.ln_final.parts(Tensor::cat(vec![parts, biases], 0), resid.clone());
        let logits = normed.matmul(w_u.clone().unsqueeze::<4>()); // [part + 1, batch, position, token]
        let mut added = Tensor::zeros([1, n_tokens], &self.device);
        if let Some(bias) = self.ln_final.bias() {
            added = added + bias.unsqueeze::<2>().matmul(w_u);
        }
        if let Some(b_u) = b_u {
            added = added + b_u;
        }
        let last = logits.clone().narrow(0, n_parts, 1) + added.reshape([1, 1, 1, n_tokens]);
        Tensor::cat(vec![logits.narrow(0, 0, n_parts), last], 0)
    }
}

impl Transformer {
    /// What is added to the residual stream besides the outputs of src nodes: the biases of attention outputs, which are no head's.
    ///
    /// # Shapes
    /// - output: `[d_model]`
    fn resid_bias(&self) -> Tensor<1> {
        let biases = self.blocks.iter().filter_map(|block| block.attention.outputs.bias().cloned());
        let zeros = Tensor::zeros([self.config.d_model], &self.device);
        biases.fold(zeros, |sum, b_o| sum + b_o.reshape([self.config.d_model]))
    }

    /// The residual stream that the first block gets, and the positions that queries and keys get beside it.
    ///
    /// # Shapes
    /// - output: `[1, batch, seq, d_model]`, and for shortformer models `[batch * seq, d_model]`
    fn embed(&self, tokens: &TokenBatch) -> (Tensor<4>, Option<Tensor<2>>) {
        let ([batch, seq], d_model) = (tokens.dims(), self.config.d_model);
        let ids = tokens.ids.clone().flatten(0, 1);
        let embedded = self.w_e.clone().select(0, ids).reshape([1, batch, seq, d_model]);
        let scale = self.config.embed_scale;
        let embedded = if scale == 1.0 { embedded } else { embedded * scale };
        let Some(w_pos) = &self.w_pos else { return (embedded, None) };
        let positions = match (tokens.positions(), tokens.is_token()) {
            // Padding has no position.
            (Some(ids), Some(is_token)) => {
                w_pos.clone().select(0, ids).reshape([batch, seq, d_model]) * is_token.unsqueeze_dim(2)
            }
            _ => w_pos.clone().narrow(0, 0, seq).unsqueeze::<3>(),
        }; // [batch | 1, seq, d_model]
        match self.config.positional_embedding {
            PositionalEmbedding::Shortformer => {
                (embedded, Some(positions.expand([batch, seq, d_model]).reshape([batch * seq, d_model])))
            }
            PositionalEmbedding::Standard | PositionalEmbedding::Rotary => {
                (embedded + positions.unsqueeze::<4>(), None)
            }
        }
    }
}

impl Block {
    /// The residual stream after the block, at the positions of `kept`.
    ///
    /// # Shapes
    /// - resid: `[circuit, batch, position, d_model]`, at all positions or those after the prefix
    /// - output: `[circuit, batch, kept position, d_model]`
    fn forward(
        &self,
        block_idx: usize,
        resid: Tensor<4>,
        kept: &Range<usize>,
        context: &AttentionContext,
        hooks: &mut dyn Hooks,
    ) -> Tensor<4> {
        let before = positions_of(&resid, kept);
        let mut resid = self.attention.forward(&resid, kept, context, hooks);
        if let Some(mlp) = &self.mlp {
            let read = if self.parallel {
                before
            } else {
                resid = stream(hooks, DestKind::ResidMid(block_idx), SrcKind::ResidMid(block_idx), resid, kept);
                resid.clone()
            };
            let input = input_of(hooks, DestKind::MlpIn(block_idx), &read, kept);
            let [circuits, batch, pos, d_model] = input.dims();
            let mlp_out = mlp.forward(input.reshape([circuits * batch * pos, d_model]));
            let mlp_out = mlp_out.reshape([circuits, batch, pos, d_model]);
            show(hooks, SrcKind::Mlp(block_idx), &mlp_out, kept);
            resid = resid + mlp_out;
        }
        stream(hooks, DestKind::ResidPost(block_idx), SrcKind::ResidPost(block_idx), resid, kept)
    }
}

/// Shows the output of a src node, where it is wanted.
///
/// # Shapes
/// - out: `[circuit, batch, position, d_model]`
fn show(hooks: &mut dyn Hooks, src: SrcKind, out: &Tensor<4>, positions: &Range<usize>) {
    if hooks.wants(src) {
        hooks.src_output(src, out.clone().unsqueeze_dim(1), positions);
    }
}

/// The input of a dest module of one node.
///
/// # Shapes
/// - resid, output: `[circuit, batch, position, d_model]`
fn input_of(hooks: &mut dyn Hooks, kind: DestKind, resid: &Tensor<4>, positions: &Range<usize>) -> Tensor<4> {
    let dest = Dest { kinds: vec![kind], positions: positions.clone() };
    hooks.dest_input(&dest, resid).of_one_node(resid)
}

/// A point of the residual stream that may be a node: its input replaces the stream, and is its output.
fn stream(
    hooks: &mut dyn Hooks,
    dest: DestKind,
    src: SrcKind,
    resid: Tensor<4>,
    positions: &Range<usize>,
) -> Tensor<4> {
    let resid = input_of(hooks, dest, &resid, positions);
    show(hooks, src, &resid, positions);
    resid
}
