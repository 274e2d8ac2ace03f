//! Measures, comparisons, and the table of settings.

use crate::select::curves::{CurveRow, curve_rows, sets};
use crate::select::measures::{
    current_set, sensitivity_csv, sensitivity_note, sensitivity_plan, sensitivity_table, settings_of_cell,
    shown_as_official,
};
use crate::select::runs::{next_run, sweep};
use crate::state::State;
use crate::state::circuit::Edits;
use crate::state::measures::variants;
use crate::state::runs::{Outcome, Run};
use crate::update::{Action, CircuitAction, MeasureAction};
use circuitscope_core::{AblationType, Circuit, Metric, PatchType, PromptValues, RunSettings};
use circuitscope_picture::SERIES;
use circuitscope_wire::engine::{CircuitResult, Event, Measurement};

fn pin(state: &mut State) {
    let set = current_set(state).unwrap();
    state.apply(Action::Measure(MeasureAction::Pinned(set)));
}

fn measured(kl: f64) -> Measurement {
    let mut prompts = PromptValues::default();
    prompts[Metric::CleanKlDiv.idx()] = Some(vec![kl]);
    Measurement::new(&prompts)
}

#[test]
fn a_pinned_run_stays_when_another_takes_its_place() {
    let mut state = State::demo();
    pin(&mut state);
    let run = RunSettings { ablation: AblationType::Zero, ..state.settings.run.clone() };
    state.apply(Action::SettingsChanged(run));
    let circuit = state.circuit().unwrap();
    state.apply(Action::RunStarted(1, sweep(&state).unwrap()));
    let result = CircuitResult { index: 0, circuit, shape: vec![6, 5, 3], measurement: measured(0.5) };
    state.apply(Action::RunProgressed(1, vec![Event::Circuit { result }], 0.0));
    let (pinned, current) = (&state.measures.pins[0].set, current_set(&state).unwrap());
    assert_eq!((pinned.name.as_str(), pinned.rows.len()), ("official circuit · edge · resample", 3));
    assert_eq!((current.name.as_str(), current.rows.len()), ("official circuit · edge · zero", 1));
    // The recorded circuits of 0, 2 and 77 edges: f is 0, 1 and 1, at shares of 0, 2/77 and 1.
    let areas = pinned.measured().areas(Metric::LogitDiff);
    assert!((areas.cpr.unwrap() - (1.0 - 1.0 / 77.0)).abs() < 1e-4, "{areas:?}");
    state.apply(Action::Measure(MeasureAction::Unpinned(1)));
    assert!(state.measures.pins.is_empty());
}

/// The row of what was run last.
fn current_row(state: &State) -> CurveRow {
    curve_rows(state, &sets(state), &None).remove(0)
}

#[test]
fn areas_that_say_nothing_are_not_shown_as_numbers() {
    let mut state = State::demo();
    assert_eq!(current_row(&state).auc, "≤ 0.001", "the recorded divergences are 0");
    state.results.rows.pop();
    assert_eq!(current_row(&state).auc, "–", "one circuit that has edges encloses no area");
    state.results.rows.clear();
    for (index, n) in [0, 2, 77].into_iter().enumerate() {
        let circuit = Circuit { requested: n, n_edges: n, threshold: 0.0 };
        state.results.add(
            0,
            &Edits::default(),
            CircuitResult { index, circuit, shape: vec![6, 5, 3], measurement: measured(0.5) },
        );
    }
    state.measures.metric = Metric::CorruptKlDiv;
    assert_eq!(current_row(&state).auc, "–", "the metric does not apply");
    state.measures.metric = Metric::CleanKlDiv;
    assert_ne!(current_row(&state).auc, "–");
    for row in [0, 1, 2] {
        let mut changed = (*state.results.rows[row]).clone();
        changed.result.measurement = measured(0.01);
        state.results.add(0, &Edits::default(), changed.result);
    }
    assert_eq!(current_row(&state).auc, "≤ 0.001");
}

#[test]
fn areas_are_not_shown_while_circuits_are_run() {
    let mut state = State::demo();
    state.measures.metric = Metric::LogitDiff;
    let whole = current_row(&state);
    assert_ne!(whole.cpr, "");
    state.apply(Action::RunStarted(1, sweep(&state).unwrap()));
    let growing = current_row(&state);
    assert_eq!([growing.auc.as_str(), &growing.cpr, &growing.cmd], ["", "", ""]);
    assert_eq!(growing.value, whole.value);
    state.apply(Action::RunEnded(1, Outcome::Cancelled));
    assert_eq!(current_row(&state), whole);
}

#[test]
fn there_are_as_many_pins_as_colours() {
    let mut state = State::demo();
    for _ in 0..10 {
        pin(&mut state);
    }
    let styles: Vec<_> = state.measures.pins.iter().map(|pin| pin.style).collect();
    assert_eq!(styles, (1..SERIES.len()).collect::<Vec<_>>());
    state.apply(Action::Measure(MeasureAction::Unpinned(2)));
    pin(&mut state);
    assert_eq!(state.measures.pins.last().unwrap().style, 2, "a colour that became free");
}

#[test]
fn a_sensitivity_run_leaves_the_results_as_they_are() {
    let mut state = State::demo();
    let plan = sensitivity_plan(&state).unwrap();
    assert_eq!(variants(&plan.plan.key.settings).len(), 28);
    state.apply(Action::RunStarted(1, plan.plan.clone()));
    state.apply(Action::Measure(MeasureAction::SensitivityStarted(1, plan.clone())));
    state.apply(Action::Measure(MeasureAction::SensitivityAt(1, 9)));
    let circuit = state.circuit().unwrap();
    let result = CircuitResult { index: 0, circuit, shape: vec![6, 5, 3], measurement: measured(0.5) };
    let progress = Event::Progress { done: 1, total: 3, label: "2 edges".to_owned(), loss: None };
    state.apply(Action::RunProgressed(1, vec![progress, Event::Circuit { result }], 0.0));
    let Run::Running { done, total, label, .. } = &state.run else { panic!() };
    assert_eq!((*done, *total, label.as_str()), (9, 28, "2 edges"));
    state.apply(Action::RunEnded(1, Outcome::Finished("Done".to_owned())));
    let cells = &state.measures.sensitivity.as_ref().unwrap().cells;
    assert_eq!(cells[9], Some(measured(0.5)));
    assert_eq!(cells.iter().flatten().count(), 1);
    assert_eq!(state.results.rows.len(), 3);
    assert!(state.fresh() && next_run(&state).is_none());
    // The tenth: edge patches reversed come after the seven ablations of edge patches.
    let settings = &variants(&state.settings.run)[9];
    assert_eq!((settings.patch_type, settings.reverse), (PatchType::Edge, true));
    assert_eq!(settings.ablation, AblationType::TokenwiseMeanClean);
    // The table says what it is of, is saved whole, and its cells choose their settings.
    assert_eq!(sensitivity_note(&state), None);
    let csv = sensitivity_csv(&state).unwrap();
    assert_eq!(csv.lines().nth(1), Some("edge,tokenwise_mean_clean,true,2,Clean KL Div,0.5,0,0.5,0.5,0.5"));
    assert_eq!(csv.lines().count(), 2, "one metric of one setting is known");
    let table = sensitivity_table(&state).unwrap();
    let current: Vec<_> = table.rows.iter().flat_map(|row| &row.2).filter(|cell| cell.current).collect();
    assert_eq!(current.iter().map(|cell| cell.idx).collect::<Vec<_>>(), [0]);
    state.apply(Action::SettingsChanged(settings_of_cell(&state, 9).unwrap()));
    assert!(state.settings.run.reverse && sensitivity_note(&state).is_none(), "these settings are the table's own");
    let table = sensitivity_table(&state).unwrap();
    assert!(table.rows.iter().flat_map(|row| &row.2).all(|cell| cell.current == (cell.idx == 9)));
    state.apply(Action::Circuit(CircuitAction::Requested(77)));
    assert_eq!(sensitivity_note(&state), Some("Of another circuit than the one that is shown."));
}

#[test]
fn a_pinned_run_has_the_name_that_it_is_given() {
    let mut state = State::demo();
    pin(&mut state);
    let renamed = |name: &str| Action::Measure(MeasureAction::PinRenamed(1, name.to_owned()));
    state.apply(renamed(" by hand "));
    assert_eq!(state.measures.pins[0].set.name, "by hand");
    state.apply(renamed("  "));
    assert_eq!(state.measures.pins[0].set.name, "by hand", "blanks are no name");
    state.apply(Action::Measure(MeasureAction::PinRenamed(2, "no such run".to_owned())));
    assert_eq!(state.measures.pins.len(), 1);
}

#[test]
fn the_demo_knows_its_official_circuit_and_any_shown_one_can_be_it() {
    let mut state = State::demo();
    assert_eq!(state.measures.official.as_ref().unwrap().circuit.n_edges(), 2);
    state.apply(Action::Circuit(CircuitAction::Requested(77)));
    let shown = shown_as_official(&state).unwrap();
    state.apply(Action::Measure(MeasureAction::OfficialRead(Ok(shown))));
    assert_eq!(state.measures.official.as_ref().unwrap().circuit.n_edges(), 77);
    state.apply(Action::Measure(MeasureAction::OfficialDropped));
    assert!(state.measures.official.is_none());
}
