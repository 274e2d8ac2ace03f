//! Runs of circuits.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen_futures::spawn_local;

use super::context::Tasks;
use super::engine::{OpenEngine, unexpected};
use crate::state::files::{FileId, Role};
use crate::state::runs::{Job, Outcome, Plan, RunKey};
use crate::state::settings::Machine;
use crate::update::Action;
use crate::workers::Fault;
use circuitscope_wire::engine::{Baseline, EdgeValues, Event, Request, Source};

/// Runs circuits, in place of what is being run.
pub fn run(tasks: &Rc<Tasks>, plan: Plan) {
    let job = tasks.engine.begin(&plan);
    let tasks = tasks.clone();
    spawn_local(async move {
        let outcome = match drive(&tasks, job, &plan).await {
            Ok((baseline, workers)) => Outcome::Done(baseline, workers),
            Err(Fault::Cancelled) => Outcome::Cancelled,
            Err(fault) => Outcome::Failed(fault.into()),
        };
        tasks.engine.end(job, outcome);
    });
}

/// Cancels what is being run; the page does not wait for the engine to stop.
pub fn cancel(tasks: &Tasks) {
    tasks.engine.cancel();
}

/// Starts the engine, so that the next run need not wait for it.
pub fn start_engine(tasks: &Rc<Tasks>, choice: Machine) {
    let (tasks, job) = (tasks.clone(), tasks.engine.current_job());
    spawn_local(async move {
        let _turn = tasks.engine.take_turn().await;
        if let Err(fault) = tasks.engine.open(job, choice).await {
            tasks.dispatch(Action::Failed(fault.into()));
        }
    });
}

/// All steps of a run, each left out where it is done already; with how many workers computed.
///
/// # Errors
/// When a step fails or the run is superseded.
pub async fn drive(tasks: &Tasks, job: Job, plan: &Plan) -> Result<(Baseline, usize), Fault> {
    let _turn = tasks.engine.take_turn().await;
    let engine = ready_engine(tasks, job, plan).await?;
    let attachments = Array::new();
    let [prompts, scores] =
        [Role::Prompts, Role::Scores].map(|role| attach(tasks, role, plan.key.files[role as usize], &attachments));
    let request = Request::Run {
        prompts: prompts?,
        scores: scores?,
        values: EdgeValues::Scores,
        edits: plan.mask_edits(),
        settings: plan.settings(),
        logits: false,
    };
    match tasks.engine.call(job, &engine, request, &attachments).await? {
        Event::Ran { baseline, workers, .. } => Ok((baseline, workers)),
        other => Err(unexpected(&other)),
    }
}

/// The engine on the wanted device, with the wanted model.
///
/// # Errors
/// When a step fails or the run is superseded.
pub async fn ready_engine(tasks: &Tasks, job: Job, plan: &Plan) -> Result<Rc<OpenEngine>, Fault> {
    tasks.engine.check(job)?;
    let engine = tasks.engine.open(job, plan.machine).await?;
    tasks.engine.check(job)?;
    load_model(tasks, job, &engine, plan).await?;
    tasks.engine.check(job)?;
    Ok(engine)
}

async fn load_model(tasks: &Tasks, job: Job, engine: &OpenEngine, plan: &Plan) -> Result<(), Fault> {
    let model = Some((plan.key.weights.clone(), plan.key.files[Role::Config as usize]));
    if *engine.model.borrow() == model {
        return Ok(());
    }
    engine.model.replace(None);
    let (request, attachments) = model_request(tasks, plan)?;
    let loaded = tasks.engine.call(job, engine, request, &attachments).await?;
    let Event::Loaded { workers, .. } = loaded else { return Err(unexpected(&loaded)) };
    tasks.dispatch(Action::ModelLoaded { workers });
    engine.model.replace(model);
    Ok(())
}

/// The model's files: its config, and one or more of weights.
fn model_request(tasks: &Tasks, plan: &Plan) -> Result<(Request, Array), Fault> {
    let attachments = Array::new();
    let source = |role: Role, id: Option<FileId>| attach(tasks, role, id, &attachments);
    let RunKey { files, weights, .. } = &plan.key;
    let config = source(Role::Config, files[Role::Config as usize])?;
    let index = weights.index.map(|id| source(Role::Weights, Some(id))).transpose()?;
    let weights = weights.shards.iter().map(|&id| source(Role::Weights, Some(id))).collect::<Result<_, Fault>>()?;
    Ok((Request::LoadModel { config, weights, index }, attachments))
}

/// The file in a role as the source of a message.
fn attach(tasks: &Tasks, role: Role, id: Option<FileId>, attachments: &Array) -> Result<Source, Fault> {
    let missing = || Fault::Failed(format!("{} are missing", role.label()));
    tasks.files.attach(id.ok_or_else(missing)?, attachments).map_err(|_| missing())
}
