//! The work that takes time: reading files and talking to the engine. Each piece reports to the reducer.

pub mod folder;
pub mod of_use;
pub mod read_file;
pub mod save;
pub mod scores;
pub mod search;
pub mod sensitivity;
pub mod texts;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures_channel::oneshot;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;
use yew::UseReducerDispatcher;

use crate::state::demo;
use crate::state::files::{FileEntry, FileId, Load, Role};
use crate::state::results::{Job, Place, Plan, Question, RunKey};
use crate::state::weights::WeightFiles;
use crate::state::{Action, Engine, Failure, Outcome, Remedy, State};
use crate::tasks::folder::{Dropped, Placed};
use crate::tasks::of_use::{Note, Sorted, sort};
use crate::tasks::read_file as reading;
use crate::tasks::texts::TextReader;
use crate::workers::engine::{Answer, EngineWorker, Fault};
use circuitscope_wire::engine::{Baseline, DeviceChoice, DeviceInfo, Event, Request, Source, Tokens};

/// Events of a run are told to the reducer this often, so that a fast sweep does not draw the page for each circuit.
const TELL_MS: u32 = 80;
/// Another run waits this long for a cancelled one to stop: longer than a forward pass should take.
const STOP_MS: u32 = 15_000;
/// How many of the likeliest tokens are shown.
const TOP_K: usize = 8;

/// Everything that is going on, with the handles that are no plain data.
pub struct Tasks {
    pub dispatch: UseReducerDispatcher<State>,
    /// The files, to hand to a worker: `File`s, or byte arrays of what is no file of the person's.
    pub handles: RefCell<HashMap<FileId, (String, JsValue)>>,
    last_file: Cell<FileId>,
    engine: RefCell<Option<Rc<OpenEngine>>>,
    pub text: TextReader,
    /// The run that counts; what others find is dropped.
    job: Cell<Job>,
    /// Told when the work before is over: the engine is asked for one thing at a time.
    turn: RefCell<Option<oneshot::Receiver<()>>>,
    /// The call that is going on.
    call: Cell<Option<Posted>>,
    /// What the run has told and the reducer has not heard yet.
    told: RefCell<Vec<Event>>,
    teller: RefCell<Option<Timeout>>,
}

/// A call without an answer yet.
#[derive(Clone, Copy)]
struct Posted {
    id: u32,
    job: Job,
    /// Whether it is the run itself; if not, it gets the engine ready for any run.
    is_run: bool,
}

/// A worker, the device that it was opened on and the model that it holds.
pub struct OpenEngine {
    worker: EngineWorker,
    choice: DeviceChoice,
    /// Its weights and its config.
    model: RefCell<Option<(WeightFiles, Option<FileId>)>>,
}

impl Tasks {
    /// Tasks that report through `dispatch`; the demo's files are there from the start.
    pub fn new(dispatch: UseReducerDispatcher<State>) -> Rc<Self> {
        let handle = |(name, bytes): (&str, &[u8])| (name.to_owned(), JsValue::from(Uint8Array::from(bytes)));
        let handles = (0..).zip(demo::FILES.map(handle)).collect();
        Rc::new(Self {
            dispatch,
            handles: RefCell::new(handles),
            last_file: Cell::new(demo::FILES.len() as FileId - 1),
            engine: RefCell::default(),
            text: TextReader::default(),
            job: Cell::new(0),
            turn: RefCell::default(),
            call: Cell::new(None),
            told: RefCell::default(),
            teller: RefCell::default(),
        })
    }

    /// Adds what was dropped or chosen together: those files of it that are of use.
    pub fn add_dropped(self: &Rc<Self>, dropped: Dropped) {
        let tasks = self.clone();
        spawn_local(async move {
            match dropped.files().await {
                Ok(files) => tasks.add_placed(files),
                Err(error) => tasks.dispatch.dispatch(Action::FilesSorted(Some(Note::wrong(error)))),
            }
        });
    }

    fn add_placed(self: &Rc<Self>, files: Vec<Placed>) {
        let paths: Vec<_> = files.iter().map(|placed| placed.path.as_str()).collect();
        let Sorted { take, note } = sort(&paths);
        self.dispatch.dispatch(Action::FilesSorted(note));
        self.add_files(take.into_iter().map(|i| files[i].file.clone()).collect());
    }

    /// Adds files to the list and reads what tells their role.
    pub fn add_files(self: &Rc<Self>, files: Vec<File>) {
        for file in files {
            let (name, n_bytes) = (file.name(), file.size() as u64);
            let id = self.keep(name.clone(), file.clone().into());
            self.dispatch.dispatch(Action::FileFound(FileEntry {
                id,
                name,
                n_bytes,
                demo: false,
                content: Load::Loading,
            }));
            let tasks = self.clone();
            spawn_local(async move {
                let content = reading::read(&file).await;
                tasks.dispatch.dispatch(Action::FileRead(id, content));
            });
        }
    }

    /// Gives a file a number.
    pub fn keep(&self, name: String, handle: JsValue) -> FileId {
        let id = self.last_file.get() + 1;
        self.last_file.set(id);
        self.handles.borrow_mut().insert(id, (name, handle));
        id
    }

    /// Runs circuits, in place of what is being run.
    pub fn run(self: &Rc<Self>, plan: Plan) {
        let job = self.begin(&plan);
        let tasks = self.clone();
        spawn_local(async move {
            let outcome = match tasks.drive(job, &plan).await {
                Ok(baseline) => Outcome::Done(baseline),
                Err(Fault::Cancelled) => Outcome::Cancelled,
                Err(fault) => Outcome::Failed(fault.into()),
            };
            tasks.end(job, outcome);
        });
    }

    /// Begins a run, in place of what is being run.
    pub fn begin(&self, plan: &Plan) -> Job {
        // A model that is being loaded will most likely be needed by this run as well.
        self.supersede(|is_run| is_run);
        let job = self.job.get();
        self.dispatch.dispatch(Action::RunStarted(job, plan.clone()));
        job
    }

    /// Ends a run, once all that it told has been heard.
    pub fn end(&self, job: Job, outcome: Outcome) {
        self.tell(job);
        self.dispatch.dispatch(Action::RunEnded(job, outcome));
    }

    pub fn dispatch(&self, action: Action) {
        self.dispatch.dispatch(action);
    }

    /// Stops a run's call, whose answer will say so.
    pub fn stop(&self, job: Job) {
        if let (Some(call), Some(engine)) = (self.call.get(), &*self.engine.borrow())
            && call.job == job
        {
            engine.worker.cancel(call.id);
        }
    }

    /// Cancels what is being run; the page does not wait for the engine to stop.
    pub fn cancel(&self) {
        let job = self.job.get();
        self.tell(job);
        self.supersede(|_| true);
        self.dispatch.dispatch(Action::RunEnded(job, Outcome::Cancelled));
    }

    /// Asks for the likeliest tokens.
    pub fn inspect(self: &Rc<Self>, question: Question) {
        self.dispatch.dispatch(Action::TokensAsked(question.clone()));
        let tasks = self.clone();
        spawn_local(async move {
            let tokens = tasks.tokens(&question).await.map_err(|fault| Failure::from(fault).message);
            tasks.dispatch.dispatch(Action::TokensTold(question, tokens));
        });
    }

    /// Starts the engine, so that the next run need not wait for it.
    pub fn start_engine(self: &Rc<Self>, choice: DeviceChoice) {
        let (tasks, job) = (self.clone(), self.job.get());
        spawn_local(async move {
            let _turn = tasks.take_turn().await;
            if let Err(fault) = tasks.open(job, choice).await {
                tasks.dispatch.dispatch(Action::Failed(fault.into()));
            }
        });
    }

    /// Lets the present run count no more, and stops the call that is going on if `stops` of whether it is the run itself.
    fn supersede(&self, stops: impl Fn(bool) -> bool) {
        self.job.set(self.job.get() + 1);
        self.told.borrow_mut().clear();
        if let (Some(call), Some(engine)) = (self.call.get(), &*self.engine.borrow())
            && stops(call.is_run)
        {
            engine.worker.cancel(call.id);
        }
    }

    /// Waits until the engine is free; it is again when the result is dropped.
    pub async fn take_turn(self: &Rc<Self>) -> oneshot::Sender<()> {
        let (over, next) = oneshot::channel();
        let before = self.turn.borrow_mut().replace(next);
        if let Some(before) = before {
            let tasks = self.clone();
            let _patience = Timeout::new(STOP_MS, move || tasks.abandon());
            // Dropping the sender is the signal.
            _ = before.await;
        }
        over
    }

    /// Ends the worker where it is still at a run that was cancelled; the next call starts another.
    fn abandon(&self) {
        let stuck = self.call.get().is_some_and(|call| call.is_run && call.job != self.job.get());
        if stuck && let Some(engine) = self.engine.take() {
            engine.worker.end();
            self.dispatch.dispatch(Action::EngineChanged(Engine::Closed));
        }
    }

    /// All steps of a run, each left out where it is done already.
    pub async fn drive(self: &Rc<Self>, job: Job, plan: &Plan) -> Result<Baseline, Fault> {
        let _turn = self.take_turn().await;
        self.check(job)?;
        let engine = self.open(job, plan.device).await?;
        self.check(job)?;
        self.load_model(job, &engine, plan).await?;
        self.check(job)?;
        let ([prompts, scores], attachments) = self.attach(plan, [Role::Prompts, Role::Scores])?;
        let request = Request::Run { prompts, scores, settings: plan.settings(), logits: false };
        match self.call(job, &engine, request, &attachments).await? {
            Event::Ran { baseline, .. } => Ok(baseline),
            other => Err(unexpected(&other)),
        }
    }

    pub fn check(&self, job: Job) -> Result<(), Fault> {
        if self.job.get() == job { Ok(()) } else { Err(Fault::Cancelled) }
    }

    /// The engine on the device that is wanted.
    pub async fn open(self: &Rc<Self>, job: Job, choice: DeviceChoice) -> Result<Rc<OpenEngine>, Fault> {
        let open = self.engine.borrow().clone().filter(|engine| engine.choice == choice);
        if let Some(engine) = open {
            return Ok(engine);
        }
        self.dispatch.dispatch(Action::EngineChanged(Engine::Opening));
        let opened = self.start(job, choice).await;
        let state = match &opened {
            Ok((_, device)) => Engine::Open(device.clone()),
            Err(_) => Engine::Closed,
        };
        if opened.is_err() {
            self.engine.take();
        }
        self.dispatch.dispatch(Action::EngineChanged(state));
        opened.map(|(engine, _)| engine)
    }

    /// A new worker in place of the one before, opened on a device.
    async fn start(self: &Rc<Self>, job: Job, choice: DeviceChoice) -> Result<(Rc<OpenEngine>, DeviceInfo), Fault> {
        self.engine.take();
        let tasks = Rc::downgrade(self);
        let worker = EngineWorker::start(move |fault| {
            if let Some(tasks) = tasks.upgrade() {
                tasks.ended(fault);
            }
        })?;
        let engine = Rc::new(OpenEngine { worker, choice, model: RefCell::new(None) });
        self.engine.replace(Some(engine.clone()));
        match self.call(job, &engine, Request::Open { device: choice }, &Array::new()).await {
            Ok(Event::Opened { device }) => Ok((engine, device)),
            Ok(other) => Err(unexpected(&other)),
            Err(Fault::Failed(message)) => Err(Fault::NoDevice(message)),
            Err(fault) => Err(fault),
        }
    }

    /// The worker died or lost its device.
    fn ended(&self, fault: Fault) {
        self.engine.take();
        self.dispatch.dispatch(Action::EngineChanged(Engine::Closed));
        self.dispatch.dispatch(Action::Failed(fault.into()));
    }

    /// The model's files: its config, and one or more of weights.
    fn model_request(&self, plan: &Plan) -> Result<(Request, Array), Fault> {
        let handles = self.handles.borrow();
        let attachments = Array::new();
        let source = |role: Role, id: Option<FileId>| {
            let file = id.and_then(|id| handles.get(&id));
            let (name, handle) = file.ok_or_else(|| Fault::Failed(format!("{} are missing", role.label())))?;
            Ok(Source::Attached { index: attachments.push(handle) as usize - 1, name: name.clone() })
        };
        let RunKey { files, weights, .. } = &plan.key;
        let config = source(Role::Config, files[Role::Config as usize])?;
        let index = weights.index.map(|id| source(Role::Weights, Some(id))).transpose()?;
        let weights = weights.shards.iter().map(|&id| source(Role::Weights, Some(id))).collect::<Result<_, Fault>>()?;
        Ok((Request::LoadModel { config, weights, index }, attachments))
    }

    pub async fn load_model(self: &Rc<Self>, job: Job, engine: &OpenEngine, plan: &Plan) -> Result<(), Fault> {
        let model = Some((plan.key.weights.clone(), plan.key.files[Role::Config as usize]));
        if *engine.model.borrow() == model {
            return Ok(());
        }
        engine.model.replace(None);
        let (request, attachments) = self.model_request(plan)?;
        self.call(job, engine, request, &attachments).await?;
        engine.model.replace(model);
        Ok(())
    }

    async fn tokens(self: &Rc<Self>, question: &Question) -> Result<Tokens, Fault> {
        let _turn = self.take_turn().await;
        let Some(engine) = self.engine.borrow().clone() else {
            return Err(Fault::Failed("the engine was closed".to_owned()));
        };
        let &Question { place: Place { prompt, position, .. }, circuit, .. } = question;
        let request = Request::Inspect { circuit, prompt, position, top_k: TOP_K };
        match engine.worker.call(request, &Array::new(), Box::new(|_| {})).1.await?.0 {
            Event::Tokens { tokens } => Ok(tokens),
            other => Err(unexpected(&other)),
        }
    }

    /// One call of a run.
    async fn call(
        self: &Rc<Self>,
        job: Job,
        engine: &OpenEngine,
        request: Request,
        attachments: &Array,
    ) -> Result<Event, Fault> {
        let tasks = Rc::downgrade(self);
        let on_event = Box::new(move |event| {
            if let Some(tasks) = tasks.upgrade() {
                tasks.hear(job, event);
            }
        });
        Ok(self.call_with(job, engine, request, attachments, on_event).await?.0)
    }

    /// One call of a run, of whose events another hears.
    pub async fn call_with(
        &self,
        job: Job,
        engine: &OpenEngine,
        request: Request,
        attachments: &Array,
        on_event: Box<dyn Fn(Event)>,
    ) -> Answer {
        let is_run = matches!(request, Request::Run { .. } | Request::Discover { .. });
        let (id, answer) = engine.worker.call(request, attachments, on_event);
        self.call.set(Some(Posted { id, job, is_run }));
        let answer = answer.await;
        self.call.set(None);
        answer
    }

    /// Keeps an event for the reducer, which hears of several at once.
    pub fn hear(self: &Rc<Self>, job: Job, event: Event) {
        if self.job.get() != job {
            return;
        }
        self.told.borrow_mut().push(event);
        let mut teller = self.teller.borrow_mut();
        if teller.is_none() {
            let tasks = self.clone();
            *teller = Some(Timeout::new(TELL_MS, move || tasks.tell(job)));
        }
    }

    /// Tells the reducer what is kept.
    pub fn tell(&self, job: Job) {
        self.teller.take();
        let events = self.told.take();
        if self.job.get() == job && !events.is_empty() {
            self.dispatch.dispatch(Action::RunTold(job, events));
        }
    }

    /// The files of two roles, as sources and attachments of a message.
    fn attach(&self, plan: &Plan, roles: [Role; 2]) -> Result<([Source; 2], Array), Fault> {
        let (handles, attachments) = (self.handles.borrow(), Array::new());
        let source = |role: Role| {
            let file = plan.key.files[role as usize].and_then(|id| handles.get(&id));
            let (name, handle) = file.ok_or_else(|| Fault::Failed(format!("{} are missing", role.label())))?;
            let index = attachments.push(handle) as usize - 1;
            Ok(Source::Attached { index, name: name.clone() })
        };
        let sources = [source(roles[0])?, source(roles[1])?];
        Ok((sources, attachments))
    }
}

/// An answer of another kind than the call's: page and engine are of different builds.
pub fn unexpected(event: &Event) -> Fault {
    Fault::Failed(format!("the engine's answer was not understood (reload the page): {event:?}"))
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let (message, remedy) = match fault {
            Fault::Failed(message) => (message, Remedy::Dismiss),
            Fault::Cancelled => ("cancelled".to_owned(), Remedy::Dismiss),
            Fault::NoDevice(message) => (message, Remedy::UseCpu),
            Fault::DeviceLost(message) => (format!("The GPU is gone: {message}"), Remedy::UseCpu),
            Fault::Died(message) => (format!("The engine stopped: {message}"), Remedy::Restart),
        };
        Self { message, remedy, plan: None }
    }
}
