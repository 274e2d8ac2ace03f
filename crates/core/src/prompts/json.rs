//! Prompts files: JSON in auto-circuit's dataset format, with token ids in place of texts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answers, PromptPair, Prompts};
use crate::error::CircuitError;

/// The file's fields.
#[derive(Deserialize)]
struct RawPrompts {
    seq_labels: Option<Vec<String>>,
    #[serde(default)]
    word_idxs: BTreeMap<String, usize>,
    pad_token: Option<u32>,
    prompts: Vec<RawPair>,
}

#[derive(Deserialize)]
struct RawPair {
    clean: Value,
    corrupt: Value,
    #[serde(default)]
    answers: Value,
    #[serde(default)]
    wrong_answers: Value,
}

impl Prompts {
    /// Reads a prompts file.
    ///
    /// # Errors
    /// When the text is not in the format, there is no prompt, or a prompt is not a list of token ids.
    pub fn from_json(file: &str, text: &str) -> Result<Self, CircuitError> {
        let raw: RawPrompts = serde_json::from_str(text).map_err(|e| CircuitError::json(file, &e))?;
        if raw.prompts.is_empty() {
            return Err(CircuitError::field(file, "prompts", "at least one prompt", "an empty list"));
        }
        let mut pairs = Vec::with_capacity(raw.prompts.len());
        for (i, pair) in raw.prompts.iter().enumerate() {
            let field = |name: &str| format!("prompts[{i}].{name}");
            pairs.push(PromptPair {
                clean: tokens(file, &field("clean"), &pair.clean)?,
                corrupt: tokens(file, &field("corrupt"), &pair.corrupt)?,
                answers: answers(file, &field("answers"), &pair.answers)?,
                wrong_answers: answers(file, &field("wrong_answers"), &pair.wrong_answers)?,
            });
        }
        let RawPrompts { seq_labels, word_idxs, pad_token, .. } = raw;
        Ok(Self { file: file.to_owned(), seq_labels, word_idxs, pad_token, pairs })
    }

    /// Writes a prompts file; [`Prompts::from_json`] reads it.
    pub fn to_json(&self) -> String {
        let mut file = serde_json::Map::new();
        file.extend(self.seq_labels.as_ref().map(|labels| ("seq_labels".to_owned(), json!(labels))));
        if !self.word_idxs.is_empty() {
            file.insert("word_idxs".to_owned(), json!(self.word_idxs));
        }
        file.extend(self.pad_token.map(|token| ("pad_token".to_owned(), json!(token))));
        let pair = |PromptPair { clean, corrupt, answers, wrong_answers }: &PromptPair| {
            json!({
                "clean": clean,
                "corrupt": corrupt,
                "answers": answers.to_value(),
                "wrong_answers": wrong_answers.to_value(),
            })
        };
        file.insert("prompts".to_owned(), self.pairs.iter().map(pair).collect());
        Value::Object(file).to_string()
    }
}

impl Answers {
    fn to_value(&self) -> Value {
        match self {
            Self::Tokens(tokens) => json!(tokens),
            Self::PerPosition(rows) => json!(rows),
            Self::Values(rows) => json!(rows),
        }
    }
}

/// Whether a prompts file has a text in place of token ids anywhere, so that it needs a tokenizer.
pub fn has_texts(file: &Value) -> bool {
    let pairs = file["prompts"].as_array().into_iter().flatten();
    let mut fields = pairs.flat_map(|pair| ["clean", "corrupt", "answers", "wrong_answers"].map(|field| &pair[field]));
    fields.any(|field| field.is_string() || field.as_array().is_some_and(|list| list.iter().any(Value::is_string)))
}

/// A list of token ids.
fn tokens(file: &str, field: &str, value: &Value) -> Result<Vec<u32>, CircuitError> {
    let expected = "a list of token ids, or a text with a tokenizer";
    let wrong = |found: String| CircuitError::field(file, field, expected, found);
    let list = value.as_array().ok_or_else(|| wrong(shown(value)))?;
    if list.is_empty() {
        return Err(wrong("an empty list".to_owned()));
    }
    list.iter().map(|v| token(v).ok_or_else(|| wrong(shown(v)))).collect()
}

/// Answers in one of the three forms. A missing list counts as no answers.
fn answers(file: &str, field: &str, value: &Value) -> Result<Answers, CircuitError> {
    let wrong = || CircuitError::field(file, field, "a list of token ids, or of such lists", shown(value));
    if value.is_null() {
        return Ok(Answers::Tokens(Vec::new()));
    }
    let list = value.as_array().ok_or_else(wrong)?;
    if let Some(tokens) = list.iter().map(token).collect::<Option<Vec<_>>>() {
        return Ok(Answers::Tokens(tokens));
    }
    let rows: Vec<&Vec<Value>> = list.iter().map(Value::as_array).collect::<Option<_>>().ok_or_else(wrong)?;
    let token_rows = rows.iter().map(|row| row.iter().map(token).collect::<Option<Vec<_>>>()).collect::<Option<_>>();
    if let Some(rows) = token_rows {
        return Ok(Answers::PerPosition(rows));
    }
    let value_rows = rows.iter().map(|row| row.iter().map(Value::as_f64).collect::<Option<Vec<_>>>());
    value_rows.collect::<Option<_>>().map(Answers::Values).ok_or_else(wrong)
}

fn token(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|n| u32::try_from(n).ok())
}

/// A value in a message, cut short.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
