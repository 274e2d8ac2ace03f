//! Messages as JavaScript values: `[call or reply, attachments]`.

use js_sys::{Array, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

/// A message that could not be read.
pub(super) struct Unreadable {
    /// Its number, as far as it could be read; else 0.
    pub id: u32,
    pub reason: String,
}

/// Writes a message.
///
/// # Errors
/// When a number has no exact value in JavaScript.
pub(super) fn write(message: &impl Serialize, attachments: &Array) -> Result<Array, String> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    let message = message.serialize(&serializer).map_err(|e| e.to_string())?;
    Ok(Array::of2(&message, attachments))
}

/// Reads a message, with its attachments.
///
/// # Errors
/// When it is not one.
pub(super) fn read<M: DeserializeOwned>(data: &JsValue) -> Result<(M, Array), Unreadable> {
    let expected = || Unreadable { id: 0, reason: "expected a list of a message and its attachments".to_owned() };
    let data: &Array = data.dyn_ref().ok_or_else(expected)?;
    let (message, attachments) = (data.get(0), data.get(1));
    let unreadable = |reason: String| {
        let id = Reflect::get(&message, &"id".into()).ok().and_then(|id| id.as_f64());
        Unreadable { id: id.unwrap_or(0.0) as u32, reason }
    };
    let attachments = attachments.dyn_into().map_err(|_| unreadable("expected a list of attachments".to_owned()))?;
    let read = serde_wasm_bindgen::from_value(message.clone()).map_err(|e| unreadable(e.to_string()))?;
    Ok((read, attachments))
}
