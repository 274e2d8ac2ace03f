//! The sentence over the drawing: what is seen, in plain words.

use super::{scores, two_circuits};
use crate::state::State;
use crate::state::files::{Role, in_use};
use crate::words::{counted, grouped};
use circuitscope_core::config::family;

/// The sentence.
pub fn caption(state: &State) -> String {
    let (Some(scored), Some(circuit)) = (state.scored(), state.circuit()) else { return empty(state).to_owned() };
    if let Some(text) = two_circuits::caption(state) {
        return text;
    }
    let edited = if state.picture.edits.is_empty() { "" } else { ", with your changes" };
    let (n, of) = (counted(circuit.n_edges, "edge"), grouped(scored.scores.n_edges()));
    if state.is_demo() && in_use(&state.files, Role::Scores).is_some_and(|file| file.demo) {
        let shown = match circuit.n_edges {
            2 if edited.is_empty() => "Drawn are the two of its 77 edges that the program uses.".to_owned(),
            n => format!("Drawn: {n} of its 77 edges{edited}."),
        };
        return format!(
            "This transformer was compiled from a program by Tracr, and writes a sequence backwards. {shown}"
        );
    }
    let model = state.inputs.model.as_ref();
    let family = model.and_then(|model| family::by_name(&model.family)).map_or("this", |family| family.title);
    let family = if state.is_demo() { "Tracr" } else { family };
    let by = in_use(&state.files, Role::Scores).and_then(scores::algorithm);
    let by = by.map_or(String::new(), |by| format!(", scored by {by}"));
    let matter = if circuit.n_edges == 1 { "matters" } else { "matter" };
    format!("The {n} of {of} that {matter} most in {} {family} model{by}{edited}.", article(family))
}

/// What a page without a circuit asks for.
fn empty(state: &State) -> &'static str {
    let has = |role| state.inputs.file(role).is_some();
    match (has(Role::Config), has(Role::Scores)) {
        (false, _) => "Drop a model's safetensors and config here. Nothing leaves this tab.",
        (true, false) => "Now the scores: drop a file of them, or let “Find a circuit” make some.",
        (true, true) => "The scores do not fit this graph. “Model” says why.",
    }
}

fn article(name: &str) -> &'static str {
    if name.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" }
}
