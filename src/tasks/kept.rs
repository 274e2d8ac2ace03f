//! Files that this browser keeps for the next visit, and those that it kept in an earlier one. The hub's worker keeps them beside
//! the hub's models, so that writing never blocks the page.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::context::Tasks;
use super::files::add_files;
use super::hash::hash_of;
use crate::state::files::FileId;
use crate::state::link::{FileHash, LinkedFile};
use crate::state::runs::Failure;
use crate::update::{Action, LinkAction};
use crate::workers::Fault;
use circuitscope_wire::hub::{Event, FileToKeep, Request};

/// Where a person's choice is kept.
const CHOICE: &str = "circuitscope-remember";

/// Whether a person wanted files to be kept; None where that was never chosen.
pub fn wants_to_remember() -> Option<bool> {
    let storage = web_sys::window()?.local_storage().ok()??;
    storage.get_item(CHOICE).ok()?.map(|choice| choice == "on")
}

/// Keeps files from now on, or no more.
pub fn choose_to_remember(tasks: &Rc<Tasks>, on: bool) {
    let storage = web_sys::window().and_then(|window| window.local_storage().ok().flatten());
    if let Some(storage) = storage {
        // Where it cannot be written down, it holds for this visit.
        _ = storage.set_item(CHOICE, if on { "on" } else { "off" });
    }
    tasks.dispatch(Action::Link(LinkAction::RememberChosen(on)));
}

/// Looks for files of a link among those that are kept, and adds them to the list.
pub fn recall_files(tasks: &Rc<Tasks>, files: Vec<LinkedFile>) {
    tasks.dispatch(Action::Link(LinkAction::StoreAsked));
    let tasks = tasks.clone();
    spawn_local(async move {
        // What cannot be looked for is said to be missing.
        let found = kept(&tasks, &files).await.unwrap_or_default();
        add_files(&tasks, found.into_iter().flatten().collect());
        tasks.dispatch(Action::Link(LinkAction::StoreAnswered));
    });
}

/// Keeps files that are not kept yet.
pub fn remember_files(tasks: &Rc<Tasks>, files: Vec<(FileId, LinkedFile)>) {
    tasks.dispatch(Action::Link(LinkAction::Remembering(files.iter().map(|(id, _)| *id).collect())));
    let tasks = tasks.clone();
    spawn_local(async move {
        let kept = remember(&tasks, files).await;
        tasks.dispatch(Action::Link(LinkAction::Remembered(kept)));
    });
}

/// Asks how much is kept.
pub fn ask_remembered(tasks: &Rc<Tasks>) {
    let tasks = tasks.clone();
    spawn_local(async move {
        if let Ok(kept) = ask(&tasks, Request::Remembered, &Array::new()).await {
            tasks.dispatch(Action::Link(LinkAction::Remembered(Ok(kept))));
        }
    });
}

/// Keeps nothing any more. Models of the hub are not touched.
pub fn forget_files(tasks: &Rc<Tasks>) {
    choose_to_remember(tasks, false);
    let tasks = tasks.clone();
    spawn_local(async move {
        tasks.dispatch(Action::Link(match ask(&tasks, Request::Forget, &Array::new()).await {
            Ok(_) => LinkAction::Forgotten,
            Err(error) => LinkAction::Remembered(Err(error)),
        }));
    });
}

/// For each of some files the kept one that it is.
async fn kept(tasks: &Tasks, files: &[LinkedFile]) -> Result<Vec<Option<File>>, Fault> {
    let wanted = files.iter().map(to_keep).collect();
    let answer = tasks.hub.call(Request::Recall { files: wanted }, &Array::new(), |_| {}).await?;
    let mut candidates: Vec<(File, Option<FileHash>)> = Vec::new();
    for file in answer.1.iter() {
        let file: File = file.unchecked_into();
        let hash = hash_of(&file).await;
        candidates.push((file, hash));
    }
    let is = |linked: &LinkedFile, (file, hash): &(File, Option<FileHash>)| match (&linked.hash, hash) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => file.name() == linked.name && file.size() as u64 == linked.n_bytes,
    };
    let find = |linked| candidates.iter().find(|candidate| is(linked, candidate)).map(|(file, _)| file.clone());
    Ok(files.iter().map(find).collect())
}

async fn remember(tasks: &Tasks, files: Vec<(FileId, LinkedFile)>) -> Result<(usize, u64), String> {
    let linked: Vec<_> = files.iter().map(|(_, linked)| linked.clone()).collect();
    // A model of the hub is kept already.
    let there = kept(tasks, &linked).await.map_err(reason)?;
    let (handles, mut new) = (Array::new(), Vec::new());
    for ((id, linked), there) in files.iter().zip(there) {
        if let Some(blob) = tasks.files.blob(*id).filter(|_| there.is_none()) {
            handles.push(&blob);
            new.push(to_keep(linked));
        }
    }
    ask(tasks, Request::Remember { files: new }, &handles).await
}

fn to_keep(LinkedFile { name, n_bytes, hash, .. }: &LinkedFile) -> FileToKeep {
    FileToKeep { name: name.clone(), bytes: *n_bytes, hash: hash.as_ref().map(|hash| hash.digits().to_owned()) }
}

/// A request that is answered by how many files are kept and their size.
async fn ask(tasks: &Tasks, request: Request, attachments: &Array) -> Result<(usize, u64), String> {
    match tasks.hub.call(request, attachments, |_| {}).await.map_err(reason)? {
        (Event::Remembered { files, bytes }, _) => Ok((files, bytes)),
        (other, _) => Err(format!("the answer was not understood (reload the page): {other:?}")),
    }
}

fn reason(fault: Fault) -> String {
    match fault {
        Fault::Died(reason) => format!("the hub's worker stopped: {reason}"),
        fault => Failure::from(fault).message,
    }
}
