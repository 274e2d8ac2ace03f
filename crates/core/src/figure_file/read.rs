//! A figure's JSON, read and written.

use serde::Deserialize;
use serde_json::error::Category;

use super::json_path::path_at;
use super::{FORMAT, FigureFile, MAX_BYTES, VERSION, check};
use crate::config::ModelConfig;
use crate::error::CircuitError;
use crate::labels::size_label;

/// The largest config that is read out of a figure; a model's takes a few kilobytes.
const MAX_CONFIG: usize = 1 << 20;

/// What says whether the rest can be read.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    version: Option<u64>,
}

/// Whether a text is a figure's, of whatever version, by its `format`. [`crate::recognise`] knows most figures by their first bytes.
pub fn is_figure(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Format {
        format: String,
    }
    serde_json::from_str(text.trim_start_matches('\u{feff}')).is_ok_and(|Format { format }| format == FORMAT)
}

impl FigureFile {
    /// Reads a figure; `file` is its name in messages.
    ///
    /// # Errors
    /// When the text is too long, is no JSON, is no figure or one of another version, or a field is not what it should be. The message
    /// names the field. Where the config is inlined, all of the figure is checked; else [`FigureFile::on_model`] checks the rest.
    pub fn from_json(file: &str, text: &str) -> Result<Self, CircuitError> {
        if text.len() > MAX_BYTES {
            let (most, found) = (size_label(MAX_BYTES as u64), size_label(text.len() as u64));
            return Err(CircuitError::field(file, "size", format!("at most {most}"), found));
        }
        let text = text.trim_start_matches('\u{feff}');
        let head = head(file, text)?;
        check_head(file, &head)?;
        let figure: Self = serde_json::from_str(text).map_err(|error| field_error(file, text, &error))?;
        figure.check(file)?;
        Ok(figure)
    }

    /// The figure as JSON that [`FigureFile::from_json`] reads: the fields in one order, numbers as short as they are exact.
    ///
    /// # Errors
    /// When it could not be read again, as `from_json` says.
    pub fn to_json(&self, file: &str) -> Result<String, CircuitError> {
        self.check(file)?;
        let text = serde_json::to_string(self).map_err(|error| CircuitError::json(file, &error))?;
        if text.len() > MAX_BYTES {
            let (most, found) = (size_label(MAX_BYTES as u64), size_label(text.len() as u64));
            return Err(CircuitError::field(file, "size", format!("at most {most}"), found));
        }
        Ok(text)
    }

    /// The model's configuration, where the config is inlined.
    ///
    /// # Errors
    /// When it is not a config; see [`ModelConfig::from_json`].
    pub fn inline_model(&self, file: &str) -> Result<Option<ModelConfig>, CircuitError> {
        let Some(content) = self.files.config.content() else { return Ok(None) };
        let name = format!("{file}: files.config");
        if content.len() > MAX_CONFIG {
            let (most, found) = (size_label(MAX_CONFIG as u64), size_label(content.len() as u64));
            return Err(CircuitError::field(&name, "inline", format!("at most {most}"), found));
        }
        let text = std::str::from_utf8(content)
            .map_err(|error| CircuitError::field(&name, "inline", "a text", error.to_string()))?;
        ModelConfig::from_json(&name, text).map(Some)
    }

    fn check(&self, file: &str) -> Result<(), CircuitError> {
        check::alone(file, self)?;
        match self.inline_model(file)? {
            Some(model) => self.on_model(file, &model).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// The head of a figure. All of the text is seen to be JSON, as nothing of it is kept that would have to be checked.
fn head(file: &str, text: &str) -> Result<Head, CircuitError> {
    serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => field_error(file, text, &error),
        _ => CircuitError::json(file, &error),
    })
}

fn check_head(file: &str, head: &Head) -> Result<(), CircuitError> {
    if head.format.as_deref() != Some(FORMAT) {
        let found = head.format.as_ref().map_or("none".to_owned(), |format| format!("{:?}", check::shortened(format)));
        return Err(CircuitError::field(file, "format", format!("{FORMAT:?}, as in every figure file"), found));
    }
    if head.version != Some(u64::from(VERSION)) {
        let found = head.version.map_or("none".to_owned(), |version| version.to_string());
        return Err(CircuitError::field(file, "version", format!("{VERSION}, the only one that is known here"), found));
    }
    Ok(())
}

/// An error of serde in a text that is JSON, as one of a field by its path.
fn field_error(file: &str, text: &str, error: &serde_json::Error) -> CircuitError {
    // What is no value of an enum is bad syntax to serde_json, which then names the place of the first character of it.
    let n_looked_at = usize::from(error.classify() != Category::Data);
    let whole = error.to_string();
    let message = whole.split(" at line ").next().unwrap_or(&whole);
    let path = path_at(text, error.line(), error.column().saturating_sub(n_looked_at));
    if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        // The place is the end of the object that lacks it.
        let path = if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        return CircuitError::field(file, &path, "given", "nothing");
    }
    let path = if path.is_empty() { "the figure" } else { &path };
    match what_is_wrong(message) {
        Some((found, expected)) => CircuitError::field(file, path, in_words(expected), check::shortened(found)),
        None if message == "expected value" => {
            CircuitError::field(file, path, "one of the words or objects of the format", "another value")
        }
        None => CircuitError::field(file, path, "as the format says", check::shortened(message)),
    }
}

/// What was found and what was expected, by a message of serde: `invalid type: string "a", expected u32`.
fn what_is_wrong(message: &str) -> Option<(&str, &str)> {
    let kinds = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    let rest = kinds.into_iter().find_map(|kind| message.strip_prefix(kind))?;
    rest.rsplit_once(", expected ")
}

/// What serde expected, in words that say nothing of Rust.
fn in_words(expected: &str) -> &str {
    match expected {
        "usize" | "u64" | "u32" => "a whole number from 0",
        "f64" | "f32" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other if other.starts_with("enum ") => "one of the words or objects of the format",
        other => other,
    }
}
