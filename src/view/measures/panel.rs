//! The section of measures.

use yew::prelude::*;

use super::curves::Curves;
use super::official::OfficialRoc;
use super::tables;
use crate::select::measures::{sensitivity_plan, sensitivity_table};
use crate::state::runs::Run;
use crate::tasks;
use crate::view::connected::Connected;

/// The curves in numbers, how alike scores are, and a known circuit to compare with.
#[component]
pub fn ComparePanel(props: &Connected) -> Html {
    html! {
        <section class="measures" aria-label="Compare">
            <Curves ..props.clone() />
            <OfficialRoc ..props.clone() />
        </section>
    }
}

/// The shown circuit under every setting.
#[component]
pub fn SettingsTablePanel(props: &Connected) -> Html {
    settings_table(props)
}

/// The shown circuit under every setting.
fn settings_table(props: &Connected) -> Html {
    let state = &props.state;
    let start = props.with(|state, tasks, _: MouseEvent| {
        if let Some(plan) = sensitivity_plan(state) {
            tasks::test_sensitivity(tasks, plan);
        }
    });
    let idle = matches!(state.run, Run::Idle(_));
    let can_start = idle && sensitivity_plan(state).is_some();
    html! {
        <div class="settings-table">
            <div class="curve-choices">
                <button type="button" disabled={!can_start} onclick={start}>{ "Test the shown circuit" }</button>
                <span class="quiet">{ "2 patch types, 2 directions, 7 ablations" }</span>
            </div>
            if let Some(table) = sensitivity_table(state) {
                { tables::sensitivity_table(&table) }
            }
        </div>
    }
}
