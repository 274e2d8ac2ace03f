//! Light or dark: the system's choice, or the reader's own, which is remembered.

use web_sys::HtmlElement;
use yew::prelude::*;

use crate::view::parts::remembered;

const NAME: &str = "theme";

/// The button that turns light into dark and back.
#[component]
pub fn ThemeButton() -> Html {
    let chosen = use_state_eq(stored);
    use_effect_with((*chosen).clone(), |chosen| {
        if let (Some(root), Some(chosen)) = (root(), chosen) {
            // Without the attribute the system's choice holds.
            _ = root.set_attribute("data-theme", chosen);
        }
    });
    let onclick = {
        let chosen = chosen.clone();
        move |_: MouseEvent| {
            let dark = chosen.as_deref().map_or_else(prefers_dark, |chosen| chosen == "dark");
            let next = if dark { "light" } else { "dark" };
            remembered::set(NAME, next);
            chosen.set(Some(next.to_owned()));
        }
    };
    html! {
        <button type="button" class="icon" aria-label="Light or dark theme" title="Light or dark" {onclick}>
            <svg width="15" height="15" viewBox="0 0 16 16" aria-hidden="true">
                <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
            </svg>
        </button>
    }
}

fn root() -> Option<HtmlElement> {
    use wasm_bindgen::JsCast;
    web_sys::window()?.document()?.document_element()?.dyn_into().ok()
}

fn stored() -> Option<String> {
    remembered::get(NAME).filter(|theme| theme == "light" || theme == "dark")
}

fn prefers_dark() -> bool {
    let query = web_sys::window().and_then(|window| window.match_media("(prefers-color-scheme: dark)").ok().flatten());
    query.is_some_and(|query| query.matches())
}
