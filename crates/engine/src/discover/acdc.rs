//! ACDC (Conmy et al. 2023, "Towards Automated Circuit Discovery"); auto-circuit's `acdc_prune_scores`.
//!
//! The clean prompts are run, of all batches or of the first alone ([`AcdcPrompts`]). Edges are visited from the last layer to
//! the first, within a layer by module name and then by index; each is patched with its activation on the corrupt prompts,
//! beside those that were removed before. It stays removed where the output's distance to the unpatched model's grows by less
//! than a threshold.
//!
//! All thresholds are searched at once: those that have removed the same edges so far share a circuit, and circuits are
//! stacked in one pass. A pass begins at the block of the edge that it tries, since no earlier one is patched yet.
//!
//! Several engines each try an edge at the same time: the later ones as if the earlier ones had been removed, which most are. What was
//! tried behind an edge that stays is tried again.

use super::at_hand::{Clean, Needs};
use super::setup::Setup;
use crate::run::batch::read;
use crate::run::masks::{Masks, whole};
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use crate::share::{Crew, Helpers, Numbers, Shared};
use circuitscope_core::settings::discovery::{Acdc, AcdcPrompts, FaithfulnessTarget, PromptSide};
use circuitscope_core::{AblationType, CircuitError, Edge, Graph, PruneScores, count_label};
use circuitscope_wire::help::{Part, PartKind};

/// Thresholds that have removed the same edges.
#[derive(Clone)]
struct Branch {
    thresholds: Vec<f64>,
    removed: Vec<bool>,
    /// The distance of the circuit's output to the unpatched model's, the mean over batches.
    distance: f64,
}

/// A search by removing edges.
pub(super) struct Removing<'a> {
    setup: &'a Setup<'a>,
    settings: &'a Acdc,
}

impl<'a> Removing<'a> {
    /// # Errors
    /// When a setting is out of range.
    pub fn new(setup: &'a Setup<'a>, settings: &'a Acdc) -> Result<Self, CircuitError> {
        if settings.thresholds.is_empty() || settings.thresholds.iter().any(|t| !t.is_finite()) {
            let found = format!("{:?}", settings.thresholds);
            return Err(CircuitError::field("settings", "thresholds", "a list of numbers", found));
        }
        Ok(Self { setup, settings })
    }

    pub async fn scores<O: Observer>(
        &self,
        helpers: &impl Helpers,
        steps: &mut Steps<'_, O>,
    ) -> Result<PruneScores, RunError> {
        let graph = self.setup.graph();
        let order = visiting_order(graph);
        let n_batches = match self.settings.prompts {
            AcdcPrompts::All => self.setup.batches.count(),
            AcdcPrompts::FirstBatch => 1,
        };
        steps.expect(n_batches * (2 + order.len()));
        let mut crew = Crew::new(helpers);
        let batches = 0..n_batches;
        let ready: Vec<Part> = batches.clone().map(|batch| Part { batch, kind: PartKind::Unpatched }).collect();
        crew.share(self, &ready, steps, |_, _, _| {}).await?;

        let first = Branch {
            thresholds: self.settings.thresholds.clone(),
            removed: vec![false; graph.n_edges()],
            distance: 0.0,
        };
        let mut branches = vec![first];
        let mut scores = vec![f32::INFINITY; graph.n_edges()];
        let mut next = 0;
        while next < order.len() {
            let tried = &order[next..order.len().min(next + crew.count())];
            let removed: Vec<Vec<bool>> = branches.iter().map(|branch| branch.removed.clone()).collect();
            let sets = as_if_removed(removed, tried);
            let without = |(edge, removed): (&Edge, &Vec<String>)| {
                let kind = PartKind::Without { edge_idx: edge.edge_idx, removed: removed.clone() };
                batches.clone().map(move |batch| Part { batch, kind: kind.clone() })
            };
            let parts: Vec<Part> = tried.iter().zip(&sets).flat_map(without).collect();
            let mut distances = vec![vec![0.0; branches.len()]; tried.len()];
            let add = |index: usize, found: Vec<f64>, _: &mut Steps<'_, O>| {
                let sums = &mut distances[index / n_batches];
                sums.iter_mut().zip(found).for_each(|(sum, distance)| *sum += distance / n_batches as f64);
            };
            crew.share(self, &parts, steps, add).await?;
            let mut n_visited = 0;
            for (edge, distances) in tried.iter().zip(distances) {
                n_visited += 1;
                let n_before = branches.len();
                branches = branches
                    .into_iter()
                    .zip(distances)
                    .flat_map(|(branch, distance)| branch.visited(*edge, distance, &mut scores))
                    .collect();
                let all_removed = branches.len() == n_before && branches.iter().all(|b| b.removed[edge.edge_idx]);
                if !all_removed {
                    break;
                }
            }
            next += n_visited;
            steps.set_done(n_batches * (2 + next));
        }
        Ok(PruneScores::new(scores))
    }

    fn needs(&self) -> Needs {
        Needs { ablation: AblationType::Resample, side: PromptSide::Corrupt, clean: Clean::Kept, keeps_batches: true }
    }

    /// How far the output of each circuit is from the unpatched model's with one more edge removed.
    async fn distances<O: Observer>(
        &self,
        batch: usize,
        edge_idx: usize,
        removed: &[Vec<bool>],
        steps: &mut Steps<'_, O>,
    ) -> Result<Vec<f64>, RunError> {
        let (setup, model, graph) = (self.setup, self.setup.model(), self.setup.graph());
        steps.count(false);
        let ready = setup.at_hand.ready(setup, self.needs(), batch, steps).await?;
        steps.count(true);
        let Some((kept, logits)) = &ready.kept else { return Ok(Vec::new()) };
        if ready.target.get().is_none() {
            let logits = read(logits.clone(), "logits").await?;
            let target = Unpatched::new(logits, model.config().d_vocab_out, self.settings.faithfulness_target);
            _ = ready.target.set(target);
        }
        let (tokens, positions) = (setup.batches.tokens(batch, PromptSide::Clean), setup.batches.positions(batch));
        let mut distances = Vec::with_capacity(removed.len());
        for stacked in removed.chunks(setup.n_stacked(batch)) {
            let tried = |circuit: usize, edge: usize| whole(stacked[circuit][edge] || edge == edge_idx);
            let mut masks = Masks::new(graph, stacked.len(), tried, model);
            let logits = kept.circuits(model, (&tokens, positions.clone()), &mut masks, &ready.patch);
            let logits = read(logits, "logits").await?;
            let outputs = logits.chunks_exact(logits.len() / stacked.len());
            distances.extend(outputs.filter_map(|output| Some(ready.target.get()?.distance(output))));
        }
        if setup.batches.count() > 1 && self.settings.prompts == AcdcPrompts::All {
            kept.drop_rows();
        }
        Ok(distances)
    }
}

impl Shared for Removing<'_> {
    /// The distance of each circuit; of the unpatched model none.
    type Output = Vec<f64>;

    async fn compute<O: Observer>(&self, part: &Part, steps: &mut Steps<'_, O>) -> Result<Vec<f64>, RunError> {
        match &part.kind {
            PartKind::Without { edge_idx, removed } => {
                let n_edges = self.setup.graph().n_edges();
                let removed: Vec<Vec<bool>> = removed.iter().map(|digits| from_hex(digits, n_edges)).collect();
                let distances = self.distances(part.batch, *edge_idx, &removed, steps).await?;
                steps.step(&self.passes(part).1).await?;
                Ok(distances)
            }
            _ => {
                self.setup.at_hand.ready(self.setup, self.needs(), part.batch, steps).await?;
                Ok(Vec::new())
            }
        }
    }

    fn passes(&self, part: &Part) -> (usize, String) {
        let PartKind::Without { edge_idx, removed } = &part.kind else { return (2, "unpatched model".to_owned()) };
        let graph = self.setup.graph();
        let is_in = |digits: &String| from_hex(digits, graph.n_edges()).into_iter().filter(|&removed| !removed).count();
        let left = removed.last().map_or(0, is_in);
        let name = graph.edges().nth(*edge_idx).map_or_else(String::new, |edge| graph.edge_name(edge));
        (1, format!("{name}, at most {} in the circuit", count_label(left, "edge", "edges")))
    }

    fn setup(&self) -> usize {
        // Two passes, but for a whole search of thousands.
        0
    }

    fn keeps_batches(&self) -> bool {
        self.needs().keeps_batches
    }

    fn at_hand(&self) -> Vec<usize> {
        self.setup.at_hand.batches()
    }

    fn pack(&self, distances: Vec<f64>) -> Numbers {
        Numbers { f32s: Vec::new(), f64s: distances }
    }

    fn unpack(&self, part: &Part, Numbers { f64s, .. }: Numbers) -> Option<Vec<f64>> {
        let n = if let PartKind::Without { removed, .. } = &part.kind { removed.len() } else { 0 };
        (f64s.len() == n).then_some(f64s)
    }
}

/// What each circuit lacks when an edge is tried: of the first what it lacks so far, of later ones also the edges before.
fn as_if_removed(mut removed: Vec<Vec<bool>>, tried: &[Edge]) -> Vec<Vec<String>> {
    let mut sets = Vec::with_capacity(tried.len());
    for edge in tried {
        sets.push(removed.iter().map(|removed| to_hex(removed)).collect());
        removed.iter_mut().for_each(|removed| removed[edge.edge_idx] = true);
    }
    sets
}

/// Four to a digit, the first in its lowest bit.
fn to_hex(bits: &[bool]) -> String {
    let digit = |bits: &[bool]| bits.iter().rev().fold(0, |digit, &bit| 2 * digit + u32::from(bit));
    bits.chunks(4).filter_map(|bits| char::from_digit(digit(bits), 16)).collect()
}

/// Reads what [`to_hex`] wrote.
fn from_hex(digits: &str, n: usize) -> Vec<bool> {
    let digits = digits.chars().map(|digit| digit.to_digit(16).unwrap_or(0));
    let mut bits: Vec<bool> = digits.flat_map(|digit| (0..4).map(move |bit| digit >> bit & 1 == 1)).collect();
    bits.resize(n, false);
    bits
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
pub(super) struct Unpatched {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_edges_are_read_as_they_were_written() {
        let bits = [true, false, false, true, false, true];
        assert_eq!(to_hex(&bits), "92");
        assert_eq!(from_hex("92", 6), bits);
        assert_eq!(from_hex("", 2), [false; 2]);
    }
}
