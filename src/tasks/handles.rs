//! The files themselves, to hand to a worker.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use crate::state::demo;
use crate::state::files::FileId;
use crate::workers::Fault;
use circuitscope_core::Source;

/// `File`s, or byte arrays of what is no file of the person's, by their numbers.
pub struct FileHandles {
    handles: RefCell<HashMap<FileId, (String, JsValue)>>,
    last: Cell<FileId>,
}

impl FileHandles {
    /// The demo's files.
    pub fn of_demo() -> Self {
        let handle = |(name, bytes): (&str, &[u8])| (name.to_owned(), JsValue::from(Uint8Array::from(bytes)));
        let handles = (0..).zip(demo::FILES.map(handle)).collect();
        Self { handles: RefCell::new(handles), last: Cell::new(demo::FILES.len() as FileId - 1) }
    }

    /// Gives a file a number.
    pub fn add(&self, name: String, handle: JsValue) -> FileId {
        let id = self.last.get() + 1;
        self.last.set(id);
        self.handles.borrow_mut().insert(id, (name, handle));
        id
    }

    /// Sets numbers aside for files that are put in later, and gives the first.
    pub fn reserve(&self, n_files: u32) -> FileId {
        let first = self.last.get() + 1;
        self.last.set(self.last.get() + n_files);
        first
    }

    /// A file of a number that was set aside.
    pub fn put(&self, id: FileId, name: String, bytes: &[u8]) {
        self.handles.borrow_mut().insert(id, (name, JsValue::from(Uint8Array::from(bytes))));
    }

    /// The same, whose bytes stay outside of this program's memory.
    pub fn put_blob(&self, id: FileId, name: String, blob: &Blob) {
        self.handles.borrow_mut().insert(id, (name, blob.clone().into()));
    }

    /// Forgets a file, so that the browser can free it.
    pub fn remove(&self, id: FileId) {
        self.handles.borrow_mut().remove(&id);
    }

    /// A file as the source of a message, added to its attachments.
    ///
    /// # Errors
    /// When there is no such file any more.
    pub fn attach(&self, id: FileId, attachments: &Array) -> Result<Source, Fault> {
        let handles = self.handles.borrow();
        let (name, handle) = handles.get(&id).ok_or_else(|| Fault::Failed("the file is gone".to_owned()))?;
        let index = attachments.push(handle) as usize - 1;
        Ok(Source::Attached { index, name: name.clone() })
    }

    /// The bytes of a file, to be read or kept.
    pub fn blob(&self, id: FileId) -> Option<Blob> {
        let handle = self.handles.borrow().get(&id)?.1.clone();
        let handle = match handle.dyn_into::<Blob>() {
            Ok(file) => return Some(file),
            Err(bytes) => bytes,
        };
        Blob::new_with_u8_array_sequence(&Array::of1(&handle)).ok()
    }

    /// The name of a file.
    pub fn name(&self, id: FileId) -> String {
        self.handles.borrow().get(&id).map(|(name, _)| name.clone()).unwrap_or_default()
    }
}
