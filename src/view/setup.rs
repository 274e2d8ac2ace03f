//! Setting up: files, prompts, scores, settings, and the button that runs them.

use yew::prelude::*;

use super::connected::Connected;
use super::files::panel::FilesPanel;
use super::parts::run_bar::{RunBar, run_bar};
use super::parts::screen::is_narrow;
use super::prompts::panel::PromptsPanel;
use super::search::panel::SearchPanel;
use super::settings::panel::SettingsPanel;
use crate::{select, tasks};

/// Files, settings, and the button that runs them.
#[component]
pub fn Setup(props: &Connected) -> Html {
    let open = use_memo((), |()| !is_narrow());
    let state = &props.state;
    html! {
        <section class="setup" aria-label="Setup">
            <details class="fold" open={*open}>
                <summary>{ "Files" }</summary>
                <FilesPanel ..props.clone() />
            </details>
            <details class="fold">
                <summary>{ "Write prompts" }</summary>
                <PromptsPanel ..props.clone() />
            </details>
            <SearchPanel ..props.clone() />
            <details class="fold" open={*open}>
                <summary>{ "Settings" }</summary>
                <SettingsPanel ..props.clone() />
            </details>
            { run_bar(&RunBar {
                ready: select::runs::ready(state) && state.searching().is_none(),
                progress: select::runs::run_progress(state),
                outcome: select::runs::outcome(state),
                on_run: props.with(|state, tasks, ()| if let Some(plan) = select::runs::sweep(state) { tasks::run(tasks, plan) }),
                on_cancel: props.with(|_, tasks, ()| tasks::cancel(tasks)),
            }) }
        </section>
    }
}
