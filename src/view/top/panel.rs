//! The bar over everything.

use yew::prelude::*;

use super::share::Share;
use super::theme::ThemeButton;
use crate::select::{figure_words, header};
use crate::state::runs::Engine;
use crate::state::settings::Machine;
use crate::update::{Action, ScreenAction};
use crate::view::connected::Connected;
use crate::view::parts::menu::Menu;
use crate::words::counted;
use circuitscope_wire::engine::DeviceChoice;

/// The bar.
#[component]
pub fn TopBar(props: &Connected) -> Html {
    let model = header::model_line(&props.state);
    let help = props.on(|_: MouseEvent| Action::Screen(ScreenAction::HelpToggled));
    html! {
        <header class="top">
            <h1>{ logo() }{ "Circuitscope" }</h1>
            <p class="model" title={model.clone()}>{ model }</p>
            <span class="grow" />
            { device(props) }
            <Share ..props.clone() />
            <ThemeButton of_figure={figure_words::theme(&props.state)} />
            <button type="button" class="icon" aria-label="Help and keys" title="Help and keys (?)" onclick={help}>{ "?" }</button>
        </header>
    }
}

/// The device, why it is used, and another.
fn device(props: &Connected) -> Html {
    let (device, reason) = header::device_line(&props.state);
    let dot = if matches!(props.state.engine, Engine::Open(_)) { "dot on" } else { "dot" };
    let machine = props.state.settings.machine;
    let item = |(choice, label, about): (DeviceChoice, &'static str, &'static str)| {
        let onclick = props.on(move |_: MouseEvent| Action::MachineChosen(Machine { device: choice, ..machine }));
        let text = match machine.workers {
            Some(n) if choice == DeviceChoice::Cpu => {
                format!("by {}, as chosen under Run settings", counted(n.into(), "worker"))
            }
            _ => about.to_owned(),
        };
        html! {
            <button type="button" aria-current={(choice == machine.device).then_some("true")} {onclick}>{ label }<span class="quiet">{ text }</span></button>
        }
    };
    let button = html! { <><i class={dot} aria-hidden="true" /><strong>{ device }</strong></> };
    html! {
        <Menu class="device" {button} title={reason.clone()}>
            if !reason.is_empty() {
                <p class="quiet">{ reason }</p>
            }
            { for DEVICES.into_iter().map(item) }
        </Menu>
    }
}

const DEVICES: [(DeviceChoice, &str, &str); 3] = [
    (DeviceChoice::Auto, "Automatic", "the GPU where it works and is worth it"),
    (DeviceChoice::Webgpu, "GPU (WebGPU)", ""),
    (DeviceChoice::Cpu, "CPU", "on all cores; fewer under Run settings"),
];

fn logo() -> Html {
    html! {
        <svg width="22" height="18" viewBox="0 0 22 18" aria-hidden="true">
            <path d="M3 5C10 5 11 12 19 12" stroke="var(--pos)" stroke-width="4.5" fill="none" />
            <path d="M3 14C10 14 11 6 19 6" stroke="var(--neg)" stroke-width="2" stroke-dasharray="3 1.6" fill="none" />
            <rect x="1" y="1" width="3.5" height="16" rx="1.2" fill="var(--k-head)" />
            <rect x="17.5" y="1" width="3.5" height="16" rx="1.2" fill="var(--k-head)" />
        </svg>
    }
}
