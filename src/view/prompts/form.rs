//! Prompts typed in by hand: a clean and a corrupt one with their answers, and how they line up token by token.

use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use crate::select::draft::{AnswerView, DraftPair, PairView};
use crate::view::parts::token_rows::token_rows;

/// The editor and what to call.
pub struct PromptForm {
    pub pairs: Vec<DraftPair>,
    /// One for each pair.
    pub views: Vec<PairView>,
    /// Whether texts are typed, or token ids.
    pub text: bool,
    /// What is wrong, or else what is to be known of all pairs.
    pub note: Option<String>,
    pub error: Option<String>,
    /// What of the prompts in use cannot be edited here.
    pub left_out: Option<&'static str>,
    /// Whether there is something to use.
    pub ready: bool,
    pub on_change: Callback<Vec<DraftPair>>,
    pub on_use: Callback<()>,
    pub on_save: Callback<()>,
    pub on_copy: Callback<()>,
}

/// The editor. A function and no component: the part of the page that it is drawn in is one.
pub fn prompt_form(props: &PromptForm) -> Html {
    let hint = if props.text {
        "Type texts. A space before a word is part of its token: most answers begin with one. An answer a line."
    } else {
        "Type token ids with spaces between. Drop the model's tokenizer.json to type text."
    };
    let add = {
        let (pairs, on_change) = (props.pairs.clone(), props.on_change.clone());
        move |_: MouseEvent| {
            // The next pair is most often like the last one.
            let mut pairs = pairs.clone();
            pairs.extend(pairs.last().cloned());
            on_change.emit(pairs);
        }
    };
    html! {
        <div class="prompt-editor">
            <p class="quiet">{ hint }</p>
            { for (0..props.pairs.len()).map(|i| pair(props, i)) }
            if let Some(error) = &props.error {
                <p class="wrong" role="alert">{ error }</p>
            } else if let Some(note) = &props.note {
                <p class="note">{ note }</p>
            }
            if let Some(left_out) = props.left_out {
                <p class="quiet">{ left_out }</p>
            }
            <div class="file-actions">
                <button type="button" disabled={!props.ready} onclick={props.on_use.reform(|_| ())}>{ "Use these prompts" }</button>
                <button type="button" onclick={add}>{ "Add a pair" }</button>
                <button type="button" disabled={!props.ready} onclick={props.on_save.reform(|_| ())}>{ "Save as JSON" }</button>
                <button type="button" onclick={props.on_copy.reform(|_| ())} title="Starts from the prompts in use">
                    { "Edit those in use" }
                </button>
            </div>
        </div>
    }
}

fn pair(props: &PromptForm, i: usize) -> Html {
    let draft = &props.pairs[i];
    let view = props.views.get(i).cloned().unwrap_or_default();
    let change = |set: fn(&mut DraftPair, String)| {
        let (pairs, on_change) = (props.pairs.clone(), props.on_change.clone());
        Callback::from(move |text: String| {
            let mut pairs = pairs.clone();
            set(&mut pairs[i], text);
            on_change.emit(pairs);
        })
    };
    let remove = {
        let (pairs, on_change) = (props.pairs.clone(), props.on_change.clone());
        move |_: MouseEvent| {
            let mut pairs = pairs.clone();
            pairs.remove(i);
            on_change.emit(pairs);
        }
    };
    let n = i + 1;
    html! {
        <fieldset class="draft-pair" key={i}>
            <legend>{ format!("Pair {n}") }</legend>
            if props.pairs.len() > 1 {
                <button type="button" class="remove" onclick={remove} title="Remove" aria-label={format!("Remove pair {n}")}>{ "×" }</button>
            }
            { area(&format!("clean-{n}"), "Clean", &draft.clean, change(|pair, text| pair.clean = text)) }
            { area(&format!("corrupt-{n}"), "Corrupt", &draft.corrupt, change(|pair, text| pair.corrupt = text)) }
            if !view.tokens.is_empty() {
                { token_rows(&view.tokens) }
            }
            if let Some(note) = &view.note {
                <p class="note">{ note }</p>
            }
            <div class="draft-answers">
                { area(&format!("answers-{n}"), "Answers", &draft.answers, change(|pair, text| pair.answers = text)) }
                { area(
                    &format!("wrong-answers-{n}"), "Wrong answers", &draft.wrong_answers,
                    change(|pair, text| pair.wrong_answers = text),
                ) }
                { for view.answers.iter().map(|answers| html! {
                    <ul class="answer-tokens">{ for answers.iter().map(answer) }</ul>
                }) }
            </div>
        </fieldset>
    }
}

fn area(id: &str, label: &str, value: &str, on_entry: Callback<String>) -> Html {
    let oninput = move |event: InputEvent| on_entry.emit(event.target_unchecked_into::<HtmlTextAreaElement>().value());
    // About as many characters fit in a line of the narrow column.
    let rows: usize = value.split('\n').map(|line| 1 + line.chars().count() / 38).sum();
    let rows = rows.min(8).to_string();
    html! {
        <div class="area">
            <label for={id.to_owned()}>{ label.to_owned() }</label>
            <textarea id={id.to_owned()} value={value.to_owned()} {rows} {oninput} spellcheck="false" autocomplete="off" />
        </div>
    }
}

fn answer(answer: &AnswerView) -> Html {
    let n = answer.tokens.len();
    html! {
        <li class={(n != 1).then_some("wrong")}>
            { for answer.tokens.iter().map(|token| html! { <span class="token">{ token }</span> }) }
            if n != 1 {
                { format!(" {n} tokens: an answer is one token") }
                if !answer.tokens.first().is_some_and(|token| token.starts_with('␣')) {
                    { ", most often with a space before it" }
                }
            }
        </li>
    }
}
