//! Prompts in batches, as a run and a search both begin: checked against the model and each other, uploaded as tokens, with
//! the activations that edges are patched with.

use std::ops::Range;

use burn::tensor::Tensor;

use super::ablation::{SrcActivations, ablated, record};
use super::error::RunError;
use super::steps::{Observer, Steps};
use crate::model::{Model, ModelError, TokenBatch};
use circuitscope_core::settings::activations::ActivationSize;
use circuitscope_core::settings::discovery::PromptSide;
use circuitscope_core::{
    AblationType, AttentionDir, CircuitError, Graph, OutputSlice, PaddedPrompt, PatchType, PromptBatch, PromptPair,
    Prompts, RunSettings,
};

/// Batches of prompts that a model can read, all of one size: a short last batch is left out.
pub struct Batches<'a> {
    pub model: &'a dyn Model,
    pub graph: &'a Graph,
    prompts: &'a Prompts,
    slice: OutputSlice,
    batch_size: usize,
    batches: Vec<PromptBatch<'a>>,
}

impl<'a> Batches<'a> {
    /// `slice` says at which positions logits are computed.
    ///
    /// # Errors
    /// When there is no whole batch, the model cannot read a prompt, or `slice` needs prompts of one length and they differ.
    pub fn new(
        model: &'a dyn Model,
        graph: &'a Graph,
        prompts: &'a Prompts,
        slice: OutputSlice,
        batch_size: usize,
    ) -> Result<Self, CircuitError> {
        let batches = prompts.batches(batch_size)?;
        prompts.check(model.config())?;
        let batches = Self { model, graph, prompts, slice, batch_size, batches };
        batches.check_lengths()?;
        Ok(batches)
    }

    fn check_lengths(&self) -> Result<(), CircuitError> {
        let Self { prompts, slice, batches, .. } = self;
        if *slice != OutputSlice::LastSeq {
            prompts.one_seq(self.n_prompts(), "(outputs at several positions need one length)")?;
        }
        if *slice == OutputSlice::NotFirstSeq {
            let why = "(the first position, which is left out, is a pad token in shorter ones)";
            prompts.one_len(self.n_prompts(), why)?;
            if batches.iter().any(|batch| batch.seq < 2) {
                let expected = "at least 2 tokens long, since the first position is left out";
                return Err(CircuitError::field(&prompts.file, "prompts", expected, "1 token"));
            }
        }
        Ok(())
    }

    /// Checks that the prompts are all of one length, where an ablation is a mean over all of them.
    ///
    /// # Errors
    /// When they differ.
    pub fn check_ablation(&self, ablation: AblationType) -> Result<(), CircuitError> {
        if ablation.dataset_means().is_some() {
            self.prompts.one_seq(self.n_prompts(), "(means over all prompts need one length)")?;
        }
        Ok(())
    }

    /// The number of batches, at least 1.
    pub fn count(&self) -> usize {
        self.batches.len()
    }

    /// All batches, by number.
    pub fn each(&self) -> Range<usize> {
        0..self.count()
    }

    /// The number of prompts in all batches.
    pub fn n_prompts(&self) -> usize {
        self.batches.len() * self.batch_size
    }

    /// The prompts of all batches.
    pub fn pairs(&self) -> &'a [PromptPair] {
        &self.prompts.pairs[..self.n_prompts()]
    }

    /// The prompts of a batch.
    pub fn pairs_of(&self, batch: usize) -> &'a [PromptPair] {
        self.batches[batch].pairs
    }

    /// The number of positions of a batch.
    pub fn seq(&self, batch: usize) -> usize {
        self.batches[batch].seq
    }

    /// The number of positions of the longest batch.
    pub fn longest_seq(&self) -> usize {
        self.batches.iter().map(|batch| batch.seq).max().unwrap_or(1)
    }

    /// What the activations of a pass over a batch of `seq` positions take.
    pub fn activations(&self, seq: usize) -> ActivationSize {
        ActivationSize::new(self.model.config(), self.graph.srcs.len(), self.batch_size, seq)
    }

    /// The positions of a batch's output.
    pub fn positions(&self, batch: usize) -> Range<usize> {
        self.slice.positions(self.seq(batch))
    }

    /// How many of a batch's first positions are the same in every run of its prompts that is patched with `ablation`: those before
    /// any prompt differs from its other one, where attention looks back only; none where prompts are padded, or what is patched
    /// in is not the other prompt's. Those of the output are run in any case.
    pub fn prefix_len(&self, batch: usize, ablation: AblationType) -> usize {
        let pairs = self.pairs_of(batch);
        let is_whole = |pair: &PromptPair| [&pair.clean, &pair.corrupt].iter().all(|ids| ids.len() == self.seq(batch));
        let looks_back = self.model.config().attention_dir == AttentionDir::Causal;
        if ablation != AblationType::Resample || !looks_back || !pairs.iter().all(is_whole) {
            return 0;
        }
        let same = |pair: &PromptPair| pair.clean.iter().zip(&pair.corrupt).take_while(|(a, b)| a == b).count();
        pairs.iter().map(same).min().unwrap_or(0).min(self.positions(batch).start)
    }

    /// How many positions of the longest batch are run, see [`Batches::prefix_len`].
    pub fn longest_run(&self, ablation: AblationType) -> usize {
        (0..self.count()).map(|batch| self.seq(batch) - self.prefix_len(batch, ablation)).max().unwrap_or(1)
    }

    /// The prompts of a batch, padded to one length where they differ.
    ///
    /// # Shapes
    /// - output: `[batch, seq]`
    pub fn tokens(&self, batch: usize, side: PromptSide) -> TokenBatch {
        let prompts = self.padded(batch, side);
        TokenBatch::left_padded(prompts.iter().map(|p| (p.tokens.as_slice(), p.n_pads)), self.model.device())
    }

    /// A prompt of all batches alone, padded as it is in its batch.
    ///
    /// # Shapes
    /// - output: `[1, seq]`
    pub fn prompt_tokens(&self, prompt: usize, side: PromptSide) -> TokenBatch {
        let prompts = self.padded(prompt / self.batch_size, side);
        let PaddedPrompt { tokens, n_pads } = &prompts[prompt % self.batch_size];
        TokenBatch::left_padded([(tokens.as_slice(), *n_pads)].into_iter(), self.model.device())
    }

    fn padded(&self, batch: usize, side: PromptSide) -> Vec<PaddedPrompt> {
        self.batches[batch].padded(|pair| match side {
            PromptSide::Clean => &pair.clean,
            PromptSide::Corrupt => &pair.corrupt,
        })
    }

    /// The outputs of all src nodes on a batch; in the last block at the positions of the output only.
    ///
    /// # Shapes
    /// - output: see [`super::ablation::SrcGroup`]
    pub fn recorded(&self, batch: usize, side: PromptSide) -> SrcActivations {
        record(self.model, self.graph, &self.tokens(batch, side), self.positions(batch)).0
    }

    /// What the edges of a batch are patched with, for the ablations that are not means over all prompts, and the last
    /// residual stream of the run that it comes from.
    ///
    /// # Shapes
    /// - output: see [`super::ablation::SrcGroup`], and `[1, batch, output position, d_model]`
    pub fn patch(&self, batch: usize, ablation: AblationType, side: PromptSide) -> (SrcActivations, Tensor<4>) {
        self.patch_of(batch, ablation, &self.tokens(batch, side))
    }

    /// The same, from these tokens: at the positions that are run.
    pub fn patch_of(&self, batch: usize, ablation: AblationType, tokens: &TokenBatch) -> (SrcActivations, Tensor<4>) {
        let positions = self.positions(batch);
        // A mean over positions needs all of them, in the last block too.
        let all = ablation == AblationType::BatchAllTokMean;
        let last_block = if all { 0..self.seq(batch) } else { positions.clone() };
        let (recorded, resid) = record(self.model, self.graph, tokens, last_block.clone());
        let resid = resid.narrow(2, positions.start - last_block.start, positions.len());
        (ablated(ablation, recorded), resid)
    }

    /// What the edges of every batch are patched with, for the ablations that are means over all prompts; `None` for the
    /// others. Batches are all of one size, so that the mean of their means is the mean.
    ///
    /// # Shapes
    /// - output: see [`super::ablation::SrcGroup`], with a batch of 1
    ///
    /// # Errors
    /// When prompts differ in length, or the observer asks to stop.
    pub async fn dataset_mean<O: Observer>(
        &self,
        ablation: AblationType,
        steps: &mut Steps<'_, O>,
    ) -> Result<Option<SrcActivations>, RunError> {
        let Some((clean, corrupt)) = ablation.dataset_means() else { return Ok(None) };
        self.check_ablation(ablation)?;
        let sides = [(clean, PromptSide::Clean), (corrupt, PromptSide::Corrupt)];
        let sides: Vec<PromptSide> = sides.into_iter().filter(|side| side.0).map(|side| side.1).collect();
        let mut sum: Option<SrcActivations> = None;
        for batch in 0..self.count() {
            for &side in &sides {
                // At all positions in the last block too, for questions about single prompts.
                let tokens = self.tokens(batch, side);
                let mean = record(self.model, self.graph, &tokens, 0..self.seq(batch)).0.batch_mean();
                sum = Some(match sum {
                    None => mean,
                    Some(sum) => sum.plus(&mean),
                });
                steps.step("means over all prompts").await?;
            }
        }
        Ok(sum.map(|sum| sum.divided_by(self.count() * sides.len())))
    }

    /// A problem with a prompt of a batch, `prompt` counting from the batch's first.
    pub fn prompt_error(&self, batch: usize, prompt: usize, field: &str, expected: &str, found: &str) -> CircuitError {
        let i = batch * self.batch_size + prompt;
        CircuitError::field(&self.prompts.file, &format!("prompts[{i}].{field}"), expected, found)
    }
}

/// Reads a tensor back from the device, row-major. `what` names it in an error.
///
/// # Errors
/// When the device fails.
pub async fn read<const D: usize>(tensor: Tensor<D>, what: &str) -> Result<Vec<f32>, ModelError> {
    let data = tensor.into_data_async().await.map_err(|e| ModelError::device(&format!("reading {what}"), e))?;
    data.try_to_vec().map_err(|e| ModelError::device(&format!("reading {what}"), e))
}

/// The prompts that circuits are run on. Edges are patched with activations of the [`other`] ones.
pub fn input_side(settings: &RunSettings) -> PromptSide {
    if (settings.patch_type == PatchType::Edge) == settings.reverse { PromptSide::Clean } else { PromptSide::Corrupt }
}

/// The other prompt of each pair.
pub fn other(side: PromptSide) -> PromptSide {
    match side {
        PromptSide::Clean => PromptSide::Corrupt,
        PromptSide::Corrupt => PromptSide::Clean,
    }
}
