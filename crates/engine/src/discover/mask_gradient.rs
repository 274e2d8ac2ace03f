//! The gradient of a loss by every edge's mask; auto-circuit's `mask_gradient_prune_scores`. Scores are summed over batches
//! and, with integrated gradients (Sundararajan et al. 2017), over the mask's values, as in the reference.

use super::gradient::{Pass, ScoreSums};
use super::loss::AnswerLoss;
use super::setup::{Patches, Setup};
use crate::run::batch::read;
use crate::run::steps::Steps;
use crate::run::{Observer, RunError};
use circuitscope_core::settings::discovery::{MaskGradient, PromptSide};
use circuitscope_core::{CircuitError, PruneScores};

pub(super) async fn scores<O: Observer>(
    setup: &Setup<'_>,
    settings: &MaskGradient,
    steps: &mut Steps<'_, O>,
) -> Result<PruneScores, RunError> {
    let masks = mask_values(settings)?;
    let patches = Patches::new(setup, settings.ablation, settings.ablation_prompts, steps).await?;
    let mut sums = ScoreSums::new(setup.model(), setup.graph());
    for batch in 0..setup.batches.count() {
        let loss = AnswerLoss::new(setup, batch, settings.grad_function, settings.answer_function)?;
        let patch = patches.of(setup, batch, steps).await?;
        let tokens = setup.batches.tokens(batch, PromptSide::Clean);
        for &mask in &masks {
            let (model, graph, positions) = (setup.model(), setup.graph(), setup.batches.positions(batch));
            let pass = Pass { model, graph, start: None, tokens: &tokens, positions, mask, patch: &patch };
            let gradients = pass.gradients(|logits| loss.of(logits));
            let (value, out) = (gradients.loss.clone(), gradients.srcs.clone());
            sums.add(gradients, &patch, &out);
            let value = read(value, "the loss").await?;
            let label = format!("mask {mask}, batch {} of {}", batch + 1, setup.batches.count());
            steps.gradient_step(f64::from(value[0]), &label).await?;
        }
    }
    Ok(PruneScores::new(sums.read().await?))
}

fn mask_values(settings: &MaskGradient) -> Result<Vec<f64>, CircuitError> {
    let wrong =
        |field: &str, expected: &str, found: String| Err(CircuitError::field("settings", field, expected, found));
    match settings.integrated_grad_samples {
        None if settings.mask_value.is_finite() => Ok(vec![settings.mask_value]),
        None => wrong("maskValue", "a number", settings.mask_value.to_string()),
        Some(n) if (1..=MOST_SAMPLES).contains(&n) => Ok((0..=n).map(|i| i as f64 / n as f64).collect()),
        Some(n) => wrong("integratedGradSamples", "from 1 to 10000", n.to_string()),
    }
}

/// A larger number is taken for a mistake.
const MOST_SAMPLES: usize = 10_000;
