//! Measures a circuit's output batch by batch, so that no more logits are in memory than a batch's.

use super::metrics::{Rows, answer_values, append};
use super::tokens::TopTokens;
use super::unpatched::Unpatched;
use circuitscope_core::{Metric, PromptPair, PromptValues};

/// The percentages, each with the difference that it is a percentage of.
const PERCENTAGES: [(Metric, Metric); 3] = [
    (Metric::LogitDiffPercent, Metric::LogitDiff),
    (Metric::ProbDiffPercent, Metric::ProbDiff),
    (Metric::LogprobDiffPercent, Metric::LogprobDiff),
];

/// The metrics of an output against the unpatched model for each prompt, and the likeliest tokens.
///
/// A metric's value is the mean over prompts. That is the reference's mean of batch means, as its batches are all of one
/// size. A percentage is of the mean difference of the unpatched model on the clean prompts (the reference's
/// `diff_of_means`), for each prompt too, so that the mean over prompts is the reference's value.
pub struct Measuring<'a> {
    unpatched: &'a Unpatched,
    /// The prompts of all batches.
    pairs: &'a [PromptPair],
    n_measured: usize,
    values: PromptValues,
    tokens: TopTokens,
}

impl<'a> Measuring<'a> {
    /// Nothing is measured yet. `pairs` are the prompts of all batches.
    pub fn new(unpatched: &'a Unpatched, pairs: &'a [PromptPair]) -> Self {
        let logits = &unpatched.clean.logits;
        let (n_measured, values) = (0, Metric::ALL.map(|_| Some(Vec::new())));
        Self { unpatched, pairs, n_measured, values, tokens: TopTokens::new(logits.n_positions, logits.d_vocab) }
    }

    /// Measures the outputs of the next prompts.
    pub fn add(&mut self, output: Rows) {
        let (log_z, first) = (output.log_z(), self.n_measured);
        self.n_measured += output.n_prompts();
        let mut values = answer_values(output, &log_z, &self.pairs[first..self.n_measured]);
        let Unpatched { clean, corrupt, .. } = self.unpatched;
        for (metric, target) in [(Metric::CleanKlDiv, clean), (Metric::CorruptKlDiv, corrupt)] {
            values[metric.idx()] = Some(target.kl_divs(first, output, &log_z));
        }
        append(&mut self.values, values);
        output.iter().zip(log_z).for_each(|(row, log_z)| self.tokens.push(row, log_z));
    }

    /// Once all prompts are measured.
    pub fn finish(mut self) -> (PromptValues, TopTokens) {
        for (percentage, of) in PERCENTAGES {
            let mean = self.unpatched.clean_means[of.idx()].filter(|&mean| mean != 0.0);
            let diffs = self.values[of.idx()].as_ref();
            let percent = |mean: f64, diffs: &Vec<f64>| diffs.iter().map(|diff| 100.0 * diff / mean).collect();
            self.values[percentage.idx()] = mean.zip(diffs).map(|(mean, diffs)| percent(mean, diffs));
        }
        (self.values, self.tokens)
    }
}
