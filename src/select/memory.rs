//! How much memory the model in use needs, and whether it fits, before anything of it is read.

use crate::state::State;
use crate::state::runs::Engine;
use circuitscope_core::settings::memory::{RunSize, activation_bytes, size_label};
use circuitscope_core::{Limits, ModelConfig, ModelMemory};
use circuitscope_wire::engine::DeviceChoice;

/// What the device in use can hold. Before it is opened, what is certain of it.
pub fn limits(state: &State) -> Limits {
    match (&state.engine, state.settings.machine.device) {
        (_, DeviceChoice::Cpu) => Limits::WASM_CPU,
        (Engine::Open(device), _) => device.limits,
        // A GPU has room for the weights; one tensor at a time goes through the heap.
        _ => Limits { tensor: None, ..Limits::wasm_gpu(0) },
    }
}

/// The run that files and settings ask for.
fn run_size(state: &State) -> Option<RunSize> {
    let (scored, prompts) = (state.scored()?, state.inputs.prompts.as_ref()?);
    Some(RunSize::of(&scored.graph, &state.settings.run, prompts))
}

/// Why the model or the run does not fit, with the numbers.
pub fn problem(state: &State) -> Option<String> {
    let model = state.inputs.model.as_ref().filter(|_| !state.is_demo())?;
    problem_of(model, run_size(state).as_ref(), &limits(state))
}

fn problem_of(model: &ModelConfig, run: Option<&RunSize>, limits: &Limits) -> Option<String> {
    let memory = ModelMemory::of(model);
    let checked = memory.check("The model", limits);
    let checked = checked.and_then(|()| run.map_or(Ok(()), |run| memory.check_run(model, run, limits)));
    checked.err().map(|error| error.to_string())
}

/// The estimate in a line.
pub fn line(state: &State) -> Option<String> {
    let model = state.inputs.model.as_ref().filter(|_| !state.is_demo())?;
    Some(line_of(model, run_size(state).as_ref()))
}

/// The estimate for a model, and for a run of it where one is known.
pub fn line_of(model: &ModelConfig, run: Option<&RunSize>) -> String {
    let ModelMemory { weights, largest_tensor, .. } = ModelMemory::of(model);
    let weights_text = format!("{} of weights, the largest tensor {}", size_label(weights), size_label(largest_tensor));
    let Some(run) = run else { return format!("Memory: {weights_text}.") };
    let activations = activation_bytes(model, run);
    let all = size_label(weights.saturating_add(activations));
    let RunSize { batch_size, seq, .. } = run;
    format!("Memory: about {all}: {weights_text}; {} for {batch_size} × {seq} tokens.", size_label(activations))
}

/// Whether a model fits at all, on the best device that there could be.
pub fn fits_nowhere(model: &ModelConfig) -> Option<String> {
    problem_of(model, None, &Limits { tensor: None, ..Limits::wasm_gpu(0) })
}
