//! The section that finds circuits: an algorithm with its settings and its cost, the button that starts it, what it tells
//! while it works, and the scores that can be shown.

use yew::prelude::*;

use crate::view::parts::controls::{Check, Choice, Entry, check, choice, entry};
use crate::view::parts::run_bar::Progress;

/// The form and what to call.
pub struct DiscoverForm {
    pub algorithms: &'static [&'static str],
    pub chosen: usize,
    /// What it measures, and at what cost.
    pub about: &'static str,
    /// Where it was published; empty where it was not.
    pub paper: &'static str,
    pub fields: Vec<FieldView>,
    pub on_algorithm: Callback<usize>,
    /// The place of a field, and what it is to hold.
    pub on_entry: Callback<(usize, String)>,
}

/// A setting as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldView {
    pub id: &'static str,
    pub label: &'static str,
    pub title: &'static str,
    pub value: ValueView,
    /// Whether it is folded away.
    pub advanced: bool,
}

/// What a setting holds.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueView {
    /// One of these values, with a label each.
    Choice { values: &'static [&'static str], labels: &'static [&'static str], chosen: usize },
    /// What was typed, and what is wrong with it.
    Text { text: String, error: Option<String> },
}

/// The algorithm and its settings.
pub fn discover_form(props: &DiscoverForm) -> Html {
    let fields = |advanced: bool| {
        let some = props.fields.iter().enumerate().filter(move |(_, field)| field.advanced == advanced);
        some.map(|(i, field)| field_view(i, field, &props.on_entry)).collect::<Vec<_>>()
    };
    let (plain, advanced) = (fields(false), fields(true));
    let wrong = |field: &FieldView| field.advanced && matches!(field.value, ValueView::Text { error: Some(_), .. });
    html! {
        <div class="settings">
            { choice(Choice {
                id: "find-algorithm",
                label: "Algorithm",
                options: props.algorithms,
                chosen: props.chosen,
                title: "How edges get their scores (auto-circuit: prune algorithms)",
                on_choose: props.on_algorithm.clone(),
            }) }
            <p class="about">
                { props.about }
                if !props.paper.is_empty() {
                    <cite>{ format!(" {}.", props.paper) }</cite>
                }
            </p>
            { for plain }
            if !advanced.is_empty() {
                // Each algorithm's are folded anew.
                <details class="more" key={props.chosen} open={props.fields.iter().any(wrong)}>
                    <summary>{ "More settings" }</summary>
                    <div class="settings">{ for advanced }</div>
                </details>
            }
        </div>
    }
}

fn field_view(i: usize, field: &FieldView, on_entry: &Callback<(usize, String)>) -> Html {
    let &FieldView { id, label, title, .. } = field;
    match &field.value {
        &ValueView::Choice { values, labels, chosen } => {
            let on_choose = on_entry.reform(move |choice: usize| (i, values[choice].to_owned()));
            choice(Choice { id, label, title, options: labels, chosen, on_choose })
        }
        ValueView::Text { text, error } => {
            let on_entry = on_entry.reform(move |text| (i, text));
            let (value, error) = (text.clone(), error.clone());
            entry(Entry { id, label, title, value, range: None, error, on_entry })
        }
    }
}

/// What a search will take, and the buttons.
pub struct DiscoverBar {
    /// Passes, memory and time, as far as they are known.
    pub cost: Option<String>,
    /// Why there can be no search.
    pub problem: Option<String>,
    /// Whether a pass can be timed, so that the time is known.
    pub can_time: bool,
    pub run_after: bool,
    /// `None` while nothing is searched.
    pub progress: Option<Progress>,
    /// How the last search ended.
    pub outcome: Option<String>,
    /// What it tells of its loss.
    pub loss: Html,
    pub on_run_after: Callback<bool>,
    pub on_find: Callback<()>,
    pub on_time: Callback<()>,
    pub on_cancel: Callback<()>,
}

/// The cost and the buttons.
pub fn discover_bar(props: &DiscoverBar) -> Html {
    let searching = props.progress.is_some();
    let status = props.progress.as_ref().map(|p| p.what.clone()).or_else(|| props.outcome.clone());
    html! {
        <div class="discover-bar">
            if let Some(problem) = &props.problem {
                <p class="wrong">{ problem }</p>
            } else if let Some(cost) = &props.cost {
                <p class="cost">{ cost }</p>
            }
            { check(Check {
                label: "Then measure its circuits",
                checked: props.run_after,
                on_check: props.on_run_after.clone(),
                title: "Circuits of the sizes that the settings name are run as soon as there are scores",
                ..Check::default()
            }) }
            <div class="run-buttons">
                <button
                    type="button" class="primary" disabled={props.problem.is_some() || searching}
                    onclick={props.on_find.reform(|_| ())}
                >{ "Find" }</button>
                if searching {
                    <button type="button" onclick={props.on_cancel.reform(|_| ())}>{ "Cancel" }</button>
                } else if props.can_time {
                    <button
                        type="button" title="Begins the search and stops it as soon as its pace is known"
                        onclick={props.on_time.reform(|_| ())}
                    >{ "Time a pass" }</button>
                }
                <p class="search-status" role="status">{ status.unwrap_or_default() }</p>
            </div>
            if let Some(Progress { done, total, label, .. }) = &props.progress {
                <div class="progress">
                    <progress
                        max={(*total > 0).then(|| total.to_string())} value={(*total > 0).then(|| done.to_string())}
                        aria-label="Progress of the search"
                    />
                    <span>{ label }</span>
                </div>
            }
            { props.loss.clone() }
        </div>
    }
}

/// The scores that there are.
pub struct ScoresList {
    pub scores: Vec<ScoresView>,
    pub on_choose: Callback<u32>,
    pub on_remove: Callback<u32>,
}

/// Scores that can be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoresView {
    pub id: u32,
    pub name: String,
    pub chosen: bool,
    pub removable: bool,
}

/// A radio button for each.
pub fn scores_list(props: &ScoresList) -> Html {
    let row = |scores: &ScoresView| {
        let ScoresView { id, name, chosen, removable } = scores.clone();
        html! {
            <li key={id} class={classes!(chosen.then_some("chosen"))}>
                <label title={name.clone()}>
                    <input
                        type="radio" name="scores" checked={chosen}
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
    pub selections: &'static [&'static str],
    pub chosen: usize,
    pub about: &'static str,
    pub n_kept: String,
    /// What became of it.
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
                options: props.selections,
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
