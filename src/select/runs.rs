//! What can be run, what is to be run next, and what is being run in words.

use super::memory;
use crate::state::State;
use crate::state::figure::Next;
use crate::state::files::Role;
use crate::state::results::Question;
use crate::state::runs::{Engine, Plan, Run};
use circuitscope_core::{AblationType, EdgeCounts, RunSettings};

/// How far a run is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    pub done: usize,
    /// 0 while it is not known.
    pub total: usize,
    pub label: String,
    /// What is counted: passes, or settings of the table of every setting.
    pub noun: &'static str,
    /// What is being run, for the status line.
    pub what: String,
}

/// Whether a run can be started.
pub fn ready(state: &State) -> bool {
    state.inputs.ready() && state.settings.counts_error.is_none() && memory::problem(state).is_none()
}

/// What there is to know about the batch size: which prompts fill no batch, and that means are taken over a batch.
pub fn batch_note(state: &State) -> Option<String> {
    let RunSettings { ablation, batch_size, .. } = state.settings.run;
    let notes = [short_batch(state), batch_mean_note(ablation, batch_size)];
    let notes: Vec<_> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// What the batch size means for means that are taken over batches.
pub fn batch_mean_note(ablation: AblationType, batch_size: usize) -> Option<String> {
    let over_batch = matches!(ablation, AblationType::BatchTokenwiseMean | AblationType::BatchAllTokMean);
    let prompts = if batch_size == 1 { "prompt" } else { "prompts" };
    over_batch.then(|| format!("Means are taken over each batch of {batch_size} {prompts}."))
}

/// Which prompts are not run because they fill no batch.
pub fn short_batch(state: &State) -> Option<String> {
    let n_prompts = state.inputs.prompts.as_ref()?.pairs.len();
    let batch_size = state.settings.run.batch_size;
    match n_prompts.checked_rem(batch_size)? {
        0 => None,
        // A batch size above the number of prompts is an error.
        _ if batch_size > n_prompts => None,
        1 => Some(format!("The last of {n_prompts} prompts fills no batch and is not run.")),
        rest => Some(format!("The last {rest} of {n_prompts} prompts fill no batch and are not run.")),
    }
}

/// The run of all circuits that the settings ask for.
pub fn sweep(state: &State) -> Option<Plan> {
    ready(state).then(|| Plan::sweep(state.key(), &state.settings))
}

/// The run of the chosen circuit, where it is wanted: a person chose it and there is no result of it. A sweep is let finish first.
pub fn next_run(state: &State) -> Option<Plan> {
    let at = state.token_position().filter(|_| state.picture.newly_chosen && state.inputs.ready())?;
    let known = state.fresh() && state.results.covers(&at);
    let plan = Plan::circuit(state.key(), state.picture.choice(), &state.settings);
    let wanted = match &state.run {
        Run::Running { plan: running, .. } => running.one_circuit && *running != plan,
        Run::Idle(_) => true,
    };
    (!known && wanted).then_some(plan)
}

/// What to ask the engine about the chosen circuit.
pub fn question(state: &State) -> Option<Question> {
    let idle = matches!(state.run, Run::Idle(_));
    state.token_position().filter(|_| idle && state.fresh()).and_then(|at| state.results.question(at))
}

/// The run of the circuits of scores that were just found.
pub fn run_after_search(state: &State) -> Option<Plan> {
    sweep(state).filter(|_| state.discover.run_next && matches!(state.run, Run::Idle(_)))
}

/// The run of the circuits that the open figure recorded, once its files are there.
pub fn live_run(state: &State) -> Option<Plan> {
    let plan = sweep(state).filter(|_| state.figures.next == Some(Next::Run) && matches!(state.run, Run::Idle(_)))?;
    let recorded = state.figure()?.figure.recorded.as_ref();
    let sizes: Vec<_> = recorded.iter().flat_map(|results| &results.circuits).map(|c| c.circuit.requested).collect();
    let edge_counts = if sizes.is_empty() { plan.edge_counts.clone() } else { EdgeCounts::List(sizes) };
    Some(Plan { edge_counts, ..plan })
}

/// What is being run or searched, in words.
pub fn progress(state: &State) -> Option<Progress> {
    let Run::Running { job, plan, done, total, label, .. } = &state.run else { return None };
    let what = match state.searching() {
        Some(search) if search.order.trial => "Estimating the time…",
        Some(_) => "Searching…",
        None if plan.one_circuit => "Running the chosen circuit…",
        None if state.is_sweeping() => "Running…",
        None if state.measures.random.as_ref().is_some_and(|random| random.job == *job) => "Running random edges…",
        None if state.measures.ran_other.as_ref().is_some_and(|ran| ran.job == *job) => "Running circuit B…",
        None => "Testing settings…",
    };
    let label = match (&state.engine, label.as_str()) {
        (Engine::Open(_), "") => "Getting ready".to_owned(),
        (_, "") => "Starting the engine".to_owned(),
        (_, label) => label.to_owned(),
    };
    let of_settings = state.measures.sensitivity.as_ref().is_some_and(|table| table.job == *job);
    let noun = if of_settings { "setting" } else { "pass" };
    Some(Progress { done: *done, total: *total, label, noun, what: what.to_owned() })
}

/// How the last run ended, or why none can be started.
pub fn outcome(state: &State) -> Option<String> {
    if ready(state) {
        let Run::Idle(outcome) = &state.run else {
            return state.searching().map(|_| "A circuit is being searched for.".to_owned());
        };
        return outcome.clone();
    }
    let missing: Vec<_> = Role::ALL.into_iter().filter(|&r| state.inputs.file(r).is_none()).map(Role::label).collect();
    Some(match missing.as_slice() {
        [] if state.inputs.prompts.is_none() && state.inputs.problems.is_empty() => "Reading the prompts…".to_owned(),
        [] => "Put right what is marked wrong to run.".to_owned(),
        ["Scores"] => "Still missing: scores. Drop some, or find a circuit.".to_owned(),
        missing => format!("Still missing: {}.", missing.join(", ").to_lowercase()),
    })
}
