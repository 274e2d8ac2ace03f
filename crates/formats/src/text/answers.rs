//! Answers as text: each has to be one token, and most have to begin with a space.

use serde_json::{Value, json};

use super::error::TextError;
use super::tokenizer::Tokenizer;

/// So many answers are named in an error or a note.
const MAX_NAMED: usize = 12;
/// Text follows these directly, so that an answer after them needs no space.
const OPENING: &[char] = &['(', '[', '{', '<', '"', '\'', '“', '‘', '`', '-', '_', '/', '\\', '@', '#', '$', '='];

/// Turns answers into token ids, and collects those that are not one token or seem to lack a space.
pub struct AnswerReader<'a> {
    file: &'a str,
    tokenizer: &'a Tokenizer,
    not_one_token: Vec<String>,
    without_space: Vec<String>,
}

impl<'a> AnswerReader<'a> {
    pub fn new(file: &'a str, tokenizer: &'a Tokenizer) -> Self {
        Self { file, tokenizer, not_one_token: Vec::new(), without_space: Vec::new() }
    }

    /// Replaces an answer that is text by its token id. `field` is the answer's, and `expects_space` says of its prompt what
    /// [`expects_space`] does.
    ///
    /// # Errors
    /// When the tokenizer refuses the text.
    pub fn read(&mut self, answer: &mut Value, field: &str, expects_space: bool) -> Result<(), TextError> {
        let Some(text) = answer.as_str() else { return Ok(()) };
        let ids = self.encode(text, field)?;
        let &[id] = &ids[..] else {
            let spelled = self.spelled(text, &ids, field)?;
            self.not_one_token.push(format!("{field} {spelled}"));
            return Ok(());
        };
        if expects_space && text.starts_with(char::is_alphabetic) {
            let with_space = format!(" {text}");
            // A tokenizer that begins every text with a space of its own has the same token for both.
            if matches!(self.encode(&with_space, field)?[..], [other] if other != id) {
                self.without_space.push(format!("{field} {text:?}"));
            }
        }
        *answer = json!(id);
        Ok(())
    }

    /// What a user should know of the answers.
    ///
    /// # Errors
    /// When an answer is not one token.
    pub fn finish(self) -> Result<Vec<String>, TextError> {
        if !self.not_one_token.is_empty() {
            return Err(TextError::Answers { file: self.file.to_owned(), found: first(self.not_one_token) });
        }
        if self.without_space.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![format!(
            "{}: an answer that follows a word most likely needs a space before it, with which it is another single token; \
             these have none: {}.",
            self.file,
            first(self.without_space).join(", ")
        )])
    }

    /// How an answer of no or several tokens tokenizes, and what would be one token.
    fn spelled(&self, text: &str, ids: &[u32], field: &str) -> Result<String, TextError> {
        let pieces: Vec<_> = ids.iter().map(|&id| self.tokenizer.piece(id)).collect();
        let tokens = match ids.len() {
            0 => "is no token".to_owned(),
            n => format!("is {n} tokens, {}", pieces.join(" | ")),
        };
        let (other, how) = match text.strip_prefix(' ') {
            Some(bare) => (bare.to_owned(), "without"),
            None => (format!(" {text}"), "with"),
        };
        let hint = match self.encode(&other, field)?.len() {
            1 => format!(" ({other:?}, {how} a leading space, is one)"),
            _ => String::new(),
        };
        Ok(format!("{text:?} {tokens}{hint}"))
    }

    fn encode(&self, text: &str, field: &str) -> Result<Vec<u32>, TextError> {
        let wrong = |error| TextError::prompt(self.file, field, error);
        self.tokenizer.encode(text, false).map_err(wrong)
    }
}

/// Whether a word after this prompt, a text or token ids, needs a space before it: it does after a word or a comma, and not
/// after a space, a bracket or a quote.
pub fn expects_space(prompt: &Value, tokenizer: &Tokenizer) -> bool {
    let last = match prompt {
        Value::String(text) => text.chars().next_back(),
        prompt => {
            let last = prompt.as_array().and_then(|ids| ids.last()?.as_u64());
            let piece = last.and_then(|id| u32::try_from(id).ok()).map(|id| tokenizer.text_of(id));
            piece.and_then(|piece| piece.chars().next_back())
        }
    };
    last.is_some_and(|last| !last.is_whitespace() && !OPENING.contains(&last))
}

/// The first of some names, and how many more there are.
fn first(mut names: Vec<String>) -> Vec<String> {
    let n_more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    if n_more > 0 {
        names.push(format!("and {n_more} more"));
    }
    names
}
