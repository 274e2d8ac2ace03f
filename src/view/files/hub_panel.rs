//! Models of the Hugging Face hub: the form and the worker behind it, which is started when the form is opened.
//!
//! Nothing is asked of another host before a person presses a button. In a page inside another one the form is not there,
//! unless its address says `?hub=on`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::{Array, Object, Reflect};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{File, MessageEvent, Worker};
use yew::prelude::*;

use super::hub_form::{HubForm, HubStage, KeptRow, hub_form};
use crate::select::memory;
use crate::workers::engine::{error_text, start_worker};
use circuitscope_core::ModelConfig;
use circuitscope_core::settings::memory::size_label;

/// The worker's script, beside the page.
const SCRIPT: &str = "./module/hub-worker.js";

/// What the hub has of a model (`findModel` in `www/module/hub.js`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    key: String,
    id: String,
    revision: String,
    commit: String,
    files: Vec<FoundFile>,
    bytes: f64,
    kept_bytes: f64,
    config: ConfigText,
    /// Whether the browser keeps anything for this page.
    keeps: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct FoundFile {
    name: String,
    bytes: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct ConfigText {
    name: String,
    text: String,
}

/// A kept model (`keptModels`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    key: String,
    id: String,
    revision: String,
    bytes: f64,
    kept_bytes: f64,
    complete: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct Told {
    done: f64,
    total: f64,
}

/// What is going on.
#[derive(Debug, Clone, PartialEq)]
enum Stage {
    Idle,
    Asking,
    Found(Rc<Found>),
    Fetching { title: String, done: f64, total: f64 },
    Failed(String),
}

#[derive(Debug, Clone, PartialEq)]
struct HubState {
    stage: Stage,
    kept: Vec<Kept>,
}

enum HubAction {
    Stage(Stage),
    Kept(Vec<Kept>),
    Told(Told),
}

impl Reducible for HubState {
    type Action = HubAction;

    fn reduce(self: Rc<Self>, action: HubAction) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        match action {
            HubAction::Stage(stage) => state.stage = stage,
            HubAction::Kept(kept) => state.kept = kept,
            HubAction::Told(told) => {
                if let Stage::Fetching { done, total, .. } = &mut state.stage {
                    (*done, *total) = (told.done, told.total);
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
        use_memo((), |()| Hub { dispatch, on_files, worker: RefCell::default(), opened: Cell::default() })
    };
    let on_look_up = {
        let hub = hub.clone();
        Callback::from(move |text: String| {
            let search = web_sys::window().and_then(|w| w.location().search().ok()).unwrap_or_default();
            hub.dispatch.dispatch(HubAction::Stage(Stage::Asking));
            hub.call("find", &[("text", &text), ("search", &search)]);
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
            _ => hub.call("open", &[("key", &key)]),
        })
    };
    let on_toggle = {
        let hub = hub.clone();
        Callback::from(move |()| {
            if !hub.opened.replace(true) {
                hub.call("kept", &[]);
            }
        })
    };
    let on_remove = {
        let hub = hub.clone();
        Callback::from(move |key: String| hub.call("remove", &[("key", &key)]))
    };
    let on_cancel = Callback::from(move |()| hub.call("cancel", &[]));
    let (stage, kept) = (shown(&state.stage), state.kept.iter().map(kept_row).collect());
    hub_form(&HubForm { stage, kept, on_toggle, on_look_up, on_fetch, on_cancel, on_kept, on_remove })
}

fn title(id: &str, revision: &str) -> String {
    if revision == "main" { id.to_owned() } else { format!("{id} at {revision}") }
}

fn kept_row(kept: &Kept) -> KeptRow {
    let Kept { key, id, revision, bytes, kept_bytes, complete } = kept;
    let size = if *complete { size(*bytes) } else { format!("{} of {}", size(*kept_bytes), size(*bytes)) };
    KeptRow { key: key.clone(), name: title(id, revision), size, action: if *complete { "Open" } else { "Go on" } }
}

fn size(bytes: f64) -> String {
    size_label(bytes as u64)
}

/// The stage in words.
fn shown(stage: &Stage) -> HubStage {
    match stage {
        Stage::Idle => HubStage::Idle,
        Stage::Asking => HubStage::Asking,
        Stage::Failed(message) => HubStage::Failed(message.clone()),
        Stage::Fetching { title, done, total } => HubStage::Fetching {
            title: title.clone(),
            done: done / total.max(1.0),
            text: format!("{} of {}", size(*done), size(*total)),
        },
        Stage::Found(found) => shown_found(found),
    }
}

fn shown_found(found: &Found) -> HubStage {
    let model = ModelConfig::from_json(&found.config.name, &found.config.text);
    let refused = match &model {
        Ok(model) => memory::fits_nowhere(model),
        Err(error) => Some(error.to_string()),
    };
    let missing = found.bytes - found.kept_bytes;
    let action = if missing <= 0.0 {
        "Open: all of it is kept here".to_owned()
    } else if found.kept_bytes > 0.0 {
        format!("Download the other {}", size(missing))
    } else {
        format!("Download {}", size(found.bytes))
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
        files: found.files.iter().map(|file| (file.name.clone(), size(file.bytes))).collect(),
        action: refused.is_none().then_some(action),
        remark: refused.or_else(|| model.ok().map(|model| memory::line_of(&model, None))).unwrap_or_default(),
        keeping: keeping.to_owned(),
    }
}

/// The worker and who is told.
struct Hub {
    dispatch: UseReducerDispatcher<HubState>,
    on_files: Callback<Vec<File>>,
    worker: RefCell<Option<(Worker, [EventListener; 2])>>,
    /// Whether the form was ever unfolded.
    opened: Cell<bool>,
}

impl Hub {
    fn fetch(self: &Rc<Self>, key: &str, title: String, done: f64, total: f64) {
        self.dispatch.dispatch(HubAction::Stage(Stage::Fetching { title, done, total }));
        self.call("fetch", &[("key", key)]);
    }

    /// Posts a call; the worker is started with the first.
    fn call(self: &Rc<Self>, call: &str, options: &[(&str, &str)]) {
        if self.worker.borrow().is_none() {
            match start_worker(SCRIPT) {
                Ok(worker) => _ = self.worker.replace(Some((worker.clone(), self.listeners(&worker)))),
                Err(_) => return self.fail("the browser starts no worker".to_owned()),
            }
        }
        let message = Object::new();
        let set = |name: &str, value: JsValue| {
            // A plain object takes any field.
            _ = Reflect::set(&message, &name.into(), &value);
        };
        set("call", call.into());
        for (name, value) in options {
            set(name, (*value).into());
        }
        if let Some((worker, _)) = &*self.worker.borrow()
            && worker.post_message(&message).is_err()
        {
            self.fail("a message could not be posted".to_owned());
        }
    }

    fn listeners(self: &Rc<Self>, worker: &Worker) -> [EventListener; 2] {
        let (hub, failing) = (Rc::downgrade(self), Rc::downgrade(self));
        let on_message = move |event: &Event| {
            if let (Some(hub), Some(event)) = (hub.upgrade(), event.dyn_ref::<MessageEvent>()) {
                hub.hear(&event.data());
            }
        };
        let on_error = move |event: &Event| {
            if let Some(hub) = failing.upgrade() {
                hub.worker.take();
                hub.fail(error_text(event));
            }
        };
        [EventListener::new(worker, "message", on_message), EventListener::new(worker, "error", on_error)]
    }

    fn fail(&self, message: String) {
        self.dispatch.dispatch(HubAction::Stage(Stage::Failed(message)));
    }

    fn hear(self: &Rc<Self>, reply: &JsValue) {
        let get = |name: &str| Reflect::get(reply, &name.into()).unwrap_or_default();
        if let Ok(told) = serde_wasm_bindgen::from_value(get("progress")) {
            return self.dispatch.dispatch(HubAction::Told(told));
        }
        if get("cancelled").is_truthy() {
            self.dispatch.dispatch(HubAction::Stage(Stage::Idle));
            return self.call("kept", &[]);
        }
        if let Some(message) = get("error").as_string() {
            return self.fail(message);
        }
        let value = get("value");
        let field = |name: &str| Reflect::get(&value, &name.into()).unwrap_or_default();
        if let Ok(kept) = serde_wasm_bindgen::from_value(field("models")) {
            self.dispatch.dispatch(HubAction::Kept(kept));
        } else if Array::is_array(&field("files")) && field("config").is_undefined() {
            let files: Array = field("files").unchecked_into();
            self.on_files.emit(files.iter().map(JsCast::unchecked_into).collect());
            self.dispatch.dispatch(HubAction::Stage(Stage::Idle));
            self.call("kept", &[]);
        } else {
            match serde_wasm_bindgen::from_value::<Found>(value) {
                Ok(found) => self.dispatch.dispatch(HubAction::Stage(Stage::Found(Rc::new(found)))),
                Err(error) => self.fail(format!("the hub's answer was not understood: {error}")),
            }
        }
    }
}
