//! Text prompts: auto-circuit's dataset format (`data.py`, `load_datasets_from_json`) with texts for prompts or answers, which
//! become token ids.
//!
//! A text prompt begins with the BOS token, if asked for (see [`super::tokenizer`]); labels and word positions are then
//! shifted by one, the new label being `<|BOS|>`. Prompts that are token ids stay as they are, as auto-circuit's do. An answer
//! is tokenized by itself, without special tokens, and has to be one token.

use serde_json::{Value, json};

use super::answers::{AnswerReader, expects_space};
use super::error::TextError;
use super::tokenizer::Tokenizer;
use crate::file::File;
use circuitscope_core::prompts::has_texts;
use circuitscope_core::{CircuitError, PromptSettings, Prompts};

/// The label of a BOS token that was prepended, as in auto-circuit.
const BOS_LABEL: &str = "<|BOS|>";

/// Prompts, and what a user should know of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadPrompts {
    /// Of token ids.
    pub prompts: Prompts,
    /// Each a sentence or two.
    pub notes: Vec<String>,
}

/// Reads a file of prompts: token ids or, with a tokenizer, texts.
///
/// # Errors
/// When the file is not in the format, has texts and there is no tokenizer, mixes texts with ids, or an answer is not one
/// token.
pub fn read_prompts(
    file: &File,
    tokenizer: Option<&Tokenizer>,
    settings: PromptSettings,
) -> Result<ReadPrompts, TextError> {
    let text = file.text()?;
    let mut json: Value = serde_json::from_str(text).map_err(|e| CircuitError::json(&file.name, &e))?;
    if !has_texts(&json) {
        return Ok(ReadPrompts { prompts: Prompts::from_json(&file.name, text)?, notes: Vec::new() });
    }
    let tokenizer = tokenizer.ok_or_else(|| TextError::TextPrompts { file: file.name.clone() })?;
    let notes = tokenize(&file.name, &mut json, tokenizer, settings)?;
    Ok(ReadPrompts { prompts: Prompts::from_json(&file.name, &json.to_string())?, notes })
}

/// Replaces the texts of a file by token ids. Returns notes.
fn tokenize(
    file: &str,
    json: &mut Value,
    tokenizer: &Tokenizer,
    settings: PromptSettings,
) -> Result<Vec<String>, TextError> {
    // Whatever is not a list of prompts is an error of `Prompts::from_json`.
    let Some(pairs) = json.get_mut("prompts").and_then(Value::as_array_mut) else { return Ok(Vec::new()) };
    let are_texts = are_texts(file, pairs)?;
    let mut answers = AnswerReader::new(file, tokenizer);
    for (i, pair) in pairs.iter_mut().enumerate() {
        let expects_space = expects_space(&pair["clean"], tokenizer);
        for name in ["answers", "wrong_answers"] {
            let list = pair.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten();
            for (n, answer) in list.enumerate() {
                answers.read(answer, &format!("prompts[{i}].{name}[{n}]"), expects_space)?;
            }
        }
        for name in SIDES {
            let Some(prompt) = pair.get_mut(name) else { continue };
            let Some(text) = prompt.as_str() else { continue };
            let ids = tokenizer.encode(text, settings.prepend_bos);
            *prompt = json!(ids.map_err(|error| TextError::prompt(file, &format!("prompts[{i}].{name}"), error))?);
        }
    }
    let notes = answers.finish()?;
    if are_texts {
        if settings.prepend_bos {
            shift(json);
        }
        if settings.pad && json.get("pad_token").is_none() {
            // Where a tokenizer has none, any token will do: it is masked.
            json["pad_token"] = json!(tokenizer.info().pad.as_ref().map_or(0, |pad| pad.id));
        }
    }
    Ok(notes)
}

/// The two prompts of a pair.
const SIDES: [&str; 2] = ["clean", "corrupt"];

/// Whether the prompts are texts: all or none, for the file's labels fit either texts with a BOS token or ids without.
fn are_texts(file: &str, pairs: &[Value]) -> Result<bool, TextError> {
    let mut are_texts = None;
    for (i, pair) in pairs.iter().enumerate() {
        for name in SIDES {
            let Some(prompt) = pair.get(name) else { continue };
            if *are_texts.get_or_insert(prompt.is_string()) != prompt.is_string() {
                let (field, found) = (format!("prompts[{i}].{name}"), "texts and lists of token ids");
                return Err(CircuitError::field(file, &field, "like the prompts before it", found).into());
            }
        }
    }
    Ok(are_texts == Some(true))
}

/// Moves labels and word positions up by one, for the BOS token before them.
fn shift(json: &mut Value) {
    if let Some(labels) = json.get_mut("seq_labels").and_then(Value::as_array_mut) {
        labels.insert(0, json!(BOS_LABEL));
    }
    let idxs = json.get_mut("word_idxs").and_then(Value::as_object_mut);
    for idx in idxs.into_iter().flat_map(|idxs| idxs.values_mut()) {
        if let Some(n) = idx.as_u64() {
            *idx = json!(n.saturating_add(1));
        }
    }
}
