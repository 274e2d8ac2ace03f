//! Which runs are started, and what their events change.

use super::{OWN, done, drop_file, event, zero_ablation};
use crate::select::runs::{next_run, outcome, question, ready, sweep};
use crate::select::tokens::{NextColumns, next_tokens};
use crate::state::State;
use crate::state::files::Content;
use crate::state::load::Shared;
use crate::state::runs::{Engine, Failure, Outcome, Plan};
use crate::update::{Action, CircuitAction};
use circuitscope_core::{Circuit, EdgeCounts, Limits};
use circuitscope_wire::engine::{DeviceInfo, DeviceKind};

#[test]
fn the_demo_is_complete_and_wants_no_run() {
    let state = State::demo();
    assert_eq!(state.inputs.problems, []);
    assert!(ready(&state) && state.fresh() && state.is_demo());
    assert_eq!(state.circuit(), Some(Circuit { requested: 2, n_edges: 2, threshold: 1.0 }));
    assert_eq!((next_run(&state), question(&state)), (None, None));
    assert_eq!(state.results.rows.len(), 3);
}

#[test]
fn a_circuit_with_results_is_drawn_and_one_without_is_run() {
    let mut state = State::demo();
    state.apply(Action::Circuit(CircuitAction::Requested(77)));
    assert_eq!(next_run(&state), None, "its results are recorded");
    let change = zero_ablation(&state);
    state.apply(change);
    assert_eq!(next_run(&state), None, "settings are changed without a run");
    state.apply(Action::Circuit(CircuitAction::Requested(0)));
    assert_eq!(next_run(&state).map(|plan| plan.edge_counts), Some(EdgeCounts::List(vec![0])));
}

#[test]
fn events_of_a_run_count_until_another_takes_its_place() {
    let mut state = State::demo();
    let change = zero_ablation(&state);
    state.apply(change);
    state.apply(Action::Circuit(CircuitAction::Requested(77)));
    let plan = next_run(&state).unwrap();
    state.apply(Action::RunStarted(1, plan.clone()));
    assert_eq!(next_run(&state), None);
    assert_eq!(state.results.rows.len(), 3, "old results stay until there are new ones");
    state.apply(Action::Circuit(CircuitAction::Requested(0)));
    let next = next_run(&state).expect("the slider supersedes its own run");
    state.apply(Action::RunStarted(2, next));
    let (stale, new) = (event(&state, 77, 0), event(&state, 0, 0));
    state.apply(Action::RunProgressed(1, vec![stale], 0.0));
    assert_eq!(state.results.rows.len(), 3);
    state.apply(Action::RunProgressed(2, vec![new], 0.0));
    state.apply(Action::RunEnded(1, Outcome::Cancelled));
    state.apply(Action::RunEnded(2, done()));
    assert_eq!(state.results.rows.iter().map(|row| row.result.circuit.n_edges).collect::<Vec<_>>(), [0]);
    assert!(state.fresh() && next_run(&state).is_none());
    assert_eq!(question(&state).map(|q| (q.job, q.circuit)), Some((2, 0)));
}

#[test]
fn a_sweep_is_not_disturbed_by_the_slider_but_followed_by_its_circuit() {
    let mut state = State::demo();
    let change = zero_ablation(&state);
    state.apply(change);
    state.apply(Action::RunStarted(1, sweep(&state).unwrap()));
    state.apply(Action::Circuit(CircuitAction::Requested(77)));
    assert_eq!(next_run(&state), None);
    let (first, ended) = (event(&state, 2, 0), done());
    state.apply(Action::RunProgressed(1, vec![first], 0.0));
    state.apply(Action::RunEnded(1, ended));
    assert_eq!(next_run(&state).map(|plan| plan.one_circuit), Some(true));
}

#[test]
fn a_run_that_fails_or_is_cancelled_is_not_started_again_by_itself() {
    for outcome in [Outcome::Cancelled, Outcome::Failed(Failure::plain("no".to_owned()))] {
        let mut state = State::demo();
        let change = zero_ablation(&state);
        state.apply(change);
        state.apply(Action::Circuit(CircuitAction::Requested(77)));
        state.apply(Action::RunStarted(1, next_run(&state).unwrap()));
        state.apply(Action::RunEnded(1, outcome));
        assert_eq!(next_run(&state), None);
        assert_eq!(state.results.rows.len(), 3);
        state.apply(Action::Circuit(CircuitAction::Requested(0)));
        assert!(next_run(&state).is_some());
    }
}

/// The demo with all its circuits run by the engine.
fn swept() -> State {
    let mut state = State::demo();
    let change = zero_ablation(&state);
    state.apply(change);
    let plan = sweep(&state).unwrap();
    run(&mut state, 1, plan);
    state
}

/// Runs the circuit of 2 edges.
fn run(state: &mut State, job: u32, plan: Plan) {
    state.apply(Action::RunStarted(job, plan));
    let circuit = event(state, 2, 0);
    state.apply(Action::RunProgressed(job, vec![circuit], 0.0));
    state.apply(Action::RunEnded(job, done()));
}

#[test]
fn tokens_that_a_dead_engine_knew_take_a_run() {
    let mut state = swept();
    let asked = question(&state).expect("the engine has the logits");
    state.apply(Action::TokensAsked(asked.clone()));
    state.apply(Action::EngineChanged(Engine::Closed));
    state.apply(Action::TokensArrived(asked, Err("The engine stopped: out of memory".to_owned())));
    assert_eq!((question(&state), next_run(&state)), (None, None), "nothing is run before a person asks");
    state.apply(Action::EngineChanged(Engine::Opening));
    state.apply(Action::EngineChanged(Engine::Open(device())));
    state.apply(Action::PromptChosen(1));
    assert_eq!(question(&state), None, "the new engine knows of no run");
    let plan = next_run(&state).expect("the circuit is run again");
    assert!(plan.one_circuit);
    run(&mut state, 2, plan);
    state.apply(Action::PromptChosen(0));
    assert!(question(&state).is_some_and(|question| question.job == 2), "what was asked of the dead engine, too");
}

#[test]
fn how_a_run_ended_is_said_until_its_files_are_gone() {
    let mut state = State::demo();
    let bytes = include_bytes!("../../www/demo/tracr-reverse/scores.safetensors");
    drop_file(&mut state, OWN, "a.safetensors", Ok(Content::Scores(Shared(bytes[..].into()))));
    let plan = sweep(&state).unwrap();
    run(&mut state, 1, plan);
    assert_eq!(outcome(&state).as_deref(), Some("Done: 1 circuit on 6 prompts, 1 forward pass."));
    state.apply(Action::FileRemoved(OWN));
    assert!(ready(&state), "the demo's scores are in use again");
    assert_eq!(outcome(&state), None);
}

fn device() -> DeviceInfo {
    DeviceInfo {
        kind: DeviceKind::Cpu,
        name: "x".to_owned(),
        reason: "y".to_owned(),
        limits: Limits::default(),
        workers: 1,
    }
}

#[test]
fn tokens_whose_answer_another_run_overtook_are_asked_for_again() {
    let mut state = swept();
    let asked = question(&state).unwrap();
    state.apply(Action::TokensAsked(asked.clone()));
    state.apply(Action::CountsTyped("2".to_owned()));
    let plan = sweep(&state).unwrap();
    state.apply(Action::RunStarted(2, plan));
    state.apply(Action::TokensArrived(asked, Err("cancelled".to_owned())));
    assert_eq!(next_tokens(&state), NextColumns::None("Running…".to_owned()));
    let circuit = event(&state, 2, 0);
    state.apply(Action::RunProgressed(2, vec![circuit], 0.0));
    state.apply(Action::RunEnded(2, done()));
    assert_eq!(question(&state).map(|question| question.job), Some(2));
}

#[test]
fn tokens_that_could_not_be_read_are_asked_for_again_after_a_run() {
    let mut state = swept();
    let asked = question(&state).unwrap();
    state.apply(Action::TokensAsked(asked.clone()));
    state.apply(Action::TokensArrived(asked, Err("no".to_owned())));
    assert_eq!(next_tokens(&state), NextColumns::None("no".to_owned()));
    assert_eq!(question(&state), None);
    let plan = sweep(&state).unwrap();
    run(&mut state, 2, plan);
    assert_eq!(question(&state).map(|question| question.job), Some(2));
}
