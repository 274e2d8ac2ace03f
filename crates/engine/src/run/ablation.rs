//! What edges are patched with; auto-circuit's `src_ablations` (`utils/ablation_activations.py`).

use std::ops::Range;

use burn::tensor::Tensor;

use crate::model::{Dest, DestInput, Hooks, Model, TokenBatch};
use circuitscope_core::{AblationType, Graph, SrcKind};

/// The outputs of all src nodes of a graph, on the device.
#[derive(Debug, Clone)]
pub struct SrcActivations {
    /// In `src_idx` order.
    pub groups: Vec<SrcGroup>,
}

/// The outputs of the src nodes of one kind.
#[derive(Debug, Clone)]
pub struct SrcGroup {
    pub kind: SrcKind,
    /// `[1, node, batch, position, d_model]`; batch or position is 1 where all have the same activation.
    pub out: Tensor<5>,
    /// The first position of `out`, which ends with the sequence.
    pub first_position: usize,
}

impl SrcActivations {
    /// The outputs of one kind at the positions from `start` on.
    ///
    /// # Shapes
    /// - output: `[1, node, batch | 1, position | 1, d_model]`
    pub fn at(&self, kind: SrcKind, start: usize) -> Option<Tensor<5>> {
        let group = self.groups.iter().find(|g| g.kind == kind)?;
        let n_positions = group.out.dims()[3];
        let skip = start - group.first_position;
        let all = n_positions == 1 || skip == 0;
        Some(if all { group.out.clone() } else { group.out.clone().narrow(3, skip, n_positions - skip) })
    }

    fn map(self, f: impl Fn(Tensor<5>) -> Tensor<5>) -> Self {
        let groups = self.groups.into_iter().map(|g| SrcGroup { out: f(g.out), ..g }).collect();
        Self { groups }
    }

    /// The sum of two sets of one model.
    pub fn plus(self, other: &Self) -> Self {
        let pairs = self.groups.into_iter().zip(&other.groups);
        let groups = pairs.map(|(a, b)| SrcGroup { out: a.out + b.out.clone(), ..a }).collect();
        Self { groups }
    }

    /// Every number divided by `n`.
    pub fn divided_by(self, n: usize) -> Self {
        self.map(|out| out / n as f64)
    }

    /// The mean over the batch axis, whose size is then 1.
    pub fn batch_mean(self) -> Self {
        self.map(|out| out.mean_dim(2))
    }
}

/// Hooks that keep the outputs of src nodes and change nothing.
pub struct Recorder<'a> {
    graph: &'a Graph,
    groups: Vec<SrcGroup>,
    /// The last block that is wanted, where later ones are not.
    last_block: Option<usize>,
    is_done: bool,
}

impl<'a> Recorder<'a> {
    pub fn new(graph: &'a Graph) -> Self {
        Self { graph, groups: Vec::new(), last_block: None, is_done: false }
    }

    /// One that ends the pass after a block.
    pub fn until(graph: &'a Graph, last_block: usize) -> Self {
        Self { last_block: Some(last_block), ..Self::new(graph) }
    }

    pub fn into_activations(self) -> SrcActivations {
        SrcActivations { groups: self.groups }
    }
}

impl Hooks for Recorder<'_> {
    fn dest_input(&mut self, _: &Dest, _: &Tensor<4>) -> DestInput {
        DestInput::Resid
    }

    fn src_output(&mut self, kind: SrcKind, out: Tensor<5>, positions: &Range<usize>) {
        self.groups.push(SrcGroup { kind, out, first_position: positions.start });
    }

    fn wants(&self, src: SrcKind) -> bool {
        self.graph.srcs.iter().any(|s| s.kind == src)
    }

    fn keys_values(&mut self, block: usize, _: &Tensor<5>, _: &Tensor<5>) {
        self.is_done = self.last_block == Some(block);
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}

/// The outputs of all src nodes on a batch of prompts, and the last residual stream, at `last_block` in the last block.
///
/// # Shapes
/// - output: see [`SrcGroup`], and `[1, batch, position, d_model]`
pub fn record(
    model: &dyn Model,
    graph: &Graph,
    tokens: &TokenBatch,
    last_block: Range<usize>,
) -> (SrcActivations, Tensor<4>) {
    let mut recorder = Recorder::new(graph);
    let resid = model.resid_end(tokens, last_block, &mut recorder);
    (recorder.into_activations(), resid)
}

/// What one batch's edges are patched with, from the outputs on the batch's other prompts, for the ablations that are not
/// means over the dataset.
pub fn ablated(ablation: AblationType, recorded: SrcActivations) -> SrcActivations {
    match ablation {
        AblationType::Zero => recorded.map(|out| out.zeros_like()),
        AblationType::BatchTokenwiseMean => recorded.batch_mean(),
        AblationType::BatchAllTokMean => recorded.map(|out| out.mean_dim(2).mean_dim(3)),
        _ => recorded,
    }
}
