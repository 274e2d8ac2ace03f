//! What follows from any change of files or settings: files are read together anew, and choices are kept within what there is.

use std::rc::Rc;

use super::{compare, measures};
use crate::state::State;
use crate::state::circuit::{Choice, Edits};
use crate::state::files::{Content, FileId, Note, Role, candidates, in_use};
use crate::state::graph_choice::GraphChoice;
use crate::state::imports::ScoresSource;
use crate::state::inputs::{Inputs, Subject};
use crate::state::runs::Run;
use crate::state::search::ModelFiles;
use crate::state::settings::CountsError;
use crate::state::texts::Texts;
use circuitscope_core::EdgeCounts;

/// Reads the files in use together. The first scores of a model choose their graph: once, so that it may be changed afterwards.
pub fn read(state: &mut State) {
    read_files(state);
    let Some(source) = first_scores(state).filter(|source| state.imports.taken_over.as_ref() != Some(source)) else {
        return;
    };
    let fix = state.inputs.problem(Subject::File(source.0)).and_then(|problem| problem.fix);
    if state.inputs.scored.is_some() || fix.is_some() {
        state.imports.taken_over = Some(source);
    }
    if let Some(choice) = fix {
        switch_graph(state, choice);
        read_files(state);
    }
}

/// Chooses the graph that the scores in use are of, and says so where it was another.
pub fn switch_graph(state: &mut State, choice: GraphChoice) {
    let run = &mut state.settings.run;
    if GraphChoice::of(run) == choice {
        return;
    }
    (run.factorized, run.separate_qkv, run.token_wise) = (choice.factorized, choice.separate_qkv, choice.token_wise);
    state.picture.newly_chosen = false;
    let name = in_use(&state.files, Role::Scores).map_or("the scores", |file| &file.name);
    let text = format!("The settings were switched to {}: that is the graph of {name}.", choice.label());
    Note::add(&mut state.note, &text);
}

/// The first scores in this project's own format that came for a model, and its config.
fn first_scores(state: &State) -> Option<ScoresSource> {
    let mut own = candidates(&state.files, Role::Scores).filter(|file| !file.demo);
    let (first, None) = (own.next()?, own.next()) else { return None };
    let config = state.inputs.file(Role::Config)?;
    matches!(first.read(), Some(Content::Scores(_))).then_some((first.id, config, None))
}

/// Other scores choose another first circuit.
fn read_files(state: &mut State) {
    shelve(state);
    forget_outcome(state);
    let inputs = Inputs::new(&state.inputs, &state.files, &state.settings.run, &state.texts, &state.imports);
    fn values(inputs: &Inputs) -> Option<&[f32]> {
        inputs.scored.as_ref().map(|scored| scored.scores.values())
    }
    let other_scores = inputs.scored != state.inputs.scored && values(&inputs) != values(&state.inputs);
    state.inputs = Rc::new(inputs);
    if other_scores && let Some(first) = state.scored().map(|s| s.steps.first_choice()) {
        forget_graph(state);
        choose_first(state, first);
    }
    state.history.keep(|id| state.files.iter().any(|file| file.id == id));
    check_counts(state);
    check_position(state);
    compare::follow(state);
    measures::forget_random(state);
}

/// The first circuit of other scores; where they were gone back to, the circuit that was.
fn choose_first(state: &mut State, first: usize) {
    let (basis, scores) = (state.basis(), state.scores_choice());
    state.picture.newly_chosen = false;
    if state.history.is_at(basis.as_ref(), scores.as_ref()) {
        let Choice { requested, edits } = state.history.settled().clone();
        (state.picture.requested, state.picture.edits) = (requested, edits);
    } else {
        state.picture.requested = first;
        state.history.follow(basis, state.step());
    }
}

/// What belonged to another graph says nothing of this one.
fn forget_graph(state: &mut State) {
    let options = &mut state.picture.view.options;
    (options.focus, options.window) = (None, None);
    options.opened.clear();
    options.closed.clear();
    state.picture.selection = None;
    state.picture.edits = Edits::default();
}

/// How the last run ended is not said any more once a file that it used is gone.
fn forget_outcome(state: &mut State) {
    let gone = |id: &FileId| state.files.iter().all(|file| file.id != *id);
    if matches!(state.run, Run::Idle(_)) && state.inputs.files.iter().flatten().any(gone) {
        state.run = Run::Idle(None);
    }
}

/// Changes tokenizers or text prompts.
pub fn change_texts(state: &mut State, change: impl FnOnce(&mut Texts)) {
    change(&mut state.texts);
    read(state);
}

/// Checks the edge counts against the graph.
pub fn check_counts(state: &mut State) {
    let EdgeCounts::List(list) = &state.settings.run.edge_counts else { return };
    let Some(n_edges) = state.inputs.scored.as_ref().map(|s| s.scores.n_edges()) else { return };
    let above = list.iter().find(|&&count| count > n_edges);
    if let Some(&count) = above {
        state.settings.counts_error = Some(CountsError::AboveGraph { count, n_edges });
    } else if matches!(state.settings.counts_error, Some(CountsError::AboveGraph { .. })) {
        state.settings.counts_error = None;
    }
}

/// Keeps the chosen prompt and position within what there is.
pub fn check_position(state: &mut State) {
    let Some(prompts) = &state.inputs.prompts else { return };
    let positions = state.settings.run.slice.positions(prompts.seq(0));
    state.prompt = state.prompt.min(prompts.pairs.len() - 1);
    state.position = state.position.min(positions.len().saturating_sub(1));
}

/// Puts away the scores that were found on another model than the one in use, and takes out again those of this one.
fn shelve(state: &mut State) {
    let model = model_files(state);
    let found = state.discover.found.clone();
    let of_model = |id: FileId| found.iter().all(|(file, of)| *file != id || *of == model);
    let (stay, leave): (Vec<_>, Vec<_>) = std::mem::take(&mut state.files).into_iter().partition(|f| of_model(f.id));
    let shelf = std::mem::take(&mut state.discover.shelf);
    let (back, away): (Vec<_>, Vec<_>) = shelf.into_iter().partition(|f| of_model(f.id));
    state.files = stay.into_iter().chain(back).collect();
    state.discover.shelf = away.into_iter().chain(leave).collect();
}

/// The files of the model in use.
pub fn model_files(state: &State) -> ModelFiles {
    [Role::Weights, Role::Config].map(|role| in_use(&state.files, role).map(|file| file.id))
}
