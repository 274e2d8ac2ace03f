//! The gradient of a loss by every edge's mask; auto-circuit's `mask_gradient_prune_scores`. Scores are summed over batches
//! and, with integrated gradients (Sundararajan et al. 2017), over the mask's values, as in the reference.

use super::at_hand::{Clean, Needs, Ready};
use super::gradient::Pass;
use super::loss::AnswerLoss;
use super::passes::{Passed, Passes};
use super::setup::Setup;
use circuitscope_core::CircuitError;
use circuitscope_core::settings::discovery::{MaskGradient, PromptSide};

/// A larger number is taken for a mistake.
const MOST_SAMPLES: usize = 10_000;

/// One pass for each value of the masks.
pub(super) struct MaskGradients<'a> {
    settings: &'a MaskGradient,
    values: Vec<f64>,
}

impl<'a> MaskGradients<'a> {
    /// # Errors
    /// When a setting is out of range.
    pub fn new(settings: &'a MaskGradient) -> Result<Self, CircuitError> {
        Ok(Self { settings, values: mask_values(settings)? })
    }
}

impl Passes for MaskGradients<'_> {
    fn count(&self) -> usize {
        self.values.len()
    }

    fn needs(&self) -> Needs {
        let MaskGradient { ablation, ablation_prompts: side, .. } = *self.settings;
        Needs { ablation, side, clean: Clean::Nothing, keeps_batches: false }
    }

    fn label(&self, step: usize) -> String {
        format!("mask {}", self.values[step])
    }

    fn pass(&self, setup: &Setup<'_>, batch: usize, step: usize, ready: &Ready) -> Result<Passed, CircuitError> {
        let MaskGradient { grad_function, answer_function, .. } = *self.settings;
        let loss = AnswerLoss::new(setup, batch, grad_function, answer_function)?;
        let tokens = setup.batches.tokens(batch, PromptSide::Clean);
        let (model, graph, positions) = (setup.model(), setup.graph(), setup.batches.positions(batch));
        let (mask, patch) = (self.values[step], &ready.patch);
        let pass = Pass { model, graph, start: None, tokens: &tokens, positions, mask, patch };
        let gradients = pass.gradients(|logits| loss.of(logits));
        let (out, loss) = (gradients.srcs.clone(), gradients.loss.clone());
        Ok(Passed { gradients, out, loss })
    }
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
