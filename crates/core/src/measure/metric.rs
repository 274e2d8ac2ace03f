//! The metrics of a circuit's output: auto-circuit's fourteen (`metrics/prune_metrics/prune_metrics.py`), with the axes that
//! it draws each of them on.

use serde::{Deserialize, Serialize};

/// A metric of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Metric {
    /// Kullback-Leibler divergence of the output from the unpatched model on the clean prompts, in nats.
    #[default]
    CleanKlDiv,
    /// The same from the unpatched model on the corrupt prompts.
    CorruptKlDiv,
    /// Mean probability of the answers.
    AnswerProb,
    /// Mean logit of the answers.
    AnswerLogit,
    /// Mean logit of the wrong answers.
    WrongAnswerLogit,
    /// Mean log probability of the answers, in nats.
    AnswerLogprob,
    /// Mean logit of the answers less mean logit of the wrong answers.
    LogitDiff,
    /// The same of probabilities.
    ProbDiff,
    /// The same of log probabilities.
    LogprobDiff,
    /// The mean logit difference as a percentage of the unpatched model's on the clean prompts.
    LogitDiffPercent,
    /// The same of probabilities.
    ProbDiffPercent,
    /// The same of log probabilities.
    LogprobDiffPercent,
    /// How often the answer has the largest of all logits.
    CorrectAnswerPercent,
    /// How often the answer has a larger logit than every wrong answer.
    CorrectOverIncorrectPercent,
}

/// The unit of a metric's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Nats,
    Logit,
    Probability,
    Percent,
}

impl Metric {
    /// All fourteen, in the reference's order.
    pub const ALL: [Self; 14] = [
        Self::CleanKlDiv,
        Self::CorruptKlDiv,
        Self::AnswerProb,
        Self::AnswerLogit,
        Self::WrongAnswerLogit,
        Self::AnswerLogprob,
        Self::LogitDiff,
        Self::ProbDiff,
        Self::LogprobDiff,
        Self::LogitDiffPercent,
        Self::ProbDiffPercent,
        Self::LogprobDiffPercent,
        Self::CorrectAnswerPercent,
        Self::CorrectOverIncorrectPercent,
    ];

    /// The reference's key, as it writes it.
    pub fn key(self) -> &'static str {
        match self {
            Self::CleanKlDiv => "Clean KL Div",
            Self::CorruptKlDiv => "Corrupt KL Div",
            Self::AnswerProb => "Answer Prob",
            Self::AnswerLogit => "Answer Logit",
            Self::WrongAnswerLogit => "Wrong Answer Logit",
            Self::AnswerLogprob => "Answer Logprob",
            Self::LogitDiff => "Logit Diff",
            Self::ProbDiff => "Prob Diff",
            Self::LogprobDiff => "Logprob Diff",
            Self::LogitDiffPercent => "Logit Diff Percent",
            Self::ProbDiffPercent => "Prob Diff Percent",
            Self::LogprobDiffPercent => "LogProb Diff Percent",
            Self::CorrectAnswerPercent => "Correct Answer Percent",
            Self::CorrectOverIncorrectPercent => "Correct Answer Greater Than Incorrect Percent",
        }
    }

    /// What it is called on an axis.
    pub fn name(self) -> &'static str {
        match self {
            Self::CleanKlDiv => "KL divergence from clean",
            Self::CorruptKlDiv => "KL divergence from corrupt",
            Self::AnswerProb => "Answer probability",
            Self::AnswerLogit => "Answer logit",
            Self::WrongAnswerLogit => "Wrong answer logit",
            Self::AnswerLogprob => "Answer log probability",
            Self::LogitDiff => "Logit difference",
            Self::ProbDiff => "Probability difference",
            Self::LogprobDiff => "Log probability difference",
            Self::LogitDiffPercent => "Logit difference, of clean",
            Self::ProbDiffPercent => "Probability difference, of clean",
            Self::LogprobDiffPercent => "Log probability difference, of clean",
            Self::CorrectAnswerPercent => "Correct answer",
            Self::CorrectOverIncorrectPercent => "Correct over incorrect",
        }
    }

    pub fn unit(self) -> Unit {
        match self {
            Self::CleanKlDiv | Self::CorruptKlDiv | Self::AnswerLogprob | Self::LogprobDiff => Unit::Nats,
            Self::AnswerLogit | Self::WrongAnswerLogit | Self::LogitDiff => Unit::Logit,
            Self::AnswerProb | Self::ProbDiff => Unit::Probability,
            _ => Unit::Percent,
        }
    }

    /// The metric of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.key() == key)
    }

    /// The index in [`Metric::ALL`].
    pub fn idx(self) -> usize {
        self as usize
    }

    /// The least value on a logarithmic axis, for the metrics that the reference draws on one: smaller ones are drawn, and
    /// counted in the area under the curve, as this. (The edge counts are on a logarithmic axis for every metric.)
    pub fn log_y_min(self) -> Option<f64> {
        match self {
            Self::CleanKlDiv => Some(1e-2),
            Self::CorruptKlDiv | Self::AnswerLogprob | Self::LogprobDiff => Some(1e-6),
            _ => None,
        }
    }

    /// Whether it counts right answers, so that a prompt has no value between wrong and right.
    pub fn counts_prompts(self) -> bool {
        matches!(self, Self::CorrectAnswerPercent | Self::CorrectOverIncorrectPercent)
    }

    /// Whether a smaller value is a more faithful circuit's, as the reference has it.
    pub fn lower_is_better(self) -> bool {
        self == Self::CleanKlDiv
    }
}
