//! Reading files and URLs whole, in the browser.

use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response, WorkerGlobalScope};

use circuitscope_core::Source;
use circuitscope_formats::{File, ReaderError};

/// Reads a source of a message that came with these attachments.
///
/// # Errors
/// When an attachment is not there or not bytes, or a URL gives no answer.
pub async fn read(source: &Source, attachments: &Array) -> Result<File, ReaderError> {
    match source {
        Source::Url { url } => Ok(File { name: url.clone(), bytes: fetch(url).await? }),
        Source::Attached { index, name } => {
            let bytes = attached(name, &attachments.get(*index as u32)).await?;
            Ok(File { name: name.clone(), bytes })
        }
    }
}

async fn attached(name: &str, value: &JsValue) -> Result<Vec<u8>, ReaderError> {
    if let Some(blob) = value.dyn_ref::<Blob>() {
        return bytes(name, Ok(blob.array_buffer())).await;
    }
    if let Some(buffer) = value.dyn_ref::<ArrayBuffer>() {
        return Ok(Uint8Array::new(buffer).to_vec());
    }
    if ArrayBuffer::is_view(value) {
        let view = value.unchecked_ref::<js_sys::DataView>();
        let (start, len) = (view.byte_offset() as u32, view.byte_length() as u32);
        return Ok(Uint8Array::new_with_byte_offset_and_length(&view.buffer(), start, len).to_vec());
    }
    Err(error(name, "expected a File, a Blob or bytes beside the message".to_owned()))
}

async fn fetch(url: &str) -> Result<Vec<u8>, ReaderError> {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let response = JsFuture::from(scope.fetch_with_str(url)).await.map_err(|e| js_error(url, &e))?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(error(url, format!("the server answered {} {}", response.status(), response.status_text())));
    }
    bytes(url, response.array_buffer()).await
}

async fn bytes(name: &str, promise: Result<Promise, JsValue>) -> Result<Vec<u8>, ReaderError> {
    let promise = promise.map_err(|e| js_error(name, &e))?;
    let buffer = JsFuture::from(promise).await.map_err(|e| js_error(name, &e))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

fn error(file: &str, reason: String) -> ReaderError {
    ReaderError::Read { file: file.to_owned(), reason }
}

fn js_error(file: &str, reason: &JsValue) -> ReaderError {
    let message = reason.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    error(file, message.unwrap_or_else(|| format!("{reason:?}")))
}
