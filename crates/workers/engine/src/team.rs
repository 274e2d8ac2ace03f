//! Other workers of the same program that help this one: started when a call lasts, each with a copy of the model.
//!
//! No memory is shared, so that nothing depends on how a page is served. A helper is told what this worker was told; files and blobs
//! are handed on, not their bytes. One that dies, or fails at anything, is not asked again, and its work is done by the others.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::{Array, Float32Array, Float64Array};
use wasm_bindgen::JsCast;

use crate::files::lasting;
use circuitscope_core::settings::memory::ModelMemory;
use circuitscope_engine::share::{Helpers, Lost, Numbers};
use circuitscope_wire::browser::{OwnScript, memory_bytes, n_cores};
use circuitscope_wire::client::Called;
use circuitscope_wire::engine::{DeviceChoice, Event, Request};
use circuitscope_wire::help::{Help, Helped, Part};
use circuitscope_wire::{Client, Connection, Engine};

/// More workers gain little: they share the memory's bandwidth, and what is left to share at the end of a call.
const MOST_WORKERS: usize = 8;
/// A call that is expected to take so much longer is worth the start of a worker and another copy of the model, in milliseconds.
const WORTH_A_START_MS: f64 = 700.0;
/// Before a call has taken so long, nothing is expected of it, in milliseconds.
const KNOWN_AFTER_MS: f64 = 250.0;

/// The helpers.
#[derive(Default)]
pub struct Team {
    /// How many workers may compute, whatever the model takes.
    most: usize,
    helpers: Vec<Rc<Helper>>,
    /// Whether they help with every call, however short.
    always: bool,
    /// The call that loads the model.
    model: Option<(Request, Array)>,
}

/// A helper, whether it was started or not.
struct Helper {
    client: Client<Engine, OwnScript>,
    /// Its worker, once it is started.
    worker: RefCell<Option<Rc<Connection<Engine, OwnScript>>>>,
    /// Whether it was given the model, and whether it has begun a call with it.
    has_model: Cell<bool>,
    is_ready: Cell<bool>,
    is_lost: Rc<Cell<bool>>,
}

impl Team {
    /// A team of as many workers as are asked for, or as many as there are cores. None is started yet.
    pub fn new(asked: Option<usize>) -> Self {
        let most = asked.unwrap_or_else(|| n_cores().min(MOST_WORKERS)).max(1);
        Self { most, always: asked.is_some(), ..Self::default() }
    }

    /// Another model was loaded, by this call.
    pub fn load(&mut self, request: Request, attachments: &Array, memory: &ModelMemory) {
        let n_helpers = self.most.min(memory.n_copies(memory_bytes())).saturating_sub(1);
        self.helpers.retain(|helper| !helper.is_lost.get());
        self.helpers.resize_with(n_helpers, || Rc::new(Helper::new()));
        for helper in &self.helpers {
            helper.has_model.set(false);
            helper.is_ready.set(false);
        }
        self.model = (n_helpers > 0).then(|| (request, lasting(attachments)));
    }

    /// How many workers may compute, this one among them, whatever the model takes.
    pub fn most(&self) -> usize {
        self.most.max(1)
    }

    /// How many workers may compute on the model that is loaded, this one among them.
    pub fn count(&self) -> usize {
        1 + self.helpers.len()
    }

    /// The team for a call, which is a run or a search.
    pub fn at(&self, request: Request, attachments: Array) -> AtCall<'_> {
        AtCall {
            team: self,
            request,
            attachments,
            ms_left: Cell::new(if self.always { f64::INFINITY } else { 0.0 }),
            waiting: RefCell::default(),
            asked: RefCell::default(),
            helped: RefCell::new(vec![false; self.helpers.len()]),
        }
    }
}

impl Helper {
    fn new() -> Self {
        let is_lost: Rc<Cell<bool>> = Rc::default();
        let lost = is_lost.clone();
        let client = Client::new(OwnScript("circuitscope engine helper"), move |fault| {
            web_sys::console::warn_1(&format!("a worker that helped ended, and others do its work: {fault:?}").into());
            lost.set(true);
        });
        Self { client, worker: RefCell::default(), has_model: Cell::default(), is_ready: Cell::default(), is_lost }
    }

    /// Starts the worker where it is not, and gives it the model where it has not got it.
    fn start(&self, model: &(Request, Array)) -> Result<Rc<Connection<Engine, OwnScript>>, Lost> {
        let running = self.worker.borrow().clone();
        let worker = match running {
            Some(worker) => worker,
            None => {
                let worker = self.client.connection().map_err(|_| Lost)?;
                let open = Request::Open { device: DeviceChoice::Cpu, workers: Some(1) };
                // Calls are answered in their order; one that fails makes those after it fail.
                drop(worker.call(open, &Array::new(), |_| {}));
                self.worker.replace(Some(worker.clone()));
                worker
            }
        };
        if !self.has_model.replace(true) {
            drop(worker.call(model.0.clone(), &model.1, |_| {}));
        }
        Ok(worker)
    }

    /// Ends the worker for good.
    fn lose(&self) -> Lost {
        self.is_lost.set(true);
        self.worker.take();
        self.client.end();
        Lost
    }
}

/// The team at a call.
pub struct AtCall<'a> {
    team: &'a Team,
    request: Request,
    attachments: Array,
    /// How long the call is expected to take from now on, in milliseconds.
    ms_left: Cell<f64>,
    /// Who waits for that to be long enough.
    waiting: RefCell<Vec<Waker>>,
    /// What helpers are at.
    asked: RefCell<Vec<(usize, u32)>>,
    /// Which of them computed something.
    helped: RefCell<Vec<bool>>,
}

impl AtCall<'_> {
    /// How long the call is expected to take from now on, and how long it has taken, in milliseconds.
    pub fn expect(&self, ms_left: f64, ms_taken: f64) {
        if !self.team.always && ms_taken > KNOWN_AFTER_MS {
            self.ms_left.set(ms_left);
            self.waiting.take().into_iter().for_each(Waker::wake);
        }
    }

    /// How many workers computed, this one among them.
    pub fn n_computed(&self) -> usize {
        1 + self.helped.borrow().iter().filter(|&&helped| helped).count()
    }

    /// Waits until the call is worth a helper's start, where it is not ready.
    async fn worth(&self, helper: &Helper) {
        poll_fn(|context| {
            if helper.has_model.get() || self.ms_left.get() > WORTH_A_START_MS {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    async fn answer(&self, helper: usize, called: Called<Engine, Array>) -> Result<(Event, Array), Lost> {
        let id = called.id();
        self.asked.borrow_mut().push((helper, id));
        let answer = called.await;
        self.asked.borrow_mut().retain(|asked| *asked != (helper, id));
        answer.map_err(|_| self.team.helpers[helper].lose())
    }
}

impl Helpers for AtCall<'_> {
    fn count(&self) -> usize {
        self.team.helpers.len()
    }

    fn is_ready(&self, helper: usize) -> bool {
        let helper = &self.team.helpers[helper];
        helper.is_ready.get() && !helper.is_lost.get()
    }

    async fn begin(&self, helper: usize) -> Result<Vec<usize>, Lost> {
        let (number, helper) = (helper, &self.team.helpers[helper]);
        let model = self.team.model.as_ref().ok_or(Lost)?;
        self.worth(helper).await;
        if helper.is_lost.get() {
            return Err(Lost);
        }
        let worker = helper.start(model)?;
        let with = Help::Begin { request: Box::new(self.request.clone()) };
        match self.answer(number, worker.call(Request::Help { with }, &self.attachments, |_| {})).await? {
            (Event::Helped { with: Helped::Begun { batches } }, _) => {
                helper.is_ready.set(true);
                Ok(batches)
            }
            _ => Err(helper.lose()),
        }
    }

    async fn compute(&self, helper: usize, part: &Part) -> Result<Numbers, Lost> {
        let (number, helper) = (helper, &self.team.helpers[helper]);
        let worker = helper.worker.borrow().clone().ok_or(Lost)?;
        let with = Help::Compute { part: part.clone() };
        match self.answer(number, worker.call(Request::Help { with }, &Array::new(), |_| {})).await? {
            (Event::Helped { with: Helped::Computed }, numbers) => {
                let numbers = read(&numbers).ok_or_else(|| helper.lose())?;
                self.helped.borrow_mut()[number] = true;
                Ok(numbers)
            }
            _ => Err(helper.lose()),
        }
    }

    fn stop(&self) {
        for (helper, id) in self.asked.take() {
            if let Some(worker) = &*self.team.helpers[helper].worker.borrow() {
                worker.cancel(id);
            }
        }
    }
}

/// Numbers as attachments.
pub fn write(numbers: &Numbers) -> Array {
    Array::of2(&Float32Array::from(numbers.f32s.as_slice()), &Float64Array::from(numbers.f64s.as_slice()))
}

fn read(attachments: &Array) -> Option<Numbers> {
    let f32s = attachments.get(0).dyn_into::<Float32Array>().ok()?;
    let f64s = attachments.get(1).dyn_into::<Float64Array>().ok()?;
    Some(Numbers { f32s: f32s.to_vec(), f64s: f64s.to_vec() })
}
