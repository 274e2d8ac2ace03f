//! The chosen measure of every prompt: when the engine is asked for it, and what is shown.

use crate::select::insight::Seen;
use crate::select::runs::sweep;
use crate::select::values::{EveryPrompt, PromptDots, PromptRows, every_prompt, question};
use crate::state::State;
use crate::state::insight::{Values, ValuesQuestion};
use crate::state::runs::{Outcome, Plan};
use crate::tests::done;
use crate::update::{Action, CircuitAction, InsightAction, MeasureAction};
use circuitscope_core::{Metric, PromptValues};
use circuitscope_wire::engine::{CircuitResult, Event, Measurement};

/// A run of one circuit, as the second of its run, in which two measures apply.
fn run(state: &mut State, job: u32, plan: Plan, n: usize) {
    state.apply(Action::RunStarted(job, plan));
    let circuit = state.scored().unwrap().scores.circuit(n).unwrap();
    let mut prompts = PromptValues::default();
    for metric in [Metric::LogitDiff, Metric::CleanKlDiv] {
        prompts[metric.idx()] = Some(vec![1.0; 6]);
    }
    let result = CircuitResult { index: 1, circuit, shape: vec![6, 5, 3], measurement: Measurement::new(&prompts) };
    state.apply(Action::RunProgressed(job, vec![Event::Circuit { result }], 0.0));
    state.apply(Action::RunEnded(job, done()));
}

/// The demo with its circuit of 2 edges run by the engine, and the logit difference as the measure.
fn ran() -> State {
    let mut state = State::demo();
    state.apply(Action::Measure(MeasureAction::MetricChosen(Metric::LogitDiff)));
    let plan = sweep(&state).unwrap();
    run(&mut state, 1, plan, 2);
    state
}

fn ask(state: &mut State) -> ValuesQuestion {
    let asked = question(state).expect("the engine's last run has the circuit");
    state.apply(Action::Insight(InsightAction::ValuesAsked(asked)));
    asked
}

fn answer(state: &mut State, asked: ValuesQuestion, circuit: &[f64]) {
    let values = Values { clean: vec![3.0; 6], corrupt: vec![-3.0; 6], circuit: circuit.to_vec() };
    state.apply(Action::Insight(InsightAction::ValuesArrived(asked, Ok(values))));
}

fn seen(state: &State) -> Seen<PromptDots> {
    match every_prompt(state) {
        Some(EveryPrompt { rows: PromptRows::Seen(seen), .. }) => seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn recorded_results_have_no_values_until_something_is_run() {
    let state = State::demo();
    assert_eq!((question(&state), seen(&state)), (None, Seen::NeedsRun));
    assert_eq!(every_prompt(&state).unwrap().heading, "KL divergence from clean, all 6 prompts");
}

#[test]
fn the_values_of_a_circuit_are_asked_for_once_and_shown_with_the_prompt_ringed() {
    let mut state = ran();
    let asked = ask(&mut state);
    assert_eq!(asked, ValuesQuestion { job: 1, circuit: 1, metric: Metric::LogitDiff });
    assert_eq!((question(&state), seen(&state)), (None, Seen::Waiting));
    answer(&mut state, asked, &[2.0, 1.0, -0.5, 2.0, 0.25, 2.0]);
    state.apply(Action::PromptChosen(4));
    let Seen::Ready(dots) = seen(&state) else { panic!() };
    assert_eq!((dots.ringed, dots.worst), (Some(4), Some(2)));
    assert_eq!(dots.tally.map(|tally| tally.count).as_deref(), Some("5 of 6"));
    let names: Vec<_> = dots.request.rows.iter().map(|row| (row.name.as_str(), row.values[0])).collect();
    assert_eq!(names, [("Clean", 3.0), ("Circuit", 2.0), ("Corrupt", -3.0)]);
}

#[test]
fn values_stay_when_another_circuit_is_run_and_are_not_asked_of_a_later_run() {
    let mut state = ran();
    let asked = ask(&mut state);
    answer(&mut state, asked, &[1.0; 6]);
    state.apply(Action::Circuit(CircuitAction::Requested(77)));
    let plan = Plan::circuit(state.key(), state.picture.choice(), &state.settings);
    run(&mut state, 2, plan, 77);
    assert_eq!(question(&state).map(|question| question.job), Some(2));
    state.apply(Action::Circuit(CircuitAction::Requested(2)));
    assert!(matches!(seen(&state), Seen::Ready(_)), "they are known from the earlier run");
    state.apply(Action::Measure(MeasureAction::MetricChosen(Metric::CleanKlDiv)));
    assert_eq!(question(&state), None, "the engine has the later run only");
}

#[test]
fn what_a_run_overtook_takes_a_run() {
    let mut state = ran();
    let asked = ask(&mut state);
    let plan = sweep(&state).unwrap();
    state.apply(Action::RunStarted(2, plan));
    state.apply(Action::Insight(InsightAction::ValuesArrived(asked, Err("cancelled".to_owned()))));
    assert_eq!((question(&state), seen(&state)), (None, Seen::Waiting));
    state.apply(Action::RunEnded(2, Outcome::Cancelled));
    assert_eq!((question(&state), seen(&state)), (None, Seen::NeedsRun));
}

#[test]
fn a_measure_that_does_not_apply_is_not_asked_for() {
    let mut state = ran();
    state.apply(Action::Measure(MeasureAction::MetricChosen(Metric::AnswerProb)));
    assert_eq!(question(&state), None);
    let rows = every_prompt(&state).unwrap().rows;
    assert!(matches!(rows, PromptRows::Inapplicable(why) if why.contains("does not apply")), "{rows:?}");
}
