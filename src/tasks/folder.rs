//! Folders that are dropped or chosen: the files in them, with their paths.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry, FileSystemFileEntry,
};

use crate::workers::js_text;

/// A model's folder has some dozens; more is likely a whole disk.
const MAX_FILES: usize = 5_000;

/// A file with the folders that it lies in.
pub struct FoundFile {
    pub path: String,
    pub file: File,
}

/// What was dropped, to be looked into after the event.
pub enum Dropped {
    Files(Vec<FoundFile>),
    Entries(Vec<FileSystemEntry>),
}

impl Dropped {
    /// What a drop brings. Must be called during the event: afterwards the browser has forgotten it.
    pub fn new(data: &DataTransfer) -> Self {
        let items = data.items();
        let entries = (0..items.length()).filter_map(|i| items.get(i)?.webkit_get_as_entry().ok().flatten());
        let entries: Vec<_> = entries.collect();
        if entries.iter().any(FileSystemEntry::is_directory) {
            return Self::Entries(entries);
        }
        let files = data.files();
        Self::Files(files.iter().flat_map(|list| (0..list.length()).filter_map(|i| list.get(i))).map(found).collect())
    }

    /// All files, those in folders too.
    ///
    /// # Errors
    /// When a folder cannot be read or holds too many.
    pub async fn files(self) -> Result<Vec<FoundFile>, String> {
        let mut waiting = match self {
            Self::Files(files) => return Ok(files),
            Self::Entries(entries) => entries,
        };
        let mut files = Vec::new();
        while let Some(entry) = waiting.pop() {
            if entry.is_directory() {
                waiting.extend(entries_of(entry.unchecked_ref()).await.map_err(|e| unreadable(&entry, &e))?);
            } else {
                let file = file_of(entry.unchecked_ref()).await.map_err(|e| unreadable(&entry, &e))?;
                files.push(FoundFile { path: entry.full_path().trim_start_matches('/').to_owned(), file });
            }
            if files.len() + waiting.len() > MAX_FILES {
                return Err(format!("There are more than {MAX_FILES} files in this folder: drop the model's own."));
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }
}

/// A file of a file dialog: in one that chooses folders it knows its path.
pub fn found(file: File) -> FoundFile {
    let path = Reflect::get(&file, &"webkitRelativePath".into()).ok().and_then(|path| path.as_string());
    FoundFile { path: path.filter(|path| !path.is_empty()).unwrap_or_else(|| file.name()), file }
}

async fn file_of(entry: &FileSystemFileEntry) -> Result<File, JsValue> {
    let promise = Promise::new(&mut |resolve, reject| entry.file_with_callback_and_callback(&resolve, &reject));
    Ok(JsFuture::from(promise).await?.unchecked_into())
}

/// A folder is read in parts, until there is an empty one.
async fn entries_of(entry: &FileSystemDirectoryEntry) -> Result<Vec<FileSystemEntry>, JsValue> {
    let reader: FileSystemDirectoryReader = entry.create_reader();
    let mut entries = Vec::new();
    loop {
        let promise = Promise::new(&mut |resolve: Function, reject: Function| {
            if let Err(error) = reader.read_entries_with_callback_and_callback(&resolve, &reject) {
                // The promise is rejected; what it returns is nothing.
                _ = reject.call1(&JsValue::NULL, &error);
            }
        });
        let part: Array = JsFuture::from(promise).await?.unchecked_into();
        if part.length() == 0 {
            return Ok(entries);
        }
        entries.extend(part.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
    }
}

fn unreadable(entry: &FileSystemEntry, error: &JsValue) -> String {
    format!("{}: the browser could not read it: {}", entry.name(), js_text(error))
}
