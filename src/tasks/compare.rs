//! Runs the circuit that the shown one is compared with.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen_futures::spawn_local;

use super::context::Tasks;
use super::runs::drive;
use crate::state::compare::OtherPlan;
use crate::state::files::Role;
use crate::state::runs::{Job, Outcome};
use crate::update::{Action, CompareAction};
use crate::words::counted;
use crate::workers::Fault;
use circuitscope_core::ScoresInfo;

/// Runs it, in place of what is being run.
pub fn run_other(tasks: &Rc<Tasks>, request: OtherPlan) {
    let job = tasks.engine.begin(&request.plan);
    tasks.dispatch(Action::Compare(CompareAction::OtherStarted(job, request.clone())));
    let tasks = tasks.clone();
    spawn_local(async move {
        let outcome = match run(&tasks, job, &request).await {
            Ok(()) => Outcome::Finished(format!("Done: circuit B of {}.", counted(request.requested, "edge"))),
            Err(Fault::Cancelled) => Outcome::Cancelled,
            Err(fault) => Outcome::Failed(fault.into()),
        };
        tasks.engine.end(job, outcome);
    });
}

/// Its scores are a file that only the engine is given: those of a pinned run or of a known circuit may be in none.
async fn run(tasks: &Tasks, job: Job, request: &OtherPlan) -> Result<(), Fault> {
    let (scored, mut plan) = (&request.scored, request.plan.clone());
    let bytes = scored.scores.to_bytes(&scored.graph, &ScoresInfo::default());
    let scores = tasks.files.add("circuit B".to_owned(), Uint8Array::from(bytes.as_slice()).into());
    plan.key.files[Role::Scores as usize] = Some(scores);
    let ran = drive(tasks, job, &plan).await;
    tasks.files.remove(scores);
    ran.map(|_| ())
}
