//! ACDC (Conmy et al. 2023, "Towards Automated Circuit Discovery"); auto-circuit's `acdc_prune_scores`.
//!
//! The clean prompts are run, of all batches or of the first alone ([`AcdcPrompts`]). Edges are visited from the last layer to
//! the first, within a layer by module name and then by index; each is patched with its activation on the corrupt prompts,
//! beside those that were removed before. It stays removed where the output's distance to the unpatched model's grows by less
//! than a threshold.
//!
//! All thresholds are searched at once: those that have removed the same edges so far share a circuit, and circuits are
//! stacked in one pass. A pass begins at the block of the edge that it tries, since no earlier one is patched yet.

use std::ops::Range;

use super::setup::{Patches, Setup};
use crate::model::TokenBatch;
use crate::run::batch::read;
use crate::run::kept::Kept;
use crate::run::masks::{Masks, whole};
use crate::run::steps::Steps;
use crate::run::{Observer, RunError, SrcActivations};
use circuitscope_core::settings::discovery::{Acdc, AcdcPrompts, FaithfulnessTarget, PromptSide};
use circuitscope_core::{AblationType, CircuitError, Edge, Graph, PruneScores};

/// Thresholds that have removed the same edges.
#[derive(Clone)]
struct Branch {
    thresholds: Vec<f64>,
    removed: Vec<bool>,
    /// The distance of the circuit's output to the unpatched model's, the mean over batches.
    distance: f64,
}

pub(super) async fn scores<O: Observer>(
    setup: &Setup<'_>,
    settings: &Acdc,
    steps: &mut Steps<'_, O>,
) -> Result<PruneScores, RunError> {
    let graph = setup.graph();
    if settings.thresholds.is_empty() || settings.thresholds.iter().any(|t| !t.is_finite()) {
        let found = format!("{:?}", settings.thresholds);
        return Err(CircuitError::field("settings", "thresholds", "a list of numbers", found).into());
    }
    let order = visiting_order(graph);
    let n_batches = match settings.prompts {
        AcdcPrompts::All => setup.batches.count(),
        AcdcPrompts::FirstBatch => 1,
    };
    steps.expect(n_batches * (2 + order.len()));
    let patches = Patches::new(setup, AblationType::Resample, PromptSide::Corrupt, steps).await?;
    let mut patch = Vec::with_capacity(n_batches);
    for batch in 0..n_batches {
        patch.push(patches.of(setup, batch, steps).await?);
    }
    let mut batches = Vec::with_capacity(n_batches);
    for (batch, patch) in patch.iter().enumerate() {
        batches.push(Batch::run(setup, batch, patch, settings.faithfulness_target).await?);
        steps.step("unpatched model").await?;
    }

    let first =
        Branch { thresholds: settings.thresholds.clone(), removed: vec![false; graph.n_edges()], distance: 0.0 };
    let mut branches = vec![first];
    let mut scores = vec![f32::INFINITY; graph.n_edges()];
    for edge in order {
        let left = branches.last().map_or(0, |b| b.removed.iter().filter(|&&r| !r).count());
        let label = format!("{}, at most {left} left", graph.edge_name(edge));
        let mut distances = vec![0.0; branches.len()];
        for batch in &batches {
            let found = batch.distances(setup, &branches, edge).await?;
            distances.iter_mut().zip(found).for_each(|(sum, distance)| *sum += distance / n_batches as f64);
            if n_batches > 1 {
                batch.kept.drop_rows();
            }
            steps.step(&label).await?;
        }
        branches = branches
            .into_iter()
            .zip(distances)
            .flat_map(|(branch, distance)| branch.visited(edge, distance, &mut scores))
            .collect();
    }
    Ok(PruneScores::new(scores))
}

/// The prompts of a batch, run unpatched.
struct Batch<'a> {
    kept: Kept,
    tokens: TokenBatch,
    positions: Range<usize>,
    patch: &'a SrcActivations,
    unpatched: Unpatched,
    /// How many circuits a pass takes.
    n_stacked: usize,
}

impl<'a> Batch<'a> {
    async fn run(
        setup: &Setup<'a>,
        batch: usize,
        patch: &'a SrcActivations,
        target: FaithfulnessTarget,
    ) -> Result<Self, RunError> {
        let (model, graph) = (setup.model(), setup.graph());
        let tokens = setup.batches.tokens(batch, PromptSide::Clean);
        let positions = setup.batches.positions(batch);
        let (kept, logits) = Kept::run(model, graph, &tokens, positions.clone());
        let unpatched = Unpatched::new(read(logits, "logits").await?, model.config().d_vocab_out, target);
        Ok(Self { kept, tokens, positions, patch, unpatched, n_stacked: setup.n_stacked(batch) })
    }

    /// How far the output of each branch is from the unpatched model's with one more edge removed.
    async fn distances(&self, setup: &Setup<'_>, branches: &[Branch], edge: Edge) -> Result<Vec<f64>, RunError> {
        let graph = setup.graph();
        let mut distances = Vec::with_capacity(branches.len());
        for stacked in branches.chunks(self.n_stacked) {
            let tried = |circuit: usize, edge_idx: usize| {
                whole(stacked[circuit].removed[edge_idx] || edge_idx == edge.edge_idx)
            };
            let mut masks = Masks::new(graph, stacked.len(), tried, setup.model());
            let prompts = (&self.tokens, self.positions.clone());
            let logits = self.kept.circuits(setup.model(), prompts, &mut masks, self.patch);
            let logits = read(logits, "logits").await?;
            let outputs = logits.chunks_exact(logits.len() / stacked.len());
            distances.extend(outputs.map(|output| self.unpatched.distance(output)));
        }
        Ok(distances)
    }
}

impl Branch {
    /// The branches that follow it once an edge has been tried and the output was at this distance: one that removes the
    /// edge, one that keeps it.
    fn visited(self, edge: Edge, distance: f64, scores: &mut [f32]) -> Vec<Self> {
        let grows = distance - self.distance;
        let (removing, keeping): (Vec<f64>, Vec<f64>) = self.thresholds.iter().partition(|&&t| grows < t);
        let mut after = Vec::new();
        if let Some(least) = removing.iter().copied().reduce(f64::min) {
            let score = &mut scores[edge.edge_idx];
            *score = score.min(least as f32);
            let mut removed = self.removed.clone();
            removed[edge.edge_idx] = true;
            after.push(Self { thresholds: removing, removed, distance });
        }
        if !keeping.is_empty() {
            after.push(Self { thresholds: keeping, ..self });
        }
        after
    }
}

/// By layer, last first; then module name; then index.
fn visiting_order(graph: &Graph) -> Vec<Edge> {
    let mut edges: Vec<Edge> = graph.edges().collect();
    let key = |edge: &Edge| {
        let module = &graph.dests[edge.module_idx];
        (std::cmp::Reverse(module.layer), module.module_name.clone(), edge.edge_idx)
    };
    edges.sort_by_cached_key(key);
    edges
}

/// The unpatched model's output, which others are compared with.
struct Unpatched {
    target: FaithfulnessTarget,
    logits: Vec<f32>,
    /// `ln p` of every token, in the rows of the logits.
    log_probs: Vec<f64>,
    d_vocab: usize,
}

impl Unpatched {
    fn new(logits: Vec<f32>, d_vocab: usize, target: FaithfulnessTarget) -> Self {
        let log_probs = logits.chunks_exact(d_vocab).flat_map(log_softmax).collect();
        Self { target, logits, log_probs, d_vocab }
    }

    /// The mean over rows of the KL divergence from the unpatched model, in nats; or the mean squared difference of logits.
    fn distance(&self, output: &[f32]) -> f64 {
        match self.target {
            FaithfulnessTarget::KlDiv => {
                let rows = output.chunks_exact(self.d_vocab).zip(self.log_probs.chunks_exact(self.d_vocab));
                let n_rows = output.len() / self.d_vocab;
                let row = |(output, target): (&[f32], &[f64])| {
                    log_softmax(output).zip(target).map(|(o, t)| t.exp() * (t - o)).sum::<f64>()
                };
                rows.map(row).sum::<f64>() / n_rows as f64
            }
            FaithfulnessTarget::Mse => {
                let squares = output.iter().zip(&self.logits).map(|(a, b)| f64::from(a - b).powi(2));
                squares.sum::<f64>() / output.len() as f64
            }
        }
    }
}

/// `x - ln Σ exp x` of a row, in f64.
fn log_softmax(row: &[f32]) -> impl Iterator<Item = f64> + '_ {
    let max = row.iter().fold(f32::NEG_INFINITY, |max, &x| max.max(x));
    let sum: f64 = row.iter().map(|&x| f64::from(x - max).exp()).sum();
    let log_z = f64::from(max) + sum.ln();
    row.iter().map(move |&x| f64::from(x) - log_z)
}
