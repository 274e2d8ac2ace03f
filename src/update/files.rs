//! Files that come and go, and what follows for the settings.

use super::inputs;
use crate::state::files::{Content, FileEntry, FileId, Note, Role};
use crate::state::link::Links;
use crate::state::load::Load;
use crate::state::measures::Measures;
use crate::state::picture::{Picture, View};
use crate::state::screen::Section;
use crate::state::settings::Settings;
use crate::state::{State, demo};
use circuitscope_core::RunSettings;

pub fn read(state: &mut State, id: FileId, content: Result<Content, String>) {
    let Some(file) = state.files.iter_mut().find(|f| f.id == id) else { return };
    file.content = content.map_or_else(Load::Failed, Load::Ready);
    let (role, name) = (file.role(), file.name.clone());
    if matches!(file.content, Load::Failed(_)) {
        // What is wrong is said where the files are.
        state.screen.section = Some(Section::Model);
    }
    // A file that was put right and dropped again takes the place of what was wrong with it.
    state.files.retain(|f| f.id == id || f.demo || f.name != name || !matches!(f.content, Load::Failed(_)));
    if state.is_demo() && matches!(role, Some(Role::Weights | Role::Config)) {
        leave_demo_settings(state);
    }
    inputs::read(state);
    if role.is_some() {
        fit_batch_size(state);
    }
}

/// New prompts may be fewer than a batch.
pub fn fit_batch_size(state: &mut State) {
    let n_prompts = state.inputs.prompts.as_ref().map_or(usize::MAX, |p| p.pairs.len());
    if state.settings.run.batch_size > n_prompts {
        state.settings.run.batch_size = n_prompts;
        inputs::read(state);
    }
}

/// Takes back what suits the demo only, where it was not changed meanwhile.
pub fn leave_demo_settings(state: &mut State) {
    let (demo, own) = (demo::settings().run, RunSettings::default());
    state.measures = Measures { metric: state.measures.metric, ..Measures::default() };
    let run = &mut state.settings.run;
    run.batch_size = own.batch_size;
    if run.slice == demo.slice {
        run.slice = own.slice;
    }
    if run.edge_counts == demo.edge_counts {
        run.edge_counts = own.edge_counts;
    }
}

/// Takes away a file that nothing can be done with, and names it.
pub fn leave_out(state: &mut State, id: FileId) {
    let Some(file) = state.files.iter().find(|file| file.id == id) else { return };
    Note::add(&mut state.note, &format!("Not used: {}.", file.name));
    keep_files(state, |file| file.id != id);
}

/// Takes a file away; of shards, all.
pub fn remove(state: &mut State, id: FileId) {
    let weights = state.inputs.weights.as_ref().map(|weights| weights.files.clone()).unwrap_or_default();
    keep_files(state, |file| file.id != id && !(weights.contains(id) && weights.contains(file.id)));
}

fn keep_files(state: &mut State, keep: impl Fn(&FileEntry) -> bool) {
    state.files.retain(|file| file.demo || keep(file));
    inputs::read(state);
}

/// The demo as it is at first. A person's files are put aside for a link that names them.
pub fn restore_demo(state: &mut State) {
    let demo = State::demo();
    let view = View { orientation: state.picture.view.orientation, ..View::default() };
    let picture = Picture { view, ..demo.picture.clone() };
    let settings = Settings { device: state.settings.device, ..demo.settings.clone() };
    let screen = state.screen.clone();
    let is_read = |file: &&FileEntry| file.role().is_some();
    let shelf = state.own_files().filter(is_read).cloned().collect();
    let links = Links { shelf, wanted: None, notes: Vec::new(), ..state.links.clone() };
    *state = State { engine: state.engine.clone(), picture, settings, screen, links, ..demo };
}
