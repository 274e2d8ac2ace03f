//! Searches for circuits: the calls to the engine, and what is made of its answer.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Date, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::state::files::{Content, FileEntry, Load, Role, Shared};
use crate::state::results::Job;
use crate::state::search::{DiscoverAction, Order, SearchEnd, Tick};
use crate::state::{Action, State};
use crate::tasks::{Tasks, unexpected};
use crate::workers::engine::Fault;
use circuitscope_wire::engine::{Event, Request};

/// A trial is stopped when it has seen this many steps for this long: enough to tell a pace.
const TRIAL_STEPS: usize = 2;
const TRIAL_MS: f64 = 1500.0;

impl Tasks {
    /// Searches for a circuit, in place of what is being run.
    pub fn search(self: &Rc<Self>, order: Order) {
        let job = self.begin(&order.plan);
        self.tell_finder(DiscoverAction::Started(job, order.clone()));
        let tasks = self.clone();
        spawn_local(async move {
            let end = match tasks.find(job, &order).await {
                Ok((file, tick)) => SearchEnd::Found(file, tick),
                Err(Fault::Cancelled) if order.trial => SearchEnd::Timed,
                Err(Fault::Cancelled) => SearchEnd::Cancelled,
                Err(fault) => SearchEnd::Failed(fault.into()),
            };
            tasks.tell(job);
            tasks.tell_finder(DiscoverAction::Ended(job, end));
        });
    }

    /// Makes a file of some of the scores in use.
    pub fn keep_some(&self, state: &State) {
        let kept = state.keep_some().map(|(name, bytes, n_edges)| (self.scores_file(name, bytes), n_edges));
        self.tell_finder(DiscoverAction::Kept(kept));
    }

    fn tell_finder(&self, action: DiscoverAction) {
        self.dispatch(Action::Find(action));
    }

    /// All steps of a search, each left out where it is done already: its scores, and when they were there.
    async fn find(self: &Rc<Self>, job: Job, order: &Order) -> Result<(FileEntry, Tick), Fault> {
        let _turn = self.take_turn().await;
        self.check(job)?;
        let engine = self.open(job, order.plan.device).await?;
        self.check(job)?;
        self.load_model(job, &engine, &order.plan).await?;
        self.check(job)?;
        let prompts = order.plan.key.files[Role::Prompts as usize];
        let prompts = prompts.ok_or_else(|| Fault::Failed("prompts are missing".to_owned()))?;
        let attachments = Array::new();
        let prompts = self.attach_file(prompts, &attachments)?;
        let request = Request::Discover { prompts, settings: order.settings.clone() };
        let answer = self.call_with(job, &engine, request, &attachments, self.listener(job, order.trial)).await;
        let (event, attachments) = answer?;
        let Event::Discovered { .. } = event else { return Err(unexpected(&event)) };
        let bytes = Uint8Array::from(attachments.get(0)).to_vec();
        Ok((self.scores_file(order.name.clone(), bytes), Tick { at: Date::now(), done: 1, total: 1, loss: None }))
    }

    /// Hears of a search's progress. A trial is stopped when it has told its pace.
    fn listener(self: &Rc<Self>, job: Job, trial: bool) -> Box<dyn Fn(Event)> {
        let posted = Date::now();
        let first = Cell::new(None);
        self.tell_finder(DiscoverAction::Ticked(job, Tick { at: posted, done: 0, total: 0, loss: None }));
        let tasks = Rc::downgrade(self);
        Box::new(move |event| {
            let Some(tasks) = tasks.upgrade() else { return };
            if let Event::Progress { done, total, loss, .. } = event {
                let at = Date::now();
                tasks.tell_finder(DiscoverAction::Ticked(job, Tick { at, done, total, loss }));
                let (first_at, first_done) = first.get().unwrap_or((at, done));
                first.set(Some((first_at, first_done)));
                let told_enough = done >= first_done + TRIAL_STEPS && at - posted >= TRIAL_MS;
                if trial && told_enough && done < total {
                    tasks.stop(job);
                }
            }
            tasks.hear(job, event);
        })
    }

    /// A file of scores, as if it had been dropped.
    fn scores_file(&self, name: String, bytes: Vec<u8>) -> FileEntry {
        let id = self.keep(name.clone(), JsValue::from(Uint8Array::from(bytes.as_slice())));
        let n_bytes = bytes.len() as u64;
        let content = Load::Ready(Content::Scores(Shared(Rc::from(bytes))));
        FileEntry { id, name, n_bytes, demo: false, content }
    }
}
