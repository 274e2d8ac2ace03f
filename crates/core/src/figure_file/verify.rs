//! How far results that were computed anew are from those that a figure has recorded.

use std::fmt;

use crate::measure::measurement::{Measured, Measurement};
use crate::measure::metric::{Metric, Unit};
use crate::scores::ranking::Circuit;

/// What a comparison found. As text `largest difference 3e-6 (logit difference at 31 edges)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// How many numbers were compared: means, standard deviations and quartiles.
    pub n_compared: usize,
    /// The largest of the absolute differences, in the metric's unit; percentages as shares, so that a percentage point is 0.01.
    /// Infinite where one of the two is no finite number.
    pub largest_difference: f64,
    /// Where it is; none where nothing was compared or nothing differs.
    pub at: Option<Place>,
    /// Circuits of which one side alone has anything to compare, by the edge count that was asked for: those that were not computed,
    /// or were not recorded, or have another number of edges.
    pub unmatched: Vec<usize>,
    /// Metrics that apply on one side alone, of the circuits that were compared.
    pub n_missing: usize,
}

/// A metric of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The circuit's number of edges.
    pub n_edges: usize,
    pub metric: Metric,
}

/// Compares circuits that were recorded with the same ones, computed anew. A circuit is known by the edge count that was asked for,
/// and by the one that it has.
pub fn compare(recorded: &[(Circuit, Measurement)], computed: &[(Circuit, Measurement)]) -> Verified {
    let mut verified =
        Verified { n_compared: 0, largest_difference: 0.0, at: None, unmatched: Vec::new(), n_missing: 0 };
    let counts = |circuit: &Circuit| (circuit.requested, circuit.n_edges);
    let of = |list: &[(Circuit, Measurement)], circuit: &Circuit| {
        list.iter().position(|(other, _)| counts(other) == counts(circuit))
    };
    for (circuit, measurement) in recorded {
        match of(computed, circuit) {
            Some(i) => verified.add(circuit.n_edges, measurement, &computed[i].1),
            None => verified.unmatched.push(circuit.requested),
        }
    }
    let others = computed.iter().filter(|(circuit, _)| of(recorded, circuit).is_none());
    verified.unmatched.extend(others.map(|(circuit, _)| circuit.requested));
    verified.unmatched.sort_unstable();
    verified.unmatched.dedup();
    verified
}

impl Verified {
    /// Whether there was something to compare, all of it was on both sides, and nothing differs by more than `most`.
    pub fn is_within(&self, most: f64) -> bool {
        let is_complete = self.n_compared > 0 && self.n_missing == 0 && self.unmatched.is_empty();
        is_complete && self.largest_difference <= most
    }

    fn add(&mut self, n_edges: usize, recorded: &Measurement, computed: &Measurement) {
        for metric in Metric::ALL {
            match (recorded.get(metric), computed.get(metric)) {
                (Some(a), Some(b)) => self.add_metric(Place { n_edges, metric }, a, b),
                (None, None) => {}
                _ => self.n_missing += 1,
            }
        }
    }

    fn add_metric(&mut self, place: Place, recorded: Measured, computed: Measured) {
        let unit = if place.metric.unit() == Unit::Percent { 0.01 } else { 1.0 };
        for (a, b) in numbers(recorded).into_iter().zip(numbers(computed)) {
            self.n_compared += 1;
            let difference = (a - b).abs() * unit;
            let difference = if difference.is_nan() { f64::INFINITY } else { difference };
            if difference > self.largest_difference {
                (self.largest_difference, self.at) = (difference, Some(place));
            }
        }
    }
}

fn numbers(Measured { mean, std, quartiles: [low, median, high] }: Measured) -> [f64; 5] {
    [mean, std, low, median, high]
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.at {
            None if self.n_compared == 0 => f.write_str("nothing to compare")?,
            None => f.write_str("no difference")?,
            Some(Place { n_edges, metric }) => {
                let (name, edges) =
                    (metric.name().to_ascii_lowercase(), crate::labels::count_label(n_edges, "edge", "edges"));
                write!(f, "largest difference {:.0e} ({name} at {edges})", self.largest_difference)?;
            }
        }
        if !self.unmatched.is_empty() {
            write!(f, "; not on both sides: circuits of {:?} edges", self.unmatched)?;
        }
        if self.n_missing > 0 {
            write!(f, "; metrics on one side alone: {}", self.n_missing)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circuit(requested: usize, n_edges: usize, values: &[(Metric, f64)]) -> (Circuit, Measurement) {
        let mut all = [None; Metric::ALL.len()];
        for &(metric, mean) in values {
            all[metric.idx()] = Some(Measured { mean, std: 0.5, quartiles: [mean; 3] });
        }
        (Circuit { requested, n_edges, threshold: 1.0 }, Measurement::of_all(all))
    }

    #[test]
    fn the_largest_difference_has_a_place() {
        use Metric::{CorrectAnswerPercent, LogitDiff};
        let recorded =
            [circuit(0, 0, &[(LogitDiff, 1.0)]), circuit(31, 31, &[(LogitDiff, 3.0), (CorrectAnswerPercent, 90.0)])];
        let same = compare(&recorded, &recorded);
        assert_eq!((same.to_string().as_str(), same.n_compared), ("no difference", 15));
        assert!(same.is_within(0.0));
        // 0.0001 percentage points are a share of 0.000001, less than the difference of logits.
        let computed = [
            circuit(31, 31, &[(LogitDiff, 3.000_003), (CorrectAnswerPercent, 90.0001)]),
            circuit(0, 0, &[(LogitDiff, 1.0)]),
        ];
        let verified = compare(&recorded, &computed);
        assert_eq!(verified.to_string(), "largest difference 3e-6 (logit difference at 31 edges)");
        assert!(verified.is_within(1e-5) && !verified.is_within(1e-6));
        assert_eq!(verified.at, Some(Place { n_edges: 31, metric: LogitDiff }));
    }

    #[test]
    fn what_is_on_one_side_alone_is_told() {
        use Metric::{AnswerProb, LogitDiff};
        let recorded = [circuit(0, 0, &[(LogitDiff, 1.0)]), circuit(5, 5, &[]), circuit(9, 9, &[(LogitDiff, 1.0)])];
        let computed = [circuit(0, 0, &[(AnswerProb, 1.0)]), circuit(9, 10, &[(LogitDiff, 1.0)]), circuit(7, 7, &[])];
        let verified = compare(&recorded, &computed);
        assert_eq!(verified.unmatched, [5, 7, 9]);
        let text = "nothing to compare; not on both sides: circuits of [5, 7, 9] edges; metrics on one side alone: 2";
        assert_eq!(verified.to_string(), text);
        assert!(!verified.is_within(f64::INFINITY));
        let not_a_number = [circuit(0, 0, &[(LogitDiff, f64::NAN)])];
        assert_eq!(compare(&recorded[..1], &not_a_number).largest_difference, f64::INFINITY);
        assert_eq!(compare(&[], &[]).to_string(), "nothing to compare");
    }
}
