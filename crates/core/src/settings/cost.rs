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
    /// About how many bytes of activations there are at once.
    pub bytes: u64,
}

/// The sizes in bytes that costs are sums of.
struct Bytes {
    /// One circuit's forward pass.
    pass: u64,
    /// The outputs of all src nodes.
    srcs: u64,
    /// A forward pass that is kept for its backward pass, with the src nodes' outputs on both prompts and their differences.
    with_gradients: u64,
}

impl Bytes {
    fn new(size: &ActivationSize, n_layers: usize) -> Self {
        let srcs = size.src_outputs();
        let with_gradients = sum([times(n_layers, size.block_for_backward()), times(3, srcs)]);
        Self { pass: size.pass(), srcs, with_gradients }
    }
}

impl DiscoverSettings {
    /// What the search will take on `n_batches` batches of prompts of `seq` tokens. ACDC's is the most that it can be: a pass
    /// that begins in a later block costs less.
    pub fn cost(&self, model: &ModelConfig, graph: &Graph, n_batches: usize, seq: usize) -> DiscoverCost {
        let size = ActivationSize::new(model, graph.srcs.len(), self.batch_size, seq);
        let Bytes { pass, srcs, with_gradients } = Bytes::new(&size, model.n_layers);
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
                let bytes = sum([times(thresholds.len(), sum([pass, srcs])), times(2, srcs)]);
                DiscoverCost { forward_passes: n_batches.saturating_mul(n), backward_passes: 0, bytes }
            }
            Algorithm::Exact(Exact { ablation, .. }) => {
                let n = graph.n_edges().saturating_add(n_mean_passes(*ablation) + 1);
                per_batch(n, 0, sum([pass, times(2, srcs)]))
            }
            Algorithm::SubnetworkProbing(SubnetworkProbing { epochs, ablation, .. }) => {
                // Each group of dest nodes keeps the sources before it; what is patched with is kept for all batches.
                let bytes = sum([with_gradients, times(model.n_layers, srcs), times(n_batches, srcs)]);
                per_batch(epochs.saturating_add(n_mean_passes(*ablation) + 1), *epochs, bytes)
            }
            Algorithm::ActivationMagnitude {} => per_batch(1, 0, sum([pass, srcs])),
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
