//! How the work stands: a word, a sentence, a bar while something is run, and what can be done.

use yew::prelude::*;

use crate::select::rail::{Remedy, Status, StatusKind};
use crate::select::runs::Progress;

/// The status and what to call.
pub struct StatusBlock {
    pub status: Status,
    /// Whether circuits can be run.
    pub can_run: bool,
    pub on_remedy: Callback<Remedy>,
}

/// The block.
pub fn status_block(props: &StatusBlock) -> Html {
    let Status { kind, title, text, progress, remedy } = &props.status;
    let class = match kind {
        StatusKind::Quiet => "quiet-state",
        StatusKind::Good => "good",
        StatusKind::Busy => "busy",
        StatusKind::Stale => "stale",
        StatusKind::Stopped => "stopped",
        StatusKind::Wrong => "bad",
    };
    html! {
        <div class={classes!("stat", class)}>
            <p class="status" role="status">
                if !title.is_empty() {
                    <b>{ title }</b>{ " " }
                }
                <span>{ text }</span>
            </p>
            if let Some(Progress { done, total, .. }) = progress {
                <progress
                    max={(*total > 0).then(|| total.to_string())} value={(*total > 0).then(|| done.to_string())} aria-label="Progress"
                />
            }
            if let Some(remedy) = *remedy {
                { remedy_button(remedy, props) }
            }
        </div>
    }
}

fn remedy_button(remedy: Remedy, props: &StatusBlock) -> Html {
    let (label, class, disabled) = match remedy {
        Remedy::Run => ("Run", "run", !props.can_run),
        Remedy::Cancel | Remedy::CancelFetch => ("Cancel", "", false),
        Remedy::RunLive => ("Run live", "run", false),
        Remedy::Open(_) => ("Show", "", false),
    };
    let title =
        (remedy == Remedy::Run).then_some("Runs the model with the circuits of the sizes that the settings name");
    let onclick = props.on_remedy.reform(move |_: MouseEvent| remedy);
    html! { <button type="button" {class} {disabled} {title} {onclick}>{ label }</button> }
}
