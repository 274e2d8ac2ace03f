//! Measures a circuit's output batch by batch, so that no more logits are in memory than a batch's.

use super::metrics::{Rows, answer_values, append};
use super::tokens::TopTokens;
use super::unpatched::{Outputs, Unpatched};
use crate::share::{Cursor, Numbers};
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
/// `diff_of_means`), for each prompt too, so that the mean over prompts is the reference's value; it is not known before all batches
/// are measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    values: PromptValues,
    tokens: TopTokens,
}

impl Measured {
    /// The output on a batch, whose prompts are `pairs`.
    pub fn of(output: Rows, unpatched: &Outputs, pairs: &[PromptPair]) -> Self {
        let log_z = output.log_z();
        let mut values = answer_values(output, &log_z, pairs);
        for (metric, target) in [(Metric::CleanKlDiv, &unpatched.clean), (Metric::CorruptKlDiv, &unpatched.corrupt)] {
            values[metric.idx()] = Some(target.kl_divs(output, &log_z));
        }
        let mut tokens = TopTokens::new(output.n_positions, output.d_vocab);
        output.iter().zip(log_z).for_each(|(row, log_z)| tokens.push(row, log_z));
        Self { values, tokens }
    }

    /// With the next prompts.
    #[must_use]
    pub fn followed_by(mut self, next: Self) -> Self {
        append(&mut self.values, next.values);
        Self { values: self.values, tokens: self.tokens.followed_by(next.tokens) }
    }

    /// Once all prompts are measured.
    pub fn finish(mut self, unpatched: &Unpatched) -> (PromptValues, TopTokens) {
        for (percentage, of) in PERCENTAGES {
            let mean = unpatched.clean_means[of.idx()].filter(|&mean| mean != 0.0);
            let diffs = self.values[of.idx()].as_ref();
            let percent = |mean: f64, diffs: &Vec<f64>| diffs.iter().map(|diff| 100.0 * diff / mean).collect();
            self.values[percentage.idx()] = mean.zip(diffs).map(|(mean, diffs)| percent(mean, diffs));
        }
        (self.values, self.tokens)
    }

    /// Writes it: how many values each metric has, or -1 where it does not apply, and the values.
    pub fn pack(&self, numbers: &mut Numbers) {
        for values in &self.values {
            numbers.f64s.push(values.as_ref().map_or(-1.0, |values| values.len() as f64));
            numbers.f64s.extend(values.iter().flatten());
        }
        self.tokens.pack(numbers);
    }

    /// Reads what was written.
    pub fn unpack(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut values: PromptValues = Metric::ALL.map(|_| None);
        for values in &mut values {
            let n = cursor.f64s(1)?[0];
            if n >= 0.0 {
                *values = Some(cursor.f64s(n as usize)?.to_vec());
            }
        }
        Some(Self { values, tokens: TopTokens::unpack(cursor)? })
    }
}
