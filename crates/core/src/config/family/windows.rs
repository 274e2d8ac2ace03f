//! Sliding-window attention, in some blocks or in all.

use serde_json::Value;

use super::Fields;
use crate::error::CircuitError;

/// The window of each block, where some blocks are local; an empty list where none is.
pub fn one_window(local: Vec<bool>, window: usize) -> Vec<Option<usize>> {
    if !local.contains(&true) {
        return Vec::new();
    }
    local.into_iter().map(|local| local.then_some(window)).collect()
}

/// The windows of a config with Hugging Face's `sliding_window`. `layer_types` says for each block whether it has one;
/// without that field all blocks from `first` on have one.
pub fn sliding_windows(fields: &Fields, n_layers: usize, first: usize) -> Result<Vec<Option<usize>>, CircuitError> {
    let local = match fields.get("layer_types") {
        None => (0..n_layers).map(|l| l >= first).collect(),
        Some(types) => layer_types(fields, types, n_layers)?,
    };
    let window = fields.get("sliding_window").map(|_| fields.size("sliding_window")).transpose()?;
    match window {
        Some(window) => Ok(one_window(local, window)),
        None if fields.get("layer_types").is_some() && local.contains(&true) => {
            Err(fields.wrong("sliding_window", "a whole number, since layer_types has sliding_attention"))
        }
        None => Ok(Vec::new()),
    }
}

/// For a config without windows: `layer_types` may be there, but only to say so.
pub fn no_windows(fields: &Fields, n_layers: usize) -> Result<(), CircuitError> {
    match fields.get("layer_types") {
        Some(types) if layer_types(fields, types, n_layers)?.contains(&true) => {
            Err(fields.wrong("layer_types", "full_attention for all blocks"))
        }
        _ => Ok(()),
    }
}

fn layer_types(fields: &Fields, types: &Value, n_layers: usize) -> Result<Vec<bool>, CircuitError> {
    let expected = format!("full_attention or sliding_attention for each of {n_layers} blocks");
    let wrong = || fields.wrong("layer_types", &expected);
    let list = types.as_array().filter(|list| list.len() == n_layers).ok_or_else(wrong)?;
    let kind = |value: &Value| match value.as_str() {
        Some("full_attention") => Ok(false),
        Some("sliding_attention") => Ok(true),
        _ => Err(wrong()),
    };
    list.iter().map(kind).collect()
}
