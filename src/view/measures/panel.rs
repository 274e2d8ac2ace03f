//! The section of measures.

use yew::prelude::*;

use super::curves::Curves;
use super::official::OfficialRoc;
use super::tables;
use crate::select::measures::{sensitivity_plan, sensitivity_table};
use crate::state::runs::Run;
use crate::tasks;
use crate::view::connected::Connected;
use crate::view::parts::screen::is_narrow;

/// The section.
#[component]
pub fn MeasuresPanel(props: &Connected) -> Html {
    let open = use_memo((), |()| !is_narrow());
    html! {
        <section class="measures" aria-label="Measures">
            <details class="fold" open={*open}>
                <summary>{ "Measures" }</summary>
                <Curves ..props.clone() />
                <OfficialRoc ..props.clone() />
                { settings_table(props) }
            </details>
        </section>
    }
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
            <h2>{ "Under every setting" }</h2>
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
