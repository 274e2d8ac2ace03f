//! Keys of the whole page. Those of the drawing and of the curve are theirs, where they have the focus.

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::prelude::*;

use super::connected::Connected;
use super::parts::screen::is_tight;
use crate::state::State;
use crate::state::screen::Drawer;
use crate::update::{Action, CircuitAction, ScreenAction};

/// Listens for the keys of the page.
#[hook]
pub fn use_shortcuts(props: &Connected) {
    let state = props.state.clone();
    use_effect_with(state, |state| {
        let state = state.clone();
        let listener = web_sys::window().map(|window| {
            EventListener::new_with_options(
                &window,
                "keydown",
                EventListenerOptions::enable_prevent_default(),
                move |event| {
                    let Some(event) = event.dyn_ref::<KeyboardEvent>().filter(|event| !is_typed(event)) else { return };
                    if let Some(action) = action(&state, event) {
                        event.prevent_default();
                        state.dispatch(action);
                    }
                },
            )
        });
        move || drop(listener)
    });
}

/// Whether a key goes into a field. A slider has keys of its own, but none with Ctrl.
fn is_typed(event: &KeyboardEvent) -> bool {
    let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
    let field = if event.ctrl_key() || event.meta_key() {
        "input:not([type=checkbox],[type=radio],[type=range]),textarea,select,[role=dialog]"
    } else {
        "input:not([type=checkbox],[type=radio],[type=range]),textarea,select,[role=slider],[role=dialog]"
    };
    event.default_prevented() || target.is_some_and(|target| target.closest(field).ok().flatten().is_some())
}

fn action(state: &State, event: &KeyboardEvent) -> Option<Action> {
    let key = event.key();
    if event.alt_key() {
        return None;
    }
    if event.ctrl_key() || event.meta_key() {
        return match (key.to_lowercase().as_str(), event.shift_key()) {
            ("z", false) => Some(Action::Circuit(CircuitAction::Undone)),
            ("z", true) | ("y", _) => Some(Action::Circuit(CircuitAction::Redone)),
            _ => None,
        };
    }
    match key.as_str() {
        "?" => Some(Action::Screen(ScreenAction::HelpToggled)),
        "[" => Some(Action::Screen(ScreenAction::RailToggled)),
        "]" => Some(Action::Screen(ScreenAction::InspectorToggled)),
        "r" => Some(Action::view(|view| view.orientation = view.orientation.turned())),
        "Escape" => Some(escape(state)),
        "1" | "2" | "3" | "4" => {
            let drawer = Drawer::ALL[usize::from(key.as_bytes()[0] - b'1')];
            let next = (state.screen.drawer != Some(drawer)).then_some(drawer);
            Some(Action::Screen(ScreenAction::DrawerOpened(next)))
        }
        _ => None,
    }
}

/// Shuts what lies above the page, or else lets go of what is selected.
fn escape(state: &State) -> Action {
    if state.screen.help {
        Action::Screen(ScreenAction::HelpToggled)
    } else if state.screen.section.is_some() {
        Action::Screen(ScreenAction::SectionOpened(None))
    } else if state.screen.rail && is_tight() {
        Action::Screen(ScreenAction::RailToggled)
    } else {
        Action::Circuit(CircuitAction::Selected(None))
    }
}
