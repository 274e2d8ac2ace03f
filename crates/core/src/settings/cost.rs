//! What a search for a circuit takes: forward and backward passes, and memory.

use serde::{Deserialize, Serialize};

use crate::config::ModelConfig;
use crate::graph::Graph;
use crate::settings::activations::ActivationSize;
use crate::settings::discovery::{
    Acdc, AcdcPrompts, Algorithm, DiscoverSettings, Exact, InputGradient, MaskGradient, SubnetworkProbing,
};
use crate::settings::run::AblationType;

/// What a search takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DiscoverCost {
    /// Forward passes of one batch; several circuits stacked in one pass count each.
    pub forward_passes: usize,
    /// Backward passes of one batch.
    pub backward_passes: usize,
    /// About how many bytes its activations take at most.
    pub bytes: u64,
}

/// The sizes in bytes that costs are sums of.
struct Bytes {
    /// One circuit's forward pass with its logits.
    pass: u64,
    /// The outputs of all src nodes.
    srcs: u64,
    /// A batch's logits.
    logits: u64,
    /// A batch whose passes begin at any block: the outputs of its src nodes on both prompts, and the residual stream before
    /// each block.
    resumable: u64,
    /// A forward pass that is kept for its backward pass, with the src nodes' outputs on both prompts and their
    /// differences; and the logits with what the loss computes from them: a function of the logits, its product with the
    /// answers' weights, these weights, and the gradient on its way back.
    with_gradients: u64,
}

impl Bytes {
    fn new(size: &ActivationSize, n_layers: usize, n_positions: usize) -> Self {
        let (srcs, logits) = (size.src_outputs(), size.batch_logits(n_positions));
        let resumable = sum([times(2, srcs), times(n_layers, size.resid())]);
        let with_gradients = sum([times(n_layers, size.block_for_backward()), times(3, srcs), times(5, logits)]);
        Self { pass: size.pass_read_back(n_positions), srcs, logits, resumable, with_gradients }
    }
}

impl DiscoverSettings {
    /// What the search will take on `n_batches` batches of prompts of `seq` tokens. For ACDC it is an upper bound: a pass
    /// that begins in a later block costs less.
    pub fn cost(&self, model: &ModelConfig, graph: &Graph, n_batches: usize, seq: usize) -> DiscoverCost {
        let size = ActivationSize::new(model, graph.srcs.len(), self.batch_size, seq);
        let n_positions = self.slice.positions(seq).len();
        let Bytes { pass, srcs, logits, resumable, with_gradients } = Bytes::new(&size, model.n_layers, n_positions);
        let per_batch = |forward: usize, backward: usize, bytes: u64| DiscoverCost {
            forward_passes: n_batches.saturating_mul(forward),
            backward_passes: n_batches.saturating_mul(backward),
            bytes,
        };
        match &self.algorithm {
            Algorithm::MaskGradient(MaskGradient { integrated_grad_samples, ablation, .. }) => {
                let n = integrated_grad_samples.map_or(1, |n| n.saturating_add(1));
                per_batch(n.saturating_add(n_mean_passes(*ablation)), n, with_gradients)
            }
            Algorithm::InputGradient(InputGradient { steps, ablation, .. }) => {
                per_batch(steps.saturating_add(n_mean_passes(*ablation) + 1), *steps, with_gradients)
            }
            Algorithm::Acdc(Acdc { thresholds, prompts, .. }) => {
                let n = thresholds.len().saturating_mul(graph.n_edges()).saturating_add(2);
                let n_batches = if *prompts == AcdcPrompts::All { n_batches } else { n_batches.min(1) };
                // Of every batch the unpatched logits stay, and their log probabilities in f64: three times an f32 in all.
                let kept = times(n_batches, sum([resumable, times(3, logits)]));
                let bytes = sum([times(thresholds.len(), sum([pass, srcs])), kept]);
                DiscoverCost { forward_passes: n_batches.saturating_mul(n), backward_passes: 0, bytes }
            }
            Algorithm::Exact(Exact { ablation, .. }) => {
                let n = graph.n_edges().saturating_add(n_mean_passes(*ablation) + 1);
                // The weights of the answers in the loss are as large as logits.
                per_batch(n, 0, sum([pass, srcs, resumable, logits]))
            }
            Algorithm::SubnetworkProbing(SubnetworkProbing { epochs, ablation, .. }) => {
                // Each group of dest nodes keeps the sources before it; what is patched with and the unpatched logits are kept
                // for all batches.
                let kept = times(n_batches, sum([srcs, logits]));
                let bytes = sum([with_gradients, times(model.n_layers, srcs), kept]);
                per_batch(epochs.saturating_add(n_mean_passes(*ablation) + 1), *epochs, bytes)
            }
            Algorithm::ActivationMagnitude {} => per_batch(1, 0, sum([size.pass(), srcs])),
            Algorithm::Random(_) | Algorithm::Official(_) => DiscoverCost::default(),
        }
    }
}

/// The passes of a batch that give the activations to patch with: one, or one for each side of a mean over both.
fn n_mean_passes(ablation: AblationType) -> usize {
    ablation.dataset_means().map_or(1, |(clean, corrupt)| usize::from(clean) + usize::from(corrupt))
}

fn times(n: usize, bytes: u64) -> u64 {
    (n as u64).saturating_mul(bytes)
}

fn sum<const N: usize>(sizes: [u64; N]) -> u64 {
    sizes.into_iter().fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sizes;
    use crate::graph::GraphConfig;

    #[test]
    fn acdc_takes_passes_and_memory_for_every_batch_that_it_looks_at() {
        let sizes = Sizes { n_layers: 2, n_heads: 3, d_model: 10, d_head: 5, d_mlp: Some(7), n_ctx: 8, d_vocab: 11 };
        let model = ModelConfig::decoder("gpt2", sizes);
        let graph = Graph::new(&model, GraphConfig::default());
        let cost = |prompts, n_batches| {
            let algorithm = Algorithm::Acdc(Acdc { thresholds: vec![0.1, 0.2], prompts, ..Acdc::default() });
            let settings = DiscoverSettings { batch_size: 2, algorithm, ..DiscoverSettings::default() };
            settings.cost(&model, &graph, n_batches, 4)
        };
        let [one, three] = [1, 3].map(|n| cost(AcdcPrompts::All, n));
        // A pass for every edge and threshold, one for what edges are patched with, and an unpatched one.
        assert_eq!(one.forward_passes, 2 * graph.n_edges() + 2);
        assert_eq!(three.forward_passes, 3 * one.forward_passes);
        // 2 prompts of 4 positions are 8 rows of 10 numbers: the outputs of 9 src nodes and the embedding's row on both
        // prompts, and the residual stream before 2 blocks. Logits are 2 rows of 11, once as f32 and once as f64.
        let batch = 4 * (8 * 10 * (2 * 10 + 2) + 2 * 11 * 3);
        assert_eq!(three.bytes, one.bytes + 2 * batch);
        assert_eq!(cost(AcdcPrompts::FirstBatch, 3), one);
        assert_eq!(cost(AcdcPrompts::All, 0).forward_passes, 0);
    }
}
