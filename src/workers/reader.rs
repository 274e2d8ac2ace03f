//! The reader's worker, seen from the page: started at the first call, and anew after it died.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures_channel::oneshot;
use gloo_events::EventListener;
use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::JsCast;
use web_sys::{MessageEvent, Worker};

use crate::workers::engine::{Fault, error_text, js_text, start_worker};
use circuitscope_wire::reader::{Call, Event, Reply, Request};

/// The worker's script, beside the page.
const SCRIPT: &str = "./reader-worker.js";

/// The reader, whether its worker runs or not.
#[derive(Default)]
pub struct Reader {
    running: RefCell<Option<Rc<Running>>>,
    /// How many workers were started: what an earlier one held is gone.
    generation: Cell<u32>,
}

struct Running {
    worker: Worker,
    last_id: Cell<u32>,
    pending: RefCell<HashMap<u32, oneshot::Sender<Answer>>>,
    listeners: RefCell<Vec<EventListener>>,
}

/// An event and its attachments, `Uint8Array`s.
type Answer = Result<(Event, Array), Fault>;

impl Reader {
    /// Asks the reader, which is started if need be. The request is posted at once; requests are answered in their order.
    /// The answer is never [`Event::Failed`] but an error: that it could not be done, with the reader's reason, or that the
    /// reader could not be started or died.
    pub fn call(self: &Rc<Self>, request: Request, attachments: &Array) -> impl Future<Output = Answer> + use<> {
        let answered = self.running().and_then(|running| running.post(request, attachments));
        async { answered?.await.unwrap_or(Err(Fault::Cancelled)) }
    }

    /// A number for the worker that runs, or that the next call will start.
    pub fn generation(&self) -> u32 {
        self.generation.get() + u32::from(self.running.borrow().is_none())
    }

    fn running(self: &Rc<Self>) -> Result<Rc<Running>, Fault> {
        if let Some(running) = &*self.running.borrow() {
            return Ok(running.clone());
        }
        let worker = start_worker(SCRIPT)?;
        let running = Rc::new(Running {
            worker,
            last_id: Cell::new(0),
            pending: RefCell::default(),
            listeners: RefCell::default(),
        });
        self.listen(&running);
        self.generation.set(self.generation.get() + 1);
        self.running.replace(Some(running.clone()));
        Ok(running)
    }

    fn listen(self: &Rc<Self>, running: &Rc<Running>) {
        let on_message = {
            let (reader, running) = (Rc::downgrade(self), Rc::downgrade(running));
            move |event: &web_sys::Event| {
                if let Some((reader, running)) = reader.upgrade().zip(running.upgrade())
                    && let Err(reason) = running.hear(event)
                {
                    reader.end(&running, reason);
                }
            }
        };
        let ended = |text: fn(&web_sys::Event) -> String| {
            let (reader, running) = (Rc::downgrade(self), Rc::downgrade(running));
            move |event: &web_sys::Event| {
                if let Some((reader, running)) = reader.upgrade().zip(running.upgrade()) {
                    reader.end(&running, text(event));
                }
            }
        };
        running.listeners.replace(vec![
            EventListener::new(&running.worker, "message", on_message),
            EventListener::new(&running.worker, "error", ended(error_text)),
            EventListener::new(&running.worker, "messageerror", ended(|_| "a message could not be read".to_owned())),
        ]);
    }

    /// Ends a worker that failed; the next call starts another.
    fn end(&self, running: &Running, reason: String) {
        running.worker.terminate();
        self.running.take();
        for (_, answer) in running.pending.borrow_mut().drain() {
            _ = answer.send(Err(Fault::Failed(format!("the reader stopped: {reason}"))));
        }
    }
}

impl Running {
    fn post(&self, request: Request, attachments: &Array) -> Result<oneshot::Receiver<Answer>, Fault> {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        let call = Call { id, request }.serialize(&serializer).map_err(|e| Fault::Failed(e.to_string()))?;
        self.worker.post_message(&Array::of2(&call, attachments)).map_err(|e| Fault::Failed(js_text(&e)))?;
        let (answer, answered) = oneshot::channel();
        self.pending.borrow_mut().insert(id, answer);
        Ok(answered)
    }

    /// Hands a message to its call.
    fn hear(&self, event: &web_sys::Event) -> Result<(), String> {
        let Some(event) = event.dyn_ref::<MessageEvent>() else { return Ok(()) };
        let message = Array::from(&event.data());
        let reply = serde_wasm_bindgen::from_value::<Reply>(message.get(0));
        let Reply { id, event } = reply.map_err(|e| format!("a message could not be read: {e}"))?;
        let Some(answer) = self.pending.borrow_mut().remove(&id) else { return Ok(()) };
        // Nobody may be waiting any more.
        _ = answer.send(match event {
            Event::Failed { message } => Err(Fault::Failed(message)),
            event => Ok((event, message.get(1).unchecked_into())),
        });
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
