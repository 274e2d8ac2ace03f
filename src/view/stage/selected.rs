//! What is selected, in a line above the strip: on a phone the inspector is far below the drawing.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::select::pointed::target;
use crate::update::{Action, CircuitAction, ScreenAction};
use crate::view::connected::Connected;
use crate::view::inspector::panel::INSPECTOR_ID;
use circuitscope_figure::Target;
use circuitscope_figure::names::{edge_title, node_title};
use gloo_timers::callback::Timeout;

/// The selected node or edge by its name, the way to its details, and the way out.
pub fn selected_line(props: &Connected) -> Html {
    let title = match target(&props.state) {
        Some(Target::Node(name)) => node_title(&name).to_owned(),
        Some(Target::Edge(name)) => edge_title(&name),
        None => return Html::default(),
    };
    html! {
        <div class="selected-line" role="group" aria-label="Selected">
            <b>{ title }</b>
            <button type="button" onclick={show_details(props)}>{ "Details" }</button>
            <button
                type="button" class="icon" aria-label="Clear the selection"
                onclick={props.on(|_: MouseEvent| Action::Circuit(CircuitAction::Selected(None)))}
            >{ "×" }</button>
        </div>
    }
}

/// Goes to the inspector, which may have to be shown first.
fn show_details(props: &Connected) -> Callback<MouseEvent> {
    props.with(|state, _, _: MouseEvent| {
        if !state.screen.inspector {
            state.dispatch(Action::Screen(ScreenAction::InspectorToggled));
        }
        // Once it is on the screen.
        Timeout::new(0, go_to_inspector).forget();
    })
}

fn go_to_inspector() {
    let document = web_sys::window().and_then(|window| window.document());
    let inspector = document.and_then(|document| document.get_element_by_id(INSPECTOR_ID));
    if let Some(inspector) = inspector.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Where the focus cannot go the eye still does.
        _ = inspector.focus();
        inspector.scroll_into_view();
    }
}
