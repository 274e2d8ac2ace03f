//! Looking up, fetching and keeping models of the Hugging Face hub.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;
use yew::{Callback, UseReducerDispatcher};

use crate::state::hub::{HubState, Stage};
use crate::update::HubAction;
use crate::workers::{self, Fault, HubClient};
use circuitscope_wire::client::{Answer, Called};
use circuitscope_wire::hub::{Event, Hub as Protocol, Request};

/// The hub's worker, and where its answers go.
pub struct Hub {
    client: HubClient,
    dispatch: UseReducerDispatcher<HubState>,
    on_files: Callback<Vec<File>>,
    /// The call that looked up or fetched a model last; 0 where there was none.
    running: Cell<u32>,
}

impl Hub {
    /// Starts no worker before the first call.
    pub fn new(dispatch: UseReducerDispatcher<HubState>, on_files: Callback<Vec<File>>) -> Self {
        Self { client: workers::hub(), dispatch, on_files, running: Cell::default() }
    }

    /// Fetches a model, of which some bytes may be kept already.
    pub fn fetch(self: &Rc<Self>, key: &str, title: String, done: u64, total: u64) {
        self.dispatch.dispatch(HubAction::Stage(Stage::Fetching { title, done, total }));
        self.start(Request::Fetch { key: key.to_owned() });
    }

    /// Looks up the model of a name or an address. `search` is that of the page's address.
    pub fn look_up(self: &Rc<Self>, text: String, search: String) {
        self.show(Stage::Asking);
        self.start(Request::Find { text, search });
    }

    /// Looks up or fetches a model, in place of what is being looked up or fetched.
    fn start(self: &Rc<Self>, request: Request) {
        self.cancel();
        let called = self.call(request);
        let (hub, id) = (self.clone(), called.id());
        self.running.set(id);
        spawn_local(async move {
            let answer = called.await;
            if hub.running.get() == id {
                hub.take_answer(answer);
            }
        });
    }

    /// Stops what is being looked up or fetched.
    pub fn cancel(&self) {
        self.client.cancel(self.running.get());
    }

    /// Asks for what takes no time.
    pub fn ask(self: &Rc<Self>, request: Request) {
        let (hub, called) = (self.clone(), self.call(request));
        spawn_local(async move { hub.take_answer(called.await) });
    }

    fn call(&self, request: Request) -> Called<Protocol, Array> {
        let dispatch = self.dispatch.clone();
        self.client.call(request, &Array::new(), move |event| {
            if let Event::Progress { done, total, .. } = event {
                dispatch.dispatch(HubAction::Progress { done, total });
            }
        })
    }

    fn take_answer(self: &Rc<Self>, answer: Answer<Protocol, Array>) {
        match answer {
            Ok((Event::Found { model }, _)) => self.show(Stage::Found(Rc::new(model))),
            Ok((Event::Kept { models }, _)) => self.dispatch.dispatch(HubAction::Kept(models)),
            Ok((Event::Files, files)) => {
                self.on_files.emit(files.iter().map(JsCast::unchecked_into).collect());
                self.rest();
            }
            Ok((other, _)) => self.fail(format!("the hub's answer was not understood (reload the page): {other:?}")),
            Err(Fault::Cancelled) => self.rest(),
            Err(Fault::Died(reason)) => self.fail(format!("the hub's worker stopped: {reason}")),
            Err(Fault::Failed(reason) | Fault::NoDevice(reason) | Fault::DeviceLost(reason)) => self.fail(reason),
        }
    }

    /// Nothing is going on, and what is kept may have changed.
    fn rest(self: &Rc<Self>) {
        self.show(Stage::Idle);
        self.ask(Request::Kept);
    }

    fn fail(&self, reason: String) {
        self.show(Stage::Failed(reason));
    }

    fn show(&self, stage: Stage) {
        self.dispatch.dispatch(HubAction::Stage(stage));
    }
}
