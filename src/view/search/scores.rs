//! The scores that there are, and keeping only some of their edges.

use yew::prelude::*;

use crate::select::scores::ScoresChoice;
use crate::view::parts::controls::{Choice, Entry, choice, entry};

/// The scores that there are.
pub struct ScoresList {
    pub scores: Vec<ScoresChoice>,
    pub on_choose: Callback<u32>,
    pub on_remove: Callback<u32>,
}

/// A radio button for each.
pub fn scores_list(props: &ScoresList) -> Html {
    let row = |scores: &ScoresChoice| {
        let ScoresChoice { id, name, in_use, removable } = scores.clone();
        html! {
            <li key={id} class={classes!(in_use.then_some("chosen"))}>
                <label title={name.clone()}>
                    <input
                        type="radio" name="scores" checked={in_use}
                        onchange={props.on_choose.reform(move |_: Event| id)}
                    />
                    <span>{ &name }</span>
                </label>
                if removable {
                    <button
                        type="button" class="remove" aria-label={format!("Forget {name}")} title="Forget"
                        onclick={props.on_remove.reform(move |_: MouseEvent| id)}
                    >{ "×" }</button>
                }
            </li>
        }
    };
    html! {
        <fieldset class="scores-list">
            <legend>{ "Scores shown" }</legend>
            <ul>{ for props.scores.iter().map(row) }</ul>
        </fieldset>
    }
}

/// Keeping some edges of the scores in use.
pub struct KeepForm {
    pub selections: Vec<&'static str>,
    pub chosen: usize,
    pub about: &'static str,
    pub n_kept: String,
    /// The outcome.
    pub kept: Option<Result<String, String>>,
    pub on_selection: Callback<usize>,
    pub on_entry: Callback<String>,
    pub on_keep: Callback<()>,
}

/// The form.
pub fn keep_form(props: &KeepForm) -> Html {
    html! {
        <div class="settings">
            { choice(Choice {
                id: "keep-selection",
                label: "Keep",
                options: props.selections.clone(),
                chosen: props.chosen,
                on_choose: props.on_selection.clone(),
                ..Choice::default()
            }) }
            <p class="about">{ props.about }</p>
            { entry(Entry {
                id: "keep-count",
                label: "Edges",
                value: props.n_kept.clone(),
                on_entry: props.on_entry.clone(),
                error: props.kept.clone().and_then(Result::err),
                ..Entry::default()
            }) }
            <div class="run-buttons">
                <button type="button" onclick={props.on_keep.reform(|_| ())}>{ "Make these scores" }</button>
                <p class="search-status" role="status">{ props.kept.clone().and_then(Result::ok).unwrap_or_default() }</p>
            </div>
        </div>
    }
}
