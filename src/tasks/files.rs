//! Files that are added to the list.

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::context::Tasks;
use super::figure::{self, Trouble};
use super::folder::{Dropped, FoundFile};
use super::of_use::{Sorted, sort};
use super::read_file;
use crate::state::files::{Content, FileEntry, FileId, Note, Refusal};
use crate::state::load::{Load, Shared};
use crate::state::recognise::Unread;
use crate::state::runs::Failure;
use crate::update::Action;
use crate::workers::js_text;

/// Adds what was dropped or chosen together: those files of it that are of use.
pub fn add_dropped(tasks: &Rc<Tasks>, dropped: Dropped) {
    let tasks = tasks.clone();
    spawn_local(async move {
        match dropped.files().await {
            Ok(files) => add_found(&tasks, &files).await,
            Err(error) => tasks.dispatch(Action::FilesSorted(Some(Note::wrong(error)))),
        }
    });
}

/// A figure is opened before the files that come with it, which may be its own.
async fn add_found(tasks: &Rc<Tasks>, files: &[FoundFile]) {
    let paths: Vec<_> = files.iter().map(|found| found.path.as_str()).collect();
    let Sorted { take, note } = sort(&paths);
    tasks.dispatch(Action::FilesSorted(note));
    let in_folder = paths.iter().any(|path| path.contains('/'));
    let mut rest = Vec::new();
    for i in take {
        match unpack(&files[i].file).await {
            Ok(unpacked) => rest.extend(unpacked),
            Err(trouble) => return figure::fail(tasks, trouble),
        }
    }
    if let Some(figure) = take_figure(&mut rest).await {
        figure::open_file(tasks, &figure, &rest).await;
    }
    for file in rest {
        if !figure::offer(tasks, &file).await {
            add_file(tasks, file, in_folder);
        }
    }
}

/// The files of a figure's archive, or a file as it is.
async fn unpack(file: &File) -> Result<Vec<File>, Trouble> {
    let is_archive = file.name().to_lowercase().ends_with(".zip");
    let unpacked = if is_archive { figure::unzip(file).await? } else { None };
    Ok(unpacked.unwrap_or_else(|| vec![file.clone()]))
}

/// Takes the first figure out of some files.
async fn take_figure(files: &mut Vec<File>) -> Option<File> {
    for i in 0..files.len() {
        if read_file::is_figure(&files[i]).await {
            return Some(files.remove(i));
        }
    }
    None
}

/// Adds files to the list, and reads as much of each as shows its role.
pub fn add_files(tasks: &Rc<Tasks>, files: Vec<File>) {
    for file in files {
        add_file(tasks, file, false);
    }
}

/// A folder may hold JSON of any kind; a file that was chosen by itself should be known.
fn add_file(tasks: &Rc<Tasks>, file: File, in_folder: bool) {
    let (name, n_bytes) = (file.name(), file.size() as u64);
    let id = tasks.files.add(name.clone(), file.clone().into());
    tasks.dispatch(Action::FileFound(FileEntry { id, name, n_bytes, demo: false, content: Load::Loading }));
    let tasks = tasks.clone();
    spawn_local(async move {
        tasks.dispatch(match read_file::read(&file).await {
            Err(Unread::Unknown(_)) if in_folder => Action::FileUnused(id),
            content => Action::FileRead(id, content.map_err(Refusal::from)),
        });
    });
}

/// Forgets files that nothing refers to any more.
pub fn release_files<'a>(tasks: &Tasks, ids: impl IntoIterator<Item = &'a FileId>) {
    ids.into_iter().for_each(|&id| tasks.files.remove(id));
}

/// Adds a file that was made on the page, as if it had been dropped.
pub fn add_text(tasks: &Rc<Tasks>, name: &str, text: &str) {
    match File::new_with_str_sequence(&Array::of1(&text.into()), name) {
        Ok(file) => add_files(tasks, vec![file]),
        Err(error) => tasks.dispatch(Action::Failed(Failure::plain(js_text(&error)))),
    }
}

/// A file of scores, as if it had been dropped; it is not in the list yet.
pub fn scores_file(tasks: &Tasks, name: String, bytes: Vec<u8>) -> FileEntry {
    let id = tasks.files.add(name.clone(), JsValue::from(Uint8Array::from(bytes.as_slice())));
    let n_bytes = bytes.len() as u64;
    let content = Load::Ready(Content::Scores(Shared(Rc::from(bytes))));
    FileEntry { id, name, n_bytes, demo: false, content }
}
