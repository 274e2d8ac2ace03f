//! What a search will take, the button that starts it, and its progress.

use yew::prelude::*;

use crate::select::runs::Progress;
use crate::view::parts::controls::{Check, check};

/// What a search will take, and the buttons.
pub struct SearchBar {
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
    /// The plot of its loss.
    pub loss: Html,
    pub on_run_after: Callback<bool>,
    pub on_find: Callback<()>,
    pub on_time: Callback<()>,
    pub on_cancel: Callback<()>,
}

/// The cost and the buttons.
pub fn search_bar(props: &SearchBar) -> Html {
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
                        type="button" title="Begins the search, times a few passes of the model, and stops it"
                        onclick={props.on_time.reform(|_| ())}
                    >{ "Estimate the time" }</button>
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
