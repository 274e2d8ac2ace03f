//! What patching each edge alone does to a loss, by brute force: the number that a mask gradient estimates.
//!
//! Edges into one block are stacked and run from that block on.

use super::loss::AnswerLoss;
use super::setup::{Patches, Setup};
use crate::run::batch::read;
use crate::run::kept::Kept;
use crate::run::masks::{Masks, whole};
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use circuitscope_core::PruneScores;
use circuitscope_core::settings::discovery::{Exact, PromptSide};

pub(super) async fn scores<O: Observer>(
    setup: &Setup<'_>,
    settings: &Exact,
    steps: &mut Steps<'_, O>,
) -> Result<PruneScores, RunError> {
    let (model, graph) = (setup.model(), setup.graph());
    let patches = Patches::new(setup, settings.ablation, PromptSide::Corrupt, steps).await?;
    let mut values = vec![0.0_f64; graph.n_edges()];
    let first_edges = graph.first_edges();
    for batch in 0..setup.batches.count() {
        let loss = AnswerLoss::new(setup, batch, settings.grad_function, settings.answer_function)?;
        let patch = patches.of(setup, batch, steps).await?;
        let n_stacked = setup.n_stacked(batch);
        let tokens = setup.batches.tokens(batch, PromptSide::Clean);
        let positions = setup.batches.positions(batch);
        let (kept, logits) = Kept::run(model, graph, &tokens, positions.clone());
        let unpatched = f64::from(read(loss.of(logits), "the loss").await?[0]);
        steps.step("unpatched model").await?;
        for (module, &first_edge) in graph.dests.iter().zip(&first_edges) {
            let end = first_edge + graph.n_module_edges(module);
            for first in (first_edge..end).step_by(n_stacked) {
                let n = n_stacked.min(end - first);
                let amounts = |circuit, edge_idx| whole(edge_idx == first + circuit);
                let mut masks = Masks::new(graph, n, amounts, model);
                let logits = kept.circuits(model, (&tokens, positions.clone()), &mut masks, &patch);
                let losses = read(loss.of(logits), "losses").await?;
                for (value, loss) in values[first..first + n].iter_mut().zip(losses) {
                    *value += f64::from(loss) - unpatched;
                }
                let label =
                    format!("edges into {}, batch {} of {}", module.module_name, batch + 1, setup.batches.count());
                steps.steps(n, &label).await?;
            }
        }
    }
    Ok(PruneScores::new(values.into_iter().map(|v| v as f32).collect()))
}
