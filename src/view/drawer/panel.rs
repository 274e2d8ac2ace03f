//! The drawer and its tabs.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::edges::EdgesTable;
use crate::state::screen::Drawer;
use crate::update::{Action, ScreenAction};
use crate::view::connected::Connected;
use crate::view::measures::panel::{ComparePanel, SettingsTablePanel};
use crate::view::results::panel::CircuitsPanel;

/// The tabs, and what the chosen one holds.
#[component]
pub fn DrawerPanel(props: &Connected) -> Html {
    let open = props.state.screen.drawer;
    html! {
        <div class="drawer">
            <div class="tabs" role="tablist" aria-label="Tables" onkeydown={arrows(props)}>
                { for Drawer::ALL.into_iter().map(|drawer| tab(drawer, props)) }
            </div>
            if let Some(drawer) = open {
                <div
                    class="pane" role="tabpanel" tabindex="0" id={format!("drawer-{}", drawer.key())}
                    aria-labelledby={format!("tab-{}", drawer.key())}
                >{ content(drawer, props) }</div>
            }
        </div>
    }
}

fn tab(drawer: Drawer, props: &Connected) -> Html {
    let open = props.state.screen.drawer;
    let selected = open == Some(drawer);
    // One of the tabs is in the order of focus: the open one, or the first.
    let in_order = open.map_or(drawer == Drawer::Edges, |open| open == drawer);
    let onclick =
        props.on(move |_: MouseEvent| Action::Screen(ScreenAction::DrawerOpened((!selected).then_some(drawer))));
    html! {
        <button
            type="button" role="tab" id={format!("tab-{}", drawer.key())} aria-selected={selected.to_string()}
            aria-controls={selected.then(|| format!("drawer-{}", drawer.key()))} tabindex={if in_order { "0" } else { "-1" }} {onclick}
        >{ drawer.label() }</button>
    }
}

fn content(drawer: Drawer, props: &Connected) -> Html {
    match drawer {
        Drawer::Edges => html! { <EdgesTable ..props.clone() /> },
        Drawer::Circuits => html! { <CircuitsPanel ..props.clone() /> },
        Drawer::Settings => html! { <SettingsTablePanel ..props.clone() /> },
        Drawer::Compare => html! { <ComparePanel ..props.clone() /> },
    }
}

/// Arrows go from tab to tab.
fn arrows(props: &Connected) -> Callback<KeyboardEvent> {
    let go = props.on(|drawer| Action::Screen(ScreenAction::DrawerOpened(Some(drawer))));
    Callback::from(move |event: KeyboardEvent| {
        let Some(tab) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) else { return };
        let Some(at) = Drawer::ALL.iter().position(|drawer| tab.id() == format!("tab-{}", drawer.key())) else {
            return;
        };
        let n = Drawer::ALL.len();
        let next = match event.key().as_str() {
            "ArrowRight" => (at + 1) % n,
            "ArrowLeft" => (at + n - 1) % n,
            "Home" => 0,
            "End" => n - 1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let id = format!("tab-{}", Drawer::ALL[next].key());
        let tab =
            web_sys::window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id(&id));
        if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
            // A tab that cannot take the focus leaves it where it is.
            _ = tab.focus();
        }
        go.emit(Drawer::ALL[next]);
    })
}
