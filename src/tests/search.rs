//! Searches, and the scores that they find.

use super::{done, drop_file, event, json};
use crate::select::runs::run_after_search;
use crate::select::search_words::{ValueView, fields};
use crate::select::{scores, search};
use crate::state::State;
use crate::state::algorithms::{OFFERS, OFFICIAL_CIRCUIT};
use crate::state::files::{Content, FileEntry, FileId, Role};
use crate::state::load::{Load, Shared};
use crate::state::pace::Tick;
use crate::state::runs::{Job, Outcome};
use crate::update::{Action, CircuitAction, SearchAction, SearchEnd};
use circuitscope_core::settings::discovery::Official;
use circuitscope_core::{Algorithm, EdgeCounts, OfficialCircuit, PruneScores, RunSettings, ScoresInfo, TensorFile};

fn act(state: &mut State, action: SearchAction) {
    state.apply(Action::Search(action));
}

/// Scores of the demo's graph, one larger than the other.
fn file(state: &State, id: FileId, name: &str) -> FileEntry {
    file_of("mask_gradient", state, id, name)
}

fn file_of(algorithm: &str, state: &State, id: FileId, name: &str) -> FileEntry {
    let graph = &state.scored().unwrap().graph;
    let scores = PruneScores::new((0..graph.n_edges()).map(|i| i as f32).collect());
    let info = ScoresInfo { algorithm: Some(algorithm.to_owned()), ..ScoresInfo::default() };
    let bytes = scores.to_bytes(graph, &info);
    let content = Load::Ready(Content::Scores(Shared(bytes.into())));
    FileEntry { id, name: name.to_owned(), n_bytes: 1, demo: false, content }
}

fn tick(at: f64, done: usize, total: usize) -> Tick {
    Tick { at, done, total, loss: Some(1.0 / at) }
}

fn start(state: &mut State, job: Job, trial: bool) {
    let order = search::order(state, trial).unwrap();
    state.apply(Action::RunStarted(job, order.plan.clone()));
    act(state, SearchAction::Started(job, order));
    act(state, SearchAction::Ticked(job, Tick { at: 1000.0, done: 0, total: 0, loss: None }));
}

#[test]
fn official_circuits_are_offered_where_they_fit() {
    let mut state = State::demo();
    let official =
        OFFERS.iter().position(|offer| offer.fields.iter().any(|field| field.key == OFFICIAL_CIRCUIT.key)).unwrap();
    act(&mut state, SearchAction::AlgorithmChosen(official));
    let offered = |state: &State| match &fields(state)[0].value {
        ValueView::Choice { options, chosen } => {
            (options.iter().map(|option| option.value.clone()).collect::<Vec<_>>(), *chosen)
        }
        ValueView::Text { .. } => panic!("no choice"),
    };
    assert_eq!(offered(&state), (["tracr_reverse", "tracr_reverse_acdc"].map(str::to_owned).to_vec(), 0));
    // One that was chosen for another model gives way to the first that fits.
    act(&mut state, SearchAction::Entered(0, "ioi".to_owned()));
    let Algorithm::Official(Official { circuit }) = search::order(&state, false).unwrap().settings.algorithm else {
        panic!("no official circuit")
    };
    assert_eq!(circuit, OfficialCircuit::TracrReverse);
    let run = RunSettings { factorized: false, separate_qkv: false, ..state.settings.run.clone() };
    state.apply(Action::SettingsChanged(run));
    assert_eq!(offered(&state), (Vec::new(), 0));
    let problem = search::order(&state, false).unwrap_err();
    assert!(problem.starts_with("No official circuit is known"), "{problem}");
}

#[test]
fn a_size_that_the_algorithm_chose_is_said() {
    let found_by = |algorithm: &str| {
        let mut state = State::demo();
        start(&mut state, 1, false);
        let found = file_of(algorithm, &state, 10, "found.safetensors");
        act(&mut state, SearchAction::Ended(1, SearchEnd::Found(found, tick(1500.0, 1, 1))));
        scores::own_size(&state)
    };
    assert_eq!((found_by("eap"), found_by("subnetwork_probing, connected 10")), (None, None));
    assert!(found_by("subnetwork_probing").unwrap().starts_with("Subnetwork probing chooses"));
}

#[test]
fn found_scores_take_the_place_of_those_in_use_and_are_run() {
    let mut state = State::demo();
    start(&mut state, 1, false);
    assert!(state.searching().is_some() && run_after_search(&state).is_none());
    let found = file(&state, 10, "EAP on reverse.safetensors");
    act(&mut state, SearchAction::Ended(1, SearchEnd::Found(found, tick(1500.0, 1, 1))));
    assert!(state.searching().is_none());
    assert_eq!(state.inputs.file(Role::Scores), Some(10));
    assert_eq!(state.picture.requested, 50, "they are drawn");
    let plan = run_after_search(&state).unwrap();
    assert_eq!((plan.edge_counts.clone(), plan.one_circuit), (EdgeCounts::Default, false));
    state.apply(Action::RunStarted(2, plan));
    state.apply(Action::RunEnded(2, Outcome::Cancelled));
    assert_eq!(run_after_search(&state), None, "once");
    // The demo's own can be chosen again, and the others after that.
    let names = |state: &State| scores::choices(state).into_iter().map(|c| (c.name, c.in_use)).collect::<Vec<_>>();
    act(&mut state, SearchAction::ScoresChosen(3));
    assert_eq!(
        names(&state),
        [("scores.safetensors (the demo's)".to_owned(), true), ("EAP on reverse.safetensors".to_owned(), false)]
    );
    assert_eq!(state.picture.requested, 2);
    act(&mut state, SearchAction::ScoresChosen(10));
    assert_eq!(state.inputs.file(Role::Scores), Some(10));
    assert_eq!(search::order(&state, false).unwrap().name, "EAP on reverse (2).safetensors");
}

#[test]
fn found_scores_are_a_step_that_can_be_undone() {
    let mut state = State::demo();
    state.apply(Action::Circuit(CircuitAction::Requested(77)));
    state.apply(Action::Circuit(CircuitAction::Settled));
    start(&mut state, 1, false);
    let found = file(&state, 10, "a.safetensors");
    act(&mut state, SearchAction::Ended(1, SearchEnd::Found(found, tick(1500.0, 1, 1))));
    let at = |state: &State| (state.inputs.file(Role::Scores), state.picture.requested);
    assert_eq!(at(&state), (Some(10), 50));
    state.apply(Action::Circuit(CircuitAction::Requested(9)));
    state.apply(Action::Circuit(CircuitAction::Settled));
    let steps = [(10, 50), (3, 77), (3, 2)].map(|(id, n)| (Some(id), n));
    for step in steps {
        state.apply(Action::Circuit(CircuitAction::Undone));
        assert_eq!(at(&state), step);
    }
    assert!(!state.history.can_undo());
    for step in [(3, 77), (10, 50), (10, 9)].map(|(id, n)| (Some(id), n)) {
        state.apply(Action::Circuit(CircuitAction::Redone));
        assert_eq!(at(&state), step);
    }
    // Scores that were taken away are no step any more.
    state.apply(Action::FileRemoved(10));
    assert_eq!(at(&state), (Some(3), 2));
    state.apply(Action::Circuit(CircuitAction::Undone));
    assert_eq!(at(&state), (Some(3), 77));
}

#[test]
fn who_goes_back_to_scores_finds_what_was_run_with_them() {
    let mut state = State::demo();
    let recorded = state.results.rows.clone();
    start(&mut state, 1, false);
    let found = file(&state, 10, "a.safetensors");
    act(&mut state, SearchAction::Ended(1, SearchEnd::Found(found, tick(1500.0, 1, 1))));
    state.apply(Action::RunStarted(2, run_after_search(&state).unwrap()));
    for (i, n) in [0, 50].into_iter().enumerate() {
        let ran = event(&state, n, i);
        state.apply(Action::RunProgressed(2, vec![ran], 0.0));
    }
    state.apply(Action::RunEnded(2, done()));
    let ran = state.results.rows.clone();
    assert!(ran.len() == 2 && ran != recorded);
    state.apply(Action::Circuit(CircuitAction::Undone));
    assert!(state.fresh() && state.results.rows == recorded);
    state.apply(Action::Circuit(CircuitAction::Redone));
    assert!(state.fresh() && state.results.rows == ran && state.results.engine_run.is_none());
}

#[test]
fn scores_are_in_use_with_the_model_that_they_were_found_on() {
    let mut state = State::demo();
    start(&mut state, 1, false);
    let found = file(&state, 10, "a.safetensors");
    act(&mut state, SearchAction::Ended(1, SearchEnd::Found(found, tick(1500.0, 1, 1))));
    let config = include_str!("../../tests/fixtures/cases/gpt2/config.json");
    drop_file(&mut state, 11, "config.json", json("config.json", config));
    assert_eq!(state.inputs.file(Role::Scores), None);
    assert_eq!(scores::choices(&state), []);
    state.apply(Action::FileRemoved(11));
    assert_eq!(state.inputs.file(Role::Scores), Some(10));
}

#[test]
fn the_time_is_known_once_a_pass_was_timed() {
    let mut state = State::demo();
    act(&mut state, SearchAction::AlgorithmChosen(5));
    assert_eq!(search::expected_ms(&state), None);
    let cost = search::cost(&state).unwrap();
    // One batch: the unpatched model, then a patch, a forward and a backward pass, or without the patch, each epoch.
    assert_eq!(cost.backward_passes, 20);
    let n_passes = cost.forward_passes + cost.backward_passes;
    start(&mut state, 1, true);
    act(&mut state, SearchAction::Ticked(1, tick(3000.0, 2, n_passes)));
    assert!(state.searching().unwrap().pace.ms_left().is_none());
    act(&mut state, SearchAction::Ticked(1, tick(3200.0, 4, n_passes)));
    // 100 ms a pass; what came before the first one is left out.
    assert_eq!(state.searching().unwrap().pace.ms_left(), Some(100.0 * (n_passes - 4) as f64));
    assert_eq!(state.searching().unwrap().losses, [(2, 1.0 / 3000.0), (4, 1.0 / 3200.0)]);
    act(&mut state, SearchAction::Ended(1, SearchEnd::Timed));
    assert!((search::expected_ms(&state).unwrap() - 100.0 * n_passes as f64).abs() < 1e-6);
    act(&mut state, SearchAction::Entered(0, "40".to_owned()));
    assert!(search::expected_ms(&state).unwrap() > 150.0 * n_passes as f64, "more epochs take longer");
    act(&mut state, SearchAction::AlgorithmChosen(0));
    assert_eq!(search::expected_ms(&state), None, "another algorithm has another pace");
}

#[test]
fn a_search_that_was_cancelled_or_superseded_changes_nothing_more() {
    let mut state = State::demo();
    start(&mut state, 1, false);
    state.apply(Action::RunEnded(1, Outcome::Cancelled));
    let found = file(&state, 10, "a.safetensors");
    act(&mut state, SearchAction::Ended(1, SearchEnd::Found(found, tick(1500.0, 1, 1))));
    assert_eq!(state.inputs.file(Role::Scores), Some(3));
    assert_eq!(state.failure, None);
}

#[test]
fn what_keeps_a_search_from_starting_is_said() {
    let mut state = State::demo();
    act(&mut state, SearchAction::AlgorithmChosen(5));
    act(&mut state, SearchAction::Entered(0, "no".to_owned()));
    assert_eq!(search::order(&state, false).unwrap_err(), "Epochs: a whole number from 1 to 100000");
    act(&mut state, SearchAction::AlgorithmChosen(0));
    assert!(matches!(search::order(&state, false).unwrap().settings.algorithm, Algorithm::MaskGradient(_)));
    let run = RunSettings { batch_size: 7, ..state.settings.run.clone() };
    state.apply(Action::SettingsChanged(run));
    assert_eq!(search::order(&state, false).unwrap_err(), "Batch size: from 1 to 6, the number of prompts");
    state.files.retain(|file| file.role() != Some(Role::Prompts));
    read_again(&mut state);
    assert_eq!(search::order(&state, false).unwrap_err(), "Still missing: prompts.");
}

#[test]
fn some_edges_of_scores_become_scores_of_their_own() {
    let mut state = State::demo();
    let found = file(&state, 10, "EAP on reverse.safetensors");
    state.files.push(found);
    read_again(&mut state);
    let (name, bytes, n_kept) = scores::keep_some(&state).unwrap();
    assert_eq!(name, "EAP on reverse, connected 10.safetensors");
    let graph = &state.scored().unwrap().graph;
    let kept = PruneScores::from_bytes(&name, &bytes, graph).unwrap();
    assert_eq!(kept.values().iter().filter(|score| **score != 0.0).count(), n_kept);
    assert!((1..=10).contains(&n_kept));
    let info = TensorFile::from_bytes(&name, &bytes).unwrap().metadata;
    assert_eq!(info["algorithm"], "mask_gradient, connected 10");
    act(&mut state, SearchAction::KeptEntered("78".to_owned()));
    assert_eq!(scores::keep_some(&state).unwrap_err(), "a whole number from 1 to 77");
}

/// Has the files read together anew.
fn read_again(state: &mut State) {
    let run = state.settings.run.clone();
    state.apply(Action::SettingsChanged(run));
}
