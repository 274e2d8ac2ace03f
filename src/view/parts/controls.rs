//! Labelled form controls.

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// A choice of a few.
#[derive(Default)]
pub struct Choice {
    pub id: &'static str,
    pub label: &'static str,
    /// What is chosen, in a sentence; empty for nothing to say.
    pub title: &'static str,
    /// What the chosen option means.
    pub note: Option<&'static str>,
    /// The index of the chosen option.
    pub chosen: usize,
    pub options: Vec<&'static str>,
    pub on_choose: Callback<usize>,
}

/// A labelled list to choose from.
pub fn choice(choice: Choice) -> Html {
    let Choice { id, label, title, note, chosen, options, on_choose } = choice;
    let onchange = move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        on_choose.emit(usize::try_from(select.selected_index()).unwrap_or(0));
    };
    html! {
        <div key={id} class="field">
            <label for={id}>{ label }</label>
            <select {id} {onchange} aria-describedby={describes(id, title)}>
                { for options.into_iter().enumerate().map(|(i, option)| html! {
                    <option key={i} selected={i == chosen}>{ option }</option>
                }) }
            </select>
            { explained(id, title) }
            if let Some(note) = note {
                <p class="about">{ note }</p>
            }
        </div>
    }
}

/// The sentence at a field.
fn explained(id: &str, sentence: &'static str) -> Html {
    html! {
        if !sentence.is_empty() {
            <p class="about" id={format!("{id}-about")}>{ sentence }</p>
        }
    }
}

/// The id of the sentence at a field, where there is one.
fn describes(id: &str, sentence: &str) -> Option<String> {
    (!sentence.is_empty()).then(|| format!("{id}-about"))
}

/// A yes or no.
#[derive(Default)]
pub struct Check {
    pub label: &'static str,
    pub title: &'static str,
    pub checked: bool,
    pub disabled: bool,
    pub on_check: Callback<bool>,
}

/// A labelled checkbox.
pub fn check(check: Check) -> Html {
    let Check { label, title, checked, disabled, on_check } = check;
    let onchange = move |event: Event| on_check.emit(event.target_unchecked_into::<HtmlInputElement>().checked());
    html! {
        <label class="check">
            <input type="checkbox" {checked} {disabled} {onchange} />
            <span>
                { label }
                if !title.is_empty() {
                    <span class="about">{ title }</span>
                }
            </span>
        </label>
    }
}

/// A text or number with what is wrong with it.
#[derive(Default)]
pub struct Entry {
    pub id: &'static str,
    pub label: &'static str,
    pub title: &'static str,
    pub value: String,
    /// The least and the most, of a number.
    pub range: Option<(usize, usize)>,
    pub error: Option<String>,
    /// What else there is to know about it.
    pub note: Option<String>,
    pub on_entry: Callback<String>,
}

/// A labelled field to type in.
pub fn entry(entry: Entry) -> Html {
    let Entry { id, label, title, value, range, error, note, on_entry } = entry;
    let kind = if range.is_some() { "number" } else { "text" };
    let oninput = move |event: InputEvent| on_entry.emit(event.target_unchecked_into::<HtmlInputElement>().value());
    // What was no entry, such as an empty number, gives way to the value that holds.
    let held = value.clone();
    let onchange = move |event: Event| event.target_unchecked_into::<HtmlInputElement>().set_value(&held);
    let (min, max) = (range.map(|r| r.0.to_string()), range.map(|r| r.1.to_string()));
    let error_id = format!("{id}-error");
    html! {
        <div key={id} class="field">
            <label for={id}>{ label }</label>
            <input
                {id} type={kind} {value} {min} {max} {oninput} {onchange} autocomplete="off"
                aria-invalid={error.is_some().to_string()}
                aria-describedby={error.as_ref().map(|_| error_id.clone()).or_else(|| describes(id, title))}
            />
            { explained(id, title) }
            if let Some(error) = error {
                <p class="wrong" id={error_id}>{ error }</p>
            } else if let Some(note) = note {
                <p class="quiet">{ note }</p>
            }
        </div>
    }
}
