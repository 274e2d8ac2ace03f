//! Scores that a search should beat.

use super::noise::Noise;
use super::setup::Setup;
use crate::run::ablation::record;
use crate::run::batch::read;
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{Graph, PruneScores};

/// Random numbers from 0 to 1; auto-circuit's `random_prune_scores`.
pub fn random(graph: &Graph, seed: u64) -> PruneScores {
    let mut noise = Noise::new(seed);
    PruneScores::new((0..graph.n_edges()).map(|_| noise.uniform() as f32).collect())
}

/// The absolute mean of the edge's src node over prompts, positions and the residual stream, averaged over batches of clean
/// prompts; auto-circuit's `activation_magnitude_prune_scores`.
pub(super) async fn activation_magnitude<O: Observer>(
    setup: &Setup<'_>,
    steps: &mut Steps<'_, O>,
) -> Result<PruneScores, RunError> {
    let graph = setup.graph();
    let mut magnitudes = vec![0.0; graph.srcs.len()];
    for batch in 0..setup.batches.count() {
        let tokens = setup.batches.tokens(batch, PromptSide::Clean);
        let all = 0..setup.batches.seq(batch);
        let recorded = record(setup.model(), graph, &tokens, all).0;
        let mut src_idx = 0;
        for group in recorded.groups {
            let [_, n, ..] = group.out.dims();
            let means = read(group.out.flatten::<3>(2, 4).mean_dim(2).reshape([n]), "activations").await?;
            for mean in means {
                magnitudes[src_idx] += mean.abs() / setup.batches.count() as f32;
                src_idx += 1;
            }
        }
        steps.step(&format!("batch {} of {}", batch + 1, setup.batches.count())).await?;
    }
    Ok(PruneScores::new(graph.edges().map(|edge| magnitudes[edge.src_idx]).collect()))
}
