//! Reading files and URLs in the browser, a range at a time.
//!
//! A `File` or a `Blob` is sliced. A URL is asked for ranges; where the server does not give them, the browser keeps the
//! whole response as a `Blob` outside of this program's memory, and that is sliced.

use std::ops::Range;

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Headers, RequestInit, Response, WorkerGlobalScope};

use circuitscope_engine::model::{ByteSource, ModelError};
use circuitscope_wire::engine::Source;

/// A source that is open for reading.
pub struct OpenSource {
    name: String,
    len: u64,
    bytes: Bytes,
}

enum Bytes {
    Blob(Blob),
    Array(Uint8Array),
    Url(String),
}

impl OpenSource {
    /// Opens a source of a message that came with these attachments.
    ///
    /// # Errors
    /// When an attachment is not there or not bytes, or a URL gives no answer.
    pub async fn open(source: &Source, attachments: &Array) -> Result<Self, ModelError> {
        match source {
            Source::Url { url } => Self::open_url(url).await,
            Source::Attached { index, name } => {
                let attached = attachments.get(*index as u32);
                let reason = "expected a File, a Blob or bytes beside the message";
                Self::from_js(name, &attached).ok_or_else(|| read_error(name, reason.to_owned()))
            }
        }
    }

    fn from_js(name: &str, value: &JsValue) -> Option<Self> {
        let name = name.to_owned();
        if let Some(blob) = value.dyn_ref::<Blob>() {
            return Some(Self { name, len: blob.size() as u64, bytes: Bytes::Blob(blob.clone()) });
        }
        let array = match value.dyn_ref::<ArrayBuffer>() {
            Some(buffer) => Uint8Array::new(buffer),
            None if ArrayBuffer::is_view(value) => {
                let view = value.unchecked_ref::<js_sys::DataView>();
                let (start, len) = (view.byte_offset() as u32, view.byte_length() as u32);
                Uint8Array::new_with_byte_offset_and_length(&view.buffer(), start, len)
            }
            None => return None,
        };
        Some(Self { name, len: u64::from(array.length()), bytes: Bytes::Array(array) })
    }

    async fn open_url(url: &str) -> Result<Self, ModelError> {
        let response = fetch(url, Some(0..1)).await?;
        let total = response.headers().get("content-range").ok().flatten();
        let total = total.and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        if let (206, Some(len)) = (response.status(), total) {
            return Ok(Self { name: url.to_owned(), len, bytes: Bytes::Url(url.to_owned()) });
        }
        let response = if response.status() == 206 { fetch(url, None).await? } else { response };
        let blob = response.blob().map_err(|e| js_error(url, &e))?;
        let blob: Blob = JsFuture::from(blob).await.map_err(|e| js_error(url, &e))?.unchecked_into();
        Ok(Self { name: url.to_owned(), len: blob.size() as u64, bytes: Bytes::Blob(blob) })
    }

    /// All bytes.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn read_all(&self) -> Result<Vec<u8>, ModelError> {
        self.read(0..self.len).await
    }

    /// The contents as text.
    ///
    /// # Errors
    /// When they cannot be read or are not UTF-8.
    pub async fn read_text(&self) -> Result<String, ModelError> {
        let text = String::from_utf8(self.read_all().await?);
        text.map_err(|e| read_error(&self.name, format!("expected text, found bytes that are not UTF-8 ({e})")))
    }
}

impl ByteSource for OpenSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.len
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, ModelError> {
        let bytes = match &self.bytes {
            Bytes::Array(array) => array.subarray(range.start as u32, range.end as u32).to_vec(),
            Bytes::Blob(blob) => {
                let slice = blob.slice_with_f64_and_f64(range.start as f64, range.end as f64);
                self.array_buffer(slice.map(|s| s.array_buffer())).await?
            }
            Bytes::Url(_) if range.is_empty() => Vec::new(),
            Bytes::Url(url) => {
                let response = fetch(url, Some(range.clone())).await?;
                self.array_buffer(response.array_buffer()).await?
            }
        };
        let (expected, found) = (range.end - range.start, bytes.len() as u64);
        if found == expected {
            return Ok(bytes);
        }
        let at = format!("expected {expected} bytes from {} on, found {found}", range.start);
        Err(read_error(&self.name, at))
    }
}

impl OpenSource {
    async fn array_buffer(&self, promise: Result<js_sys::Promise, JsValue>) -> Result<Vec<u8>, ModelError> {
        let promise = promise.map_err(|e| js_error(&self.name, &e))?;
        let buffer = JsFuture::from(promise).await.map_err(|e| js_error(&self.name, &e))?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }
}

/// Fetches a URL, or a range of it.
async fn fetch(url: &str, range: Option<Range<u64>>) -> Result<Response, ModelError> {
    let init = RequestInit::new();
    if let Some(range) = range {
        let headers = Headers::new().map_err(|e| js_error(url, &e))?;
        let value = format!("bytes={}-{}", range.start, range.end - 1);
        headers.set("Range", &value).map_err(|e| js_error(url, &e))?;
        init.set_headers(&headers);
    }
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let response = JsFuture::from(scope.fetch_with_str_and_init(url, &init)).await.map_err(|e| js_error(url, &e))?;
    let response: Response = response.unchecked_into();
    if response.ok() {
        return Ok(response);
    }
    Err(read_error(url, format!("the server answered {} {}", response.status(), response.status_text())))
}

fn read_error(file: &str, reason: String) -> ModelError {
    ModelError::Read { file: file.to_owned(), reason }
}

fn js_error(file: &str, error: &JsValue) -> ModelError {
    let message = error.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    read_error(file, message.unwrap_or_else(|| format!("{error:?}")))
}
