//! Integrated gradients over the inputs, EAP-IG (Hanna et al. 2024, "Have Faith in Faithfulness").
//!
//! The embedding moves in a straight line from the one that edges are patched with to the clean prompts' own; the model is
//! run, unpatched, from several points of that line ([`circuitscope_core::settings::discovery::IgPoints`]). An edge's score
//! is the product of `patch - clean` of its src node with the mean gradient by its dest node's input. As steps grow, the
//! scores of the embedding's edges sum to the loss with the patched embedding less the clean loss.
//!
//! Scores are summed over batches, as mask gradients are; EAP-IG (`eap/attribute.py`) divides this sum by the number of
//! prompts.

use super::gradient::{Pass, ScoreSums};
use super::loss::AnswerLoss;
use super::setup::{Patches, Setup};
use crate::model::Start;
use crate::run::ablation::record;
use crate::run::batch::read;
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use circuitscope_core::settings::discovery::{InputGradient, PromptSide};
use circuitscope_core::{CircuitError, PruneScores, SrcKind};

pub(super) async fn scores<O: Observer>(
    setup: &Setup<'_>,
    settings: &InputGradient,
    steps: &mut Steps<'_, O>,
) -> Result<PruneScores, RunError> {
    let n = settings.steps;
    if !(1..=10_000).contains(&n) {
        return Err(CircuitError::field("settings", "steps", "from 1 to 10000", n.to_string()).into());
    }
    let patches = Patches::new(setup, settings.ablation, PromptSide::Corrupt, steps).await?;
    let mut sums = ScoreSums::new(setup.model(), setup.graph());
    for batch in 0..setup.batches.count() {
        let loss = AnswerLoss::new(setup, batch, settings.grad_function, settings.answer_function)?;
        let patch = patches.of(setup, batch, steps).await?;
        let tokens = setup.batches.tokens(batch, PromptSide::Clean);
        let (model, graph, positions) = (setup.model(), setup.graph(), setup.batches.positions(batch));
        let clean = record(model, graph, &tokens, positions.clone()).0;
        steps.step("unpatched model").await?;
        let (Some(from), Some(to)) = (patch.at(SrcKind::ResidStart, 0), clean.at(SrcKind::ResidStart, 0)) else {
            return Err(CircuitError::field("graph", "srcs", "an embedding", "none").into());
        };
        let (from, to) = (from.squeeze_dim::<4>(1), to.squeeze_dim::<4>(1)); // [1, batch, seq, d_model]
        for step in 0..n {
            let share = settings.points.share(step, n);
            let resid = from.clone() * (1.0 - share) + to.clone() * share;
            let start = Some(Start { block: 0, resid });
            let positions = positions.clone();
            let pass = Pass { model, graph, start, tokens: &tokens, positions, mask: 0.0, patch: &patch };
            let gradients = pass.gradients(|logits| loss.of(logits) / n as f64);
            let value = gradients.loss.clone() * n as f64;
            sums.add(gradients, &patch, &clean);
            let value = read(value, "the loss").await?;
            let label = format!("step {} of {n}, batch {} of {}", step + 1, batch + 1, setup.batches.count());
            steps.gradient_step(f64::from(value[0]), &label).await?;
        }
    }
    Ok(PruneScores::new(sums.read().await?))
}
