//! The metrics of an output with their spread over prompts, and the likeliest tokens.

use serde::{Deserialize, Serialize};

use crate::measure::metric::Metric;

/// The metrics of an output, averaged over prompts (and positions); in the order of [`Metric::ALL`].
///
/// `None` where a metric does not apply: the prompts name no answer tokens for the positions of the output (or numbers, as
/// Tracr's `xproportion`), a prompt has other than one answer where correct answers are counted, or the unpatched difference
/// that a percentage is taken of is 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Measurement(Box<[Option<Measured>; Metric::ALL.len()]>);

/// A metric's value, and how it is spread over the prompts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct Measured {
    /// The mean over prompts: the reference's value.
    pub mean: f64,
    /// The standard deviation over prompts, of a sample (`n - 1`); 0 for one prompt.
    pub std: f64,
    /// The lower quartile, the median and the upper quartile over prompts, interpolated between neighbours.
    pub quartiles: [f64; 3],
}

/// The metrics of each prompt, in the order of [`Metric::ALL`]; `None` where a metric does not apply.
pub type PromptValues = [Option<Vec<f64>>; Metric::ALL.len()];

impl Measurement {
    /// The measurement of some prompts.
    pub fn new(prompts: &PromptValues) -> Self {
        let one = |metric: Metric| prompts[metric.idx()].as_deref().and_then(|values| Measured::of(metric, values));
        Self(Box::new(Metric::ALL.map(one)))
    }

    /// The measurement of these values, in the order of [`Metric::ALL`].
    pub fn of_all(values: [Option<Measured>; Metric::ALL.len()]) -> Self {
        Self(Box::new(values))
    }

    /// A metric with its spread.
    pub fn get(&self, metric: Metric) -> Option<Measured> {
        self.0[metric.idx()]
    }

    /// A metric's mean over prompts.
    pub fn mean(&self, metric: Metric) -> Option<f64> {
        self.get(metric).map(|measured| measured.mean)
    }
}

impl Measured {
    /// A metric's values of some prompts, summarised; `None` where there are none.
    fn of(metric: Metric, values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        let mut mean = values.iter().sum::<f64>() / n;
        if matches!(metric, Metric::CleanKlDiv | Metric::CorruptKlDiv) && mean < 0.0 {
            // Rounding can make it negative; the reference clamps it too.
            mean = 0.0;
        }
        if values.is_empty() {
            return None;
        }
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let std = if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 };
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Some(Self { mean, std, quartiles: [0.25, 0.5, 0.75].map(|q| quantile(&sorted, q)) })
    }
}

/// A quantile of sorted numbers, of which there is at least one, interpolated linearly between neighbours.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = q * (sorted.len() - 1) as f64;
    let (below, above) = (rank.floor() as usize, rank.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * rank.fract()
}

/// The unpatched model on the prompts of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    pub shape: Vec<usize>,
    pub clean: Measurement,
    pub corrupt: Measurement,
    /// How many prompts were run; a short last batch is not.
    pub n_prompts: usize,
    /// How many positions each has in the output.
    pub n_positions: usize,
    /// How many forward passes it took.
    pub forward_passes: usize,
}

/// The likeliest next tokens under each of three outputs, likeliest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct Tokens {
    pub clean: Vec<TokenProb>,
    pub corrupt: Vec<TokenProb>,
    pub circuit: Vec<TokenProb>,
}

/// A token with its logit and probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct TokenProb {
    pub token: u32,
    pub logit: f32,
    pub prob: f64,
}
