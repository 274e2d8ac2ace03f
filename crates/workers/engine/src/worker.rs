//! The engine's side of the messages: one call after the other, with cancels heard in between.
//!
//! A call is worked on in a task of its own while messages go on arriving; after every forward pass the task waits for a
//! turn of the event loop, so that a cancel that was posted meanwhile is seen.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use js_sys::{Array, Float32Array, Float64Array, Promise, Uint8Array};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

use crate::source::OpenSource;
use circuitscope_core::RunSettings;
use circuitscope_engine::device::{self, Trouble};
use circuitscope_engine::model::ModelError;
use circuitscope_engine::run::{CircuitOutput, Logits, Observer, Stacking};
use circuitscope_engine::session::{RunRequest, Session, SessionError, Text, circuit_result, prompt_values};
use circuitscope_wire::engine::{Call, DeviceKind, Event, Reply, Request, Source};

/// On the CPU the activations share the heap's 4 GiB with the model.
const CPU: Stacking = Stacking::cpu(256 << 20);
/// Common adapters have 2 GiB and more.
const GPU: Stacking = Stacking::gpu(512 << 20);
/// Progress is told at most this often, in milliseconds.
const PROGRESS_EVERY_MS: f64 = 50.0;

/// Listens for calls. Never returns an answer but through messages.
pub fn start() {
    console_error_panic_hook::set_once();
    let worker = Rc::new(Worker::default());
    let on_message =
        Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| worker.clone().hear(&event.data()));
    // The listener lives as long as the worker.
    let on_message = on_message.into_js_value();
    let listened = scope().add_event_listener_with_callback("message", on_message.unchecked_ref());
    listened.expect("a worker can listen to messages");
}

#[derive(Default)]
struct Worker {
    waiting: RefCell<VecDeque<(Call, Array)>>,
    cancelled: RefCell<HashSet<u32>>,
    busy: RefCell<bool>,
    session: RefCell<Option<Session>>,
    /// What the GPU reported since the last call.
    trouble: Arc<Mutex<Option<String>>>,
}

/// How a call ended well: the event that answers it, with attachments.
type Answer = (Event, Array);

impl Worker {
    /// Takes a message in, and begins to work if nothing is being worked on.
    fn hear(self: Rc<Self>, data: &JsValue) {
        let message: Array = data.clone().unchecked_into();
        let call: Call = match serde_wasm_bindgen::from_value(message.get(0)) {
            Ok(call) => call,
            Err(error) => return refuse(&message.get(0), &error.to_string()),
        };
        if let Request::Cancel { id } = call.request {
            self.cancelled.borrow_mut().insert(id);
            return;
        }
        self.waiting.borrow_mut().push_back((call, message.get(1).unchecked_into()));
        if !self.busy.replace(true) {
            spawn_local(self.work());
        }
    }

    async fn work(self: Rc<Self>) {
        loop {
            let Some((call, attachments)) = self.waiting.borrow_mut().pop_front() else { break };
            let id = call.id;
            let answer = self.clone().answer(call, &attachments).await;
            self.cancelled.borrow_mut().remove(&id);
            match answer {
                Ok((event, attached)) => post(id, event, &attached),
                Err(error) if error.is_cancelled() => post(id, Event::Cancelled, &Array::new()),
                Err(error) => post(id, Event::Failed { message: error.to_string() }, &Array::new()),
            }
        }
        self.busy.replace(false);
    }

    async fn answer(self: Rc<Self>, call: Call, attachments: &Array) -> Result<Answer, SessionError> {
        let id = call.id;
        if let Request::Open { device } = call.request {
            return self.open(device).await;
        }
        // Calls are answered one at a time, so that the session is never taken twice.
        let mut session = self.session.borrow_mut().take().ok_or(SessionError::NoDevice)?;
        let caller =
            Caller { worker: &self, id, logits: false, settings: RunSettings::default(), loss: None, told_at: 0.0 };
        let answer = caller.ask(&mut session, call.request, attachments).await;
        *self.session.borrow_mut() = Some(session);
        match self.take_trouble() {
            Some(reason) => Err(ModelError::Device { doing: "computing".to_owned(), reason }.into()),
            None => answer,
        }
    }

    fn take_trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn open(self: &Rc<Self>, choice: circuitscope_wire::engine::DeviceChoice) -> Result<Answer, SessionError> {
        let slot = self.trouble.clone();
        let on_trouble = move |trouble: Trouble| match trouble {
            Trouble::Lost(message) => post(0, Event::DeviceLost { message }, &Array::new()),
            Trouble::Error(message) => *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(message),
        };
        let opened = device::open(choice, on_trouble).await.map_err(SessionError::Device)?;
        let stacking = if opened.info.kind == DeviceKind::Cpu { CPU } else { GPU };
        *self.session.borrow_mut() = Some(Session::new(opened.device, stacking).with_limits(opened.info.limits));
        Ok((Event::Opened { device: opened.info }, Array::new()))
    }
}

/// Who asked, and how they are kept informed.
struct Caller<'w> {
    worker: &'w Worker,
    id: u32,
    /// Whether logits are attached.
    logits: bool,
    settings: RunSettings,
    /// The last loss of a search.
    loss: Option<f64>,
    told_at: f64,
}

impl Caller<'_> {
    async fn ask(mut self, session: &mut Session, request: Request, files: &Array) -> Result<Answer, SessionError> {
        let none = Array::new();
        match request {
            Request::LoadModel { config, weights, index } => {
                let name = circuitscope_engine::model::ByteSource::name;
                let config = OpenSource::open(&config, files).await?;
                let config_text = config.read_text().await?;
                let mut sources = Vec::new();
                for source in &weights {
                    sources.push(OpenSource::open(source, files).await?);
                }
                let index = match index {
                    None => None,
                    Some(index) => {
                        let index = OpenSource::open(&index, files).await?;
                        Some((name(&index).to_owned(), index.read_text().await?))
                    }
                };
                let config = Text { name: name(&config), text: &config_text };
                let index = index.as_ref().map(|(name, text)| Text { name, text });
                let progress = async |done: u64, total: u64| {
                    self.progress((done >> 10) as usize, (total >> 10) as usize, "reading weights (KiB)").await
                };
                let config = session.load_model(config, &sources, index, progress).await?.clone();
                let n_params = config.n_params();
                Ok((Event::Loaded { config: Some(config), n_params }, none))
            }
            Request::Graph { graph } => Ok((Event::Graph { graph: session.graph(graph)? }, none)),
            Request::Run { prompts, scores, settings, logits } => {
                (self.logits, self.settings) = (logits, settings);
                self.run(session, &prompts, &scores, files).await
            }
            Request::Discover { prompts, settings } => {
                let prompts = OpenSource::open(&prompts, files).await?;
                let text = prompts.read_text().await?;
                let text = Text { name: circuitscope_engine::model::ByteSource::name(&prompts), text: &text };
                let (bytes, scores, discovery) = session.discover(text, &settings, Some(today()), &mut self).await?;
                let (bytes, scores) = (Uint8Array::from(bytes.as_slice()), Float32Array::from(scores.values()));
                Ok((Event::Discovered { discovery }, Array::of2(&bytes, &scores)))
            }
            Request::Inspect { circuit, prompt, position, top_k } => {
                Ok((Event::Tokens { tokens: session.inspect(circuit, prompt, position, top_k)? }, none))
            }
            Request::Open { .. } | Request::Cancel { .. } => Err(SessionError::NoDevice),
        }
    }

    async fn run(
        mut self,
        session: &mut Session,
        prompts: &Source,
        scores: &Source,
        files: &Array,
    ) -> Result<Answer, SessionError> {
        let (prompts, scores) = (OpenSource::open(prompts, files).await?, OpenSource::open(scores, files).await?);
        let (text, bytes) = (prompts.read_text().await?, scores.read_all().await?);
        let name = circuitscope_engine::model::ByteSource::name;
        let settings = self.settings.clone();
        let prompts = Text { name: name(&prompts), text: &text };
        let scores = (name(&scores), bytes.as_slice());
        let request = RunRequest { prompts, scores, settings: &settings, keep_logits: self.logits };
        let output = session.run(request, &mut self).await?;
        let attached = Array::new();
        if self.logits {
            attached.push(&Float32Array::from(output.unpatched.clean.logits.values.as_slice()));
            attached.push(&Float32Array::from(output.unpatched.corrupt.logits.values.as_slice()));
        }
        let baseline = output.baseline.clone();
        Ok((Event::Ran { baseline, areas: session.areas() }, attached))
    }
}

impl Observer for Caller<'_> {
    async fn progress(&mut self, done: usize, total: usize, label: &str) -> bool {
        let now = js_sys::Date::now();
        if now - self.told_at >= PROGRESS_EVERY_MS || done == total {
            self.told_at = now;
            let label = label.to_owned();
            post(self.id, Event::Progress { done, total, label, loss: self.loss }, &Array::new());
        }
        turn_of_event_loop().await;
        !self.worker.cancelled.borrow().contains(&self.id)
    }

    fn circuit(&mut self, output: &CircuitOutput, logits: Option<Rc<Logits>>) {
        let attached = Array::new();
        if let Some(logits) = logits {
            attached.push(&Float32Array::from(logits.values.as_slice()));
            attached.push(&Float64Array::from(prompt_values(output).as_slice()));
        }
        post(self.id, Event::Circuit { result: circuit_result(output) }, &attached);
    }

    fn loss(&mut self, loss: f64) {
        self.loss = Some(loss);
    }
}

/// `2026-11-23`
fn today() -> String {
    js_sys::Date::new_0().to_iso_string().as_string().unwrap_or_default().chars().take(10).collect()
}

/// Waits until messages that have arrived were heard. A message to oneself is not slowed down as timers are.
async fn turn_of_event_loop() {
    let Ok(channel) = MessageChannel::new() else { return };
    let promise = Promise::new(&mut |resolve, _| channel.port1().set_onmessage(Some(&resolve)));
    if channel.port2().post_message(&JsValue::NULL).is_ok() {
        // It resolves with the message; there is nothing in it.
        let _ = JsFuture::from(promise).await;
    }
    channel.port1().close();
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Posts a reply; the buffers of its attachments are handed over, not copied.
fn post(id: u32, event: Event, attachments: &Array) {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    let Ok(reply) = serde::Serialize::serialize(&Reply { id, event }, &serializer) else { return };
    let buffers = attachments.iter().map(|a| JsValue::from(a.unchecked_into::<Float32Array>().buffer()));
    let buffers: Array = buffers.collect();
    let posted = scope().post_message_with_transfer(&Array::of2(&reply, attachments), &buffers);
    if let Err(error) = posted {
        web_sys::console::error_1(&error);
    }
}

/// Answers a message that is no call, if it has a number.
fn refuse(call: &JsValue, reason: &str) {
    let id = js_sys::Reflect::get(call, &"id".into()).ok().and_then(|id| id.as_f64()).unwrap_or(0.0);
    post(id as u32, Event::Failed { message: format!("not a call that the engine knows: {reason}") }, &Array::new());
}
