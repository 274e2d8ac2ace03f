//! Runs: their events, their end, and the tokens that are asked for afterwards.

use std::rc::Rc;

use super::figure;
use crate::state::State;
use crate::state::load::Load;
use crate::state::pace::{Pace, Tick};
use crate::state::results::{Question, Results};
use crate::state::runs::{CANCELLED, Engine, Failure, Job, KIB, Outcome, Plan, Run};
use crate::words::{counted, stopped_after};
use circuitscope_wire::engine::{Baseline, Event, Tokens};

/// A run begins.
pub fn start(state: &mut State, job: Job, plan: Plan) {
    (state.failure, state.stopped) = (None, false);
    state.results.forget_engine_run();
    state.discover.run_next = false;
    state.figures.next = None;
    state.run = Run::Running { job, plan, done: 0, total: 0, label: String::new(), pace: Pace::default() };
}

/// Takes out what was run with the files and settings that are in use again. What was run last stays until something is.
pub fn recall(state: &mut State) {
    if state.shelf.is_empty() || state.fresh() || !matches!(state.run, Run::Idle(_)) {
        return;
    }
    if let Some(results) = state.shelf.take(&state.key()) {
        state.shelf.put(std::mem::replace(&mut state.results, results));
    }
}

/// The engine is opened or closed. One that is closed, or started anew, has no logits of any run: other tokens take a run of
/// their circuit.
pub fn change_engine(state: &mut State, engine: Engine) {
    if !matches!(engine, Engine::Open(_)) {
        state.results.forget_engine_run();
    }
    state.engine = engine;
}

/// The engine has loaded a model, on which so many workers may compute.
pub fn load(state: &mut State, workers: usize) {
    if let Engine::Open(device) = &mut state.engine {
        device.workers = workers;
    }
}

/// Takes the events of a run; none of one that was superseded.
pub fn progress(state: &mut State, from: Job, events: Vec<Event>, at: f64) {
    let Run::Running { job, plan, done, total, label, pace } = &mut state.run else { return };
    if *job != from {
        return;
    }
    for event in state.measures.take_events(from, events) {
        match event {
            Event::Progress { done: now, total: all, label: doing, .. } => {
                (*done, *total, *label) = (now, all, doing);
                pace.add(Tick { at, done: now, total: all, loss: None });
            }
            Event::Circuit { result } => {
                if state.results.key.as_ref() != Some(&plan.key) {
                    let of_key = state.shelf.take(&plan.key);
                    let results = of_key.unwrap_or_else(|| Results::of(plan.key.clone()));
                    state.shelf.put(std::mem::replace(&mut state.results, results));
                }
                state.results.add(from, &plan.edits, result);
            }
            _ => {}
        }
    }
}

/// A run is over.
pub fn end(state: &mut State, from: Job, outcome: Outcome) {
    let Run::Running { job, plan, .. } = &state.run else { return };
    if *job != from {
        return;
    }
    // A sweep is followed by the circuit that was chosen meanwhile; what failed or was cancelled by nothing.
    state.picture.newly_chosen &= !plan.one_circuit && matches!(outcome, Outcome::Done(..));
    state.stopped = matches!(outcome, Outcome::Cancelled | Outcome::Failed(_));
    let text = match outcome {
        Outcome::Done(baseline, workers) => {
            let text = done_text(plan, &baseline, state.results.rows.len(), workers);
            (state.results.baseline, state.results.engine_run) = (Some(baseline), Some(from));
            if !plan.one_circuit {
                figure::verify(state);
            }
            text
        }
        Outcome::Finished(text) => text,
        Outcome::Cancelled => cancelled_text(state, from),
        Outcome::Failed(failure) => {
            state.failure = Some(Failure { plan: Some(plan.clone()), ..failure });
            "The run failed. Results so far are kept.".to_owned()
        }
    };
    state.run = Run::Idle(Some(text));
}

/// Keeps tokens that the engine was asked for, unless something else was run meanwhile.
pub fn take_tokens(state: &mut State, question: &Question, tokens: Result<Tokens, String>) {
    if state.results.engine_run == Some(question.job) {
        let tokens = tokens.map_or_else(Load::Failed, |tokens| Load::Ready(Rc::new(tokens)));
        state.results.set_tokens(question.at.clone(), tokens);
    }
}

/// How far a run was when it was cancelled, and what is left of it.
fn cancelled_text(state: &State, job: Job) -> String {
    let Run::Running { done, total, label, .. } = &state.run else { return CANCELLED.to_owned() };
    let noun =
        if state.measures.sensitivity.as_ref().is_some_and(|table| table.job == job) { "setting" } else { "pass" };
    // The engine counts what it reads in KiB, which its label says.
    let far = (*total > 0 && !label.ends_with(KIB)).then(|| stopped_after(*done, *total, noun));
    let kept = state.results.rows.iter().any(|row| row.job == job).then(|| "Results so far are kept.".to_owned());
    [Some(CANCELLED.to_owned()), far, kept].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// How a run ended, in a sentence.
fn done_text(plan: &Plan, baseline: &Baseline, n_rows: usize, workers: usize) -> String {
    let what = if plan.one_circuit { "the chosen circuit".to_owned() } else { counted(n_rows, "circuit") };
    let (prompts, passes) = (counted(baseline.n_prompts, "prompt"), counted(baseline.forward_passes, "forward pass"));
    let by = if workers > 1 { format!(", by {workers} workers") } else { String::new() };
    format!("Done: {what} on {prompts}, {passes}{by}.")
}
