//! Models of the Hugging Face hub: the form and the worker behind it, which is started when the form is opened.
//!
//! Nothing is asked of another host before a person presses a button. In a page inside another one the form is not there,
//! unless its address says `?hub=on`.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::File;
use yew::prelude::*;

use super::hub_form::{HubForm, HubStage, KeptRow, hub_form};
use crate::select::memory;
use crate::workers::{self, Fault, HubClient};
use circuitscope_core::ModelConfig;
use circuitscope_core::settings::memory::size_label;
use circuitscope_wire::client::{Answer, Called};
use circuitscope_wire::hub::{Event, FoundModel, Hub as Protocol, KeptModel, Request};

/// What is going on.
#[derive(Debug, Clone, PartialEq)]
enum Stage {
    Idle,
    Asking,
    Found(Rc<FoundModel>),
    Fetching { title: String, done: u64, total: u64 },
    Failed(String),
}

#[derive(Debug, Clone, PartialEq)]
struct HubState {
    stage: Stage,
    kept: Vec<KeptModel>,
}

enum HubAction {
    Stage(Stage),
    Kept(Vec<KeptModel>),
    /// Bytes that have arrived, and of how many.
    Progress {
        done: u64,
        total: u64,
    },
}

impl Reducible for HubState {
    type Action = HubAction;

    fn reduce(self: Rc<Self>, action: HubAction) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        match action {
            HubAction::Stage(stage) => state.stage = stage,
            HubAction::Kept(kept) => state.kept = kept,
            HubAction::Progress { done, total } => {
                if let Stage::Fetching { done: shown, total: of, .. } = &mut state.stage {
                    (*shown, *of) = (done, total);
                }
            }
        }
        Rc::new(state)
    }
}

/// Whether the form is shown: in a page of its own, or where the embedding page wants it.
pub fn is_offered() -> bool {
    let Some(window) = web_sys::window() else { return false };
    let embedded =
        window.parent().ok().flatten().is_some_and(|parent| JsValue::from(parent) != JsValue::from(window.clone()));
    let search = window.location().search().unwrap_or_default();
    !embedded || search.trim_start_matches('?').split('&').any(|part| part == "hub=on")
}

/// What the form needs.
#[derive(PartialEq, Properties)]
pub struct HubPanelProps {
    pub on_files: Callback<Vec<File>>,
}

/// The form, wired.
#[component]
pub fn HubPanel(props: &HubPanelProps) -> Html {
    let state = use_reducer(|| HubState { stage: Stage::Idle, kept: Vec::new() });
    let hub = {
        let (dispatch, on_files) = (state.dispatcher(), props.on_files.clone());
        use_memo((), |()| Hub::new(dispatch, on_files))
    };
    let on_look_up = {
        let hub = hub.clone();
        Callback::from(move |text: String| {
            let search = web_sys::window().and_then(|w| w.location().search().ok()).unwrap_or_default();
            hub.dispatch.dispatch(HubAction::Stage(Stage::Asking));
            hub.start(Request::Find { text, search });
        })
    };
    let on_fetch = {
        let (hub, state) = (hub.clone(), state.clone());
        Callback::from(move |()| {
            if let Stage::Found(found) = &state.stage {
                hub.fetch(&found.key, title(&found.id, &found.revision), found.kept_bytes, found.bytes);
            }
        })
    };
    let on_kept = {
        let (hub, state) = (hub.clone(), state.clone());
        Callback::from(move |key: String| match state.kept.iter().find(|kept| kept.key == key) {
            Some(kept) if !kept.complete => {
                hub.fetch(&key, title(&kept.id, &kept.revision), kept.kept_bytes, kept.bytes);
            }
            _ => hub.ask(Request::Open { key }),
        })
    };
    let on_toggle = {
        let hub = hub.clone();
        Callback::from(move |()| {
            if !hub.opened.replace(true) {
                hub.ask(Request::Kept);
            }
        })
    };
    let on_remove = {
        let hub = hub.clone();
        Callback::from(move |key: String| hub.ask(Request::Remove { key }))
    };
    let on_cancel = Callback::from(move |()| hub.cancel());
    let (stage, kept) = (shown(&state.stage), state.kept.iter().map(kept_row).collect());
    hub_form(&HubForm { stage, kept, on_toggle, on_look_up, on_fetch, on_cancel, on_kept, on_remove })
}

fn title(id: &str, revision: &str) -> String {
    if revision == "main" { id.to_owned() } else { format!("{id} at {revision}") }
}

fn kept_row(kept: &KeptModel) -> KeptRow {
    let KeptModel { key, id, revision, bytes, kept_bytes, complete } = kept;
    let size =
        if *complete { size_label(*bytes) } else { format!("{} of {}", size_label(*kept_bytes), size_label(*bytes)) };
    KeptRow { key: key.clone(), name: title(id, revision), size, action: if *complete { "Open" } else { "Go on" } }
}

/// The stage in words.
fn shown(stage: &Stage) -> HubStage {
    match stage {
        Stage::Idle => HubStage::Idle,
        Stage::Asking => HubStage::Asking,
        Stage::Failed(message) => HubStage::Failed(message.clone()),
        Stage::Fetching { title, done, total } => HubStage::Fetching {
            title: title.clone(),
            done: *done as f64 / (*total).max(1) as f64,
            text: format!("{} of {}", size_label(*done), size_label(*total)),
        },
        Stage::Found(found) => shown_found(found),
    }
}

fn shown_found(found: &FoundModel) -> HubStage {
    let model = ModelConfig::from_json(&found.config.name, &found.config.text);
    let refused = match &model {
        Ok(model) => memory::fits_nowhere(model),
        Err(error) => Some(error.to_string()),
    };
    let missing = found.bytes.saturating_sub(found.kept_bytes);
    let action = if missing == 0 {
        "Open: all of it is kept here".to_owned()
    } else if found.kept_bytes > 0 {
        format!("Download the other {}", size_label(missing))
    } else {
        format!("Download {}", size_label(found.bytes))
    };
    let keeping = if found.keeps {
        "Kept in this browser, until you remove it here."
    } else {
        "This browser keeps nothing for this page: it is fetched again next time."
    };
    HubStage::Found {
        title: format!(
            "{}, commit {}",
            title(&found.id, &found.revision),
            found.commit.get(..7).unwrap_or(&found.commit)
        ),
        files: found.files.iter().map(|file| (file.name.clone(), size_label(file.bytes))).collect(),
        action: refused.is_none().then_some(action),
        remark: refused.or_else(|| model.ok().map(|model| memory::line_of(&model, None))).unwrap_or_default(),
        keeping: keeping.to_owned(),
    }
}

/// The hub's worker, and where its answers go.
struct Hub {
    client: HubClient,
    dispatch: UseReducerDispatcher<HubState>,
    on_files: Callback<Vec<File>>,
    /// The call that looked up or fetched a model last; 0 where there was none.
    running: Cell<u32>,
    /// Whether the form was ever unfolded.
    opened: Cell<bool>,
}

impl Hub {
    fn new(dispatch: UseReducerDispatcher<HubState>, on_files: Callback<Vec<File>>) -> Self {
        Self { client: workers::hub(), dispatch, on_files, running: Cell::default(), opened: Cell::default() }
    }

    fn fetch(self: &Rc<Self>, key: &str, title: String, done: u64, total: u64) {
        self.dispatch.dispatch(HubAction::Stage(Stage::Fetching { title, done, total }));
        self.start(Request::Fetch { key: key.to_owned() });
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

    fn cancel(&self) {
        self.client.cancel(self.running.get());
    }

    /// Asks for what takes no time.
    fn ask(self: &Rc<Self>, request: Request) {
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
