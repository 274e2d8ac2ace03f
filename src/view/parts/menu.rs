//! A button that opens a small panel above the page.

use gloo_events::{EventListener, EventListenerOptions, EventListenerPhase};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, Node};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MenuProps {
    /// What the button shows.
    pub button: Html,
    /// What the button is called, where it shows only a sign.
    #[prop_or_default]
    pub label: Option<AttrValue>,
    #[prop_or_default]
    pub title: Option<AttrValue>,
    #[prop_or_default]
    pub class: Classes,
    pub children: Html,
}

/// The button and, once it is pressed, the panel. It is shut by Escape, by a press elsewhere, and by what is chosen in it.
#[component]
pub fn Menu(props: &MenuProps) -> Html {
    let open = use_state_eq(|| false);
    let (menu, button) = (use_node_ref(), use_node_ref());
    use_shutters(&menu, &button, &open);
    let toggle = {
        let open = open.clone();
        move |_: MouseEvent| open.set(!*open)
    };
    let chosen = {
        let open = open.clone();
        move |event: MouseEvent| {
            let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
            if target.is_some_and(|target| target.closest("button,a").ok().flatten().is_some()) {
                open.set(false);
            }
        }
    };
    html! {
        <div class={classes!("menu", props.class.clone())} ref={menu}>
            <button
                type="button" ref={button} aria-haspopup="true" aria-expanded={open.to_string()}
                aria-label={props.label.clone()} title={props.title.clone()} onclick={toggle}
            >{ props.button.clone() }</button>
            if *open {
                <div class="pop" onclick={chosen}>{ props.children.clone() }</div>
            }
        </div>
    }
}

/// Escape and a press outside shut the menu.
#[hook]
fn use_shutters(menu: &NodeRef, button: &NodeRef, open: &UseStateHandle<bool>) {
    let (menu, button, open) = (menu.clone(), button.clone(), open.clone());
    use_effect_with(*open, move |&is_open| {
        let document = web_sys::window().and_then(|window| window.document()).filter(|_| is_open);
        let listeners = document.map(|document| {
            let shut = open.clone();
            let pressed = EventListener::new(&document, "pointerdown", move |event| {
                let target: Option<Node> = event.target().and_then(|target| target.dyn_into().ok());
                if !menu.cast::<Node>().is_some_and(|menu| menu.contains(target.as_ref())) {
                    shut.set(false);
                }
            });
            // Before the page's own keys: Escape shuts the menu and ends nothing else.
            let first = EventListenerOptions { phase: EventListenerPhase::Capture, passive: false };
            let keyed = EventListener::new_with_options(&document, "keydown", first, move |event| {
                if event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
                    event.prevent_default();
                    event.stop_propagation();
                    open.set(false);
                    if let Some(button) = button.cast::<HtmlElement>() {
                        // A button that cannot take the focus leaves it where it is.
                        _ = button.focus();
                    }
                }
            });
            (pressed, keyed)
        });
        move || drop(listeners)
    });
}
