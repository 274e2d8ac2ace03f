//! The drawing and its edges as files, named after model, task and size.

use super::caption::caption;
use super::figure::{DrawnRc, DrawnRequest, SceneRequest, placed_nodes};
use super::rail::settings_sentence;
use crate::state::State;
use crate::state::files::{Role, in_use};
use circuitscope_core::scores::edge_list::{EdgeRow, edge_rows, edges_to_csv, edges_to_json};
use circuitscope_picture::{Size, Theme};

/// The size of a saved drawing: a page's width at 96 pixels an inch.
const SIZE: Size = Size { width: 960.0, height: 560.0 };

/// `tracr-reverse-prompts-2-edges`, without an ending.
pub fn file_name(state: &State) -> String {
    let model = if state.is_demo() {
        "tracr"
    } else {
        state.inputs.model.as_ref().map_or("model", |model| model.family.as_str())
    };
    let task = match in_use(&state.files, Role::Prompts) {
        Some(file) if file.demo => "reverse",
        Some(file) => file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem),
        None => "scores",
    };
    let n_edges = state.circuit().map_or(0, |circuit| circuit.n_edges);
    let edited = if state.picture.edits.is_empty() { "" } else { "-changed" };
    let name = format!("{model}-{task}-{n_edges}-edges{edited}");
    name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

/// The drawing as a file of its own, with its legend and what was run.
pub fn svg(state: &State, theme: Theme) -> Option<String> {
    let request = DrawnRequest::new(state, placed_nodes(&state.inputs.scored))?;
    let drawn = DrawnRc(request.drawn()?);
    Some(SceneRequest { request, drawn, size: SIZE }.svg(theme, &caption(state), &settings_sentence(state)))
}

/// The circuit's edges as CSV.
pub fn csv(state: &State) -> Option<String> {
    Some(edges_to_csv(&rows(state)?))
}

/// The circuit's edges as JSON.
pub fn json(state: &State) -> Option<String> {
    Some(edges_to_json(&rows(state)?))
}

fn rows(state: &State) -> Option<Vec<EdgeRow>> {
    let (scored, shown) = (state.scored()?, super::edges::in_circuit(state)?);
    Some(edge_rows(&scored.graph, &scored.scores, shown.iter().map(|shown| (shown.edge_idx, shown.mask))))
}
