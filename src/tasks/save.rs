//! Hands a file to the person, as a download.

use gloo_timers::callback::Timeout;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// A browser may begin to read what it saves only after a question to the person, or after other downloads.
const REVOKE_MS: u32 = 60_000;

/// Saves bytes under a name.
///
/// # Errors
/// When the browser refuses.
pub fn save_bytes(name: &str, bytes: &Uint8Array) -> Result<(), JsValue> {
    save_blob(name, &Blob::new_with_u8_array_sequence(&Array::of1(bytes))?)
}

/// Saves a text under a name.
///
/// # Errors
/// When the browser refuses.
pub fn save_text(name: &str, mime_type: &str, text: &str) -> Result<(), JsValue> {
    save_blob(name, &text_blob(mime_type, text)?)
}

/// A text as a file that has no name yet.
///
/// # Errors
/// When the browser refuses.
pub fn text_blob(mime_type: &str, text: &str) -> Result<Blob, JsValue> {
    Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &of_type(mime_type))
}

/// Bytes as a file that has no name yet.
///
/// # Errors
/// When the browser refuses.
pub fn typed_blob(mime_type: &str, bytes: &Uint8Array) -> Result<Blob, JsValue> {
    Blob::new_with_u8_array_sequence_and_options(&Array::of1(bytes), &of_type(mime_type))
}

fn of_type(mime_type: &str) -> BlobPropertyBag {
    let options = BlobPropertyBag::new();
    options.set_type(mime_type);
    options
}

/// Saves a file under a name.
///
/// # Errors
/// When the browser refuses.
pub fn save_blob(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(blob)?;
    let document = web_sys::window().and_then(|window| window.document()).ok_or("there is no document")?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Timeout::new(REVOKE_MS, move || _ = Url::revoke_object_url(&url)).forget();
    Ok(())
}
