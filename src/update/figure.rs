//! Figures: one is opened in place of the example, its files come, and a run of its circuits is compared with what it has recorded.

use super::action::FigureAction;
use super::{files, inputs};
use crate::state::State;
use crate::state::figure::{Figures, Next, OpenFigure, Slot, Stage};
use crate::state::files::{FileEntry, Role};
use crate::state::link::{Link, Usual};
use crate::state::load::Shared;
use crate::state::picture::{Picture, Selection, View};
use circuitscope_core::figure_file::recorded::FigureResults;
use circuitscope_core::figure_file::verify::compare;
use circuitscope_core::{Circuit, Measurement};
use circuitscope_picture::Orientation;
use circuitscope_picture::view::name_of;
use circuitscope_wire::engine::{EdgeRef, MaskEdit};

/// Applies an action.
pub fn apply(state: &mut State, action: FigureAction) {
    let figures = &mut state.figures;
    match action {
        FigureAction::Stage(stage) => figures.stage = stage,
        FigureAction::Opened(open) => take(state, open),
        FigureAction::Given(id) => {
            figures.given.insert(id);
            figures.stage = Stage::Idle;
        }
        FigureAction::Got(entries, note) => get(state, entries, note),
        FigureAction::Live(next) => {
            figures.stage = Stage::Idle;
            state.figures.next = state.figure().map(|_| next);
            // The circuit that is shown follows, where it is none of the recorded ones.
            state.picture.newly_chosen = next == Next::Run;
        }
    }
}

/// After a run of the circuits of the settings: how far it is from the figure's.
pub fn verify(state: &mut State) {
    let recorded = state.figure().and_then(|open| open.figure.recorded.as_ref().map(FigureResults::measured));
    let scores = state.inputs.file(Role::Scores);
    let has_own_scores = state.files.iter().any(|file| file.demo && Some(file.id) == scores);
    let is_same = state.fresh() && has_own_scores && state.settings.run_as_in(&state.example_settings());
    state.figures.verified =
        recorded.filter(|_| is_same).map(|recorded| compare(&recorded, &computed(state, &recorded)));
}

/// What was run of the circuits that are recorded. Of several sizes that ties make the same circuit, all are it.
fn computed(state: &State, recorded: &[(Circuit, Measurement)]) -> Vec<(Circuit, Measurement)> {
    let ran = state.results.rows.iter().filter(|row| row.job > 0).map(|row| &row.result);
    let of = |(circuit, _): &(Circuit, Measurement)| {
        let same = ran.clone().find(|result| result.circuit.n_edges == circuit.n_edges);
        let same = same.map(|result| (*circuit, result.measurement.clone()));
        let asked = || ran.clone().find(|result| result.circuit.requested == circuit.requested);
        same.or_else(|| asked().map(|result| (result.circuit, result.measurement.clone())))
    };
    recorded.iter().filter_map(of).collect()
}

/// Takes a figure in place of the example.
fn take(state: &mut State, open: Shared<OpenFigure>) {
    let orientation = state.links.usual.orientation;
    // A narrow screen has more room below than beside.
    let view = match orientation {
        Orientation::Vertical => View { orientation, ..open.picture.view.clone() },
        Orientation::Horizontal => open.picture.view.clone(),
    };
    state.links.usual = Usual { orientation, example: link(&open, view) };
    state.figures = Figures { open: Some(open), ..Figures::default() };
    files::restore_example(state);
}

/// A link to a figure as it is at first.
fn link(open: &OpenFigure, view: View) -> Link {
    let state = State::of_figure(open);
    let graph = state.scored().map(|scored| scored.graph.clone());
    let name = |edge_idx: usize| name_of(graph.as_deref()?, edge_idx);
    let Picture { requested, edits, selection, .. } = &state.picture;
    let edit = |(edge_idx, mask): (usize, f32)| MaskEdit {
        edge: name(edge_idx).map_or(EdgeRef::Idx(edge_idx), EdgeRef::Name),
        mask,
    };
    Link {
        run: open.settings.run.clone(),
        requested: Some(*requested),
        edits: edits.iter().map(edit).collect(),
        selection: selection.as_ref().and_then(|selection| match selection {
            Selection::Node(name) => Some(name.clone()),
            Selection::Edge(edge_idx) => name(*edge_idx),
        }),
        view,
        metric: state.measures.metric,
        log_y: state.measures.log_y,
        prompt: state.prompt,
        position: state.position,
        ..Link::default()
    }
}

/// Takes files of the figure in place of what stood for them. What is shown and what was recorded stay: they are of these files.
fn get(state: &mut State, entries: Vec<(FileEntry, Slot)>, note: Option<String>) {
    let was_fresh = state.fresh();
    let picture = state.picture.clone();
    let (prompt, position) = (state.prompt, state.position);
    for (entry, slot) in entries {
        match state.files.iter_mut().find(|file| file.id == entry.id) {
            Some(file) => *file = entry,
            None => state.files.insert(place(state, slot), entry),
        }
    }
    inputs::read(state);
    if state.scored().is_some_and(|scored| picture.requested <= scored.scores.n_edges()) {
        state.picture = picture;
        state.history.amend(state.picture.choice());
    }
    (state.prompt, state.position) = (prompt, position);
    inputs::check_position(state);
    if was_fresh {
        state.results.key = Some(state.key());
    }
    state.figures.note = note;
}

/// An index of shards comes before them, as the last file of the role is the one in use.
fn place(state: &State, slot: Slot) -> usize {
    if slot == Slot::Index { 0 } else { state.files.iter().filter(|file| file.demo).count() }
}
