//! Reading the files and URLs of a message.
//!
//! A `File` or a `Blob` is sliced. A URL is asked for ranges; where the server does not give them, the browser keeps the whole
//! response as a `Blob` outside of this program's memory, and that is sliced.

use std::ops::Range;

use js_sys::{Array, ArrayBuffer, DataView, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Headers, RequestInit, Response, WorkerGlobalScope};

use super::error::read_error;
use crate::source::{ByteSource, ReadError};
use circuitscope_core::Source;

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
    /// Opens a source of a message that came with these attachments, to be read in ranges.
    ///
    /// # Errors
    /// When an attachment is not there or not bytes, or a URL gives no answer.
    pub async fn open(source: &Source, attachments: &Array) -> Result<Self, ReadError> {
        match source {
            Source::Url { url } => Self::open_url(url).await,
            Source::Attached { index, name } => Self::open_attached(name, &attachments.get(*index as u32)),
        }
    }

    /// Opens a source that will be read whole: a URL is fetched in one request.
    ///
    /// # Errors
    /// As [`OpenSource::open`].
    pub async fn open_whole(source: &Source, attachments: &Array) -> Result<Self, ReadError> {
        match source {
            Source::Url { url } => Self::of_response(url, &fetch(url, None).await?).await,
            Source::Attached { index, name } => Self::open_attached(name, &attachments.get(*index as u32)),
        }
    }

    fn open_attached(name: &str, value: &JsValue) -> Result<Self, ReadError> {
        let bytes = Bytes::of_js(value);
        let bytes = bytes.ok_or_else(|| ReadError::new(name, "expected a File, a Blob or bytes beside the message"))?;
        let len = match &bytes {
            Bytes::Blob(blob) => blob.size() as u64,
            Bytes::Array(array) => u64::from(array.length()),
            Bytes::Url(_) => 0,
        };
        Ok(Self { name: name.to_owned(), len, bytes })
    }

    async fn open_url(url: &str) -> Result<Self, ReadError> {
        let response = fetch(url, Some(0..1)).await?;
        if response.status() != 206 {
            return Self::of_response(url, &response).await;
        }
        let total = response.headers().get("content-range").ok().flatten();
        match total.and_then(|range| range.rsplit_once('/')?.1.parse().ok()) {
            Some(len) => Ok(Self { name: url.to_owned(), len, bytes: Bytes::Url(url.to_owned()) }),
            // The length is not known, so that a part of it is of no use.
            None => Self::of_response(url, &fetch(url, None).await?).await,
        }
    }

    async fn of_response(url: &str, response: &Response) -> Result<Self, ReadError> {
        let blob: Blob = resolve(url, response.blob()).await?.unchecked_into();
        Ok(Self { name: url.to_owned(), len: blob.size() as u64, bytes: Bytes::Blob(blob) })
    }
}

impl Bytes {
    /// A `Blob`, a buffer or a view of one; nothing for any other value.
    fn of_js(value: &JsValue) -> Option<Self> {
        if let Some(blob) = value.dyn_ref::<Blob>() {
            return Some(Self::Blob(blob.clone()));
        }
        if let Some(buffer) = value.dyn_ref::<ArrayBuffer>() {
            return Some(Self::Array(Uint8Array::new(buffer)));
        }
        ArrayBuffer::is_view(value).then(|| {
            let view = value.unchecked_ref::<DataView>();
            let (start, len) = (view.byte_offset() as u32, view.byte_length() as u32);
            Self::Array(Uint8Array::new_with_byte_offset_and_length(&view.buffer(), start, len))
        })
    }
}

impl ByteSource for OpenSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.len
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        let bytes = match &self.bytes {
            Bytes::Array(array) => array.subarray(range.start as u32, range.end as u32).to_vec(),
            Bytes::Blob(blob) => {
                let slice = blob.slice_with_f64_and_f64(range.start as f64, range.end as f64);
                bytes_of(&self.name, slice.map(|slice| slice.array_buffer())).await?
            }
            Bytes::Url(_) if range.is_empty() => Vec::new(),
            Bytes::Url(url) => bytes_of(url, fetch(url, Some(range.clone())).await?.array_buffer()).await?,
        };
        let (expected, found) = (range.end - range.start, bytes.len() as u64);
        if found == expected {
            return Ok(bytes);
        }
        let reason = format!("expected {expected} bytes from {} on, found {found}", range.start);
        Err(ReadError::new(&self.name, reason))
    }
}

/// The bytes of a promised buffer.
async fn bytes_of(file: &str, buffer: Result<Promise, JsValue>) -> Result<Vec<u8>, ReadError> {
    Ok(Uint8Array::new(&resolve(file, buffer).await?).to_vec())
}

async fn resolve(file: &str, promise: Result<Promise, JsValue>) -> Result<JsValue, ReadError> {
    let promise = promise.map_err(|e| read_error(file, &e))?;
    JsFuture::from(promise).await.map_err(|e| read_error(file, &e))
}

/// Fetches a URL, or a range of it.
async fn fetch(url: &str, range: Option<Range<u64>>) -> Result<Response, ReadError> {
    let init = RequestInit::new();
    if let Some(Range { start, end }) = range {
        let headers = Headers::new().map_err(|e| read_error(url, &e))?;
        headers.set("Range", &format!("bytes={start}-{}", end - 1)).map_err(|e| read_error(url, &e))?;
        init.set_headers(&headers);
    }
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let response: Response = resolve(url, Ok(scope.fetch_with_str_and_init(url, &init))).await?.unchecked_into();
    if response.ok() {
        return Ok(response);
    }
    Err(ReadError::new(url, format!("the server answered {} {}", response.status(), response.status_text())))
}
