//! Links: once the files that a link names are there they are taken into use with its settings, and once their scores are, so are
//! its circuit and its view.

use std::collections::BTreeSet;

use super::action::LinkAction;
use super::{compare, files, inputs};
use crate::state::State;
use crate::state::algorithms::OFFERS;
use crate::state::circuit::{Choice, Edits, History};
use crate::state::files::{FileEntry, FileId, Role};
use crate::state::link::{Link, LinkedFile, Stage, Store, Wanted};
use crate::state::picture::{Selection, View};
use crate::state::runs::Engine;
use crate::state::search::Discover;
use circuitscope_core::{EdgeCounts, EdgeIndex, Graph};
use circuitscope_picture::drawn::Nodes;
use circuitscope_wire::engine::EdgeRef;

/// Applies an action.
pub fn apply(state: &mut State, action: LinkAction) {
    let links = &mut state.links;
    let remembered = &mut links.remembered;
    match action {
        LinkAction::Opened(text) => open(state, &text),
        LinkAction::Dismissed => (links.wanted, links.notes) = (None, Vec::new()),
        LinkAction::Hashed(id, hash) => _ = links.hashes.insert(id, hash),
        LinkAction::StoreAsked => set_store(state, Store::Asked),
        LinkAction::StoreAnswered => set_store(state, Store::Answered),
        LinkAction::RememberChosen(on) => {
            (remembered.on, remembered.error) = (Some(on), None);
            remembered.asked.clear();
        }
        LinkAction::Remembering(ids) => remembered.asked.extend(ids),
        LinkAction::Remembered(Ok(kept)) => (remembered.kept, remembered.error) = (Some(kept), None),
        LinkAction::Remembered(Err(error)) => remembered.error = Some(error),
        LinkAction::Forgotten => {
            (remembered.on, remembered.kept, remembered.error) = (Some(false), Some((0, 0)), None);
        }
    }
}

fn open(state: &mut State, text: &str) {
    let links = &mut state.links;
    let (link, notes) = Link::read(text, &links.usual);
    links.opened += 1;
    links.notes = notes;
    links.wanted = Some(Wanted { link, stage: Stage::Files, store: Store::Unasked });
}

fn set_store(state: &mut State, store: Store) {
    if let Some(wanted) = &mut state.links.wanted {
        wanted.store = store;
    }
}

/// Applies as much of the link that is waited for as can be.
pub fn go_on(state: &mut State) {
    let Some(mut wanted) = state.links.wanted.take() else { return };
    let all_there = wanted.link.needed().all(|linked| find(state, linked).is_some());
    match (wanted.stage, found(state, &wanted.link)) {
        (Stage::Files, Some(ids)) if all_there => {
            // An example that is restored has no notes.
            let notes = std::mem::take(&mut state.links.notes);
            use_files(state, &ids, compared(state, &wanted.link));
            use_settings(state, &wanted.link);
            state.links.notes = notes;
            wanted.stage = Stage::Scores;
        }
        (Stage::Files, _) => {
            state.links.wanted = Some(wanted);
            return;
        }
        (Stage::Scores, Some(ids)) if are_in_use(state, &ids) => {}
        // A person goes on with other files.
        (Stage::Scores, _) => return,
    }
    if waits_for_scores(state) {
        state.links.wanted = Some(wanted);
    } else {
        choose(state, wanted.link);
    }
}

/// The files that a link takes into use, where all are there.
fn found(state: &State, link: &Link) -> Option<Vec<FileId>> {
    link.files.iter().map(|linked| find(state, linked)).collect()
}

/// The file of the circuit that a link compares with.
fn compared(state: &State, link: &Link) -> Option<FileId> {
    link.compared_file().and_then(|linked| find(state, linked))
}

fn find(state: &State, linked: &LinkedFile) -> Option<FileId> {
    let links = &state.links;
    let is_it = |file: &&FileEntry| links.is_hashed(file.id) && linked.is(file, links.hash(file.id));
    state.own_files().find(is_it).map(|file| file.id)
}

fn are_in_use(state: &State, ids: &[FileId]) -> bool {
    let used: BTreeSet<_> = state.own_in_use().iter().map(|file| file.id).collect();
    used == ids.iter().copied().collect()
}

/// Takes these files of a person's own into use and no others, which are put aside but for one beside them.
fn use_files(state: &mut State, ids: &[FileId], beside: Option<FileId>) {
    let is_listed = |id: FileId| state.files.iter().any(|file| file.id == id);
    if are_in_use(state, ids) && beside.is_none_or(is_listed) {
        return;
    }
    let of_model =
        |file: &FileEntry| matches!(file.role(), Some(Role::Weights | Role::Config)) && ids.contains(&file.id);
    let own_model = state.own_files().any(of_model);
    match (own_model, state.is_example()) {
        (false, false) => files::restore_example(state),
        (true, true) => files::leave_example_settings(state),
        _ => {}
    }
    // What is not read yet, or cannot be, stays in the list.
    let is_own = |file: &FileEntry| !file.demo && file.role().is_some();
    let (mut pool, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut state.files).into_iter().partition(is_own);
    pool.append(&mut state.links.shelf);
    pool.append(&mut state.discover.shelf);
    state.files = stay;
    // Of scores the last are in use.
    for id in beside.iter().filter(|id| !ids.contains(id)).chain(ids) {
        if let Some(i) = pool.iter().position(|file| file.id == *id) {
            state.files.push(pool.remove(i));
        }
    }
    state.links.shelf = pool;
    inputs::read(state);
}

fn use_settings(state: &mut State, link: &Link) {
    let settings = &mut state.settings;
    settings.run = link.run.clone();
    settings.counts_error = None;
    if let EdgeCounts::List(list) = &link.run.edge_counts {
        settings.counts_text = list.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    }
    state.texts.settings = link.texts;
    state.picture.newly_chosen = false;
    let scores = state.own_in_use().iter().find(|file| file.role() == Some(Role::Scores)).map(|file| file.id);
    state.imports.picked = scores.zip(link.pick.clone());
    inputs::read(state);
    files::fit_batch_size(state);
}

/// Whether the reader has yet to read the scores, or the prompts whose length they depend on.
fn waits_for_scores(state: &State) -> bool {
    let inputs = &state.inputs;
    let has_files = [Role::Config, Role::Scores].into_iter().all(|role| inputs.file(role).is_some());
    inputs.scored.is_none() && inputs.problems.is_empty() && has_files
}

/// The circuit, what is selected in it, and how it is looked at.
fn choose(state: &mut State, link: Link) {
    let mut notes = Vec::new();
    let graph = state.scored().map(|scored| scored.graph.clone());
    if let Some(graph) = &graph {
        choose_circuit(state, &link, graph, &mut notes);
    } else if link.requested.is_some() || !link.edits.is_empty() {
        notes.push("without scores that fit there is no circuit to choose".to_owned());
    }
    // An engine is not fetched, and a model not loaded, before a person asks for it.
    state.picture.newly_chosen = matches!(state.engine, Engine::Open(_));
    let selected = link.selection.as_deref().zip(graph.as_deref());
    state.picture.selection = selected.and_then(|(name, graph)| selection(name, graph, &mut notes));
    state.picture.view = view(link.view.clone(), graph.as_deref(), &mut notes);
    (state.measures.metric, state.measures.log_y) = (link.metric, link.log_y);
    (state.prompt, state.position, state.page) = (link.prompt, link.position, None);
    inputs::check_position(state);
    state.screen.drawer = link.drawer;
    choose_search(&mut state.discover, &link, &mut notes);
    notes.extend(compare::restore(state, &link).err());
    state.links.notes.extend(notes);
}

/// The algorithm that is chosen for the next search, and what its fields hold.
fn choose_search(discover: &mut Discover, link: &Link, notes: &mut Vec<String>) {
    let usual = Discover::default();
    (discover.chosen, discover.entries) = (usual.chosen, usual.entries);
    let Some(name) = &link.find else { return };
    let Some(chosen) = OFFERS.iter().position(|offer| offer.labels.name == name) else {
        notes.push(format!("`find` should be a prune algorithm, found {name:?}"));
        return;
    };
    discover.chosen = chosen;
    for (field, entry) in OFFERS[chosen].fields.iter().zip(&mut discover.entries[chosen]) {
        let found = link.find_fields.iter().find(|(id, _)| id == field.id);
        found.into_iter().for_each(|(_, text)| entry.clone_from(text));
    }
}

fn choose_circuit(state: &mut State, link: &Link, graph: &Graph, notes: &mut Vec<String>) {
    let (n_edges, first) = (graph.n_edges(), state.scored().map_or(0, |scored| scored.steps.first_choice()));
    let requested = link.requested.unwrap_or(first);
    if requested > n_edges {
        notes.push(format!("`k` should be at most {n_edges}, the number of edges of the graph, found {requested}"));
    }
    let choice = Choice { requested: requested.min(n_edges), edits: edits(link, graph, notes) };
    state.picture.choose(choice);
    // What was there before the first link was never chosen.
    if state.links.opened == 1 {
        state.history = History::new(state.basis(), state.step());
    } else {
        state.history.settle(state.step());
    }
}

fn edits(link: &Link, graph: &Graph, notes: &mut Vec<String>) -> Edits {
    let (index, n_edges) = (EdgeIndex::new(graph), graph.n_edges());
    let edge_of = |edge: &EdgeRef| match edge {
        EdgeRef::Idx(edge_idx) => Some(*edge_idx).filter(|edge_idx| *edge_idx < n_edges),
        EdgeRef::Name(name) => index.find_named(name).map(|edge| edge.edge_idx),
    };
    let found: Vec<_> = link.edits.iter().filter_map(|edit| Some((edge_of(&edit.edge)?, edit.mask))).collect();
    let n_unknown = link.edits.len() - found.len();
    if n_unknown > 0 {
        notes.push(format!("{n_unknown} of {} changed edges are not in this graph", link.edits.len()));
    }
    Edits::from_iter(found)
}

fn selection(name: &str, graph: &Graph, notes: &mut Vec<String>) -> Option<Selection> {
    let found = if name.contains("->") {
        EdgeIndex::new(graph).find_named(name).map(|edge| Selection::Edge(edge.edge_idx))
    } else {
        has_node(graph, |node| node == name).then(|| Selection::Node(name.to_owned()))
    };
    if found.is_none() {
        notes.push(format!("`select` should be a node or an edge of this graph, found {name:?}"));
    }
    found
}

fn has_node(graph: &Graph, is_it: impl Fn(&str) -> bool) -> bool {
    Nodes::of(graph).nodes.iter().any(|node| is_it(&node.name))
}

/// A view without what its graph has not.
fn view(mut view: View, graph: Option<&Graph>, notes: &mut Vec<String>) -> View {
    let options = &mut view.options;
    let n_layers = graph.map_or(0, |graph| graph.n_layers);
    for blocks in [&mut options.opened, &mut options.closed] {
        blocks.retain(|block| *block < n_layers);
    }
    if let Some(window) = options.window.take_if(|window| window.end > n_layers) {
        notes.push(format!("`window` should end at {n_layers} at most, found {}", window.end));
    }
    // The heads of a block have a name together.
    let is_named =
        |name: &str, node: &str| node.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let is_known = |name: &str| graph.is_some_and(|graph| has_node(graph, |node| is_named(name, node)));
    if let Some(focus) = options.focus.take_if(|focus| !is_known(&focus.name)) {
        notes.push(format!("`focus` should be a node of this graph, found {:?}", focus.name));
    }
    view
}
