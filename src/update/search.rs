//! Searches, and the scores that they find.

use super::action::{SearchAction, SearchEnd};
use super::{inputs, scores};
use crate::state::State;
use crate::state::files::FileEntry;
use crate::state::runs::{Job, Run};
use crate::state::search::Search;
use crate::words::{counted, duration};
use circuitscope_core::EdgeCounts;

/// Applies an action.
pub fn apply(state: &mut State, action: SearchAction) {
    let discover = &mut state.discover;
    match action {
        SearchAction::AlgorithmChosen(i) => discover.chosen = i,
        SearchAction::Entered(field, text) => discover.entries[discover.chosen][field] = text,
        SearchAction::RunAfterChosen(on) => discover.run_after = on,
        SearchAction::Started(job, order) => discover.search = Some(Search::new(job, order)),
        SearchAction::Ticked(job, tick) => {
            if state.searching().is_some_and(|search| search.job == job)
                && let Some(search) = &mut state.discover.search
            {
                search.add(tick);
            }
        }
        SearchAction::Ended(job, end) => end_search(state, job, end),
        SearchAction::ScoresChosen(id) => scores::choose(state, id),
        SearchAction::SelectionChosen(i) => (discover.selection, discover.kept) = (i, None),
        SearchAction::KeptEntered(text) => (discover.n_kept, discover.kept) = (text, None),
        SearchAction::Kept(Ok((file, n_edges))) => {
            discover.kept = Some(Ok(format!("Kept as scores of their own: {}.", counted(n_edges, "edge"))));
            add_scores(state, file);
        }
        SearchAction::Kept(Err(error)) => discover.kept = Some(Err(error)),
    }
}

fn end_search(state: &mut State, from: Job, end: SearchEnd) {
    // One that was cancelled has left already.
    let Some(mut search) = state.searching().filter(|search| search.job == from).cloned() else { return };
    let mut file = None;
    let text = match end {
        SearchEnd::Found(entry, tick) => {
            search.add(tick);
            let taken = search.pace.ms_taken().map_or_else(String::new, |ms| format!(" in {}", duration(ms)));
            file = Some(entry);
            format!("Found{taken}.")
        }
        SearchEnd::Timed => "A pass was timed.".to_owned(),
        SearchEnd::Cancelled => "Cancelled.".to_owned(),
        SearchEnd::Failed(failure) => {
            state.failure = Some(failure);
            "The search failed.".to_owned()
        }
    };
    if let Some(ms) = search.ms_a_unit() {
        let timed = search.order.timed.clone();
        state.discover.timings.retain(|(t, _)| *t != timed);
        state.discover.timings.push((timed, ms));
    }
    state.run = Run::Idle(Some(text.clone()));
    let found_on = &search.order.plan.key.files;
    let model = [found_on[0], found_on[1]];
    search.end = Some(text);
    let trial = search.order.trial;
    state.discover.search = Some(search);
    if let Some(file) = file.filter(|_| !trial) {
        state.discover.found.push((file.id, model));
        take_found(state, file);
    }
}

/// Scores that were just found are drawn, and run if a person chose so.
fn take_found(state: &mut State, file: FileEntry) {
    // The example's own list of edge counts is that of its own scores.
    let example = state.example_settings().run;
    let run = &mut state.settings.run;
    if run.edge_counts == example.edge_counts {
        run.edge_counts = EdgeCounts::Default;
    }
    state.files.push(file);
    inputs::read(state);
    state.discover.run_next = state.discover.run_after;
}

/// Scores made of those in use.
fn add_scores(state: &mut State, file: FileEntry) {
    state.discover.found.push((file.id, inputs::model_files(state)));
    take_found(state, file);
}
