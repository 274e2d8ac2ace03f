//! Prompts: pairs of a clean and a corrupt prompt with answers, in auto-circuit's dataset format (`data.py`).
//!
//! Prompts are token ids here. Answers are token ids for each prompt, or for each of its positions but the first (Tracr's
//! `reverse`), or numbers that are no tokens at all (Tracr's `xproportion`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::ModelConfig;
use super::error::CircuitError;

/// A file of prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prompts {
    /// The file's name, for messages.
    pub file: String,
    /// A label for every token position.
    pub seq_labels: Option<Vec<String>>,
    /// Positions of named words.
    pub word_idxs: BTreeMap<String, usize>,
    pub pairs: Vec<PromptPair>,
}

/// A clean and a corrupt prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromptPair {
    pub clean: Vec<u32>,
    pub corrupt: Vec<u32>,
    pub answers: Answers,
    pub wrong_answers: Answers,
}

/// The answers of a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answers {
    /// Token ids at the position that is asked for.
    Tokens(Vec<u32>),
    /// Token ids for each position that is asked for.
    PerPosition(Vec<Vec<u32>>),
    /// Numbers that are not tokens, a list a position: a regression's targets.
    Values(Vec<Vec<f64>>),
}

/// Some prompts of a file, all of one length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PromptBatch<'a> {
    pub pairs: &'a [PromptPair],
    /// The number of tokens of each prompt.
    pub seq: usize,
}

/// As the file has it.
#[derive(Deserialize)]
struct RawPrompts {
    seq_labels: Option<Vec<String>>,
    #[serde(default)]
    word_idxs: BTreeMap<String, usize>,
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
        Ok(Self { file: file.to_owned(), seq_labels: raw.seq_labels, word_idxs: raw.word_idxs, pairs })
    }

    /// The batches of a given size, in file order. A short last one is dropped, as auto-circuit's loader does.
    ///
    /// # Errors
    /// When there are fewer prompts than that, or the prompts of a batch differ in length.
    pub fn batches(&self, batch_size: usize) -> Result<Vec<PromptBatch<'_>>, CircuitError> {
        if batch_size == 0 || batch_size > self.pairs.len() {
            let expected = format!("from 1 to {}, the number of prompts", self.pairs.len());
            return Err(CircuitError::field(&self.file, "batch size", expected, batch_size.to_string()));
        }
        let chunks = self.pairs.chunks_exact(batch_size).enumerate();
        chunks.map(|(b, pairs)| self.batch(b * batch_size, pairs)).collect()
    }

    /// A batch, if its prompts have one length.
    fn batch<'a>(&self, first: usize, pairs: &'a [PromptPair]) -> Result<PromptBatch<'a>, CircuitError> {
        let seq = pairs[0].clean.len();
        for (i, pair) in pairs.iter().enumerate() {
            self.check_len(first + i, pair, seq, "of its batch")?;
        }
        Ok(PromptBatch { pairs, seq })
    }

    /// The one length of the first `n_pairs` prompts.
    ///
    /// # Errors
    /// When they differ; `why` says who needs one length.
    pub fn one_len(&self, n_pairs: usize, why: &str) -> Result<usize, CircuitError> {
        let seq = self.pairs[0].clean.len();
        for (i, pair) in self.pairs.iter().take(n_pairs).enumerate() {
            self.check_len(i, pair, seq, why)?;
        }
        Ok(seq)
    }

    fn check_len(&self, i: usize, pair: &PromptPair, seq: usize, why: &str) -> Result<(), CircuitError> {
        for (name, tokens) in [("clean", &pair.clean), ("corrupt", &pair.corrupt)] {
            if tokens.len() != seq {
                let expected = format!("{seq} tokens long like the first prompt {why}");
                let found = format!("{} tokens", tokens.len());
                return Err(CircuitError::field(&self.file, &format!("prompts[{i}].{name}"), expected, found));
            }
        }
        Ok(())
    }

    /// Checks that a model can read every prompt.
    ///
    /// # Errors
    /// When a token id or an answer is not in the vocabulary, or a prompt is longer than the context.
    pub fn check(&self, model: &ModelConfig) -> Result<(), CircuitError> {
        let wrong = |field: String, expected: String, found: String| {
            Err(CircuitError::field(&self.file, &field, expected, found))
        };
        for (i, pair) in self.pairs.iter().enumerate() {
            for (name, tokens) in [("clean", &pair.clean), ("corrupt", &pair.corrupt)] {
                let field = format!("prompts[{i}].{name}");
                if tokens.len() > model.n_ctx {
                    let expected = format!("at most {} tokens long, the model's context", model.n_ctx);
                    return wrong(field, expected, format!("{} tokens", tokens.len()));
                }
                if let Some(token) = tokens.iter().find(|&&t| t as usize >= model.d_vocab) {
                    let expected = format!("token ids below {}, the size of the vocabulary", model.d_vocab);
                    return wrong(field, expected, token.to_string());
                }
            }
            for (name, answers) in [("answers", &pair.answers), ("wrong_answers", &pair.wrong_answers)] {
                if let Some(token) = answers.tokens().find(|&t| t as usize >= model.d_vocab_out) {
                    let expected = format!("token ids below {}, the number of logits", model.d_vocab_out);
                    return wrong(format!("prompts[{i}].{name}"), expected, token.to_string());
                }
            }
        }
        Ok(())
    }
}

impl Answers {
    /// All token ids in it.
    pub fn tokens(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::Tokens(tokens) => Box::new(tokens.iter().copied()),
            Self::PerPosition(positions) => Box::new(positions.iter().flatten().copied()),
            Self::Values(_) => Box::new(std::iter::empty()),
        }
    }
}

/// A list of token ids.
fn tokens(file: &str, field: &str, value: &Value) -> Result<Vec<u32>, CircuitError> {
    let expected = "a list of token ids (text prompts need a tokenizer, which is not supported yet)";
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
