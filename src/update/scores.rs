//! Which scores are in use, and scores in other programs' formats.

use super::inputs;
use crate::state::State;
use crate::state::files::FileId;
use crate::state::graph_choice::GraphChoice;
use crate::state::imports::{ImportKey, ImportedScores, foreign_scores};
use crate::state::load::Load;
use circuitscope_core::GraphConfig;

/// Chooses one of several scores in the file in use.
pub fn pick(state: &mut State, pick: String) {
    if let Some(file) = foreign_scores(&state.files) {
        state.imports.picked = Some((file.id, pick));
    }
}

/// Takes what the reader found in a file: its scores and, the first time, their graph and their circuit.
pub fn take_import(state: &mut State, key: ImportKey, import: Load<ImportedScores>) {
    if state.import_key().is_none_or(|wanted| wanted != key) {
        return;
    }
    let found = match &import {
        Load::Ready(imported) => Some(imported.found.clone()),
        _ => None,
    };
    let source = (key.file, key.config, key.pick.clone());
    state.imports.last = Some((key, import));
    let Some(found) = found.filter(|_| state.imports.taken_over.as_ref() != Some(&source)) else {
        return inputs::read(state);
    };
    state.imports.taken_over = Some(source);
    let GraphConfig { factorized, separate_qkv, seq_len } = found.graph;
    inputs::switch_graph(state, GraphChoice { factorized, separate_qkv, token_wise: seq_len.is_some() });
    inputs::read(state);
    if let Some((n_circuit, scored)) = found.n_circuit.zip(state.scored()) {
        state.picture.requested = n_circuit.min(scored.scores.n_edges());
        state.history.amend(state.picture.choice());
    }
}

/// Takes other scores into use: of files in a role the last is.
pub fn choose(state: &mut State, id: FileId) {
    if let Some(i) = state.files.iter().position(|file| file.id == id) {
        let file = state.files.remove(i);
        state.files.push(file);
        state.discover.kept = None;
        inputs::read(state);
    }
}
