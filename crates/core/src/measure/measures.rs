//! The measured circuits of a score set: a curve for each metric, and all of it as CSV and JSON.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::labels::csv_field;
use crate::measure::curves::{Areas, Curve};
use crate::measure::measurement::{Measured, Measurement};
use crate::measure::metric::Metric;
use crate::scores::ranking::Circuit;
use crate::settings::run::RunSettings;

/// The measured circuits of some scores, under one set of settings.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredCircuits {
    /// A name for the scores and the settings.
    pub name: String,
    /// How many edges the graph has.
    pub n_edges: usize,
    /// The circuits, in any order.
    pub circuits: Vec<(Circuit, Measurement)>,
    /// The unpatched model on the clean and on the corrupt prompts, once it is known.
    pub unpatched: Option<[Measurement; 2]>,
    /// Whether clean and corrupt were swapped, so that the full circuit stands for the model on the corrupt prompts.
    pub reverse: bool,
}

impl MeasuredCircuits {
    /// A metric at each realised edge count, ascending, where it applies.
    pub fn points(&self, metric: Metric) -> Vec<(Circuit, Measured)> {
        let known = |(circuit, measurement): &(Circuit, Measurement)| Some((*circuit, measurement.get(metric)?));
        let mut points: Vec<_> = self.circuits.iter().filter_map(known).collect();
        points.sort_by_key(|(circuit, _)| circuit.n_edges);
        points.dedup_by_key(|(circuit, _)| circuit.n_edges);
        points
    }

    /// A metric's means against the realised edge counts.
    pub fn curve(&self, metric: Metric) -> Curve {
        self.points(metric).into_iter().map(|(circuit, measured)| (circuit.n_edges, measured.mean)).collect()
    }

    /// The areas under a metric's curve.
    pub fn areas(&self, metric: Metric) -> Areas {
        let whole = self.unpatched.as_ref().and_then(|unpatched| unpatched[usize::from(self.reverse)].mean(metric));
        Areas::of(metric, &self.curve(metric), whole, self.n_edges)
    }
}

/// A line for every circuit and metric, under a line of headings; circuits that a metric does not apply to are left out.
pub fn to_csv(sets: &[MeasuredCircuits]) -> String {
    let mut csv = "scores,requested,edges,threshold,metric,mean,std,quartile_1,median,quartile_3\n".to_owned();
    for set in sets {
        let name = csv_field(&set.name);
        for metric in Metric::ALL {
            for (circuit, Measured { mean, std, quartiles: [low, median, high] }) in set.points(metric) {
                let Circuit { requested, n_edges, threshold } = circuit;
                let key = metric.key();
                let _ =
                    writeln!(csv, "{name},{requested},{n_edges},{threshold},{key},{mean},{std},{low},{median},{high}");
            }
        }
    }
    csv
}

/// A circuit that was run under some settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SettingsRun<'a> {
    pub settings: &'a RunSettings,
    /// The circuit's realised number of edges.
    pub n_edges: usize,
    pub measurement: &'a Measurement,
}

/// A line for every run and metric that applies, under a line of headings. Settings are written as in their JSON.
pub fn settings_to_csv<'a>(runs: impl IntoIterator<Item = SettingsRun<'a>>) -> String {
    let mut csv = "patch_type,ablation,reverse,edges,metric,mean,std,quartile_1,median,quartile_3\n".to_owned();
    for SettingsRun { settings, n_edges, measurement } in runs {
        let RunSettings { patch_type, ablation, reverse, .. } = settings;
        let [patch_type, ablation] = [json!(patch_type), json!(ablation)].map(|value| csv_field(&text_of(&value)));
        for metric in Metric::ALL {
            let Some(Measured { mean, std, quartiles: [low, median, high] }) = measurement.get(metric) else {
                continue;
            };
            let setting = format!("{patch_type},{ablation},{reverse}");
            let _ = writeln!(csv, "{setting},{n_edges},{},{mean},{std},{low},{median},{high}", metric.key());
        }
    }
    csv
}

/// The name of an enum's variant in JSON.
fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// For every set its circuits and, by metric, `[edge count, value]` pairs as auto-circuit's `Measurements`, their spread over
/// prompts, and the areas.
pub fn to_json(sets: &[MeasuredCircuits]) -> Value {
    let sets = sets.iter().map(|set| {
        let mut metrics = Map::new();
        for metric in Metric::ALL {
            let points = set.points(metric);
            if points.is_empty() {
                continue;
            }
            let unpatched = set.unpatched.as_ref().map(|sides| sides.each_ref().map(|side| side.mean(metric)));
            metrics.insert(
                metric.key().to_owned(),
                json!({
                    "values": points.iter().map(|(circuit, m)| json!([circuit.n_edges, m.mean])).collect::<Vec<_>>(),
                    "std": points.iter().map(|(_, m)| m.std).collect::<Vec<_>>(),
                    "quartiles": points.iter().map(|(_, m)| m.quartiles).collect::<Vec<_>>(),
                    "unpatched_clean": unpatched.and_then(|sides| sides[0]),
                    "unpatched_corrupt": unpatched.and_then(|sides| sides[1]),
                    "areas": set.areas(metric),
                }),
            );
        }
        let circuits: Vec<_> = set.circuits.iter().map(|(circuit, _)| circuit).collect();
        json!({ "scores": set.name, "n_edges": set.n_edges, "circuits": circuits, "metrics": metrics })
    });
    Value::Array(sets.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::measurement::PromptValues;
    use crate::settings::run::{AblationType, PatchType};

    #[test]
    fn a_table_of_settings_has_a_line_for_each_metric_that_applies() {
        let mut prompts = PromptValues::default();
        prompts[Metric::LogitDiff.idx()] = Some(vec![1.0, 3.0]);
        let (some, none) = (Measurement::new(&prompts), Measurement::default());
        let tree = RunSettings { patch_type: PatchType::Tree, reverse: true, ..RunSettings::default() };
        let zero = RunSettings { ablation: AblationType::Zero, ..RunSettings::default() };
        let run = |settings, measurement| SettingsRun { settings, n_edges: 7, measurement };
        let csv = settings_to_csv([run(&tree, &some), run(&zero, &some), run(&zero, &none)]);
        // The standard deviation of 1 and 3 is the root of 2; quartiles are interpolated.
        let std = 2_f64.sqrt();
        let expected = [
            "patch_type,ablation,reverse,edges,metric,mean,std,quartile_1,median,quartile_3".to_owned(),
            format!("tree,resample,true,7,Logit Diff,2,{std},1.5,2,2.5"),
            format!("edge,zero,false,7,Logit Diff,2,{std},1.5,2,2.5"),
        ];
        assert_eq!(csv.lines().collect::<Vec<_>>(), expected);
    }
}
