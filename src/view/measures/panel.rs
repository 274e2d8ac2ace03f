//! The section of measures.

use yew::prelude::*;

use super::curves::Curves;
use super::official::OfficialRoc;
use super::pair::TwoCircuits;
use super::tables;
use crate::select::measures::{
    sensitivity_csv, sensitivity_note, sensitivity_plan, sensitivity_table, settings_of_cell,
};
use crate::state::State;
use crate::state::runs::{Failure, Run};
use crate::tasks;
use crate::tasks::save::save_text;
use crate::update::Action;
use crate::view::connected::Connected;
use crate::workers::js_text;

/// The curves in numbers, how alike scores are, and a known circuit to compare with.
#[component]
pub fn ComparePanel(props: &Connected) -> Html {
    html! {
        <section class="measures" aria-label="Compare">
            <TwoCircuits ..props.clone() />
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
    let save = props.with(|state, _, _: MouseEvent| save(state));
    let on_choose = props.with(|state, _, idx: usize| {
        if let Some(run) = settings_of_cell(state, idx) {
            state.dispatch(Action::SettingsChanged(run));
        }
    });
    let idle = matches!(state.run, Run::Idle(_));
    let can_start = idle && sensitivity_plan(state).is_some();
    let note = sensitivity_note(state);
    html! {
        <div class="settings-table">
            <div class="curve-choices">
                <button type="button" disabled={!can_start} onclick={start}>{ "Test the shown circuit" }</button>
                <span class="quiet">{ "Runs it under each of 28 settings, to see what hangs on them: 2 kinds of patch, from 2 sides, with 7 ablations. The “Run settings” at the left stay as they are." }</span>
                if state.measures.sensitivity.is_some() {
                    <span class="saves"><button type="button" onclick={save} title="All measures of all settings, with their spread over prompts, as CSV">{ "CSV" }</button></span>
                }
            </div>
            if let Some(note) = note {
                <p class="note">{ note }</p>
            }
            if let Some(table) = sensitivity_table(state) {
                <div class={note.map(|_| "stale")}>{ tables::sensitivity_table(&table, &on_choose) }</div>
            }
        </div>
    }
}

/// Saves the table of settings.
fn save(state: &UseReducerHandle<State>) {
    let Some(csv) = sensitivity_csv(state) else { return };
    if let Err(error) = save_text("settings.csv", "text/csv", &csv) {
        let message = format!("The table could not be saved: {}", js_text(&error));
        state.dispatch(Action::Failed(Failure::plain(message)));
    }
}
