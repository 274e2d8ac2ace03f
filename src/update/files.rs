//! Files that come and go, and what follows for the settings.

use std::collections::BTreeSet;

use super::inputs;
use crate::state::State;
use crate::state::figure::Figures;
use crate::state::files::{Content, FileEntry, FileId, Note, Refusal, Role, candidates, misfits};
use crate::state::link::{Links, Usual};
use crate::state::load::Load;
use crate::state::measures::Measures;
use crate::state::picture::{Picture, View};
use crate::state::screen::Section;
use crate::state::settings::Settings;
use crate::state::texts::PromptsKey;
use circuitscope_core::RunSettings;

pub fn read(state: &mut State, id: FileId, content: Result<Content, Refusal>) {
    let Some(file) = state.files.iter_mut().find(|f| f.id == id) else { return };
    match content {
        Ok(content) => {
            file.content = Load::Ready(content);
            accept(state, id);
        }
        Err(refusal) => {
            let meant = refusal.meant.or_else(|| Role::of_name(&file.name));
            file.content = Load::Failed(refusal.why);
            refuse(state, id, meant);
        }
    }
}

/// A file that could be read takes the place of those that were refused and have its name or its role.
fn accept(state: &mut State, id: FileId) {
    let Some(file) = state.files.iter().find(|file| file.id == id) else { return };
    let (role, name) = (file.role(), file.name.clone());
    let meant = std::mem::take(&mut state.meant);
    let alike = |file: &FileEntry| file.name == name || role.is_some() && meant.get(&file.id).copied() == role;
    state.files.retain(|file| file.demo || !is_refused(file) || !alike(file));
    state.meant = meant;
    if state.is_example() && matches!(role, Some(Role::Weights | Role::Config)) {
        leave_example_settings(state);
    }
    inputs::read(state);
    fit_batch_size(state);
    // While more is being read, the model that these prompts are of may be on its way.
    if !is_reading(state) && misfits(&state.files).iter().any(|(file, _)| file.id == id) {
        state.screen.section = Some(Section::Model);
    }
}

/// A file that could not be read takes nothing's place. It is the only one of its name that is listed as refused.
fn refuse(state: &mut State, id: FileId, meant: Option<Role>) {
    let name = state.files.iter().find(|file| file.id == id).map(|file| file.name.clone());
    state.files.retain(|file| file.id == id || file.demo || !is_refused(file) || Some(&file.name) != name.as_ref());
    state.meant.extend(meant.map(|role| (id, role)));
    // What is wrong is said where the files are.
    state.screen.section = Some(Section::Model);
    inputs::read(state);
}

/// Text prompts that the reader could not read from the first give way to those before them.
pub fn refuse_texts(state: &mut State, key: PromptsKey) {
    let Some(Load::Failed(why)) = state.texts.prompts(key).cloned() else { return };
    let was_accepted = state.texts.accepted == Some(key.prompts);
    let has_others = candidates(&state.files, Role::Prompts).any(|file| file.id != key.prompts);
    // While more is being read, the tokenizer that they are for may be on its way.
    if is_reading(state) || was_accepted || !has_others || state.texts.prompts_key(&state.files) != Some(key) {
        return;
    }
    if let Some(file) = state.files.iter_mut().find(|file| file.id == key.prompts) {
        file.content = Load::Failed(why);
        refuse(state, key.prompts, Some(Role::Prompts));
    }
}

/// Takes away all files that were refused.
pub fn clear_refused(state: &mut State) {
    let refused: BTreeSet<FileId> = misfits(&state.files).iter().map(|(file, _)| file.id).collect();
    keep_files(state, |file| !is_refused(file) && !refused.contains(&file.id));
}

fn is_refused(file: &FileEntry) -> bool {
    matches!(file.content, Load::Failed(_))
}

fn is_reading(state: &State) -> bool {
    state.files.iter().any(|file| matches!(file.content, Load::Loading))
}

/// New prompts may be fewer than a batch.
pub fn fit_batch_size(state: &mut State) {
    if state.inputs.excerpt {
        return;
    }
    let n_prompts = state.inputs.prompts.as_ref().map_or(usize::MAX, |p| p.pairs.len());
    if state.settings.run.batch_size > n_prompts {
        state.settings.run.batch_size = n_prompts;
        inputs::read(state);
    }
}

/// Takes back what suits the example only, where it was not changed meanwhile.
pub fn leave_example_settings(state: &mut State) {
    let (example, own) = (state.example_settings().run, RunSettings::default());
    state.measures = Measures { metric: state.measures.metric, ..Measures::default() };
    let run = &mut state.settings.run;
    run.batch_size = own.batch_size;
    if run.slice == example.slice {
        run.slice = own.slice;
    }
    if run.edge_counts == example.edge_counts {
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

/// The demo as it is at first, in place of a figure.
pub fn open_demo(state: &mut State) {
    state.figures = Figures::default();
    state.links.usual = Usual::of_demo(state.links.usual.orientation);
    restore_example(state);
}

/// The example as it is at first: the open figure, or the demo. A person's files are put aside for a link that names them.
pub fn restore_example(state: &mut State) {
    let figures = state.figures.clone();
    let (example, view) = match &figures.open {
        Some(open) => (State::of_figure(open), state.links.usual.example.view.clone()),
        None => (State::demo(), View { orientation: state.picture.view.orientation, ..View::default() }),
    };
    let picture = Picture { view, ..example.picture.clone() };
    let settings = Settings { machine: state.settings.machine, ..example.settings.clone() };
    let screen = state.screen.clone();
    let is_read = |file: &&FileEntry| file.role().is_some();
    let shelf = state.own_files().filter(is_read).cloned().collect();
    let links = Links { shelf, wanted: None, notes: Vec::new(), ..state.links.clone() };
    *state = State { engine: state.engine.clone(), picture, settings, screen, links, figures, ..example };
}
