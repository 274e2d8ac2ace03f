//! What every search begins with: checked prompts in batches, and activations to patch with.

use std::rc::Rc;

use super::at_hand::AtHand;
use crate::model::Model;
use crate::run::ablation::SrcActivations;
use crate::run::steps::Steps;
use crate::run::{Batches, Observer, RunError, Stacking, graph_config};
use circuitscope_core::settings::discovery::{DiscoverCost, PromptSide};
use circuitscope_core::{
    AblationType, Algorithm, CircuitError, DiscoverSettings, Graph, GraphConfig, PromptPair, Prompts, PruneScores,
    RunSettings,
};

/// A search: the model, the prompts and the settings.
pub struct DiscoverInput<'a> {
    pub model: &'a dyn Model,
    pub prompts: &'a Prompts,
    /// The graph that the settings mean; see [`discover_graph`].
    pub graph: &'a Graph,
    pub settings: &'a DiscoverSettings,
    pub stacking: Stacking,
}

/// The scores that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Discovery {
    pub scores: PruneScores,
    /// How many edges' scores were kept, where the settings say that some are.
    pub n_kept: Option<usize>,
    /// What it was expected to take.
    pub cost: DiscoverCost,
    /// The loss of the last pass, where the algorithm has one.
    pub last_loss: Option<f64>,
    /// A sentence where no circuit can be cut from the scores.
    pub note: Option<String>,
}

/// Which graph the settings mean for these prompts.
///
/// # Errors
/// When a token-wise graph is asked for and the prompts that are used differ in length.
pub fn discover_graph(settings: &DiscoverSettings, prompts: &Prompts) -> Result<GraphConfig, CircuitError> {
    let DiscoverSettings { factorized, separate_qkv, token_wise, batch_size, .. } = *settings;
    graph_config(&RunSettings { factorized, separate_qkv, token_wise, batch_size, ..RunSettings::default() }, prompts)
}

/// A search whose prompts were checked against the model, in batches.
pub(super) struct Setup<'a> {
    pub input: &'a DiscoverInput<'a>,
    pub batches: Batches<'a>,
    /// What is ready of them.
    pub at_hand: Rc<AtHand>,
}

impl<'a> Setup<'a> {
    pub fn new(input: &'a DiscoverInput<'a>, at_hand: Rc<AtHand>) -> Result<Self, CircuitError> {
        let &DiscoverInput { model, graph, prompts, settings, .. } = input;
        let batches = Batches::new(model, graph, prompts, settings.slice, settings.batch_size)?;
        Ok(Self { input, batches, at_hand })
    }

    pub fn model(&self) -> &'a dyn Model {
        self.input.model
    }

    pub fn graph(&self) -> &'a Graph {
        self.input.graph
    }

    /// How many circuits a patched pass of a batch may take.
    pub fn n_stacked(&self, batch: usize) -> usize {
        let seq = self.batches.seq(batch);
        let rows = self.input.settings.batch_size * seq;
        let pass = self.batches.activations(seq).pass_read_back(self.batches.positions(batch).len());
        self.input.stacking.n_stacked(rows, pass)
    }
}

/// What edges are patched with.
pub(super) struct Patches {
    ablation: AblationType,
    side: PromptSide,
    /// The mean over all prompts, for the ablations that use it.
    mean: Option<SrcActivations>,
}

impl Patches {
    /// `side` says which prompts, for the ablations that do not name them themselves.
    pub async fn new<O: Observer>(
        setup: &Setup<'_>,
        ablation: AblationType,
        side: PromptSide,
        steps: &mut Steps<'_, O>,
    ) -> Result<Self, RunError> {
        Ok(Self { ablation, side, mean: setup.batches.dataset_mean(ablation, steps).await? })
    }

    /// For a batch.
    pub async fn of<O: Observer>(
        &self,
        setup: &Setup<'_>,
        batch: usize,
        steps: &mut Steps<'_, O>,
    ) -> Result<SrcActivations, RunError> {
        if let Some(mean) = &self.mean {
            return Ok(mean.clone());
        }
        let patch = setup.batches.patch(batch, self.ablation, self.side).0;
        steps.step("activations to patch with").await?;
        Ok(patch)
    }
}

/// Scores that are not numbers come from activations or losses that overflow.
pub(super) fn refuse_nan(values: &[f32]) -> Result<(), CircuitError> {
    match values.iter().position(|v| v.is_nan()) {
        None => Ok(()),
        Some(edge) => Err(CircuitError::NotANumber {
            file: "search".to_owned(),
            tensor: "scores".to_owned(),
            index: format!("edge {edge}"),
        }),
    }
}

/// A sentence where no circuit can be cut from scores: all are equal, or patching changes nothing, so that they differ by
/// rounding alone.
pub(super) fn note(algorithm: &Algorithm, scores: &[f32], pairs: &[PromptPair]) -> Option<String> {
    let same_prompts = pairs.iter().all(|pair| pair.clean == pair.corrupt);
    if same_prompts && ablation_of(algorithm) == Some(AblationType::Resample) {
        let why = "each corrupt prompt equals its clean one, so that patching changes nothing";
        return Some(format!("{why}: these scores say nothing about edges"));
    }
    let (&first, rest) = scores.split_first()?;
    let is_constant = !rest.is_empty() && rest.iter().all(|&score| score == first);
    is_constant.then(|| format!("every edge has the same score, {first}: only all edges or none can be a circuit"))
}

/// What an algorithm patches edges with, where it does.
fn ablation_of(algorithm: &Algorithm) -> Option<AblationType> {
    match algorithm {
        Algorithm::MaskGradient(settings) => Some(settings.ablation),
        Algorithm::InputGradient(settings) => Some(settings.ablation),
        Algorithm::Exact(settings) => Some(settings.ablation),
        Algorithm::SubnetworkProbing(settings) => Some(settings.ablation),
        Algorithm::Acdc(_) => Some(AblationType::Resample),
        Algorithm::ActivationMagnitude {} | Algorithm::Random(_) | Algorithm::Official(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use circuitscope_core::Answers;
    use circuitscope_core::settings::discovery::{MaskGradient, Random};

    use super::*;

    fn pair(clean: u32, corrupt: u32) -> PromptPair {
        let answers = || Answers::Tokens(Vec::new());
        PromptPair { clean: vec![clean], corrupt: vec![corrupt], answers: answers(), wrong_answers: answers() }
    }

    #[test]
    fn scores_that_give_no_circuit_have_a_note() {
        let random = Algorithm::Random(Random::default());
        assert_eq!(note(&random, &[0.0, 0.5, 0.0], &[pair(1, 1)]), None);
        assert_eq!(note(&random, &[0.5], &[pair(1, 1)]), None);
        let constant = note(&random, &[0.0, -0.0, 0.0], &[pair(1, 2)]).unwrap();
        assert!(constant.contains("the same score, 0:"), "{constant}");
        let eap = |ablation| Algorithm::MaskGradient(MaskGradient { ablation, ..MaskGradient::default() });
        let same = note(&eap(AblationType::Resample), &[0.0, 1e-9], &[pair(1, 1), pair(2, 2)]).unwrap();
        assert!(same.contains("equals its clean one"), "{same}");
        assert_eq!(note(&eap(AblationType::Resample), &[0.0, 1e-9], &[pair(1, 1), pair(1, 2)]), None);
        assert_eq!(note(&eap(AblationType::Zero), &[0.0, 0.5], &[pair(1, 1)]), None);
    }
}
