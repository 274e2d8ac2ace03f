//! The reader's side of the messages: one call after the other.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::source;
use circuitscope_formats::{Answer, ReaderError, Session};
use circuitscope_wire::reader::{Call, Event, Reply, Request};

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
    busy: RefCell<bool>,
    session: RefCell<Session>,
}

impl Worker {
    /// Takes a message in, and begins to work if nothing is being worked on.
    fn hear(self: Rc<Self>, data: &JsValue) {
        let message: Array = data.clone().unchecked_into();
        let call: Call = match serde_wasm_bindgen::from_value(message.get(0)) {
            Ok(call) => call,
            Err(error) => return refuse(&message.get(0), &error.to_string()),
        };
        self.waiting.borrow_mut().push_back((call, message.get(1).unchecked_into()));
        if !self.busy.replace(true) {
            spawn_local(self.work());
        }
    }

    async fn work(self: Rc<Self>) {
        loop {
            let Some((Call { id, request }, attachments)) = self.waiting.borrow_mut().pop_front() else { break };
            match self.answer(&request, &attachments).await {
                Ok(answer) => post(id, answer),
                Err(error) => post(id, Event::Failed { message: error.to_string() }.into()),
            }
        }
        self.busy.replace(false);
    }

    async fn answer(&self, request: &Request, attachments: &Array) -> Result<Answer, ReaderError> {
        let mut files = Vec::new();
        for source in request.sources() {
            files.push(source::read(source, attachments).await?);
        }
        self.session.borrow_mut().answer(request, &files)
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Posts a reply; the buffers of its attachments are handed over, not copied.
fn post(id: u32, Answer { event, attachments }: Answer) {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    let Ok(reply) = serde::Serialize::serialize(&Reply { id, event }, &serializer) else { return };
    let attachments: Array =
        attachments.iter().map(|bytes| JsValue::from(Uint8Array::from(bytes.as_slice()))).collect();
    let buffers: Array = attachments.iter().map(|a| JsValue::from(a.unchecked_into::<Uint8Array>().buffer())).collect();
    let posted = scope().post_message_with_transfer(&Array::of2(&reply, &attachments), &buffers);
    if let Err(error) = posted {
        web_sys::console::error_1(&error);
    }
}

/// Answers a message that is no call, if it has a number.
fn refuse(call: &JsValue, reason: &str) {
    let id = js_sys::Reflect::get(call, &"id".into()).ok().and_then(|id| id.as_f64()).unwrap_or(0.0);
    post(id as u32, Event::Failed { message: format!("not a call that the reader knows: {reason}") }.into());
}
