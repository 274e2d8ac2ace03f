//! Searches for circuits.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Array, Date, Uint8Array};
use wasm_bindgen_futures::spawn_local;

use super::context::Tasks;
use super::engine::unexpected;
use super::files::scores_file;
use super::runs::ready_engine;
use crate::select;
use crate::state::State;
use crate::state::files::{FileEntry, Role};
use crate::state::pace::Tick;
use crate::state::runs::Job;
use crate::state::search::SearchOrder;
use crate::update::{Action, SearchAction, SearchEnd};
use crate::workers::Fault;
use circuitscope_wire::engine::{Event, Request};

/// A trial is stopped when it has seen this many steps for this long: enough to know a pace.
const TRIAL_STEPS: usize = 2;
const TRIAL_MS: f64 = 1500.0;

/// Searches for a circuit, in place of what is being run.
pub fn search(tasks: &Rc<Tasks>, order: SearchOrder) {
    let job = tasks.engine.begin(&order.plan);
    tasks.dispatch(Action::Search(SearchAction::Started(job, order.clone())));
    let tasks = tasks.clone();
    spawn_local(async move {
        let end = match find(&tasks, job, &order).await {
            Ok((file, tick)) => SearchEnd::Found(file, tick),
            Err(Fault::Cancelled) if order.trial => SearchEnd::Timed,
            Err(Fault::Cancelled) => SearchEnd::Cancelled,
            Err(fault) => SearchEnd::Failed(fault.into()),
        };
        tasks.engine.report(job);
        tasks.dispatch(Action::Search(SearchAction::Ended(job, end)));
    });
}

/// Makes a file of some of the scores in use.
pub fn keep_some(tasks: &Rc<Tasks>, state: &State) {
    let kept = select::scores::keep_some(state);
    let kept = kept.map(|(name, bytes, n_edges)| (scores_file(tasks, name, bytes), n_edges));
    let tasks = tasks.clone();
    // Reading and drawing them is a task of its own, so that neither holds up the page.
    Timeout::new(0, move || tasks.dispatch(Action::Search(SearchAction::Kept(kept)))).forget();
}

/// All steps of a search, each left out where it is done already: its scores, and when they were there.
async fn find(tasks: &Rc<Tasks>, job: Job, order: &SearchOrder) -> Result<(FileEntry, Tick), Fault> {
    let _turn = tasks.engine.take_turn().await;
    let engine = ready_engine(tasks, job, &order.plan).await?;
    let prompts = order.plan.key.files[Role::Prompts as usize];
    let prompts = prompts.ok_or_else(|| Fault::Failed("prompts are missing".to_owned()))?;
    let attachments = Array::new();
    let prompts = tasks.files.attach(prompts, &attachments)?;
    let request = Request::Discover { prompts, settings: order.settings.clone() };
    let listener = listener(tasks, job, order.trial);
    let (event, attachments) = tasks.engine.call_with(job, &engine, request, &attachments, listener).await?;
    let Event::Discovered { .. } = event else { return Err(unexpected(&event)) };
    let bytes = Uint8Array::from(attachments.get(0)).to_vec();
    let tick = Tick { at: Date::now(), done: 1, total: 1, loss: None };
    Ok((scores_file(tasks, order.name.clone(), bytes), tick))
}

/// Takes a search's progress. A trial is stopped when its pace is known.
fn listener(tasks: &Rc<Tasks>, job: Job, trial: bool) -> Box<dyn Fn(Event)> {
    let posted = Date::now();
    let first = Cell::new(None);
    tick(tasks, job, Tick { at: posted, done: 0, total: 0, loss: None });
    let tasks = Rc::downgrade(tasks);
    Box::new(move |event| {
        let Some(tasks) = tasks.upgrade() else { return };
        if let Event::Progress { done, total, loss, .. } = event {
            let at = Date::now();
            tick(&tasks, job, Tick { at, done, total, loss });
            let (first_at, first_done) = first.get().unwrap_or((at, done));
            first.set(Some((first_at, first_done)));
            let paced = done >= first_done + TRIAL_STEPS && at - posted >= TRIAL_MS;
            if trial && paced && done < total {
                tasks.engine.stop(job);
            }
        }
        tasks.engine.collect(job, event);
    })
}

fn tick(tasks: &Tasks, job: Job, tick: Tick) {
    tasks.dispatch(Action::Search(SearchAction::Ticked(job, tick)));
}
