//! Light or dark: the system's choice, or the reader's own, which is remembered.

use web_sys::HtmlElement;
use yew::prelude::*;

use crate::view::parts::remembered;

const NAME: &str = "theme";

#[derive(PartialEq, Properties)]
pub struct ThemeProps {
    /// That of the open figure, which holds where the reader chose none.
    pub of_figure: Option<&'static str>,
}

/// The button that turns light into dark and back.
#[component]
pub fn ThemeButton(props: &ThemeProps) -> Html {
    let chosen = use_state_eq(stored);
    let theme = (*chosen).clone().or_else(|| props.of_figure.map(str::to_owned));
    use_effect_with(theme.clone(), |theme| {
        // Without the attribute the system's choice holds.
        _ = root().map(|root| match theme {
            Some(theme) => root.set_attribute("data-theme", theme),
            None => root.remove_attribute("data-theme"),
        });
    });
    let onclick = {
        let chosen = chosen.clone();
        move |_: MouseEvent| {
            let dark = theme.as_deref().map_or_else(prefers_dark, |theme| theme == "dark");
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
