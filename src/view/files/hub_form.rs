//! Models of the Hugging Face hub: a name to type, what would be fetched, how far it is, and what is kept.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use crate::select::hub::{HubStage, KeptRow};

/// The form and what to call.
pub struct HubForm {
    pub stage: HubStage,
    pub kept: Vec<KeptRow>,
    /// Called when the form is unfolded or folded.
    pub on_toggle: Callback<()>,
    pub on_look_up: Callback<String>,
    pub on_fetch: Callback<()>,
    pub on_cancel: Callback<()>,
    pub on_kept: Callback<String>,
    pub on_remove: Callback<String>,
}

/// The form, folded until it is wanted.
pub fn hub_form(props: &HubForm) -> Html {
    let ontoggle = props.on_toggle.reform(|_: Event| ());
    let on_look_up = props.on_look_up.clone();
    let onsubmit = move |event: SubmitEvent| {
        event.prevent_default();
        let form: Element = event.target_unchecked_into();
        if let Ok(Some(input)) = form.query_selector("input") {
            on_look_up.emit(input.unchecked_into::<HtmlInputElement>().value());
        }
    };
    let busy = matches!(props.stage, HubStage::Asking | HubStage::Fetching { .. });
    html! {
        <details class="hub" {ontoggle}>
            <summary>{ "From Hugging Face" }</summary>
            <form class="hub-form" {onsubmit}>
                <input
                    id="hub-model" type="text" placeholder="EleutherAI/pythia-70m" autocomplete="off" spellcheck="false"
                    autocapitalize="off" aria-label="Model on Hugging Face" disabled={busy}
                />
                <button type="submit" disabled={busy}>{ "Look up" }</button>
            </form>
            <p class="quiet">{ "Asks huggingface.co for the list of files. Nothing is fetched before you have seen its size." }</p>
            { stage(props) }
            if !props.kept.is_empty() {
                <h2>{ "Kept in this browser" }</h2>
                <ul class="kept" aria-label="Kept models">
                    { for props.kept.iter().map(|row| kept_row(row, busy, props)) }
                </ul>
            }
        </details>
    }
}

fn stage(props: &HubForm) -> Html {
    match &props.stage {
        HubStage::Idle => html! {},
        HubStage::Asking => html! { <p class="quiet" role="status">{ "Asking the hub…" }</p> },
        HubStage::Failed(message) => html! { <p class="wrong" role="alert">{ message }</p> },
        HubStage::Found { title, files, remark, action, keeping } => html! {
            <div class="found">
                <p class="title">{ title }</p>
                <ul>
                    { for files.iter().map(|(name, size)| html! { <li><span>{ name }</span><span class="size">{ size }</span></li> }) }
                </ul>
                <p class={if action.is_some() { "quiet" } else { "wrong" }}>{ remark }</p>
                if let Some(action) = action {
                    <button type="button" class="primary" onclick={props.on_fetch.reform(|_| ())}>{ action }</button>
                    <p class="quiet">{ keeping }</p>
                }
            </div>
        },
        HubStage::Fetching { title, done, text } => html! {
            <div class="fetching">
                <p class="title">{ title }</p>
                <progress max="1" value={done.to_string()} aria-label="Download" />
                <p class="quiet">{ text }</p>
                <button type="button" onclick={props.on_cancel.reform(|_| ())}>{ "Cancel the download" }</button>
            </div>
        },
    }
}

fn kept_row(row: &KeptRow, busy: bool, props: &HubForm) -> Html {
    let (open, remove) = (row.key.clone(), row.key.clone());
    html! {
        <li key={row.key.clone()}>
            <span class="name" title={row.name.clone()}>{ &row.name }</span>
            <span class="size">{ &row.size }</span>
            <button type="button" disabled={busy} onclick={props.on_kept.reform(move |_| open.clone())}>{ row.action }</button>
            <button
                type="button" class="remove" disabled={busy} aria-label={format!("Remove {}", row.name)} title="Remove"
                onclick={props.on_remove.reform(move |_| remove.clone())}
            >{ "×" }</button>
        </li>
    }
}
