//! The lines at the top of the page.

use crate::state::State;
use crate::state::runs::Engine;
use crate::words::counted;
use circuitscope_core::config::family;
use circuitscope_wire::engine::DeviceKind;

/// The model in a line.
pub fn model_line(state: &State) -> String {
    let Some(model) = &state.inputs.model else { return "no model yet".to_owned() };
    let title = family::by_name(&model.family).map_or(model.family.as_str(), |family| family.title);
    let family = if state.is_demo() { "Tracr reverse (demo)" } else { title };
    let mut parts = vec![
        family.to_owned(),
        counted(model.n_layers, "layer"),
        counted(model.n_heads, "head"),
        format!("d_model {}", model.d_model),
    ];
    parts.extend(state.scored().map(|s| counted(s.scores.n_edges(), "edge")));
    parts.join(" · ")
}

/// The device in a few words, and why it is used.
pub fn device_line(state: &State) -> (String, String) {
    match &state.engine {
        Engine::Closed => ("Engine not loaded".to_owned(), "It is fetched when something is run.".to_owned()),
        Engine::Opening => ("Starting the engine…".to_owned(), String::new()),
        Engine::Open(device) => {
            match device.kind {
                DeviceKind::Webgpu => (format!("GPU: {}", device.name), device.reason.clone()),
                // Its name is that of the program which computes, and says nothing to most.
                DeviceKind::Cpu => {
                    (format!("CPU · {}", counted(device.workers, "worker")), format!("CPU: {}", device.reason))
                }
            }
        }
    }
}
