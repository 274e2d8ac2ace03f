//! From measurements of circuits to what a strip draws: the axis that fits them, points and levels.

use circuitscope_core::{Circuit, Measurement, Metric};

use super::request::{Measure, StripPoint, ValueScale};
use crate::plot::Level;

/// The axis of a metric for means of circuits and of the unpatched model: linear where a reader chose so, or where a mean has no
/// place on a logarithmic one.
pub fn fitting(metric: Metric, log_y: Option<bool>, circuits: &[f64], unpatched: &[f64]) -> Measure {
    let measure = Measure::of(metric);
    let ValueScale::Log { least } = measure.scale else { return measure };
    let scale = if log_y.unwrap_or_else(|| circuits.iter().all(|&y| y >= 0.0)) {
        let finite = circuits.iter().chain(unpatched).copied().filter(|y| y.is_finite());
        ValueScale::Log { least: lowered(least, finite.fold(0.0, f64::max)) }
    } else {
        ValueScale::Linear
    };
    Measure { scale, ..measure }
}

/// Where a logarithmic axis ends: lower than auto-circuit's where every value is so small that the curve would be flat. At least a
/// decade below the highest value, and no higher than `least`.
fn lowered(least: f64, high: f64) -> f64 {
    if high > 0.0 { least.min(10f64.powf(high.log10().floor() - 1.0)) } else { least }
}

/// The curve of a metric over circuits that were run on so many prompts.
pub fn points(metric: Metric, circuits: &[(Circuit, Measurement)], n_prompts: usize) -> Vec<StripPoint> {
    // The middle half of rights and wrongs says nothing, and one prompt has no spread.
    let has_band = !metric.counts_prompts() && n_prompts != 1;
    let point = |(circuit, measurement): &(Circuit, Measurement)| {
        let measured = measurement.get(metric)?;
        let [low, _, high] = measured.quartiles;
        Some(StripPoint { k: circuit.n_edges, mean: measured.mean, middle_half: has_band.then_some((low, high)) })
    };
    circuits.iter().filter_map(point).collect()
}

/// The unpatched model's values.
pub fn levels(metric: Metric, clean: &Measurement, corrupt: &Measurement) -> Vec<Level> {
    let sides = [("clean", clean), ("corrupt", corrupt)];
    sides.into_iter().filter_map(|(name, side)| Some(Level { name: name.to_owned(), y: side.mean(metric)? })).collect()
}

#[cfg(test)]
mod tests {
    use super::lowered;

    #[test]
    fn a_logarithmic_axis_reaches_below_small_values_only() {
        for (high, least) in [(0.0, 1e-2), (0.27, 1e-2), (40.0, 1e-2), (0.0063, 1e-4), (2e-5, 1e-6)] {
            assert!((lowered(1e-2, high) / least - 1.0).abs() < 1e-9, "{high}");
        }
    }
}
