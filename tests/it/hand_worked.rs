//! A model small enough to be worked out by hand, with its prompts and its graph.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use circuitscope_core::{
    Answers, DestKind, Graph, GraphConfig, ModelConfig, Normalization, PromptPair, Prompts, Sizes, SrcKind,
};
use circuitscope_engine::model::{Dest, Hooks, Model, Start, TokenBatch, token_ids};

/// A model of two layers with one "head" each and a residual stream of two numbers, `d_model = d_vocab = 2`.
///
/// The embedding of token t is `[t, 1]`. A head multiplies its input elementwise with its weight: head `A0.0` with `[2, 3]`,
/// head `A1.0` with `[-1, 5]`. The logits are the residual stream.
pub struct HandWorked {
    pub config: ModelConfig,
    device: Device,
}

const WEIGHTS: [[f32; 2]; 2] = [[2.0, 3.0], [-1.0, 5.0]];

impl HandWorked {
    pub fn new() -> Self {
        let sizes = Sizes { n_layers: 2, n_heads: 1, d_model: 2, d_head: 2, d_mlp: None, n_ctx: 4, d_vocab: 10 };
        let config = ModelConfig {
            d_vocab_out: 2,
            normalization: Normalization::None,
            ..ModelConfig::decoder("hand-worked", sizes)
        };
        Self { config, device: Device::flex() }
    }
}

impl Model for HandWorked {
    fn config(&self) -> &ModelConfig {
        &self.config
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn resid_end_from(
        &self,
        start: Option<Start>,
        tokens: &TokenBatch,
        last_block: Range<usize>,
        hooks: &mut dyn Hooks,
    ) -> Tensor<4> {
        let [batch, seq] = tokens.dims();
        let token = tokens.ids.clone().float().reshape([1, batch, seq, 1]);
        let embedded = Tensor::cat(vec![token.clone(), token.ones_like()], 3); // [1, batch, seq, 2]
        if start.is_none() {
            hooks.src_output(SrcKind::ResidStart, embedded.clone().unsqueeze_dim(1), &(0..seq));
        }
        let Start { block: first_block, mut resid } = start.unwrap_or(Start { block: 0, resid: embedded });
        for (block, weight) in WEIGHTS.iter().enumerate().skip(first_block) {
            let dest = Dest { kinds: vec![DestKind::AttnIn(block)], positions: 0..seq };
            let input = own_input(hooks, &dest, &resid);
            let weight = Tensor::<5>::from_data(TensorData::new(weight.to_vec(), [1, 1, 1, 1, 2]), &self.device);
            let out = input * weight; // [circuit, 1, batch, seq, 2]
            hooks.src_output(SrcKind::Heads(block), out.clone(), &(0..seq));
            resid = resid + out.squeeze_dim(1);
        }
        let dest = Dest { kinds: vec![DestKind::ResidPost(1)], positions: 0..seq };
        let end = own_input(hooks, &dest, &resid).squeeze_dim::<4>(1);
        end.narrow(2, last_block.start, last_block.len())
    }

    fn unembed(&self, resid: Tensor<4>) -> Tensor<4> {
        resid
    }

    fn part_logits(&self, parts: Tensor<4>, _: &Tensor<4>, tokens: &[u32]) -> Tensor<4> {
        let logits = parts.select(3, token_ids(tokens, &self.device));
        let no_biases = logits.clone().narrow(0, 0, 1).zeros_like();
        Tensor::cat(vec![logits, no_biases], 0)
    }
}

/// The input of a single node: `[circuit, 1, batch, seq, 2]`.
fn own_input(hooks: &mut dyn Hooks, dest: &Dest, resid: &Tensor<4>) -> Tensor<5> {
    hooks.dest_input(dest, resid).of_one_node(resid).unsqueeze_dim(1)
}

/// The graph with joint q, k and v, at `seq_len` positions where it is token-wise. The edges of a position, in the graph's order:
///
/// 0. `Resid Start->A0.0`
/// 1. `Resid Start->A1.0`
/// 2. `A0.0->A1.0`
/// 3. `Resid Start->Resid End`
/// 4. `A0.0->Resid End`
/// 5. `A1.0->Resid End`
///
/// Unpatched, with e the embedding: a0 = w0 e, a1 = w1 (e + a0), end = e + a0 + a1.
///
/// | prompt | e | a0 | a1 | end |
/// | --- | --- | --- | --- | --- |
/// | clean | [3, 1] | [6, 3] | [-9, 20] | [0, 24] |
/// | corrupt | [4, 1] | [8, 3] | [-12, 20] | [0, 24] |
pub fn graph(seq_len: Option<usize>) -> Graph {
    let config = GraphConfig { separate_qkv: false, seq_len, ..GraphConfig::default() };
    Graph::new(&HandWorked::new().config, config)
}

/// Clean token 3, corrupt token 4, as often as said. The answer is token 0, the wrong one token 1.
pub fn prompts(n_positions: usize) -> Prompts {
    let (clean, corrupt) = (vec![3; n_positions], vec![4; n_positions]);
    let pair =
        PromptPair { clean, corrupt, answers: Answers::Tokens(vec![0]), wrong_answers: Answers::Tokens(vec![1]) };
    Prompts {
        file: "p".to_owned(),
        seq_labels: None,
        word_idxs: Default::default(),
        pad_token: None,
        pairs: vec![pair],
    }
}
