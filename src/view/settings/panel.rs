//! The settings of a run.

use yew::prelude::*;

use super::form::{SettingsForm, settings_form};
use crate::select::runs::batch_note;
use crate::select::tokens::prompt_settings;
use crate::state::inputs::Subject;
use crate::state::runs::Run;
use crate::state::settings::Machine;
use crate::update::Action;
use crate::view::connected::Connected;
use circuitscope_wire::browser::n_cores;
use circuitscope_wire::engine::DeviceChoice;

/// The devices in the order of the form.
const DEVICES: [DeviceChoice; 3] = [DeviceChoice::Auto, DeviceChoice::Webgpu, DeviceChoice::Cpu];

/// The numbers of workers in the order of the form.
const WORKERS: [Option<u8>; 6] = [None, Some(1), Some(2), Some(3), Some(4), Some(8)];

/// The settings of a run.
#[component]
pub fn SettingsPanel(props: &Connected) -> Html {
    let state = &props.state;
    let settings = &state.settings;
    let machine = settings.machine;
    // No more than there are cores, or than were chosen.
    let most_workers = n_cores().max(machine.workers.unwrap_or(1).into());
    let machine_is_for_next_run = matches!(&state.run, Run::Running { plan, .. } if plan.machine != machine);
    settings_form(&SettingsForm {
        run: settings.run.clone(),
        counts_text: settings.counts_text.clone(),
        counts_error: settings.counts_error.as_ref().map(ToString::to_string),
        batch_size_error: state.inputs.problem(Subject::BatchSize).map(|p| p.message.clone()),
        batch_size_note: batch_note(state),
        n_prompts: state.inputs.prompts.as_ref().map_or(1, |p| p.pairs.len()),
        texts: prompt_settings(state),
        on_texts: props.on(Action::PromptSettingsChanged),
        device: DEVICES.iter().position(|d| *d == machine.device).unwrap_or(0),
        machine_is_for_next_run,
        n_workers: WORKERS.iter().filter(|n| n.is_none_or(|n| usize::from(n) <= most_workers)).count(),
        workers: WORKERS.iter().position(|n| *n == machine.workers).unwrap_or(0),
        on_change: props.on(Action::SettingsChanged),
        on_counts: props.on(Action::CountsTyped),
        on_device: props.on(move |i: usize| Action::MachineChosen(Machine { device: DEVICES[i], ..machine })),
        on_workers: props.on(move |i: usize| Action::MachineChosen(Machine { workers: WORKERS[i], ..machine })),
    })
}
