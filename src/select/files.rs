//! The list of files.

use std::collections::BTreeSet;

use super::memory;
use crate::state::State;
use crate::state::files::{Content, FileEntry, FileId, Role, candidates, in_use, misfits};
use crate::state::inputs::Subject;
use crate::state::load::Load;
use crate::state::runs::Run;
use crate::state::texts::Texts;
use circuitscope_core::settings::memory::size_label;

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRow {
    /// `None` for a file that is still wanted.
    pub id: Option<u32>,
    /// What it is for; empty where that is not known.
    pub role: &'static str,
    /// Its name, or what to drop.
    pub name: String,
    pub size: String,
    pub state: FileState,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What else there is to know about it.
    pub notes: Vec<String>,
    /// What a button beside the error would do about it.
    pub fix: Option<String>,
    pub removable: bool,
}

/// How far a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    Wanted,
    Reading,
    Ready,
    Wrong,
}

/// A line below the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    pub text: String,
    /// Whether there is something to put right.
    pub wrong: bool,
}

/// The list of files: the one in use in each role or what is wanted, then those that are in none.
pub fn rows(state: &State) -> Vec<FileRow> {
    let row = |role: Role| match in_use(&state.files, role) {
        Some(entry) => ready_row(state, role, entry),
        None => wanted_row(role),
    };
    let text_rows = Role::TEXT.into_iter().filter_map(|role| text_row(state, role));
    let others = state.files.iter().filter_map(other_row);
    let misfits = misfits(&state.files).into_iter().map(|(file, why)| refused_row(file, why));
    Role::ALL.into_iter().map(row).chain(text_rows).chain(misfits).chain(others).collect()
}

/// How many of the listed files were refused.
pub fn n_refused(state: &State) -> usize {
    let unread = state.files.iter().filter(|file| matches!(file.content, Load::Failed(_)));
    unread.count() + misfits(&state.files).len()
}

/// A tokenizer's row, where there is one or one is needed.
fn text_row(state: &State, role: Role) -> Option<FileRow> {
    let Some(entry) = in_use(&state.files, role) else {
        let prompts = in_use(&state.files, Role::Prompts).map(|file| &file.content);
        let needed = role == Role::Tokenizer && matches!(prompts, Some(Load::Ready(Content::TextPrompts(_))));
        return needed.then(|| wanted_row(role));
    };
    let mut row = ready_row(state, role, entry);
    let opened = Texts::tokenizer_key(&state.files).and_then(|key| state.texts.tokenizer(key));
    if role == Role::Tokenizer {
        match opened {
            Some(Load::Ready(_)) => {}
            Some(Load::Failed(message)) => (row.state, row.error) = (FileState::Wrong, Some(message.clone())),
            Some(Load::Loading) | None => row.state = FileState::Reading,
        }
    }
    Some(row)
}

/// About the files that were dropped last, and those that nothing is done with; whether something is wrong.
pub fn note(state: &State) -> Option<Remark> {
    let dropped = state.note.as_ref().map(|note| Remark { text: note.text.clone(), wrong: note.wrong });
    let Some(unused) = unused_weights(state) else { return dropped };
    let (text, wrong) = dropped.map_or((String::new(), false), |note| (note.text + " ", note.wrong));
    Some(Remark { text: text + &unused, wrong })
}

/// Names tensors that are taken for weights, as they are no scores, where others are the model's.
fn unused_weights(state: &State) -> Option<String> {
    let used = &state.inputs.weights.as_ref()?.files;
    let unused = candidates(&state.files, Role::Weights).filter(|file| !file.demo && !used.contains(file.id));
    let names: Vec<_> = unused.map(|file| file.name.as_str()).collect();
    let why = "neither scores (named after hooks) nor in the place of the weights in use";
    (!names.is_empty()).then(|| format!("Not used: {}, {why}.", names.join(", ")))
}

/// The files that may yet be given to a worker: those in the list or on a shelf, what the reader made, and those of the run
/// that is going on or can be tried again.
pub fn referenced(state: &State) -> BTreeSet<FileId> {
    let failed = state.failure.as_ref().and_then(|failure| failure.plan.as_ref());
    let running = match &state.run {
        Run::Running { plan, .. } => Some(plan),
        Run::Idle(_) => None,
    };
    let listed = state.files.iter().chain(state.own_files()).map(|file| file.id);
    let made = [state.texts.ids_file(), state.imports.scores_file()].into_iter().flatten();
    let planned = failed.into_iter().chain(running).flat_map(|plan| {
        let files = plan.key.files.into_iter().flatten();
        files.chain(plan.key.weights.ids())
    });
    listed.chain(made).chain(planned).collect()
}

/// How much memory the model needs, or why it does not fit.
pub fn memory_line(state: &State) -> Option<Remark> {
    let problem = memory::problem(state).map(|text| Remark { text, wrong: true });
    problem.or_else(|| memory::line(state).map(|text| Remark { text, wrong: false }))
}

fn wanted_row(role: Role) -> FileRow {
    FileRow {
        id: None,
        role: role.label(),
        name: role.wanted().to_owned(),
        size: String::new(),
        state: FileState::Wanted,
        error: None,
        notes: Vec::new(),
        fix: None,
        removable: false,
    }
}

fn ready_row(state: &State, role: Role, entry: &FileEntry) -> FileRow {
    let problem = state.inputs.problem(Subject::File(entry.id));
    let shards = state.inputs.weights.as_ref().filter(|_| role == Role::Weights);
    let (name, n_bytes) = shards.map_or((&entry.name, entry.n_bytes), |weights| (&weights.name, weights.n_bytes));
    FileRow {
        id: Some(entry.id),
        role: role.label(),
        name: name.clone(),
        size: size_label(n_bytes),
        state: if problem.is_some() { FileState::Wrong } else { FileState::Ready },
        error: problem.map(|p| p.message.clone()),
        notes: prompt_notes(state, role),
        fix: problem.and_then(|p| p.fix).map(|choice| format!("Switch to {}", choice.label())),
        removable: !entry.demo,
    }
}

/// What the reader said about text prompts.
fn prompt_notes(state: &State, role: Role) -> Vec<String> {
    let key = state.texts.prompts_key(&state.files).filter(|_| role == Role::Prompts);
    match key.and_then(|key| state.texts.prompts(key)) {
        Some(Load::Ready(read)) => read.notes.clone(),
        _ => Vec::new(),
    }
}

/// A file that is being read, or was refused.
fn other_row(entry: &FileEntry) -> Option<FileRow> {
    match &entry.content {
        Load::Ready(_) => None,
        Load::Failed(why) => Some(refused_row(entry, why.clone())),
        Load::Loading => Some(FileRow { state: FileState::Reading, error: None, ..refused_row(entry, String::new()) }),
    }
}

fn refused_row(entry: &FileEntry, why: String) -> FileRow {
    FileRow {
        id: Some(entry.id),
        role: "",
        name: entry.name.clone(),
        size: size_label(entry.n_bytes),
        state: FileState::Wrong,
        error: Some(why),
        notes: Vec::new(),
        fix: None,
        removable: true,
    }
}
