//! The engine's worker, seen from the page: posts calls and matches replies to them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures_channel::oneshot;
use gloo_events::EventListener;
use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use circuitscope_wire::engine::Call;
use circuitscope_wire::engine::{Event, Reply, Request};

/// The worker's script, beside the page.
const SCRIPT: &str = "./engine-worker.js";
/// Where the page has the name of its build.
const BUILD: &str = "meta[name=circuitscope-build]";

/// Why a call came to nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The engine could not do it, and says why.
    Failed(String),
    Cancelled,
    /// The wanted device could not be opened.
    NoDevice(String),
    /// The device is gone.
    DeviceLost(String),
    /// The worker is gone.
    Died(String),
}

/// A running worker. It ends when this is dropped.
pub struct EngineWorker {
    worker: Worker,
    calls: Rc<Calls>,
    _listeners: [EventListener; 3],
}

/// The calls that have no answer yet.
#[derive(Default)]
struct Calls {
    last_id: Cell<u32>,
    pending: RefCell<HashMap<u32, Pending>>,
    /// Why no call will be answered any more.
    fault: RefCell<Option<Fault>>,
}

/// An answer with its attachments.
pub type Answer = Result<(Event, Array), Fault>;

/// A call without an answer.
struct Pending {
    on_event: Box<dyn Fn(Event)>,
    answer: oneshot::Sender<Answer>,
}

impl EngineWorker {
    /// Starts the worker; `on_end` is told once, when it dies or loses its device.
    ///
    /// # Errors
    /// When the browser starts no worker.
    pub fn start(on_end: impl Fn(Fault) + 'static) -> Result<Self, Fault> {
        let worker = start_worker(SCRIPT)?;
        let calls = Rc::new(Calls::default());
        let end = Rc::new({
            let calls = calls.clone();
            move |fault: Fault| {
                if calls.end(&fault) {
                    on_end(fault);
                }
            }
        });
        let on_message = {
            let (calls, end) = (calls.clone(), end.clone());
            move |event: &web_sys::Event| {
                if let Some(fault) = calls.hear(event) {
                    end(fault);
                }
            }
        };
        let on_error = {
            let end = end.clone();
            move |event: &web_sys::Event| end(Fault::Died(error_text(event)))
        };
        let on_garbled = move |_: &web_sys::Event| end(Fault::Died("a message could not be read".to_owned()));
        let _listeners = [
            EventListener::new(&worker, "message", on_message),
            EventListener::new(&worker, "error", on_error),
            EventListener::new(&worker, "messageerror", on_garbled),
        ];
        Ok(Self { worker, calls, _listeners })
    }

    /// Posts a request with its attachments; `on_event` hears of everything before the answer. The number of the call, and
    /// its answer.
    pub fn call(
        &self,
        request: Request,
        attachments: &Array,
        on_event: Box<dyn Fn(Event)>,
    ) -> (u32, impl Future<Output = Answer> + use<>) {
        let id = self.calls.next_id();
        let (answer, answered) = oneshot::channel();
        let fault = self.calls.fault.borrow().clone();
        match fault.map_or_else(|| self.post(&Call { id, request }, attachments), Err) {
            Ok(()) => {
                let pending = Pending { on_event, answer };
                self.calls.pending.borrow_mut().insert(id, pending);
            }
            Err(fault) => _ = answer.send(Err(fault)),
        }
        (id, async { answered.await.unwrap_or(Err(Fault::Cancelled)) })
    }

    /// Asks for a call to be stopped.
    pub fn cancel(&self, id: u32) {
        let request = Request::Cancel { id };
        // A worker that is gone has nothing to stop.
        _ = self.post(&Call { id: self.calls.next_id(), request }, &Array::new());
    }

    /// Ends the worker; calls without an answer count as cancelled.
    pub fn end(&self) {
        self.worker.terminate();
        self.calls.end(&Fault::Cancelled);
    }

    fn post(&self, call: &Call, attachments: &Array) -> Result<(), Fault> {
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        let call = call.serialize(&serializer).map_err(|e| Fault::Failed(e.to_string()))?;
        let message = Array::of2(&call, attachments);
        self.worker.post_message(&message).map_err(|e| Fault::Failed(js_text(&e)))
    }
}

impl Drop for EngineWorker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Calls {
    fn next_id(&self) -> u32 {
        self.last_id.set(self.last_id.get() + 1);
        self.last_id.get()
    }

    /// Hands a message to its call. A fault where it ends them all.
    fn hear(&self, event: &web_sys::Event) -> Option<Fault> {
        let data = Array::from(&event.dyn_ref::<MessageEvent>()?.data());
        let reply = serde_wasm_bindgen::from_value::<Reply>(data.get(0));
        let Reply { id, event } = match reply {
            Ok(reply) => reply,
            Err(error) => return Some(Fault::Died(format!("a message could not be read: {error}"))),
        };
        if let Event::DeviceLost { message } = event {
            return Some(Fault::DeviceLost(message));
        }
        if matches!(event, Event::Progress { .. } | Event::Circuit { .. }) {
            if let Some(pending) = self.pending.borrow().get(&id) {
                (pending.on_event)(event);
            }
            return None;
        }
        let pending = self.pending.borrow_mut().remove(&id)?;
        // Nobody may be waiting any more.
        _ = pending.answer.send(match event {
            Event::Failed { message } => Err(Fault::Failed(message)),
            Event::Cancelled => Err(Fault::Cancelled),
            answer => Ok((answer, Array::from(&data.get(1)))),
        });
        None
    }

    /// Answers every call with a fault; whether it was the first.
    fn end(&self, fault: &Fault) -> bool {
        for (_, pending) in self.pending.borrow_mut().drain() {
            _ = pending.answer.send(Err(fault.clone()));
        }
        self.fault.replace(Some(fault.clone())).is_none()
    }
}

/// Starts a script that lies beside the page.
///
/// # Errors
/// When the browser starts no worker.
pub fn start_worker(script: &str) -> Result<Worker, Fault> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    Worker::new_with_options(&with_build(script), &options).map_err(|e| Fault::Died(js_text(&e)))
}

/// A script's URL, with the build's name so that no page starts the cached program of another build.
fn with_build(script: &str) -> String {
    let document = web_sys::window().and_then(|window| window.document());
    let build = document.and_then(|document| document.query_selector(BUILD).ok().flatten());
    match build.and_then(|build| build.get_attribute("content")) {
        Some(name) => format!("{script}?v={name}"),
        None => script.to_owned(),
    }
}

/// What an event of an error says.
pub fn error_text(event: &web_sys::Event) -> String {
    let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|m| !m.is_empty());
    message.unwrap_or_else(|| "its script could not be loaded".to_owned())
}

/// What a JavaScript exception says.
pub fn js_text(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |e| String::from(e.message()))
}
