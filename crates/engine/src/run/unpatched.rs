//! The unpatched model, batch by batch, and what circuits go on from.

use std::cell::RefCell;
use std::rc::Rc;

use super::ablation::SrcActivations;
use super::batch::{Batches, input_side, other, read};
use super::error::RunError;
use super::kept::{Keeper, Kept};
use super::metrics::{Logits, Target, answer_values};
use super::plan::Plan;
use super::steps::{Observer, Steps};
use super::tokens::TopTokens;
use crate::model::{Plain, Prefix, PrefixKeeper};
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{Metric, PromptPair, PromptValues, RunSettings};

/// The unpatched model on the prompts of a run, which later runs with other scores or edge counts can use again.
#[derive(Debug)]
pub struct Unpatched {
    /// Its outputs on each batch.
    pub outputs: Vec<Rc<Outputs>>,
    /// The metrics of each prompt that depend on its answers alone, on the clean prompts: their mean over prompts.
    pub clean_means: [Option<f64>; Metric::ALL.len()],
    /// What circuits go on from, as far as it was made ready here.
    pub at_hand: Rc<AtHand>,
}

/// The outputs of the unpatched model on a batch.
#[derive(Debug)]
pub struct Outputs {
    /// On the clean prompts.
    pub clean: Target,
    /// On the corrupt prompts.
    pub corrupt: Target,
}

/// What circuits go on from, made ready when it is first needed.
#[derive(Debug)]
pub struct AtHand {
    batches: RefCell<Vec<Option<Rc<Ready>>>>,
    mean: RefCell<Option<SrcActivations>>,
}

/// What the circuits of a batch go on from.
#[derive(Debug)]
pub struct Ready {
    pub outputs: Rc<Outputs>,
    /// What edges are patched with; nothing where it is not kept, or is one for all batches.
    pub patch: Option<SrcActivations>,
    /// The positions that circuits need not run; nothing where what edges are patched with is not kept either.
    pub prefix: Option<Rc<Prefix>>,
    /// The run on the prompts that circuits are run on, where it is kept.
    pub kept: Option<Kept>,
}

impl Unpatched {
    /// From the outputs on all batches, whose prompts are `pairs`.
    pub fn new(outputs: Vec<Rc<Outputs>>, pairs: &[PromptPair], at_hand: Rc<AtHand>) -> Self {
        let mut values: PromptValues = Metric::ALL.map(|_| Some(Vec::new()));
        let batch_size = pairs.len() / outputs.len().max(1);
        for (outputs, pairs) in outputs.iter().zip(pairs.chunks(batch_size.max(1))) {
            let Target { logits, log_z, .. } = &outputs.clean;
            super::metrics::append(&mut values, answer_values(logits.rows(), log_z, pairs));
        }
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        Self { outputs, clean_means: values.map(|values| values.map(mean)), at_hand }
    }

    /// The logits on the clean or the corrupt prompts of all batches.
    pub fn logits(&self, side: PromptSide) -> Logits {
        let all: Vec<&Logits> = self.outputs.iter().map(|outputs| &outputs.of(side).logits).collect();
        let (n_positions, d_vocab) = all.first().map_or((1, 1), |logits| (logits.n_positions, logits.d_vocab));
        let mut values = Vec::with_capacity(all.iter().map(|logits| logits.values.len()).sum());
        all.iter().for_each(|logits| values.extend_from_slice(&logits.values));
        Logits { values, n_positions, d_vocab }
    }

    /// The likeliest tokens on the clean and on the corrupt prompts.
    pub fn tokens(&self) -> [TopTokens; 2] {
        [PromptSide::Clean, PromptSide::Corrupt].map(|side| {
            let batches = self.outputs.iter().map(|outputs| outputs.of(side));
            let tokens = batches.map(|target| TopTokens::of(&target.logits, &target.log_z));
            tokens.reduce(TopTokens::followed_by).unwrap_or_default()
        })
    }
}

impl Outputs {
    pub fn of(&self, side: PromptSide) -> &Target {
        match side {
            PromptSide::Clean => &self.clean,
            PromptSide::Corrupt => &self.corrupt,
        }
    }
}

impl AtHand {
    /// Nothing yet.
    pub fn new(n_batches: usize) -> Self {
        Self { batches: RefCell::new(vec![None; n_batches]), mean: RefCell::new(None) }
    }

    /// The batches that are ready.
    pub fn batches(&self) -> Vec<usize> {
        let batches = self.batches.borrow();
        batches.iter().enumerate().filter(|(_, ready)| ready.is_some()).map(|(batch, _)| batch).collect()
    }

    /// A batch, where it is ready.
    pub fn batch(&self, batch: usize) -> Option<Rc<Ready>> {
        self.batches.borrow()[batch].clone()
    }

    /// The mean over all prompts that edges are patched with, where an ablation is one and it is made.
    pub fn mean(&self) -> Option<SrcActivations> {
        self.mean.borrow().clone()
    }

    /// The same, made where it is not yet.
    ///
    /// # Errors
    /// When the device fails or the observer asks to stop.
    pub async fn ready_mean<O: Observer>(
        &self,
        batches: &Batches<'_>,
        settings: &RunSettings,
        steps: &mut Steps<'_, O>,
    ) -> Result<Option<SrcActivations>, RunError> {
        if settings.ablation.dataset_means().is_some() && self.mean.borrow().is_none() {
            let mean = batches.dataset_mean(settings.ablation, steps).await?;
            self.mean.replace(mean);
        }
        Ok(self.mean())
    }

    /// A batch, for which the unpatched model is run where it is not ready: on the clean and on the corrupt prompts. What of it is kept,
    /// `plan` says. One of the two runs also records what edges are patched with, where that is kept, from the first position on that is
    /// not the same in both.
    ///
    /// # Errors
    /// When the device fails or the observer asks to stop.
    pub async fn ready<O: Observer>(
        &self,
        batches: &Batches<'_>,
        batch: usize,
        settings: &RunSettings,
        plan: &Plan,
        steps: &mut Steps<'_, O>,
    ) -> Result<Rc<Ready>, RunError> {
        if let Some(ready) = self.batch(batch) {
            return Ok(ready);
        }
        let ready = Rc::new(run(batches, batch, settings, plan, steps).await?);
        self.batches.borrow_mut()[batch] = Some(ready.clone());
        Ok(ready)
    }
}

async fn run<O: Observer>(
    batches: &Batches<'_>,
    batch: usize,
    settings: &RunSettings,
    plan: &Plan,
    steps: &mut Steps<'_, O>,
) -> Result<Ready, RunError> {
    let (model, ablation, positions) = (batches.model, settings.ablation, batches.positions(batch));
    let (n_positions, d_vocab) = (positions.len(), model.config().d_vocab_out);
    let keep_patches = plan.keep_patches && ablation.dataset_means().is_none();
    let len = if keep_patches { batches.prefix_len(batch, ablation) } else { 0 };
    let (input, target) = (input_side(settings), |values| Target::new(Logits { values, n_positions, d_vocab }));

    let tokens = batches.tokens(batch, input);
    let (logits, kept, prefix) = if plan.keep_runs {
        let mut keeper = Keeper::new(batches.graph, len);
        let logits = model.forward(&tokens, positions.clone(), &mut keeper);
        let (kept, prefix) = keeper.into_kept();
        (logits, Some(kept), prefix)
    } else {
        let mut keeper = PrefixKeeper::new(len);
        let logits = model.forward(&tokens, positions.clone(), &mut keeper);
        (logits, None, keeper.into_prefix())
    };
    let of_input = target(read(logits, "logits").await?);
    steps.step(&label(batches, batch)).await?;

    let tokens = batches.tokens(batch, other(input)).after(prefix.clone());
    let (logits, patch) = if keep_patches {
        let (patch, resid) = batches.patch_of(batch, ablation, &tokens);
        (model.unembed(resid), Some(patch))
    } else {
        (model.forward(&tokens, positions, &mut Plain), None)
    };
    let of_other = target(read(logits, "logits").await?);
    steps.step(&label(batches, batch)).await?;

    let (clean, corrupt) = if input == PromptSide::Clean { (of_input, of_other) } else { (of_other, of_input) };
    Ok(Ready { outputs: Rc::new(Outputs { clean, corrupt }), patch, prefix, kept })
}

/// What is said of a pass of the unpatched model.
pub fn label(batches: &Batches<'_>, batch: usize) -> String {
    format!("unpatched model, batch {} of {}", batch + 1, batches.count())
}
