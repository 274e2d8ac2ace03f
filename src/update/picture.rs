//! The chosen circuit, how it is drawn, what is selected in it, and what is open on the screen.

use super::action::{CircuitAction, ScreenAction};
use super::scores;
use crate::state::State;
use crate::state::circuit::{Choice, Edits, Step};

/// Chooses a circuit, or takes a choice back.
pub fn apply(state: &mut State, action: CircuitAction) {
    match action {
        CircuitAction::Requested(n) => request(state, n),
        CircuitAction::Settled => state.history.settle(state.step()),
        CircuitAction::MaskChanged(edge_idx, mask) => edit(state, edge_idx, mask),
        CircuitAction::Toggled(edge_idx) => {
            let mask = if state.mask(edge_idx) > 0.0 { 0.0 } else { 1.0 };
            edit(state, edge_idx, mask);
            state.history.settle(state.step());
        }
        CircuitAction::EditsCleared => {
            let edits = Edits::default();
            state.picture.choose(Choice { edits, ..state.picture.choice() });
            state.history.settle(state.step());
        }
        CircuitAction::Undone => {
            let before = state.history.undo();
            go_to(state, before);
        }
        CircuitAction::Redone => {
            let after = state.history.redo();
            go_to(state, after);
        }
        CircuitAction::Selected(selection) => state.picture.selection = selection,
        CircuitAction::ViewChanged(change) => change(&mut state.picture.view),
        CircuitAction::BlockTurned(block) => turn(state, block),
    }
}

/// Takes the scores and the circuit of a step, which the history is at already.
fn go_to(state: &mut State, step: Option<Step>) {
    let Some(Step { scores, choice }) = step else { return };
    if let Some((id, pick)) = scores.filter(|scores| state.scores_choice().as_ref() != Some(scores)) {
        state.imports.picked = pick.map(|pick| (id, pick));
        scores::choose(state, id);
    }
    state.picture.choose(choice);
}

/// Opens or shuts what is on the screen.
pub fn apply_screen(state: &mut State, action: ScreenAction) {
    let screen = &mut state.screen;
    match action {
        ScreenAction::RailToggled => {
            screen.rail = !screen.rail;
            screen.section = None;
        }
        ScreenAction::InspectorToggled => screen.inspector = !screen.inspector,
        ScreenAction::SectionOpened(section) => {
            screen.section = section;
            screen.rail |= section.is_some();
        }
        ScreenAction::DrawerOpened(drawer) => screen.drawer = drawer,
        ScreenAction::HintsDismissed => screen.hints = false,
        ScreenAction::HelpToggled => screen.help = !screen.help,
    }
}

/// Another circuit of the largest scores.
fn request(state: &mut State, n: usize) {
    let most = state.scored().map_or(0, |s| s.scores.n_edges());
    state.picture.choose(Choice { requested: n.min(most), edits: Edits::default() });
    state.page = None;
}

/// Puts an edge in, out, or in part.
fn edit(state: &mut State, edge_idx: usize, mask: f32) {
    let usual = state.usual_mask(edge_idx);
    let edits = state.picture.edits.with(edge_idx, mask.clamp(0.0, 1.0), usual);
    state.picture.choose(Choice { edits, ..state.picture.choice() });
}

/// Draws the heads of a block apart where they are together, or the other way.
fn turn(state: &mut State, block: usize) {
    let options = &mut state.picture.view.options;
    for blocks in [&mut options.opened, &mut options.closed] {
        if !blocks.remove(&block) {
            blocks.insert(block);
        }
    }
}
