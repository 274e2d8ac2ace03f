//! What patching each edge alone does to a loss, by brute force: the number that a mask gradient estimates.
//!
//! Edges into one block are stacked and run from that block on: the parts that engines share.

use std::ops::Range;

use super::at_hand::{Clean, Needs, Ready};
use super::loss::AnswerLoss;
use super::setup::Setup;
use crate::run::batch::read;
use crate::run::masks::{Masks, whole};
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use crate::share::{Crew, Helpers, Numbers, Shared};
use circuitscope_core::settings::discovery::{Exact, PromptSide};
use circuitscope_core::{DestModule, PruneScores};
use circuitscope_wire::help::{Part, PartKind};

/// A search edge by edge.
pub(super) struct EdgeByEdge<'a> {
    setup: &'a Setup<'a>,
    settings: &'a Exact,
    /// Of each batch, the edges that share a pass, with the module that they end in.
    groups: Vec<Vec<(&'a DestModule, Range<usize>)>>,
}

impl<'a> EdgeByEdge<'a> {
    pub fn new(setup: &'a Setup<'a>, settings: &'a Exact) -> Self {
        let graph = setup.graph();
        let first_edges = graph.first_edges();
        let of_batch = |batch| {
            let n_stacked = setup.n_stacked(batch);
            let mut groups = Vec::new();
            for (module, &first_edge) in graph.dests.iter().zip(&first_edges) {
                let end = first_edge + graph.n_module_edges(module);
                let firsts = (first_edge..end).step_by(n_stacked);
                groups.extend(firsts.map(|first| (module, first..end.min(first + n_stacked))));
            }
            groups
        };
        Self { setup, settings, groups: setup.batches.each().map(of_batch).collect() }
    }

    pub async fn scores<O: Observer>(
        &self,
        helpers: &impl Helpers,
        steps: &mut Steps<'_, O>,
    ) -> Result<PruneScores, RunError> {
        let part = |batch, group| Part { batch, kind: PartKind::Edges { group } };
        let of_batch = |batch: usize| (0..self.groups[batch].len()).map(move |group| part(batch, group));
        let parts: Vec<Part> = self.setup.batches.each().flat_map(of_batch).collect();
        let mut values = vec![0.0_f64; self.setup.graph().n_edges()];
        let add = |index: usize, found: Vec<f64>, _: &mut Steps<'_, O>| {
            let (_, edges) = self.group(&parts[index]);
            values[edges].iter_mut().zip(found).for_each(|(sum, value)| *sum += value);
        };
        Crew::new(helpers).share(self, &parts, steps, add).await?;
        Ok(PruneScores::new(values.into_iter().map(|v| v as f32).collect()))
    }

    fn needs(&self) -> Needs {
        let (ablation, side) = (self.settings.ablation, PromptSide::Corrupt);
        Needs { ablation, side, clean: Clean::Kept, keeps_batches: false }
    }

    fn group(&self, part: &Part) -> (&'a DestModule, Range<usize>) {
        let PartKind::Edges { group } = part.kind else { return self.groups[part.batch][0].clone() };
        self.groups[part.batch][group].clone()
    }

    /// The loss of the unpatched model.
    async fn unpatched(&self, loss: &AnswerLoss, ready: &Ready) -> Result<f64, RunError> {
        if let (None, Some((_, logits))) = (ready.loss.get(), &ready.kept) {
            // It is computed once a batch, by one engine.
            _ = ready.loss.set(f64::from(read(loss.of(logits.clone()), "the loss").await?[0]));
        }
        Ok(ready.loss.get().copied().unwrap_or(f64::NAN))
    }
}

fn is_first(part: &Part) -> bool {
    part.kind == PartKind::Edges { group: 0 }
}

impl Shared for EdgeByEdge<'_> {
    /// How much the loss grows by patching each edge of the part.
    type Output = Vec<f64>;

    async fn compute<O: Observer>(&self, part: &Part, steps: &mut Steps<'_, O>) -> Result<Vec<f64>, RunError> {
        let (setup, &Part { batch, .. }) = (self.setup, part);
        let (model, graph) = (setup.model(), setup.graph());
        let loss = AnswerLoss::new(setup, batch, self.settings.grad_function, self.settings.answer_function)?;
        steps.count(is_first(part));
        let ready = setup.at_hand.ready(setup, self.needs(), batch, steps).await?;
        steps.count(true);
        let unpatched = self.unpatched(&loss, &ready).await?;
        let Some((kept, _)) = &ready.kept else { return Ok(Vec::new()) };
        let (tokens, positions) = (setup.batches.tokens(batch, PromptSide::Clean), setup.batches.positions(batch));
        let (_, edges) = self.group(part);
        let amounts = |circuit, edge_idx| whole(edge_idx == edges.start + circuit);
        let mut masks = Masks::new(graph, edges.len(), amounts, model);
        let logits = kept.circuits(model, (&tokens, positions), &mut masks, &ready.patch);
        let losses = read(loss.of(logits), "losses").await?;
        steps.steps(edges.len(), &self.passes(part).1).await?;
        Ok(losses.into_iter().map(|loss| f64::from(loss) - unpatched).collect())
    }

    fn passes(&self, part: &Part) -> (usize, String) {
        let (module, edges) = self.group(part);
        let (batch, n) = (part.batch + 1, self.setup.batches.count());
        let n_ready = if is_first(part) { 2 } else { 0 };
        (edges.len() + n_ready, format!("edges into {}, batch {batch} of {n}", module.module_name))
    }

    fn setup(&self) -> usize {
        2
    }

    fn keeps_batches(&self) -> bool {
        self.needs().keeps_batches
    }

    fn at_hand(&self) -> Vec<usize> {
        self.setup.at_hand.batches()
    }

    fn pack(&self, growths: Vec<f64>) -> Numbers {
        Numbers { f32s: Vec::new(), f64s: growths }
    }

    fn unpack(&self, part: &Part, Numbers { f64s, .. }: Numbers) -> Option<Vec<f64>> {
        (f64s.len() == self.group(part).1.len()).then_some(f64s)
    }
}
