//! Integrated gradients over the inputs, EAP-IG (Hanna et al. 2024, "Have Faith in Faithfulness").
//!
//! The embedding moves in a straight line from the one that edges are patched with to the clean prompts' own; the model is
//! run, unpatched, from several points of that line ([`circuitscope_core::settings::discovery::IgPoints`]). An edge's score
//! is the product of `patch - clean` of its src node with the mean gradient by its dest node's input. As steps grow, the
//! scores of the embedding's edges sum to the loss with the patched embedding less the clean loss.
//!
//! Scores are summed over batches, as mask gradients are; EAP-IG (`eap/attribute.py`) divides this sum by the number of
//! prompts.

use super::at_hand::{Clean, Needs, Ready};
use super::gradient::Pass;
use super::loss::AnswerLoss;
use super::passes::{Passed, Passes};
use super::setup::Setup;
use crate::model::Start;
use circuitscope_core::settings::discovery::{InputGradient, PromptSide};
use circuitscope_core::{CircuitError, SrcKind};

/// One pass for each point of the line.
pub(super) struct InputGradients<'a>(&'a InputGradient);

impl<'a> InputGradients<'a> {
    /// # Errors
    /// When the number of steps is out of range.
    pub fn new(settings: &'a InputGradient) -> Result<Self, CircuitError> {
        match settings.steps {
            1..=10_000 => Ok(Self(settings)),
            n => Err(CircuitError::field("settings", "steps", "from 1 to 10000", n.to_string())),
        }
    }
}

impl Passes for InputGradients<'_> {
    fn count(&self) -> usize {
        self.0.steps
    }

    fn needs(&self) -> Needs {
        let (ablation, side) = (self.0.ablation, PromptSide::Corrupt);
        Needs { ablation, side, clean: Clean::Outputs, keeps_batches: false }
    }

    fn label(&self, step: usize) -> String {
        format!("step {} of {}", step + 1, self.0.steps)
    }

    fn pass(&self, setup: &Setup<'_>, batch: usize, step: usize, ready: &Ready) -> Result<Passed, CircuitError> {
        let &InputGradient { steps: n, points, grad_function, answer_function, .. } = self.0;
        let loss = AnswerLoss::new(setup, batch, grad_function, answer_function)?;
        let patch = &ready.patch;
        let ends = ready
            .clean
            .as_ref()
            .and_then(|clean| Some((clean, patch.at(SrcKind::ResidStart, 0)?, clean.at(SrcKind::ResidStart, 0)?)));
        let Some((clean, from, to)) = ends else {
            return Err(CircuitError::field("graph", "srcs", "an embedding", "none"));
        };
        let (from, to) = (from.squeeze_dim::<4>(1), to.squeeze_dim::<4>(1)); // [1, batch, seq, d_model]
        let share = points.share(step, n);
        let start = Some(Start { block: 0, resid: from * (1.0 - share) + to * share });
        let tokens = setup.batches.tokens(batch, PromptSide::Clean);
        let (model, graph, positions) = (setup.model(), setup.graph(), setup.batches.positions(batch));
        let pass = Pass { model, graph, start, tokens: &tokens, positions, mask: 0.0, patch };
        let gradients = pass.gradients(|logits| loss.of(logits) / n as f64);
        let loss = gradients.loss.clone() * n as f64;
        Ok(Passed { gradients, out: clean.clone(), loss })
    }
}
