//! The chosen circuit, how it is drawn, what is selected in it, and what is open on the screen.

use super::action::{CircuitAction, ScreenAction};
use crate::state::State;
use crate::state::circuit::{Choice, Edits};

/// Chooses a circuit, or takes a choice back.
pub fn apply(state: &mut State, action: CircuitAction) {
    match action {
        CircuitAction::Requested(n) => request(state, n),
        CircuitAction::Settled => state.history.settle(state.picture.choice()),
        CircuitAction::MaskChanged(edge_idx, mask) => edit(state, edge_idx, mask),
        CircuitAction::Toggled(edge_idx) => {
            let mask = if state.mask(edge_idx) > 0.0 { 0.0 } else { 1.0 };
            edit(state, edge_idx, mask);
            state.history.settle(state.picture.choice());
        }
        CircuitAction::EditsCleared => {
            let edits = Edits::default();
            state.picture.choose(Choice { edits, ..state.picture.choice() });
            state.history.settle(state.picture.choice());
        }
        CircuitAction::Undone => {
            if let Some(choice) = state.history.undo() {
                state.picture.choose(choice);
            }
        }
        CircuitAction::Redone => {
            if let Some(choice) = state.history.redo() {
                state.picture.choose(choice);
            }
        }
        CircuitAction::Selected(selection) => state.picture.selection = selection,
        CircuitAction::ViewChanged(view) => state.picture.view = view,
        CircuitAction::BlockTurned(block) => turn(state, block),
    }
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

/// What belonged to another graph says nothing of this one.
pub fn forget_graph(state: &mut State) {
    let options = &mut state.picture.view.options;
    (options.focus, options.window) = (None, None);
    options.opened.clear();
    options.closed.clear();
    state.picture.selection = None;
    state.picture.edits = Edits::default();
}
