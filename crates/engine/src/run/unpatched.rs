//! The unpatched model on all batches, and what edges are patched with.

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
use circuitscope_core::{Metric, PromptPair, RunSettings};

/// The unpatched model on the prompts of a run, which later runs with other scores or edge counts can use again.
#[derive(Debug)]
pub struct Unpatched {
    /// On the clean prompts.
    pub clean: Target,
    /// On the corrupt prompts.
    pub corrupt: Target,
    /// The metrics that depend on the answers alone, on the clean prompts: their mean over prompts.
    pub clean_means: [Option<f64>; Metric::ALL.len()],
    /// What edges are patched with: of each batch, or one for all; empty where it is not kept.
    pub patches: Vec<SrcActivations>,
    /// The positions of each batch that circuits need not run; none where what edges are patched with is not kept either.
    pub prefixes: Vec<Option<Rc<Prefix>>>,
    /// The run on the prompts that circuits are run on, of each batch; empty where it is not kept.
    pub kept: Vec<Kept>,
}

impl Unpatched {
    /// Runs it. What of it is kept, `plan` says. One of the two runs also records what edges are patched with, where that is kept, from the first position on that is
    /// not the same in both; means over all prompts take one more run of every batch.
    ///
    /// # Errors
    /// When the device fails or the observer asks to stop.
    pub async fn run<O: Observer>(
        batches: &Batches<'_>,
        settings: &RunSettings,
        plan: &Plan,
        steps: &mut Steps<'_, O>,
    ) -> Result<Self, RunError> {
        let (model, ablation) = (batches.model, settings.ablation);
        let (n_positions, d_vocab) = (batches.positions(0).len(), model.config().d_vocab_out);
        // Room for all at once: a list that grows is up to twice as large as what is in it.
        let room = || Vec::with_capacity(batches.n_prompts() * n_positions * d_vocab);
        let (mut clean, mut corrupt) = (room(), room());
        let (mut patches, mut prefixes, mut all_kept) = (Vec::new(), Vec::new(), Vec::new());
        let keep_patches = plan.keep_patches && ablation.dataset_means().is_none();
        let input = input_side(settings);
        for batch in 0..batches.count() {
            let len = if keep_patches { batches.prefix_len(batch, ablation) } else { 0 };
            let mut prefix = None;
            for side in [input, other(input)] {
                let tokens = batches.tokens(batch, side).after(prefix.clone());
                let logits = if side == input && plan.keep_runs {
                    let mut keeper = Keeper::new(batches.graph, len);
                    let logits = model.forward(&tokens, batches.positions(batch), &mut keeper);
                    let (kept, of_prefix) = keeper.into_kept();
                    all_kept.push(kept);
                    prefix = of_prefix;
                    logits
                } else if side == input {
                    let mut keeper = PrefixKeeper::new(len);
                    let logits = model.forward(&tokens, batches.positions(batch), &mut keeper);
                    prefix = keeper.into_prefix();
                    logits
                } else if keep_patches {
                    let (patch, resid) = batches.patch_of(batch, ablation, &tokens);
                    patches.push(patch);
                    model.unembed(resid)
                } else {
                    model.forward(&tokens, batches.positions(batch), &mut Plain)
                };
                let all = if side == PromptSide::Clean { &mut clean } else { &mut corrupt };
                all.extend(read(logits, "logits").await?);
                steps.step(&format!("unpatched model, batch {} of {}", batch + 1, batches.count())).await?;
            }
            prefixes.push(prefix);
        }
        patches.extend(batches.dataset_mean(ablation, steps).await?);
        let target = |values| Target::new(Logits { values, n_positions, d_vocab });
        Ok(Self { patches, prefixes, kept: all_kept, ..Self::new(target(clean), target(corrupt), batches.pairs()) })
    }

    fn new(clean: Target, corrupt: Target, pairs: &[PromptPair]) -> Self {
        let values = answer_values(clean.logits.rows(), &clean.log_z, pairs);
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        let clean_means = values.map(|values| values.map(mean));
        Self { clean, corrupt, clean_means, patches: Vec::new(), prefixes: Vec::new(), kept: Vec::new() }
    }

    /// The likeliest tokens on the clean and on the corrupt prompts.
    pub fn tokens(&self) -> [TopTokens; 2] {
        [&self.clean, &self.corrupt].map(|target| TopTokens::of(&target.logits, &target.log_z))
    }
}
