//! What was measured, by name: the results in use, the shown circuit as an official one, and the table of settings.

use crate::state::State;
use crate::state::files::Role;
use crate::state::measures::{COLUMNS, Official, ScoreSet, SensitivityPlan, variants};
use crate::state::runs::{Plan, RunKey};
use crate::words::{NO_NUMBER, counted, measure};
use circuitscope_core::measure::measures::{SettingsRun, settings_to_csv};
use circuitscope_core::scores::known_circuit::KnownCircuit;
use circuitscope_core::{AblationType, Metric, PatchType, RunSettings, Unit};

/// A table of settings, ablations by patch types and directions.
pub struct SensitivityTable {
    pub caption: String,
    /// What is patched, and in which prompt: two columns each.
    pub columns: [(&'static str, [&'static str; 2]); 2],
    /// What a patched edge carries, in plain words and in the field's, and the values.
    pub rows: Vec<(&'static str, &'static str, Vec<HeatCell>)>,
}

/// A value on a scale.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatCell {
    pub text: String,
    /// From the least to the largest value of the table, 0 to 1; `None` while it is not known.
    pub share: Option<f64>,
    /// Whether it is of the settings in use.
    pub current: bool,
    /// The index of its settings in [`variants`].
    pub idx: usize,
    /// Its settings in words.
    pub about: String,
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
        Some(file) if file.demo && state.figure().is_none() => "official circuit".to_owned(),
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
            (Some(x), _) => (measure(metric, x), Some(if most > least { (x - least) / (most - least) } else { 0.0 })),
            (None, Some(_)) => (NO_NUMBER.to_owned(), None),
            (None, None) => (String::new(), None),
        };
        let current = (run.patch_type, run.reverse, run.ablation) == (patch_type, reverse, AblationType::ALL[row]);
        let (what, side) = column_words(patch_type, reverse);
        let used = if current { ", the settings in use" } else { "" };
        let about = format!("{what}, {side}: {}{used}", carried(AblationType::ALL[row]));
        HeatCell { text, share, current, idx: i, about }
    };
    let rows = AblationType::ALL.iter().enumerate().map(|(row, &ablation)| {
        let cells = (0..COLUMNS.len()).map(|column| cell(column, row)).collect();
        (carried(ablation), ablation.short_label(), cells)
    });
    let rows: Vec<_> = rows.collect();
    let columns = PatchType::ALL.map(|patch_type| {
        (column_words(patch_type, false).0, [false, true].map(|reverse| column_words(patch_type, reverse).1))
    });
    let caption = format!(
        "{} of {} of {}. The darker, the larger; outlined: the settings in use. Choose a cell to use its settings.",
        axis_label(metric, false),
        counted(sensitivity.plan.n_edges, "edge"),
        sensitivity.plan.scores
    );
    Some(SensitivityTable { caption, columns, rows })
}

/// What is patched, and in which prompt.
fn column_words(patch_type: PatchType, reverse: bool) -> (&'static str, &'static str) {
    let what = match patch_type {
        PatchType::Edge => "The circuit patched (edge patch)",
        PatchType::Tree => "All else patched (tree patch)",
    };
    // Reversed, clean and corrupt change places.
    let on_clean = (patch_type == PatchType::Tree) != reverse;
    (what, if on_clean { "in the clean prompt" } else { "in the corrupt prompt" })
}

/// What a patched edge carries, in plain words.
fn carried(ablation: AblationType) -> &'static str {
    match ablation {
        AblationType::Resample => "the other prompt's activation",
        AblationType::Zero => "zeros",
        AblationType::TokenwiseMeanClean => "the mean of clean prompts",
        AblationType::TokenwiseMeanCorrupt => "the mean of corrupt prompts",
        AblationType::TokenwiseMeanCleanAndCorrupt => "the mean of all prompts",
        AblationType::BatchTokenwiseMean => "the mean of the batch",
        AblationType::BatchAllTokMean => "the mean of the batch and its positions",
    }
}

/// What a table of settings belongs to, where that is not what is shown now.
pub fn sensitivity_note(state: &State) -> Option<&'static str> {
    let sensitivity = state.measures.sensitivity.as_ref()?;
    let mut shown = Plan::circuit(state.key(), state.picture.choice(), &state.settings);
    let ran = &sensitivity.plan.plan;
    let RunSettings { patch_type, ablation, reverse, .. } = ran.key.settings;
    // These three are the table's own, and the device changes nothing.
    shown.key.settings = RunSettings { patch_type, ablation, reverse, ..shown.key.settings };
    if shown.key != ran.key {
        Some("From other files or settings than those chosen now. Test again to bring it up to date.")
    } else if (&shown.edge_counts, &shown.edits) != (&ran.edge_counts, &ran.edits) {
        Some("Of another circuit than the one that is shown.")
    } else {
        None
    }
}

/// All measures of a table of settings as CSV, as far as it was run.
pub fn sensitivity_csv(state: &State) -> Option<String> {
    let sensitivity = state.measures.sensitivity.as_ref()?;
    let settings = variants(&sensitivity.plan.plan.key.settings);
    let n_edges = sensitivity.plan.n_edges;
    let cells = settings.iter().zip(&sensitivity.cells);
    Some(settings_to_csv(cells.filter_map(|(settings, cell)| {
        cell.as_ref().map(|measurement| SettingsRun { settings, n_edges, measurement })
    })))
}

/// The settings of a cell of the table, with all others as they are.
pub fn settings_of_cell(state: &State, idx: usize) -> Option<RunSettings> {
    variants(&state.settings.run).into_iter().nth(idx)
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
