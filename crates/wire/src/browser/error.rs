//! What errors of the browser say.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::ErrorEvent;

use crate::source::ReadError;

/// The message of a JavaScript exception.
pub fn js_text(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |e| String::from(e.message()))
}

/// The message of an `error` event of a worker.
pub(super) fn event_text(event: &web_sys::Event) -> String {
    let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|message| !message.is_empty());
    message.unwrap_or_else(|| "its script could not be loaded".to_owned())
}

/// An exception while a file was read.
pub(super) fn read_error(file: &str, error: &JsValue) -> ReadError {
    ReadError::new(file, js_text(error))
}
