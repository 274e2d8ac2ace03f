//! Labelled form controls.

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// A choice of a few.
#[derive(PartialEq, Properties)]
pub struct ChoiceProps {
    pub id: &'static str,
    pub label: &'static str,
    /// Explains the choice on hover.
    #[prop_or_default]
    pub title: &'static str,
    /// The place of the chosen option.
    pub chosen: usize,
    pub options: &'static [&'static str],
    pub on_choose: Callback<usize>,
}

/// A labelled list to choose from.
#[component]
pub fn Choice(props: &ChoiceProps) -> Html {
    let &ChoiceProps { id, label, title, chosen, options, .. } = props;
    let on_choose = props.on_choose.clone();
    let onchange = move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        on_choose.emit(usize::try_from(select.selected_index()).unwrap_or(0));
    };
    html! {
        <div class="field" {title}>
            <label for={id}>{ label }</label>
            <select {id} {onchange}>
                { for options.iter().enumerate().map(|(i, option)| html! {
                    <option key={i} selected={i == chosen}>{ *option }</option>
                }) }
            </select>
        </div>
    }
}

/// A yes or no.
#[derive(PartialEq, Properties)]
pub struct CheckProps {
    pub label: &'static str,
    #[prop_or_default]
    pub title: &'static str,
    pub checked: bool,
    #[prop_or_default]
    pub disabled: bool,
    pub on_check: Callback<bool>,
}

/// A labelled checkbox.
#[component]
pub fn Check(props: &CheckProps) -> Html {
    let &CheckProps { label, title, checked, disabled, .. } = props;
    let on_check = props.on_check.clone();
    let onchange = move |event: Event| on_check.emit(event.target_unchecked_into::<HtmlInputElement>().checked());
    html! {
        <label class="check" {title}>
            <input type="checkbox" {checked} {disabled} {onchange} />
            { label }
        </label>
    }
}

/// A text or number with what is wrong with it.
#[derive(PartialEq, Properties)]
pub struct EntryProps {
    pub id: &'static str,
    pub label: &'static str,
    #[prop_or_default]
    pub title: &'static str,
    #[prop_or("text")]
    pub kind: &'static str,
    pub value: String,
    /// The least and the most, of a number.
    #[prop_or_default]
    pub range: Option<(usize, usize)>,
    #[prop_or_default]
    pub error: Option<String>,
    pub on_entry: Callback<String>,
}

/// A labelled field to type in.
#[component]
pub fn Entry(props: &EntryProps) -> Html {
    let EntryProps { id, label, title, kind, value, range, error, on_entry } = props;
    let on_entry = on_entry.clone();
    let oninput = move |event: InputEvent| on_entry.emit(event.target_unchecked_into::<HtmlInputElement>().value());
    let (min, max) = (range.map(|r| r.0.to_string()), range.map(|r| r.1.to_string()));
    let error_id = format!("{id}-error");
    html! {
        <div class="field" title={*title}>
            <label for={*id}>{ *label }</label>
            <input
                id={*id} type={*kind} value={value.clone()} {min} {max} {oninput} autocomplete="off"
                aria-invalid={error.is_some().to_string()} aria-describedby={error.is_some().then(|| error_id.clone())}
            />
            if let Some(error) = error {
                <p class="wrong" id={error_id}>{ error }</p>
            }
        </div>
    }
}
