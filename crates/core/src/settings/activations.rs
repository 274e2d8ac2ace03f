//! About how many bytes the activations of a forward pass take: the one estimate that runs, searches and their checks share.
//!
//! Every size is a `u64`, since a `usize` of 32-bit WebAssembly ends at 4 GiB, and products saturate instead of wrapping.

use crate::config::ModelConfig;

const F32_BYTES: u64 = size_of::<f32>() as u64;

/// What the size of a pass's activations depends on: the model, the src nodes of the graph, and the prompts of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivationSize {
    n_srcs: u64,
    n_heads: u64,
    d_model: u64,
    d_head: u64,
    /// 0 in an attention-only model.
    d_mlp: u64,
    d_vocab_out: u64,
    batch_size: u64,
    seq: u64,
}

impl ActivationSize {
    /// The size of a pass over `batch_size` prompts of `seq` positions, in a graph of `n_srcs` src nodes.
    pub fn new(model: &ModelConfig, n_srcs: usize, batch_size: usize, seq: usize) -> Self {
        let &ModelConfig { n_heads, d_model, d_head, d_vocab_out, .. } = model;
        let d_mlp = model.d_mlp.unwrap_or(0);
        let sizes = [n_srcs, n_heads, d_model, d_head, d_mlp, d_vocab_out, seq, batch_size];
        let [n_srcs, n_heads, d_model, d_head, d_mlp, d_vocab_out, seq, batch_size] = sizes.map(|size| size as u64);
        Self { n_srcs, n_heads, d_model, d_head, d_mlp, d_vocab_out, batch_size, seq }
    }

    /// The src nodes of the graph.
    pub fn n_srcs(&self) -> usize {
        usize::try_from(self.n_srcs).unwrap_or(usize::MAX)
    }

    /// Bytes of the outputs of all src nodes and of the residual stream, `[1 + src, batch * position, d_model]`: what edges
    /// are patched with, or what masks are multiplied with.
    pub fn src_outputs(&self) -> u64 {
        self.of_rows((1 + self.n_srcs).saturating_mul(self.d_model))
    }

    /// Bytes of the residual stream, `[batch, position, d_model]`.
    pub fn resid(&self) -> u64 {
        self.of_rows(self.d_model)
    }

    /// Bytes that one circuit's pass through a block takes until the block is done: the inputs of its queries, keys and
    /// values before and after their norm (a row a head), the projections and the heads' outputs, attention scores before
    /// and after their softmax, and the MLP's hidden layer with its nonlinearity.
    pub fn block(&self) -> u64 {
        let &Self { n_heads, d_model, d_head, d_mlp, seq, .. } = self;
        // A model's sizes are bounded when its config is read; a prompt's length is not.
        let scores = (2 * n_heads).saturating_mul(seq);
        self.of_rows(scores.saturating_add(2 * 3 * n_heads * d_model + 4 * n_heads * d_head + 3 * d_mlp + d_model))
    }

    /// Bytes that a block keeps for the backward pass. Autodiff keeps what [`ActivationSize::block`] counts, and besides
    /// the output of each norm, each nonlinearity and each sum in the residual stream.
    pub fn block_for_backward(&self) -> u64 {
        let &Self { n_heads, d_model, d_head, d_mlp, .. } = self;
        let kept = self.of_rows(n_heads * d_model + 4 * n_heads * d_head + 3 * d_mlp + 7 * d_model);
        self.block().saturating_add(kept)
    }

    /// Bytes of one circuit's forward pass, without its logits.
    pub fn pass(&self) -> u64 {
        self.src_outputs().saturating_add(self.block())
    }

    /// Bytes of one circuit's forward pass, with its logits at `n_positions` positions as they are read back.
    pub fn pass_read_back(&self, n_positions: usize) -> u64 {
        self.pass().saturating_add(self.read_back(n_positions))
    }

    /// Bytes of a batch's logits, at `n_positions` positions of each prompt, while they are read back: they are there twice, as
    /// the device gives them and as the numbers that are measured.
    pub fn read_back(&self, n_positions: usize) -> u64 {
        self.batch_logits(n_positions).saturating_mul(2)
    }

    /// Bytes of a batch's logits at `n_positions` positions of each prompt.
    pub fn batch_logits(&self, n_positions: usize) -> u64 {
        self.logits_of(self.batch_size, n_positions)
    }

    /// Bytes of the logits of `n_prompts` prompts at `n_positions` positions each.
    pub fn logits(&self, n_prompts: usize, n_positions: usize) -> u64 {
        self.logits_of(n_prompts as u64, n_positions)
    }

    fn logits_of(&self, n_prompts: u64, n_positions: usize) -> u64 {
        let sizes = [n_prompts, n_positions as u64, self.d_vocab_out];
        sizes.iter().fold(F32_BYTES, |n, &size| n.saturating_mul(size))
    }

    /// The bytes of some numbers for each position of each prompt of a batch.
    fn of_rows(&self, numbers_per_row: u64) -> u64 {
        self.batch_size.saturating_mul(self.seq).saturating_mul(numbers_per_row).saturating_mul(F32_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sizes;

    fn model() -> ModelConfig {
        let sizes = Sizes { n_layers: 2, n_heads: 3, d_model: 10, d_head: 5, d_mlp: Some(7), n_ctx: 8, d_vocab: 11 };
        ModelConfig::decoder("gpt2", sizes)
    }

    #[test]
    fn counts_the_numbers_of_a_small_model() {
        // 2 prompts of 4 positions are 8 rows; 9 src nodes and the residual stream.
        let size = ActivationSize::new(&model(), 9, 2, 4);
        assert_eq!(size.src_outputs(), 4 * 8 * 10 * 10);
        // A row: 180 of the heads' inputs, 60 of projections, 24 of scores, 21 of the MLP, 10 of the residual stream.
        assert_eq!(size.block(), 4 * 8 * (180 + 60 + 24 + 21 + 10));
        assert_eq!(size.pass(), size.src_outputs() + size.block());
        assert_eq!(size.block_for_backward(), size.block() + 4 * 8 * (30 + 60 + 21 + 70));
        assert_eq!(size.logits(6, 1), 4 * 6 * 11);
        // A batch's at 3 positions, twice.
        assert_eq!(size.pass_read_back(3), size.pass() + 2 * 4 * (2 * 3 * 11));
    }

    #[test]
    fn sizes_above_4_gib_do_not_wrap() {
        // GPT-2 small's shape: what 70 batches of 8 x 16 tokens are patched with is more than a 32-bit `usize` counts.
        let model = ModelConfig { d_model: 768, n_heads: 12, d_head: 64, d_mlp: Some(3072), ..model() };
        let size = ActivationSize::new(&model, 157, 8, 16);
        assert_eq!(70 * size.src_outputs(), 70 * 4 * 158 * 8 * 16 * 768);
        assert!(70 * size.src_outputs() > u64::from(u32::MAX));
        let largest = ActivationSize::new(&model, usize::MAX / 2, usize::MAX / 2, usize::MAX / 2);
        assert_eq!(largest.pass(), u64::MAX);
    }
}
