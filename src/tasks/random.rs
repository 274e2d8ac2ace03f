//! Runs edges drawn at random, as a baseline of the same sizes.

use std::rc::Rc;

use js_sys::{Array, Date, Uint8Array};
use wasm_bindgen_futures::spawn_local;

use super::context::Tasks;
use super::engine::unexpected;
use super::runs::{drive, ready_engine};
use crate::state::files::{FileId, Role};
use crate::state::random::RandomPlan;
use crate::state::runs::{Job, Outcome, RunKey};
use crate::update::{Action, MeasureAction};
use crate::words::{counted, duration};
use crate::workers::Fault;
use circuitscope_core::{Algorithm, DiscoverSettings, Random};
use circuitscope_wire::engine::{Event, Request};

/// Where the first draw takes longer than this many milliseconds, it stays the only one: five would keep a person waiting.
const SLOW_MS: f64 = 20_000.0;

/// Runs random edges, in place of what is being run.
pub fn run_random(tasks: &Rc<Tasks>, request: RandomPlan) {
    let job = tasks.engine.begin(&request.plan);
    tasks.dispatch(Action::Measure(MeasureAction::RandomStarted(job, request.clone())));
    let tasks = tasks.clone();
    spawn_local(async move {
        let outcome = match draws(&tasks, job, &request).await {
            Ok(text) => Outcome::Finished(text),
            Err(Fault::Cancelled) => Outcome::Cancelled,
            Err(fault) => Outcome::Failed(fault.into()),
        };
        tasks.engine.end(job, outcome);
    });
}

/// One draw after the other. What was done, in a sentence.
async fn draws(tasks: &Tasks, job: Job, request: &RandomPlan) -> Result<String, Fault> {
    let first_seed = match request.search.algorithm {
        Algorithm::Random(Random { seed }) => seed,
        _ => 0,
    };
    for draw in 0..request.n_draws {
        let algorithm = Algorithm::Random(Random { seed: first_seed + draw as u64 });
        let scores = draw_scores(tasks, job, request, DiscoverSettings { algorithm, ..request.search.clone() }).await?;
        tasks.engine.report(job);
        tasks.dispatch(Action::Measure(MeasureAction::RandomDrawn(job)));
        let began = Date::now();
        let ran = run_draw(tasks, job, request, scores).await;
        // The scores were needed for this draw only.
        tasks.files.remove(scores);
        ran?;
        let ms = Date::now() - began;
        if draw == 0 && ms > SLOW_MS && request.n_draws > 1 {
            return Ok(format!("Done: random edges, one draw only, as a draw takes {}.", duration(ms)));
        }
    }
    Ok(format!("Done: random edges, {}.", counted(request.n_draws, "draw")))
}

/// Random scores, as a file that only the engine is given.
async fn draw_scores(
    tasks: &Tasks,
    job: Job,
    request: &RandomPlan,
    settings: DiscoverSettings,
) -> Result<FileId, Fault> {
    let _turn = tasks.engine.take_turn().await;
    let engine = ready_engine(tasks, job, &request.plan).await?;
    let prompts = request.plan.key.files[Role::Prompts as usize];
    let prompts = prompts.ok_or_else(|| Fault::Failed("prompts are missing".to_owned()))?;
    let attachments = Array::new();
    let prompts = tasks.files.attach(prompts, &attachments)?;
    // Drawing takes no pass, so that its progress is not worth telling.
    let quiet = Box::new(|_| {});
    let discover = Request::Discover { prompts, settings };
    let (event, attachments) = tasks.engine.call_with(job, &engine, discover, &attachments, quiet).await?;
    let Event::Discovered { .. } = event else { return Err(unexpected(&event)) };
    Ok(tasks.files.add("random edges".to_owned(), Uint8Array::from(attachments.get(0)).into()))
}

async fn run_draw(tasks: &Tasks, job: Job, request: &RandomPlan, scores: FileId) -> Result<(), Fault> {
    let mut plan = request.plan.clone();
    let mut files = plan.key.files;
    files[Role::Scores as usize] = Some(scores);
    plan.key = RunKey { files, ..plan.key };
    drive(tasks, job, &plan).await.map(|_| ())
}
