//! What was measured, by name: the results in use, the shown circuit as an official one, and the table of settings.

use crate::state::State;
use crate::state::files::Role;
use crate::state::measures::{COLUMNS, Official, ScoreSet, SensitivityPlan};
use crate::state::runs::{Plan, RunKey};
use crate::words::{counted, short};
use circuitscope_core::scores::known_circuit::KnownCircuit;
use circuitscope_core::{AblationType, Metric, RunSettings, Unit};

/// A table of settings, ablations by patch types and directions.
pub struct SensitivityTable {
    pub caption: String,
    pub columns: [String; 4],
    pub rows: Vec<(&'static str, Vec<HeatCell>)>,
}

/// A value on a scale.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatCell {
    pub text: String,
    /// From the least to the largest value of the table, 0 to 1; `None` while it is not known.
    pub share: Option<f64>,
    /// Whether it is of the settings in use.
    pub current: bool,
}

/// What was run last.
pub fn current_set(state: &State) -> Option<ScoreSet> {
    let key = state.results.key.clone().filter(|_| state.has_results())?;
    Some(ScoreSet {
        name: set_name(state, &key),
        scores: scores_name(state, &key),
        rows: state.results.rows.clone(),
        baseline: state.results.baseline.clone(),
        scored: state.inputs.scored.clone().filter(|_| state.fresh()),
        key,
    })
}

/// The run of the shown circuit under all settings.
pub fn sensitivity_plan(state: &State) -> Option<SensitivityPlan> {
    let circuit = state.circuit().filter(|_| state.inputs.ready())?;
    let plan = Plan::circuit(state.key(), state.picture.choice(), &state.settings);
    let scores = scores_name(state, &plan.key);
    Some(SensitivityPlan { plan: Plan { one_circuit: false, ..plan }, n_edges: circuit.n_edges, scores })
}

/// The shown circuit as an official one.
pub fn shown_as_official(state: &State) -> Option<Official> {
    let (scored, circuit) = (state.scored()?, state.circuit()?);
    let name = format!("{} of {}", counted(circuit.n_edges, "edge"), scores_name(state, &state.key()));
    let known = || KnownCircuit::from_circuit(&circuit, &scored.scores, &scored.graph);
    (circuit.n_edges > 0).then(|| Official { name, circuit: known() })
}

fn set_name(state: &State, key: &RunKey) -> String {
    let RunSettings { patch_type, ablation, reverse, .. } = key.settings;
    let mut name = format!("{} · {} · {}", scores_name(state, key), patch_type.short_label(), ablation.short_label());
    if reverse {
        name += " · reversed";
    }
    name
}

/// The name of the scores' file, without its ending.
pub fn scores_name(state: &State, key: &RunKey) -> String {
    let id = key.files[Role::Scores as usize];
    let file = state.files.iter().find(|file| Some(file.id) == id);
    match file {
        Some(file) if file.demo => "official circuit".to_owned(),
        Some(file) => file.name.trim_end_matches(".safetensors").to_owned(),
        None => "removed scores".to_owned(),
    }
}

/// The shown circuit under every setting, as far as it was run.
pub fn sensitivity_table(state: &State) -> Option<SensitivityTable> {
    let sensitivity = state.measures.sensitivity.as_ref()?;
    let metric = state.measures.metric;
    let values: Vec<Option<f64>> = sensitivity.cells.iter().map(|m| m.as_ref()?.mean(metric)).collect();
    let known = || values.iter().flatten().copied().filter(|x| x.is_finite());
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let run = &state.settings.run;
    let cell = |column: usize, row: usize| {
        let i = column * AblationType::ALL.len() + row;
        let (patch_type, reverse) = COLUMNS[column];
        let (text, share) = match (values[i], &sensitivity.cells[i]) {
            (Some(x), _) => (short(x), Some(if most > least { (x - least) / (most - least) } else { 0.0 })),
            (None, Some(_)) => ("–".to_owned(), None),
            (None, None) => (String::new(), None),
        };
        let current = (run.patch_type, run.reverse, run.ablation) == (patch_type, reverse, AblationType::ALL[row]);
        HeatCell { text, share, current }
    };
    let rows = AblationType::ALL.iter().enumerate();
    let rows: Vec<_> = rows
        .map(|(row, &ablation)| (ablation.short_label(), (0..COLUMNS.len()).map(|column| cell(column, row)).collect()))
        .collect();
    let columns = COLUMNS.map(|(patch_type, reverse)| {
        format!("{}{}", patch_type.short_label(), if reverse { ", reversed" } else { "" })
    });
    let caption = format!(
        "{} of {} of {}; the darker, the larger",
        axis_label(metric, false),
        counted(sensitivity.plan.n_edges, "edge"),
        sensitivity.plan.scores
    );
    Some(SensitivityTable { caption, columns, rows })
}

/// A metric with its unit and scale.
pub fn axis_label(metric: Metric, log: bool) -> String {
    let unit = match metric.unit() {
        Unit::Nats => "nats",
        Unit::Percent => "%",
        Unit::Logit | Unit::Probability => "",
    };
    let parts: Vec<_> =
        [unit, if log { "log scale" } else { "" }].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { metric.name().to_owned() } else { format!("{} ({})", metric.name(), parts.join(", ")) }
}
