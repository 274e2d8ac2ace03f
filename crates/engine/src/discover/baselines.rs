//! Scores that a search should beat.

use super::noise::Noise;
use super::setup::Setup;
use crate::run::ablation::record;
use crate::run::batch::read;
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use crate::share::{Crew, Helpers, Numbers, Shared};
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{Graph, PruneScores};
use circuitscope_wire::help::{Part, PartKind};

/// Random numbers from 0 to 1; auto-circuit's `random_prune_scores`.
pub fn random(graph: &Graph, seed: u64) -> PruneScores {
    let mut noise = Noise::new(seed);
    PruneScores::new((0..graph.n_edges()).map(|_| noise.uniform() as f32).collect())
}

/// The absolute mean of the edge's src node over prompts, positions and the residual stream, averaged over batches of clean
/// prompts; auto-circuit's `activation_magnitude_prune_scores`.
pub(super) struct Magnitudes<'a>(pub &'a Setup<'a>);

impl Magnitudes<'_> {
    pub async fn scores<O: Observer>(
        &self,
        helpers: &impl Helpers,
        steps: &mut Steps<'_, O>,
    ) -> Result<PruneScores, RunError> {
        let (graph, batches) = (self.0.graph(), &self.0.batches);
        let parts: Vec<Part> = batches.each().map(|batch| Part { batch, kind: PartKind::Magnitudes }).collect();
        let mut magnitudes = vec![0.0; graph.srcs.len()];
        let add = |_: usize, means: Vec<f32>, _: &mut Steps<'_, O>| {
            let means = means.iter().map(|mean| mean.abs() / batches.count() as f32);
            magnitudes.iter_mut().zip(means).for_each(|(sum, mean)| *sum += mean);
        };
        Crew::new(helpers).share(self, &parts, steps, add).await?;
        Ok(PruneScores::new(graph.edges().map(|edge| magnitudes[edge.src_idx]).collect()))
    }
}

impl Shared for Magnitudes<'_> {
    /// The mean of each src node on a batch.
    type Output = Vec<f32>;

    async fn compute<O: Observer>(&self, part: &Part, steps: &mut Steps<'_, O>) -> Result<Vec<f32>, RunError> {
        let (setup, &Part { batch, .. }) = (self.0, part);
        let tokens = setup.batches.tokens(batch, PromptSide::Clean);
        let recorded = record(setup.model(), setup.graph(), &tokens, 0..setup.batches.seq(batch)).0;
        let mut means = Vec::with_capacity(setup.graph().srcs.len());
        for group in recorded.groups {
            let [_, n, ..] = group.out.dims();
            means.extend(read(group.out.flatten::<3>(2, 4).mean_dim(2).reshape([n]), "activations").await?);
        }
        steps.step(&self.passes(part).1).await?;
        Ok(means)
    }

    fn passes(&self, part: &Part) -> (usize, String) {
        (1, format!("batch {} of {}", part.batch + 1, self.0.batches.count()))
    }

    fn setup(&self) -> usize {
        0
    }

    fn keeps_batches(&self) -> bool {
        false
    }

    fn pack(&self, means: Vec<f32>) -> Numbers {
        Numbers { f32s: means, f64s: Vec::new() }
    }

    fn unpack(&self, _: &Part, Numbers { f32s, .. }: Numbers) -> Option<Vec<f32>> {
        (f32s.len() == self.0.graph().srcs.len()).then_some(f32s)
    }
}
