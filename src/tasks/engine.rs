//! The engine's queue: it is asked for one thing at a time, and only the last run counts.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use futures_channel::oneshot;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Date};
use yew::UseReducerDispatcher;

use crate::state::State;
use crate::state::files::FileId;
use crate::state::runs::{Engine, Job, Outcome, Plan};
use crate::state::settings::Machine;
use crate::state::weights::WeightFiles;
use crate::update::Action;
use crate::workers::{self, EngineAnswer, EngineClient, EngineConnection, Fault};
use circuitscope_wire::engine::{DeviceInfo, Event, Request};

/// Events of a run reach the reducer this often, so that a fast sweep does not draw the page for each circuit.
const REPORT_MS: u32 = 80;
/// Another run waits this long for a cancelled one to stop: longer than a forward pass should take.
const STOP_MS: u32 = 15_000;

/// The engine's worker, and who uses it.
pub struct EngineQueue {
    dispatcher: UseReducerDispatcher<State>,
    client: EngineClient,
    engine: RefCell<Option<Rc<OpenEngine>>>,
    /// The run that counts; what others find is dropped.
    job: Cell<Job>,
    /// Resolves when the work before is over.
    turn: RefCell<Option<oneshot::Receiver<()>>>,
    /// The call that is going on.
    call: Cell<Option<Posted>>,
    /// The run's events that the reducer has not got yet.
    events: RefCell<Vec<Event>>,
    reporter: RefCell<Option<Timeout>>,
}

/// A call without an answer yet.
#[derive(Clone, Copy)]
struct Posted {
    id: u32,
    job: Job,
    /// Whether it is the run itself; if not, it gets the engine ready for any run.
    is_run: bool,
}

/// A worker, the device that it was opened on and the model that it has loaded.
pub struct OpenEngine {
    pub connection: Rc<EngineConnection>,
    choice: Machine,
    /// Its weights and its config.
    pub model: RefCell<Option<(WeightFiles, Option<FileId>)>>,
}

impl EngineQueue {
    /// A queue without a worker, which is started when it is needed.
    pub fn new(dispatcher: UseReducerDispatcher<State>) -> Rc<Self> {
        Rc::new_cyclic(|queue: &Weak<Self>| Self {
            dispatcher,
            client: workers::engine({
                let queue = queue.clone();
                move |fault| {
                    if let Some(queue) = queue.upgrade() {
                        queue.ended(fault);
                    }
                }
            }),
            engine: RefCell::default(),
            job: Cell::new(0),
            turn: RefCell::default(),
            call: Cell::new(None),
            events: RefCell::default(),
            reporter: RefCell::default(),
        })
    }

    /// The engine, where it is open.
    pub fn opened(&self) -> Option<Rc<OpenEngine>> {
        self.engine.borrow().clone()
    }

    /// The run that counts.
    pub fn current_job(&self) -> Job {
        self.job.get()
    }

    /// Begins a run, in place of what is being run.
    pub fn begin(&self, plan: &Plan) -> Job {
        // A model that is being loaded will most likely be needed by this run as well.
        self.supersede(|is_run| is_run);
        let job = self.job.get();
        self.dispatcher.dispatch(Action::RunStarted(job, plan.clone()));
        job
    }

    /// Ends a run, after its last events.
    pub fn end(&self, job: Job, outcome: Outcome) {
        self.report(job);
        self.dispatcher.dispatch(Action::RunEnded(job, outcome));
    }

    /// Stops a run's call, whose answer will say so.
    pub fn stop(&self, job: Job) {
        if let (Some(call), Some(engine)) = (self.call.get(), &*self.engine.borrow())
            && call.job == job
        {
            engine.connection.cancel(call.id);
        }
    }

    /// Cancels what is being run; the page does not wait for the engine to stop.
    pub fn cancel(&self) {
        let job = self.job.get();
        self.report(job);
        self.supersede(|_| true);
        self.dispatcher.dispatch(Action::RunEnded(job, Outcome::Cancelled));
    }

    /// Lets the present run count no more, and stops the call that is going on if `stops` of whether it is the run itself.
    fn supersede(&self, stops: impl Fn(bool) -> bool) {
        self.job.set(self.job.get() + 1);
        self.events.borrow_mut().clear();
        if let (Some(call), Some(engine)) = (self.call.get(), &*self.engine.borrow())
            && stops(call.is_run)
        {
            engine.connection.cancel(call.id);
        }
    }

    /// Waits until the engine is free; it is again when the result is dropped.
    pub async fn take_turn(self: &Rc<Self>) -> oneshot::Sender<()> {
        let (over, next) = oneshot::channel();
        let before = self.turn.borrow_mut().replace(next);
        if let Some(before) = before {
            let queue = self.clone();
            let _patience = Timeout::new(STOP_MS, move || queue.abandon());
            // Dropping the sender is the signal.
            _ = before.await;
        }
        over
    }

    /// Ends the worker where it is still at a run that was cancelled; the next call starts another.
    fn abandon(&self) {
        let stuck = self.call.get().is_some_and(|call| call.is_run && call.job != self.job.get());
        if stuck && self.engine.take().is_some() {
            self.client.end();
            self.dispatcher.dispatch(Action::EngineChanged(Engine::Closed));
        }
    }

    pub fn check(&self, job: Job) -> Result<(), Fault> {
        if self.job.get() == job { Ok(()) } else { Err(Fault::Cancelled) }
    }

    /// The engine on the device that is wanted.
    pub async fn open(self: &Rc<Self>, job: Job, choice: Machine) -> Result<Rc<OpenEngine>, Fault> {
        let open = self.engine.borrow().clone().filter(|engine| engine.choice == choice);
        if let Some(engine) = open {
            return Ok(engine);
        }
        self.dispatcher.dispatch(Action::EngineChanged(Engine::Opening));
        let opened = self.start(job, choice).await;
        let state = match &opened {
            Ok((_, device)) => Engine::Open(device.clone()),
            Err(_) => Engine::Closed,
        };
        if opened.is_err() {
            self.engine.take();
            self.client.end();
        }
        self.dispatcher.dispatch(Action::EngineChanged(state));
        opened.map(|(engine, _)| engine)
    }

    /// A new worker in place of the one before, opened on a device.
    async fn start(self: &Rc<Self>, job: Job, choice: Machine) -> Result<(Rc<OpenEngine>, DeviceInfo), Fault> {
        self.engine.take();
        self.client.end();
        let connection = self.client.connection()?;
        let engine = Rc::new(OpenEngine { connection, choice, model: RefCell::new(None) });
        self.engine.replace(Some(engine.clone()));
        let open = Request::Open { device: choice.device, workers: choice.workers.map(usize::from) };
        match self.call(job, &engine, open, &Array::new()).await {
            Ok(Event::Opened { device }) => Ok((engine, device)),
            Ok(other) => Err(unexpected(&other)),
            Err(Fault::Failed(message)) => Err(Fault::NoDevice(message)),
            Err(fault) => Err(fault),
        }
    }

    /// The worker died or lost its device.
    fn ended(&self, fault: Fault) {
        self.engine.take();
        self.dispatcher.dispatch(Action::EngineChanged(Engine::Closed));
        self.dispatcher.dispatch(Action::Failed(fault.into()));
    }

    /// One call of a run.
    pub async fn call(
        self: &Rc<Self>,
        job: Job,
        engine: &OpenEngine,
        request: Request,
        attachments: &Array,
    ) -> Result<Event, Fault> {
        let queue = Rc::downgrade(self);
        let on_event = Box::new(move |event| {
            if let Some(queue) = queue.upgrade() {
                queue.collect(job, event);
            }
        });
        Ok(self.call_with(job, engine, request, attachments, on_event).await?.0)
    }

    /// One call of a run; `on_event` gets its events.
    pub async fn call_with(
        &self,
        job: Job,
        engine: &OpenEngine,
        request: Request,
        attachments: &Array,
        on_event: Box<dyn Fn(Event)>,
    ) -> EngineAnswer {
        let is_run = matches!(request, Request::Run { .. } | Request::Discover { .. });
        let called = engine.connection.call(request, attachments, on_event);
        self.call.set(Some(Posted { id: called.id(), job, is_run }));
        let answer = called.await;
        self.call.set(None);
        answer
    }

    /// Keeps an event for the reducer, which gets several at once.
    pub fn collect(self: &Rc<Self>, job: Job, event: Event) {
        if self.job.get() != job {
            return;
        }
        self.events.borrow_mut().push(event);
        let mut reporter = self.reporter.borrow_mut();
        if reporter.is_none() {
            let queue = self.clone();
            *reporter = Some(Timeout::new(REPORT_MS, move || queue.report(job)));
        }
    }

    /// Hands the collected events to the reducer.
    pub fn report(&self, job: Job) {
        self.reporter.take();
        let events = self.events.take();
        if self.job.get() == job && !events.is_empty() {
            self.dispatcher.dispatch(Action::RunProgressed(job, events, Date::now()));
        }
    }
}

/// An answer of another kind than the call's: page and engine are of different builds.
pub fn unexpected(event: &Event) -> Fault {
    Fault::Failed(format!("the engine's answer was not understood (reload the page): {event:?}"))
}
