//! Settings that are changed or typed.

use super::inputs;
use crate::state::State;
use crate::state::graph_choice::GraphChoice;
use crate::state::settings::CountsError;
use circuitscope_core::{EdgeCounts, RunSettings};

/// Changes the settings of a run.
pub fn change(state: &mut State, run: RunSettings) {
    if run.edge_counts != state.settings.run.edge_counts {
        state.settings.counts_error = None;
    }
    state.settings.run = run;
    state.picture.newly_chosen = false;
    inputs::read(state);
}

/// Chooses another graph.
pub fn choose_graph(state: &mut State, choice: GraphChoice) {
    let GraphChoice { factorized, separate_qkv, token_wise } = choice;
    let run = state.settings.run.clone();
    change(state, RunSettings { factorized, separate_qkv, token_wise, ..run });
}

/// A list of edge counts, checked against the graph.
pub fn type_counts(state: &mut State, text: String) {
    match EdgeCounts::parse(text.trim()) {
        Ok(EdgeCounts::List(list)) => {
            state.settings.run.edge_counts = EdgeCounts::List(list);
            state.settings.counts_error = None;
        }
        _ => state.settings.counts_error = Some(CountsError::NoList),
    }
    state.settings.counts_text = text;
    inputs::check_counts(state);
}
