//! The page's address, and what is said of the files that a link needs.

use super::scores::file_of;
use crate::state::State;
use crate::state::circuit::Choice;
use crate::state::compare::With;
use crate::state::figure::examples::{BUILT_IN, FIRST};
use crate::state::files::{FileEntry, FileId, Role};
use crate::state::link::{Address, Link, LinkedCircuit, LinkedFile, Place, Stage, Store};
use crate::state::load::Load;
use crate::state::picture::Selection;
use crate::words::counted;
use circuitscope_core::settings::memory::size_label;
use circuitscope_picture::view::name_of;
use circuitscope_wire::engine::{EdgeRef, MaskEdit};

/// As many changed edges are named, which a reader of the link understands; of more the indices are shorter.
const MAX_NAMED: usize = 60;
/// The size of a smaller file tells a reader nothing, in bytes.
const SMALL_BYTES: u64 = 1_000_000;

/// What is said of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkRemark {
    pub text: String,
    /// What else there is to know.
    pub details: Vec<String>,
    /// Whether files are waited for.
    pub waiting: bool,
}

/// What is said of kept files.
#[derive(Debug, Clone, PartialEq)]
pub struct RememberRemark {
    pub on: bool,
    /// What is kept.
    pub kept: Option<String>,
    pub error: Option<String>,
}

/// What the address is to say; nothing while a link waits for its files or its figure, or the files' hashes are not there, or the
/// figure is a file, which no address can name. A circuit that is on its way to another is not in it.
pub fn address(state: &State) -> Option<Address> {
    let mut own = state.own_in_use().into_iter().chain(compared_file(state).filter(|file| !file.demo));
    let hashed = own.all(|file| state.links.is_hashed(file.id));
    if state.links.wanted.is_some() || !hashed || state.figures.is_waited_for() || is_file(state) {
        return None;
    }
    let choice = state.history.settled().clone();
    let link = link(state, &choice);
    let fragment = link.write(&state.links.usual);
    let figure = figure(state);
    let place = Place { figure: figure.clone(), files: link.files, choice };
    Some(Address { figure, fragment, place, opened: state.links.opened })
}

/// The figure that is shown by its address, or that none is, where that is not what the page opens on.
pub fn figure(state: &State) -> Option<String> {
    if state.figure().is_none() {
        return (FIRST.is_some() && state.is_demo()).then(|| BUILT_IN.to_owned());
    }
    state.figures.link().filter(|link| FIRST != Some(*link)).map(str::to_owned)
}

/// Whether what is shown is a figure that has no address.
fn is_file(state: &State) -> bool {
    state.figure().is_some() && state.figures.link().is_none()
}

/// The fragment of what is on the screen.
pub fn fragment(state: &State) -> String {
    link(state, &state.picture.choice()).write(&state.links.usual)
}

fn link(state: &State, choice: &Choice) -> Link {
    let files = state.own_in_use();
    let picked = state.imports.picked.as_ref().filter(|(id, _)| files.iter().any(|file| file.id == *id));
    let scored = state.scored();
    let first = scored.map(|scored| scored.steps.first_choice());
    let find = state.discover.offer();
    Link {
        files: files.iter().filter_map(|file| state.links.linked(file)).collect(),
        texts: state.texts.settings,
        pick: picked.map(|(_, pick)| pick.clone()),
        run: state.settings.run.clone(),
        // Of a figure the usual size is its own.
        requested: first
            .filter(|first| state.figure().is_some() || *first != choice.requested)
            .map(|_| choice.requested),
        edits: edits(state, choice),
        selection: selection(state),
        view: state.picture.view.clone(),
        metric: state.measures.metric,
        log_y: state.measures.log_y,
        prompt: state.prompt,
        position: state.position,
        drawer: state.screen.drawer,
        compare: compared(state),
        compare_size: compared_size(state),
        find: (state.discover.chosen != 0 || !find_fields(state).is_empty()).then(|| find.labels.name.to_owned()),
        find_fields: find_fields(state),
    }
}

/// What was entered for the next search, where it is not as at first.
fn find_fields(state: &State) -> Vec<(String, String)> {
    let (fields, entries) = (state.discover.offer().fields, state.discover.entries());
    let changed = fields.iter().zip(entries).filter(|(field, entry)| field.start != **entry && !entry.is_empty());
    changed.map(|(field, entry)| (field.id.to_owned(), entry.clone())).collect()
}

/// The circuit that is compared, where its scores are here.
fn compared(state: &State) -> Option<LinkedCircuit> {
    let compare = state.measures.compare.as_ref()?;
    if compare.with == With::SameScores {
        return compare.n_edges.map(LinkedCircuit::Size);
    }
    match compared_file(state) {
        Some(file) if file.demo => Some(LinkedCircuit::Demo),
        Some(file) => state.links.linked(file).map(LinkedCircuit::File),
        None => (compare.with == With::Official).then_some(LinkedCircuit::Official),
    }
}

fn compared_size(state: &State) -> Option<usize> {
    let compare = state.measures.compare.as_ref()?;
    compare.n_edges.filter(|_| compare.with != With::SameScores)
}

/// The file of the scores that are compared.
fn compared_file(state: &State) -> Option<&FileEntry> {
    let measures = &state.measures;
    let id = match measures.compare.as_ref()?.with {
        With::File(id) => id,
        With::Pin(style) => file_of(state, &measures.pins.iter().find(|pin| pin.style == style)?.set)?,
        With::SameScores | With::Official => return None,
    };
    state.files.iter().find(|file| file.id == id)
}

fn edits(state: &State, choice: &Choice) -> Vec<MaskEdit> {
    let named = state.scored().filter(|_| choice.edits.len() <= MAX_NAMED);
    let edit = |(edge_idx, mask): (usize, f32)| {
        let name = named.and_then(|scored| name_of(&scored.graph, edge_idx));
        MaskEdit { edge: name.map_or(EdgeRef::Idx(edge_idx), EdgeRef::Name), mask }
    };
    choice.edits.iter().map(edit).collect()
}

fn selection(state: &State) -> Option<String> {
    match state.picture.selection.as_ref()? {
        Selection::Node(name) => Some(name.clone()),
        Selection::Edge(edge_idx) => name_of(&state.scored()?.graph, *edge_idx),
    }
}

/// What is said of a link that was copied: which files it takes, and that found scores are in no file yet.
pub fn link_copied(state: &State) -> String {
    if is_file(state) {
        return "Link copied, but no link can name this figure, which is a file: pass the file on.".to_owned();
    }
    let mut files = state.own_in_use();
    files.extend(compared_file(state).filter(|file| !file.demo));
    if files.is_empty() {
        return "Link copied.".to_owned();
    }
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    let is_found = |file: &&&FileEntry| state.discover.found.iter().any(|(id, _)| *id == file.id);
    let found = files.iter().find(is_found).map_or_else(String::new, |file| {
        format!(" {} was found here: download it under Scores to pass it on.", file.name)
    });
    format!("Link copied. Whoever opens it needs {}.{found}", names.join(", "))
}

/// What is to be said of the link that was opened last.
pub fn remark(state: &State) -> Option<LinkRemark> {
    let (missing, notes) = (missing(state), &state.links.notes);
    if missing.is_empty() {
        let text = "Not all of this link could be read.".to_owned();
        return (!notes.is_empty()).then(|| LinkRemark { text, details: notes.clone(), waiting: false });
    }
    if !all_known(state) {
        return None;
    }
    let names: Vec<_> = missing.iter().map(|file| file_words(file)).collect();
    let them = if names.len() == 1 { "it" } else { "them" };
    let names = names.join(", ");
    let text = if state.links.reloaded && state.links.opened == 1 {
        format!(
            "To go on where you were: drop or choose {names} again. The switch \u{201c}Remember these files\u{201d}, under Model, spares that."
        )
    } else {
        format!("This link needs: {names}. Drop or choose {them}.")
    };
    let is_gone = state.links.reloaded && missing.iter().any(|file| file.role == Role::Scores);
    let found = "Scores that were found here and not downloaded went with the page that had them: find them again.";
    let details = missing.iter().filter_map(|file| namesake(state, file));
    let details = details.chain(is_gone.then(|| found.to_owned())).chain(notes.clone()).collect();
    Some(LinkRemark { text, details, waiting: true })
}

/// Whether nothing is on its way that may be a file of the link: the store's answer, or a file that is being read.
fn all_known(state: &State) -> bool {
    let is_known = |file: &FileEntry| match &file.content {
        Load::Loading => false,
        Load::Ready(_) => state.links.is_hashed(file.id),
        Load::Failed(_) => true,
    };
    let answered = state.links.wanted.as_ref().is_some_and(|wanted| wanted.store == Store::Answered);
    answered && state.own_files().all(is_known)
}

fn file_words(LinkedFile { name, n_bytes, .. }: &LinkedFile) -> String {
    if *n_bytes < SMALL_BYTES { name.clone() } else { format!("{name} ({})", size_label(*n_bytes)) }
}

/// Says that there is another file of a name.
fn namesake(state: &State, wanted: &LinkedFile) -> Option<String> {
    let links = &state.links;
    let is_other = state.files.iter().any(|file| {
        let is_known = !file.demo && file.role() == Some(wanted.role) && links.is_hashed(file.id);
        is_known && file.name == wanted.name && !wanted.is(file, links.hash(file.id))
    });
    is_other.then(|| format!("The {} that is here is another file than the link's: its contents differ.", wanted.name))
}

/// The files of the link that is waited for and are not there.
fn missing(state: &State) -> Vec<&LinkedFile> {
    let Some(wanted) = state.links.wanted.as_ref().filter(|wanted| wanted.stage == Stage::Files) else {
        return Vec::new();
    };
    let links = &state.links;
    let is_there = |linked: &&LinkedFile| {
        state.own_files().any(|file| links.is_hashed(file.id) && linked.is(file, links.hash(file.id)))
    };
    wanted.link.needed().filter(|linked| !is_there(linked)).collect()
}

/// The file whose hash is to be computed next.
pub fn file_to_hash(state: &State) -> Option<FileId> {
    state.own_files().find(|file| file.role().is_some() && !state.links.is_hashed(file.id)).map(|file| file.id)
}

/// What this browser's own store is to be asked for.
pub fn files_to_recall(state: &State) -> Option<Vec<LinkedFile>> {
    let unasked = state.links.wanted.as_ref().is_some_and(|wanted| wanted.store == Store::Unasked);
    let missing: Vec<_> = missing(state).into_iter().cloned().collect();
    (unasked && !missing.is_empty()).then_some(missing)
}

/// The files that are to be kept and are not yet.
pub fn files_to_remember(state: &State) -> Option<Vec<(FileId, LinkedFile)>> {
    let remembered = &state.links.remembered;
    if remembered.on != Some(true) || remembered.error.is_some() {
        return None;
    }
    let mut own = state.own_in_use();
    own.extend(compared_file(state).filter(|file| !file.demo));
    let new = own.iter().filter(|file| state.links.hash(file.id).is_some() && !remembered.asked.contains(&file.id));
    let new: Vec<_> = new.filter_map(|file| Some((file.id, state.links.linked(file)?))).collect();
    (!new.is_empty()).then_some(new)
}

/// What is said of kept files.
pub fn remembered(state: &State) -> RememberRemark {
    let remembered = &state.links.remembered;
    let kept = remembered.kept.filter(|(n_files, _)| *n_files > 0);
    RememberRemark {
        on: remembered.on == Some(true),
        kept: kept.map(|(n_files, n_bytes)| format!("{} kept, {}", counted(n_files, "file"), size_label(n_bytes))),
        error: remembered.error.clone(),
    }
}
