//! Run, progress and cancel.

use yew::prelude::*;

use crate::select::runs::Progress;

/// What is being run.
pub struct RunBar {
    /// Whether a run can be started.
    pub ready: bool,
    /// `None` while nothing is run.
    pub progress: Option<Progress>,
    /// How the last run ended, or what keeps one from being started.
    pub outcome: Option<String>,
    pub on_run: Callback<()>,
    pub on_cancel: Callback<()>,
}

/// The bar.
pub fn run_bar(props: &RunBar) -> Html {
    let running = props.progress.is_some();
    let status = props.progress.as_ref().map(|p| p.what.clone()).or_else(|| props.outcome.clone());
    html! {
        <div class="run-bar">
            <div class="run-buttons">
                <button type="button" class="primary" disabled={!props.ready} onclick={props.on_run.reform(|_| ())}>
                    { "Run" }
                </button>
                if running {
                    <button type="button" onclick={props.on_cancel.reform(|_| ())}>{ "Cancel" }</button>
                }
                <p class="status" role="status">{ status.unwrap_or_default() }</p>
            </div>
            if let Some(progress) = &props.progress {
                { bar(progress) }
            }
        </div>
    }
}

fn bar(progress: &Progress) -> Html {
    let Progress { done, total, label, .. } = progress;
    let known = *total > 0;
    html! {
        <div class="progress">
            <progress
                max={known.then(|| total.to_string())} value={known.then(|| done.to_string())} aria-label="Progress"
            />
            <span>{ label }</span>
        </div>
    }
}
