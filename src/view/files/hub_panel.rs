//! Models of the Hugging Face hub: the form with its state and its tasks.
//!
//! Nothing is asked of another host before a person presses a button. In a page inside another one the form is not there,
//! unless its address says `?hub=on`.

use wasm_bindgen::JsValue;
use web_sys::File;
use yew::prelude::*;

use super::hub_form::{HubForm, hub_form};
use crate::select::hub::{kept_row, shown, title};
use crate::state::hub::{HubState, Stage};
use crate::tasks::Hub;
use circuitscope_wire::hub::Request;

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
    let state = use_reducer(HubState::default);
    let hub = {
        let (dispatch, on_files) = (state.dispatcher(), props.on_files.clone());
        use_memo((), |()| Hub::new(dispatch, on_files))
    };
    let on_look_up = {
        let hub = hub.clone();
        Callback::from(move |text: String| {
            let search = web_sys::window().and_then(|w| w.location().search().ok()).unwrap_or_default();
            hub.look_up(text, search);
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
        let (hub, opened) = (hub.clone(), use_mut_ref(|| false));
        Callback::from(move |()| {
            if !opened.replace(true) {
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
