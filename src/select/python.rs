//! What is on the screen as Python, for auto-circuit.

use crate::state::State;
use crate::state::files::{Content, Role, in_use};
use circuitscope_core::python::{PythonRun, script};
use circuitscope_picture::view::name_of;

/// The code.
///
/// # Errors
/// When something is missing, or auto-circuit cannot do the same.
pub fn python(state: &State) -> Result<String, String> {
    let (Some(model), Some(scored), Some(prompts)) = (&state.inputs.model, state.scored(), &state.inputs.prompts)
    else {
        return Err("Python needs a model's config, prompts and scores.".to_owned());
    };
    let file = in_use(&state.files, Role::Prompts);
    let has_texts = matches!(file.and_then(|file| file.read()), Some(Content::TextPrompts(_)));
    if prompts.is_padded() && !has_texts {
        return Err("auto-circuit cannot pad prompts of token ids, as this file's are.".to_owned());
    }
    let edits: Option<Vec<(String, f32)>> =
        state.picture.edits.iter().map(|(edge_idx, mask)| Some((name_of(&scored.graph, edge_idx)?, mask))).collect();
    let metric = state.measures.metric;
    let run = PythonRun {
        model,
        model_path: ".",
        prompts_file: file.map_or("prompts.json", |file| &file.name),
        n_prompts: prompts.pairs.len(),
        texts: has_texts.then_some(state.texts.settings),
        scores_file: &scores_file(state),
        settings: &state.settings.run,
        seq_len: scored.graph.config.seq_len,
        n_edges: state.picture.requested,
        edits: &edits.unwrap_or_default(),
        metric,
        value: state.row().and_then(|row| row.result.measurement.mean(metric)),
        version: env!("CARGO_PKG_VERSION"),
    };
    script(&run).map_err(|error| error.to_string())
}

/// The scores as safetensors. Those of another format are to be saved as such, under the name that the page proposes for it.
fn scores_file(state: &State) -> String {
    let Some(file) = in_use(&state.files, Role::Scores) else { return "scores.safetensors".to_owned() };
    match file.read() {
        Some(Content::ForeignScores) => {
            let stem = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem);
            let ending = if stem.contains("scores") { "saved" } else { "scores" };
            format!("{stem}-{ending}.safetensors")
        }
        _ => file.name.clone(),
    }
}
