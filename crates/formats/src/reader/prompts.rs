//! Text prompts: auto-circuit's dataset format (`data.py`, `load_datasets_from_json`) with texts for prompts or answers, made
//! into token ids.
//!
//! A text prompt begins with the BOS token, if asked for (see [`super::tokenizer`]); labels and word positions are then
//! shifted by one, the new label being `<|BOS|>`. Prompts that are token ids stay as they are, as the reference's do. An answer
//! is tokenized by itself, without special tokens, and has to be one token.

use serde_json::{Value, json};

use super::error::ReaderError;
use super::session::File;
use super::tokenizer::Tokenizer;
use circuitscope_core::prompts::has_texts;
use circuitscope_core::{CircuitError, PromptSettings, Prompts};

/// The label of a BOS token that was prepended, as in the reference.
const BOS_LABEL: &str = "<|BOS|>";
/// How many answers of several tokens an error names.
const MAX_NAMED: usize = 12;

/// Reads a file of prompts, of texts where there is a tokenizer.
///
/// # Errors
/// When the file is not in the format, has texts and there is no tokenizer, mixes texts with ids, or an answer is not one
/// token.
pub fn read_prompts(
    file: &File,
    tokenizer: Option<&Tokenizer>,
    settings: PromptSettings,
) -> Result<Prompts, ReaderError> {
    let text = file.text()?;
    let mut json: Value = serde_json::from_str(text).map_err(|e| CircuitError::json(&file.name, &e))?;
    if has_texts(&json) {
        let Some(tokenizer) = tokenizer else { return Err(ReaderError::TextPrompts { file: file.name.clone() }) };
        tokenize(&file.name, &mut json, tokenizer, settings)?;
        return Ok(Prompts::from_json(&file.name, &json.to_string())?);
    }
    Ok(Prompts::from_json(&file.name, text)?)
}

/// Puts token ids in the place of texts.
fn tokenize(file: &str, json: &mut Value, tokenizer: &Tokenizer, settings: PromptSettings) -> Result<(), ReaderError> {
    // What is no prompt at all is told of by whoever reads the ids.
    let Some(pairs) = json.get_mut("prompts").and_then(Value::as_array_mut) else { return Ok(()) };
    let mut texts = None;
    let mut too_long = Vec::new();
    for (i, pair) in pairs.iter_mut().enumerate() {
        for name in ["clean", "corrupt"] {
            let field = format!("prompts[{i}].{name}");
            // The labels fit either the texts with a BOS token or the ids without.
            let Some(prompt) = pair.get_mut(name) else { continue };
            if *texts.get_or_insert(prompt.is_string()) != prompt.is_string() {
                let found = "texts and lists of token ids";
                return Err(CircuitError::field(file, &field, "like the prompts before it", found).into());
            }
            if let Some(text) = prompt.as_str() {
                *prompt = json!(tokenizer.encode(text, settings.prepend_bos)?);
            }
        }
        for name in ["answers", "wrong_answers"] {
            let answers = pair.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten();
            for (n, answer) in answers.enumerate() {
                let Some(text) = answer.as_str() else { continue };
                match tokenizer.encode(text, false)?[..] {
                    [id] => *answer = json!(id),
                    ref ids => too_long.push(format!("prompts[{i}].{name}[{n}] {}", spelled(text, ids, tokenizer)?)),
                }
            }
        }
    }
    if !too_long.is_empty() {
        let n_more = too_long.len().saturating_sub(MAX_NAMED);
        too_long.truncate(MAX_NAMED);
        if n_more > 0 {
            too_long.push(format!("and {n_more} more"));
        }
        return Err(ReaderError::Answers { file: file.to_owned(), found: too_long });
    }
    if texts == Some(true) {
        if settings.prepend_bos {
            shift(json);
        }
        if settings.pad && json.get("pad_token").is_none() {
            // Where a tokenizer has none, any token will do: it is masked.
            json["pad_token"] = json!(tokenizer.info().pad.as_ref().map_or(0, |pad| pad.id));
        }
    }
    Ok(())
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

/// How an answer of no or several tokens tokenizes, and what would be one token.
fn spelled(text: &str, ids: &[u32], tokenizer: &Tokenizer) -> Result<String, ReaderError> {
    let pieces: Vec<_> = ids.iter().map(|&id| tokenizer.piece(id)).collect();
    let tokens = match ids.len() {
        0 => "is no token".to_owned(),
        n => format!("is {n} tokens, {}", pieces.join(" | ")),
    };
    let (other, how) = match text.strip_prefix(' ') {
        Some(bare) => (bare.to_owned(), "without"),
        None => (format!(" {text}"), "with"),
    };
    let hint = match tokenizer.encode(&other, false)?.len() {
        1 => format!(" ({other:?}, {how} a leading space, is one)"),
        _ => String::new(),
    };
    Ok(format!("{text:?} {tokens}{hint}"))
}
