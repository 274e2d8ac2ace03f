//! The circuit that the shown one is compared with, and what becomes of it when files change.

use std::rc::Rc;

use super::action::CompareAction;
use crate::state::State;
use crate::state::compare::{Comparison, RanOther, With};
use crate::state::files::{Content, FileEntry, FileId, Role, candidates};
use crate::state::link::{Link, LinkedCircuit};
use crate::state::load::Shared;
use crate::state::scores::Scored;
use circuitscope_core::PruneScores;

/// Applies an action.
pub fn apply(state: &mut State, action: CompareAction) {
    match action {
        CompareAction::Chosen(with) => {
            let begun = with.map(|with| begin(state, with)).transpose();
            let (compare, error) = begun.map_or_else(|error| (None, Some(error)), |compare| (compare, None));
            (state.measures.compare, state.measures.compare_error) = (compare, error);
        }
        CompareAction::SizeChosen(n_edges) => {
            if let Some(compare) = &mut state.measures.compare {
                compare.n_edges = n_edges;
            }
        }
        CompareAction::OtherStarted(job, plan) => state.measures.ran_other = Some(RanOther::new(job, plan)),
    }
}

/// The comparison that a link says, or none; one with a pinned run whose scores are gone stays, which no link can say.
///
/// # Errors
/// Why there can be no such comparison.
pub fn restore(state: &mut State, link: &Link) -> Result<(), String> {
    let Some(linked) = &link.compare else {
        state.measures.compare.take_if(|compare| !matches!(compare.with, With::Pin(_)));
        return Ok(());
    };
    let begun = linked_scores(state, linked).and_then(|with| begin(state, with));
    let n_edges = match linked {
        LinkedCircuit::Size(n_edges) => Some(*n_edges),
        _ => link.compare_size,
    };
    let (compare, error) = match begun {
        Ok(begun) => (Some(Comparison { n_edges, ..begun }), None),
        Err(error) => (None, Some(error)),
    };
    state.measures.compare = compare;
    error.map_or(Ok(()), |error| Err(format!("`compare`: {error}")))
}

fn linked_scores(state: &State, linked: &LinkedCircuit) -> Result<With, String> {
    let id = match linked {
        LinkedCircuit::Size(_) => return Ok(With::SameScores),
        LinkedCircuit::Official => return Ok(With::Official),
        LinkedCircuit::Demo => candidates(&state.files, Role::Scores).find(|file| file.demo).map(|file| file.id),
        LinkedCircuit::File(wanted) => {
            let is_it = |file: &&FileEntry| wanted.is(file, state.links.hash(file.id));
            state.own_files().find(is_it).map(|file| file.id)
        }
    };
    id.map(With::File).ok_or_else(|| "Its scores are not here.".to_owned())
}

/// After a change of files or pins: B is read anew for another graph, and is none any more where its scores are gone or do not fit.
pub fn follow(state: &mut State) {
    let Some(compare) = &state.measures.compare else { return };
    let graph = state.scored().map(|scored| &scored.graph);
    let same_graph = graph.is_some_and(|graph| Rc::ptr_eq(graph, &compare.scored.graph));
    if !(same_graph && is_kept(state, compare.with)) {
        read_again(state);
    }
}

/// B is read anew; it is none any more where it cannot be.
pub fn read_again(state: &mut State) {
    let Some(before) = state.measures.compare.take() else { return };
    let scored = scored_of(state, before.with).ok();
    state.measures.compare = scored.map(|scored| Comparison { scored, ..before });
}

/// Whether what was read of B still holds for its graph. The scores in use may be others than they were.
fn is_kept(state: &State, with: With) -> bool {
    match with {
        With::SameScores => false,
        With::File(id) => file(state, id).is_some(),
        With::Pin(style) => state.measures.pins.iter().any(|pin| pin.style == style),
        With::Official => state.measures.official.is_some(),
    }
}

/// A comparison of the shown circuit. Of the same scores twice as many edges are the other circuit at first.
fn begin(state: &State, with: With) -> Result<Comparison, String> {
    let scored = scored_of(state, with)?;
    let n_a = state.circuit().map_or(0, |circuit| circuit.n_edges);
    let n_edges = (with == With::SameScores).then(|| (2 * n_a.max(1)).min(scored.scores.n_edges()));
    Ok(Comparison { with, scored, n_edges })
}

fn scored_of(state: &State, with: With) -> Result<Shared<Scored>, String> {
    let shown = state.inputs.scored.as_ref().ok_or("There is no circuit to compare.")?;
    let graph = &shown.graph;
    match with {
        With::SameScores => Ok(shown.clone()),
        With::File(id) => {
            let (name, bytes) = file(state, id).ok_or("These scores are gone.")?;
            let scores = PruneScores::from_bytes(name, bytes, graph).map_err(|error| error.to_string())?;
            Ok(Shared::new(Scored::new(graph.clone(), scores)))
        }
        With::Pin(style) => {
            let pin = state.measures.pins.iter().find(|pin| pin.style == style);
            let scored = pin.and_then(|pin| pin.set.scored.clone()).filter(|scored| scored.graph == *graph);
            scored.ok_or_else(|| "The pinned run is of another graph.".to_owned())
        }
        With::Official => {
            let official = state.measures.official.as_ref().ok_or("There is no official circuit.")?;
            let mask = official.circuit.mask(graph).map_err(|error| format!("{}: {error}", official.name))?;
            let scores = mask.into_iter().map(|is_in| f32::from(u8::from(is_in))).collect();
            Ok(Shared::new(Scored::new(graph.clone(), PruneScores::new(scores))))
        }
    }
}

/// The name and the bytes of a file of scores.
fn file(state: &State, id: FileId) -> Option<(&str, &[u8])> {
    let entry = state.files.iter().find(|file| file.id == id)?;
    let Some(Content::Scores(bytes)) = entry.read() else { return None };
    Some((&entry.name, bytes))
}
