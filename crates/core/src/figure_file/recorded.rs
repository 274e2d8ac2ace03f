//! What was computed of a figure when it was written, so that its curve, its tokens and its heads are shown before anything is run.

use serde::{Deserialize, Serialize};

use super::by_metric;
use super::numbers::Numbers;
use crate::measure::measurement::{Baseline, Measured, Measurement, Tokens};
use crate::measure::metric::Metric;
use crate::scores::ranking::Circuit;

/// Results of the figure's circuits under its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FigureResults {
    /// `2026-11-23`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What computed them: `circuitscope 0.1.0, CPU`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    pub baseline: RecordedBaseline,
    /// Ascending in the number of edges that was asked for, each once.
    pub circuits: Vec<RecordedCircuit>,
    /// The circuit that is shown, where the view has edits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<RecordedCircuit>,
    /// The likeliest next tokens, `[circuit][prompt][position]`: of each of `circuits`, of the first prompts, at each of the output's
    /// positions. Shorter lists leave the rest out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Vec<Vec<Tokens>>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attention: Vec<RecordedAttention>,
}

/// The unpatched model on the prompts of the run; [`Baseline`] with metrics by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedBaseline {
    /// The shape of the logits: `[prompt, d_vocab_out]`, or `[prompt, seq, d_vocab_out]`.
    pub shape: Vec<usize>,
    #[serde(with = "by_metric")]
    pub clean: Measurement,
    #[serde(with = "by_metric")]
    pub corrupt: Measurement,
    /// How many prompts were run.
    pub n_prompts: usize,
    /// How many positions the output has.
    pub n_positions: usize,
    /// How many forward passes it took.
    pub forward_passes: usize,
}

/// A circuit that was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedCircuit {
    pub circuit: Circuit,
    #[serde(with = "by_metric")]
    pub measurement: Measurement,
}

/// A head's attention on a prompt: what the clean prompt, the corrupt one and the circuit attend to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedAttention {
    pub prompt: usize,
    pub block: usize,
    pub head_idx: usize,
    /// The circuit, by its index in [`FigureResults::circuits`].
    pub circuit: usize,
    /// The number of the prompt's positions, pad tokens among them.
    pub seq: usize,
    /// How many pad tokens the clean prompt, the corrupt one, and the one that the circuit is run on begin with.
    #[serde(default)]
    pub n_pads: [usize; 3],
    /// Each `[query, key]` in row-major order, numbers from 0 to 1.
    pub patterns: AttentionPatterns,
}

/// The patterns of a head, `[query, key]` each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttentionPatterns {
    pub clean: Numbers,
    pub corrupt: Numbers,
    pub circuit: Numbers,
}

impl FigureResults {
    /// The circuits with their measurements, as [`crate::MeasuredCircuits`] has them.
    pub fn measured(&self) -> Vec<(Circuit, Measurement)> {
        self.circuits.iter().map(|recorded| (recorded.circuit, recorded.measurement.clone())).collect()
    }

    /// The same with six digits of every metric, logit and probability, as a figure is best written: more are noise between devices,
    /// and a third of the file. Metrics have six decimals where that is more, so that rounding alone is no difference to be told.
    #[must_use]
    pub fn rounded(mut self) -> Self {
        let circuits = self.circuits.iter_mut().chain(&mut self.edited).map(|recorded| &mut recorded.measurement);
        for measurement in circuits.chain([&mut self.baseline.clean, &mut self.baseline.corrupt]) {
            *measurement = rounded(measurement);
        }
        for tokens in self.tokens.iter_mut().flatten().flatten() {
            let all = [&mut tokens.clean, &mut tokens.corrupt, &mut tokens.circuit].into_iter().flatten();
            all.for_each(|token| {
                token.prob = six_digits(token.prob);
                token.logit = six_digits(f64::from(token.logit)) as f32;
            });
        }
        self
    }
}

fn rounded(measurement: &Measurement) -> Measurement {
    Measurement::of_all(Metric::ALL.map(|metric| {
        measurement.get(metric).map(|Measured { mean, std, quartiles }| Measured {
            mean: six_decimals(mean),
            std: six_decimals(std),
            quartiles: quartiles.map(six_decimals),
        })
    }))
}

/// Six decimals, or the six digits that a small number needs.
fn six_decimals(number: f64) -> f64 {
    if number.abs() < 1.0 { six_digits(number) } else { format!("{number:.6}").parse().unwrap_or(number) }
}

fn six_digits(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

impl From<Baseline> for RecordedBaseline {
    fn from(baseline: Baseline) -> Self {
        let Baseline { shape, clean, corrupt, n_prompts, n_positions, forward_passes } = baseline;
        Self { shape, clean, corrupt, n_prompts, n_positions, forward_passes }
    }
}

impl From<RecordedBaseline> for Baseline {
    fn from(baseline: RecordedBaseline) -> Self {
        let RecordedBaseline { shape, clean, corrupt, n_prompts, n_positions, forward_passes } = baseline;
        Self { shape, clean, corrupt, n_prompts, n_positions, forward_passes }
    }
}
