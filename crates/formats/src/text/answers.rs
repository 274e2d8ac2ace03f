//! Answers as text: each has to be one token.

use serde_json::{Value, json};

use super::error::TextError;
use super::tokenizer::Tokenizer;

/// So many answers are named in an error or a note.
const MAX_NAMED: usize = 12;

/// Turns answers into token ids, and collects those that are not one token.
pub struct AnswerReader<'a> {
    file: &'a str,
    tokenizer: &'a Tokenizer,
    not_one_token: Vec<String>,
}

impl<'a> AnswerReader<'a> {
    pub fn new(file: &'a str, tokenizer: &'a Tokenizer) -> Self {
        Self { file, tokenizer, not_one_token: Vec::new() }
    }

    /// Replaces an answer that is text by its token id. `field` is the answer's.
    ///
    /// # Errors
    /// When the tokenizer refuses the text.
    pub fn read(&mut self, answer: &mut Value, field: &str) -> Result<(), TextError> {
        let Some(text) = answer.as_str() else { return Ok(()) };
        let ids = self.encode(text, field)?;
        let &[id] = &ids[..] else {
            let spelled = self.spelled(text, &ids, field)?;
            self.not_one_token.push(format!("{field} {spelled}"));
            return Ok(());
        };
        *answer = json!(id);
        Ok(())
    }

    /// The end of the file.
    ///
    /// # Errors
    /// When an answer is not one token.
    pub fn finish(self) -> Result<(), TextError> {
        if !self.not_one_token.is_empty() {
            return Err(TextError::Answers { file: self.file.to_owned(), found: first(self.not_one_token) });
        }
        Ok(())
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

/// The first of some names, and how many more there are.
fn first(mut names: Vec<String>) -> Vec<String> {
    let n_more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    if n_more > 0 {
        names.push(format!("and {n_more} more"));
    }
    names
}
