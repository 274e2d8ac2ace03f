//! Starts workers and listens to them.

use std::rc::Rc;

use gloo_events::{EventListener, EventListenerOptions};
use js_sys::Array;
use wasm_bindgen::JsCast;
use web_sys::{Event, MessageEvent, Worker, WorkerGlobalScope, WorkerOptions, WorkerType};

use super::error::{event_text, js_text};
use super::message;
use crate::client::{Calls, Fault, Launch};
use crate::message::{Call, Post, Protocol};

/// Where the page has the name of its build.
const BUILD: &str = "meta[name=circuitscope-build]";

/// A worker's script, by its URL from the page's own.
pub struct Script(pub &'static str);

/// The script of the worker that this runs in, for others like it, which are given this name.
pub struct OwnScript(pub &'static str);

/// A running worker. It ends when this is dropped.
pub struct RunningWorker {
    worker: Worker,
    _listeners: [EventListener; 3],
}

impl<P: Protocol> Launch<P> for Script {
    type Attachments = Array;
    type Worker = RunningWorker;

    fn launch(&self, calls: &Rc<Calls<P, Array>>) -> Result<RunningWorker, String> {
        RunningWorker::start(&self.url(), None, calls)
    }
}

impl<P: Protocol> Launch<P> for OwnScript {
    type Attachments = Array;
    type Worker = RunningWorker;

    fn launch(&self, calls: &Rc<Calls<P, Array>>) -> Result<RunningWorker, String> {
        let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
        RunningWorker::start(&scope.location().href(), Some(self.0), calls)
    }
}

impl RunningWorker {
    fn start<P: Protocol>(url: &str, name: Option<&str>, calls: &Rc<Calls<P, Array>>) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        if let Some(name) = name {
            options.set_name(name);
        }
        let worker = Worker::new_with_options(url, &options).map_err(|e| js_text(&e))?;
        let _listeners = listeners(&worker, calls, name.is_some());
        Ok(Self { worker, _listeners })
    }
}

impl Script {
    /// The URL with the build's name, so that no page starts the cached program of another build.
    fn url(&self) -> String {
        let document = web_sys::window().and_then(|window| window.document());
        let build = document.and_then(|document| document.query_selector(BUILD).ok().flatten());
        match build.and_then(|build| build.get_attribute("content")) {
            Some(name) => format!("{}?v={name}", self.0),
            None => self.0.to_owned(),
        }
    }
}

fn listeners<P: Protocol>(worker: &Worker, calls: &Rc<Calls<P, Array>>, is_nested: bool) -> [EventListener; 3] {
    let [replies, errors, unreadable] = [calls, calls, calls].map(Rc::clone);
    [
        EventListener::new(worker, "message", move |event| hear(&replies, event)),
        // What stops a worker must not go on to stop the one that started it.
        EventListener::new_with_options(
            worker,
            "error",
            EventListenerOptions::enable_prevent_default(),
            move |event| {
                if is_nested {
                    event.prevent_default();
                }
                errors.end(Fault::Died(event_text(event)));
            },
        ),
        EventListener::new(worker, "messageerror", move |_| {
            unreadable.end(Fault::Died("a message could not be read".to_owned()));
        }),
    ]
}

fn hear<P: Protocol>(calls: &Calls<P, Array>, event: &Event) {
    let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
    match message::read(&event.data()) {
        Ok((reply, attachments)) => calls.hear(reply, attachments),
        Err(error) => calls.end(Fault::Died(format!("a message could not be read: {}", error.reason))),
    }
}

impl<R: serde::Serialize> Post<Call<R>> for RunningWorker {
    type Attachments = Array;

    fn post(&self, call: &Call<R>, attachments: &Array) -> Result<(), String> {
        let message = message::write(call, attachments)?;
        self.worker.post_message(&message).map_err(|e| js_text(&e))
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
