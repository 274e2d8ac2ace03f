//! The hashes that links know files by.

use std::rc::Rc;

use js_sys::{Function, Promise, Reflect, Uint8Array, global};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Blob;

use super::context::Tasks;
use crate::state::files::FileId;
use crate::state::link::FileHash;
use crate::update::{Action, LinkAction};

/// Computes a file's hash.
pub fn hash_file(tasks: &Rc<Tasks>, id: FileId) {
    let (tasks, blob) = (tasks.clone(), tasks.files.blob(id));
    spawn_local(async move {
        let hash = match blob {
            Some(blob) => hash_of(&blob).await,
            None => None,
        };
        tasks.dispatch(Action::Link(LinkAction::Hashed(id, hash)));
    });
}

/// The hash of a file; none where it cannot be read, or where the page was fetched without encryption.
pub async fn hash_of(blob: &Blob) -> Option<FileHash> {
    let bytes = bytes_to_hash(blob).await.ok()?;
    let digest = JsFuture::from(sha_256(&bytes).ok()?).await.ok()?;
    Some(FileHash::new(&Uint8Array::new(&digest).to_vec()))
}

/// The SHA-256 of all bytes of a file, in hexadecimal digits; none where the browser cannot compute it: of a file that does not fit
/// into its memory, or where the page was fetched without encryption.
pub async fn sha_256_of(blob: &Blob) -> Option<String> {
    let bytes = slice(blob, 0.0, blob.size()).await.ok()?;
    let digest = JsFuture::from(sha_256(&bytes).ok()?).await.ok()?;
    Some(Uint8Array::new(&digest).to_vec().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What is hashed of a file; see [`FileHash`].
async fn bytes_to_hash(blob: &Blob) -> Result<Uint8Array, JsValue> {
    let size = blob.size();
    if size <= FileHash::WHOLE_BYTES as f64 {
        return slice(blob, 0.0, size).await;
    }
    let end = FileHash::END_BYTES as f64;
    let mut bytes = (size as u64).to_le_bytes().to_vec();
    for (from, to) in [(0.0, end), (size - end, size)] {
        bytes.extend(slice(blob, from, to).await?.to_vec());
    }
    Ok(Uint8Array::from(bytes.as_slice()))
}

async fn slice(blob: &Blob, from: f64, to: f64) -> Result<Uint8Array, JsValue> {
    let part = blob.slice_with_f64_and_f64(from, to)?;
    let buffer = JsFuture::from(part.array_buffer()).await?;
    Ok(Uint8Array::new(&buffer))
}

/// `crypto.subtle.digest`: there is none on pages that were fetched without encryption.
fn sha_256(bytes: &Uint8Array) -> Result<Promise, JsValue> {
    let crypto = Reflect::get(&global(), &"crypto".into())?;
    let subtle = Reflect::get(&crypto, &"subtle".into())?;
    let digest: Function = Reflect::get(&subtle, &"digest".into())?.dyn_into()?;
    digest.call2(&subtle, &"SHA-256".into(), bytes)?.dyn_into()
}
