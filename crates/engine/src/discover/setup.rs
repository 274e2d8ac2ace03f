//! What every search begins with: checked prompts in batches, activations to patch with, and a count of passes.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::model::{Model, ModelError, TokenBatch};
use crate::run::ablation::{SrcActivations, ablated, record};
use crate::run::circuits::{graph_config, pass_bytes};
use crate::run::{Observer, RunError, Stacking};
use circuitscope_core::settings::discovery::{DiscoverCost, PromptSide};
use circuitscope_core::{
    AblationType, CircuitError, DiscoverSettings, Graph, GraphConfig, OutputSlice, PromptBatch, Prompts, PruneScores,
    RunSettings,
};

/// What a search is made of.
pub struct DiscoverInput<'a> {
    pub model: &'a dyn Model,
    pub prompts: &'a Prompts,
    /// The graph that the settings mean; see [`discover_graph`].
    pub graph: &'a Graph,
    pub settings: &'a DiscoverSettings,
    pub stacking: Stacking,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Discovery {
    pub scores: PruneScores,
    /// How many edges' scores were kept, where the settings say that some are.
    pub n_kept: Option<usize>,
    /// What it was expected to take.
    pub cost: DiscoverCost,
    /// The loss of the last pass, where the algorithm has one.
    pub last_loss: Option<f64>,
}

/// Which graph the settings mean for these prompts.
///
/// # Errors
/// When a token-wise graph is asked for and the prompts that are used differ in length.
pub fn discover_graph(settings: &DiscoverSettings, prompts: &Prompts) -> Result<GraphConfig, CircuitError> {
    let DiscoverSettings { factorized, separate_qkv, token_wise, batch_size, .. } = *settings;
    graph_config(&RunSettings { factorized, separate_qkv, token_wise, batch_size, ..RunSettings::default() }, prompts)
}

/// Prompts and model, fit for each other.
pub(super) struct Setup<'a> {
    pub input: &'a DiscoverInput<'a>,
    pub batches: Vec<PromptBatch<'a>>,
}

impl<'a> Setup<'a> {
    pub fn new(input: &'a DiscoverInput<'a>) -> Result<Self, CircuitError> {
        let &DiscoverInput { prompts, settings, .. } = input;
        let batches = prompts.batches(settings.batch_size)?;
        prompts.check(input.model.config())?;
        let n = batches.len() * settings.batch_size;
        if settings.slice != OutputSlice::LastSeq {
            prompts.one_seq(n, "(outputs at several positions need one length)")?;
        }
        if settings.slice == OutputSlice::NotFirstSeq {
            prompts.one_len(n, "(the first position, which is left out, is a pad token in shorter ones)")?;
        }
        if settings.slice == OutputSlice::NotFirstSeq && batches.iter().any(|b| b.seq < 2) {
            let expected = "at least 2 tokens long, since the first position is left out";
            return Err(CircuitError::field(&prompts.file, "prompts", expected, "1 token"));
        }
        Ok(Self { input, batches })
    }

    pub fn model(&self) -> &'a dyn Model {
        self.input.model
    }

    pub fn graph(&self) -> &'a Graph {
        self.input.graph
    }

    /// The positions of a batch's output.
    pub fn positions(&self, batch: usize) -> Range<usize> {
        self.input.settings.slice.positions(self.batches[batch].seq)
    }

    /// The prompts of a batch, filled up to one length where they differ.
    pub fn tokens(&self, batch: usize, side: PromptSide) -> TokenBatch {
        let prompts = self.batches[batch].padded(|pair| match side {
            PromptSide::Clean => &pair.clean,
            PromptSide::Corrupt => &pair.corrupt,
        });
        TokenBatch::left_padded(prompts.iter().map(|p| (p.tokens.as_slice(), p.n_pads)), self.model().device())
    }

    /// How many circuits a patched pass of a batch may take.
    pub fn n_stacked(&self, batch: usize) -> usize {
        let (config, rows) = (self.model().config(), self.input.settings.batch_size * self.batches[batch].seq);
        let Stacking { budget_bytes, max_rows } = self.input.stacking;
        let fits = budget_bytes / pass_bytes(config, self.graph(), rows).max(1);
        fits.min(max_rows / rows).max(1)
    }

    /// A problem with a prompt of a batch.
    pub fn prompt_error(&self, batch: usize, place: usize, field: &str, expected: &str, found: &str) -> CircuitError {
        let i = batch * self.input.settings.batch_size + place;
        CircuitError::field(&self.input.prompts.file, &format!("prompts[{i}].{field}"), expected, found)
    }
}

/// What edges are patched with.
pub(super) struct Patches {
    ablation: AblationType,
    side: PromptSide,
    /// The mean over all prompts, for the ablations that are such.
    mean: Option<SrcActivations>,
}

impl Patches {
    /// `side` says which prompts, where the ablation does not say so itself.
    pub async fn new<O: Observer>(
        setup: &Setup<'_>,
        ablation: AblationType,
        side: PromptSide,
        steps: &mut Steps<'_, O>,
    ) -> Result<Self, RunError> {
        let mut mean: Option<SrcActivations> = None;
        if let Some((clean, corrupt)) = ablation.dataset_means() {
            let prompts = setup.input.prompts;
            let n = setup.batches.len() * setup.input.settings.batch_size;
            prompts.one_seq(n, "(means over all prompts need one length)")?;
            let sides = [(clean, PromptSide::Clean), (corrupt, PromptSide::Corrupt)];
            let sides: Vec<PromptSide> = sides.into_iter().filter(|s| s.0).map(|s| s.1).collect();
            for batch in 0..setup.batches.len() {
                for &side in &sides {
                    let tokens = setup.tokens(batch, side);
                    let recorded = record(setup.model(), setup.graph(), &tokens, setup.positions(batch)).0.batch_mean();
                    mean = Some(match mean {
                        None => recorded,
                        Some(mean) => mean.plus(&recorded),
                    });
                    steps.step("means over all prompts").await?;
                }
            }
            mean = mean.map(|sum| sum.divided_by(setup.batches.len() * sides.len()));
        }
        Ok(Self { ablation, side, mean })
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
        let seq = setup.batches[batch].seq;
        // A mean over positions needs all of them, in the last block too.
        let all = self.ablation == AblationType::BatchAllTokMean;
        let last_block = if all { 0..seq } else { setup.positions(batch) };
        let recorded = record(setup.model(), setup.graph(), &setup.tokens(batch, self.side), last_block).0;
        steps.step("activations to patch with").await?;
        Ok(ablated(self.ablation, recorded))
    }
}

/// Counts passes, forward and backward.
pub(super) struct Steps<'o, O> {
    done: usize,
    total: usize,
    last_loss: Option<f64>,
    observer: &'o mut O,
}

impl<'o, O: Observer> Steps<'o, O> {
    pub fn new(cost: DiscoverCost, observer: &'o mut O) -> Self {
        Self { done: 0, total: cost.forward_passes + cost.backward_passes, last_loss: None, observer }
    }

    /// For an algorithm that stacks several circuits in a pass.
    pub fn expect(&mut self, total: usize) {
        self.total = total;
    }

    pub fn last_loss(&self) -> Option<f64> {
        self.last_loss
    }

    /// A pass is done.
    pub async fn step(&mut self, label: &str) -> Result<(), RunError> {
        self.steps(1, label).await
    }

    /// Some passes are done.
    pub async fn steps(&mut self, n: usize, label: &str) -> Result<(), RunError> {
        self.done += n;
        if self.observer.progress(self.done, self.total, label).await { Ok(()) } else { Err(RunError::Cancelled) }
    }

    /// A forward and a backward pass are done, with this loss.
    pub async fn gradient_step(&mut self, loss: f64, label: &str) -> Result<(), RunError> {
        self.last_loss = Some(loss);
        self.observer.loss(loss);
        self.steps(2, label).await
    }
}

/// The numbers of a tensor, row-major.
pub(super) async fn read<const D: usize>(tensor: Tensor<D>, what: &str) -> Result<Vec<f32>, ModelError> {
    let data = tensor.into_data_async().await.map_err(|e| ModelError::device(&format!("reading {what}"), e))?;
    data.try_to_vec().map_err(|e| ModelError::device(&format!("reading {what}"), e))
}

/// Scores that are no numbers come of activations or losses that overflow.
pub(super) fn refuse_nan(values: &[f32]) -> Result<(), CircuitError> {
    match values.iter().position(|v| v.is_nan()) {
        None => Ok(()),
        Some(place) => Err(CircuitError::NotANumber {
            file: "search".to_owned(),
            tensor: "scores".to_owned(),
            index: format!("edge {place}"),
        }),
    }
}
