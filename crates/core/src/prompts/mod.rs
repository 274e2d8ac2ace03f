//! Prompts: pairs of a clean and a corrupt prompt with answers, in auto-circuit's dataset format (`data.py`).
//!
//! Prompts are token ids here; texts go through a tokenizer first. Answers are token ids for each prompt, or for each of
//! its positions but the first (Tracr's `reverse`), or numbers that are no tokens at all (Tracr's `xproportion`).
//!
//! One field is ours: with a `pad_token`, an id, the file's prompts may differ in length. They are then padded with it on
//! the left to the length of the longest prompt of the file, clean or corrupt, so that the last position is that of every
//! prompt's last token. Pad tokens are masked: no other position attends to them, and positions are counted from the first
//! real token. auto-circuit pads the clean and the corrupt prompts each to their own longest, and fails where these differ.

mod json;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::ModelConfig;
use crate::error::CircuitError;
use crate::labels::count_label;

pub use json::has_texts;

/// A file of prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prompts {
    /// The file's name, for messages.
    pub file: String,
    /// A label for every token position.
    pub seq_labels: Option<Vec<String>>,
    /// Positions of named words.
    pub word_idxs: BTreeMap<String, usize>,
    /// The token that shorter prompts are padded with on the left; `None` where none are.
    pub pad_token: Option<u32>,
    pub pairs: Vec<PromptPair>,
}

/// How texts become prompts; auto-circuit's `prepend_bos` and `pad`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct PromptSettings {
    /// Whether every text begins with the BOS token.
    pub prepend_bos: bool,
    /// Whether texts of fewer tokens are padded on the left.
    pub pad: bool,
}

impl Default for PromptSettings {
    fn default() -> Self {
        Self { prepend_bos: true, pad: true }
    }
}

/// A clean and a corrupt prompt, without pad tokens.
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

/// Some prompts of a file, all of one length or padded to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PromptBatch<'a> {
    pub pairs: &'a [PromptPair],
    /// The number of positions of each prompt, pad tokens among them.
    pub seq: usize,
    pad_token: u32,
}

/// A prompt of a batch, as the model reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaddedPrompt {
    /// As many as the batch has positions.
    pub tokens: Vec<u32>,
    /// How many of them, the first ones, are pad tokens.
    pub n_pads: usize,
}

impl Prompts {
    /// How many positions a prompt has when it is run, pad tokens among them.
    pub fn seq(&self, prompt: usize) -> usize {
        match self.pad_token {
            Some(_) => self.lens().max().unwrap_or(0),
            None => self.pairs.get(prompt).map_or(0, |pair| pair.clean.len()),
        }
    }

    /// Whether any prompt is padded.
    pub fn is_padded(&self) -> bool {
        self.pad_token.is_some() && self.lens().min() != self.lens().max()
    }

    /// The number of tokens of every prompt.
    fn lens(&self) -> impl Iterator<Item = usize> {
        self.pairs.iter().flat_map(|pair| [pair.clean.len(), pair.corrupt.len()])
    }

    /// The batches of a given size, in file order. A short last one is dropped, as auto-circuit's loader does.
    ///
    /// # Errors
    /// When there are fewer prompts than that, or the prompts of a batch differ in length and there is no pad token.
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
        let seq = self.seq(first);
        let Some(pad_token) = self.pad_token else {
            for (i, pair) in pairs.iter().enumerate() {
                self.check_len(first + i, pair, seq, "of its batch (a `pad_token` in the file fills shorter ones up)")?;
            }
            return Ok(PromptBatch { pairs, seq, pad_token: 0 });
        };
        Ok(PromptBatch { pairs, seq, pad_token })
    }

    /// The one number of positions of the first `n_pairs` prompts when they are run, pad tokens among them.
    ///
    /// # Errors
    /// When they differ and there is no pad token; `why` says what needs one number.
    pub fn one_seq(&self, n_pairs: usize, why: &str) -> Result<usize, CircuitError> {
        if self.pad_token.is_some() { Ok(self.seq(0)) } else { self.one_len(n_pairs, why) }
    }

    /// The one length of the first `n_pairs` prompts without a pad token among them.
    ///
    /// # Errors
    /// When they differ, even if padding could make them equal; `why` says what needs one length.
    pub fn one_len(&self, n_pairs: usize, why: &str) -> Result<usize, CircuitError> {
        // The others may be padded to the length of one that is not run.
        let seq = self.seq(0);
        for (i, pair) in self.pairs.iter().take(n_pairs).enumerate() {
            self.check_len(i, pair, seq, why)?;
        }
        Ok(seq)
    }

    fn check_len(&self, i: usize, pair: &PromptPair, seq: usize, why: &str) -> Result<(), CircuitError> {
        for (name, tokens) in [("clean", &pair.clean), ("corrupt", &pair.corrupt)] {
            if tokens.len() != seq {
                let like = if self.pad_token.is_some() { "longest" } else { "first" };
                let expected = format!("{} long like the {like} prompt {why}", n_tokens(seq));
                let found = n_tokens(tokens.len());
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
        if let Some(token) = self.pad_token.filter(|&t| t as usize >= model.d_vocab) {
            let expected = format!("a token id below {}, the size of the vocabulary", model.d_vocab);
            return wrong("pad_token".to_owned(), expected, token.to_string());
        }
        for (i, pair) in self.pairs.iter().enumerate() {
            for (name, tokens) in [("clean", &pair.clean), ("corrupt", &pair.corrupt)] {
                let field = format!("prompts[{i}].{name}");
                if tokens.len() > model.n_ctx {
                    let expected = format!("at most {} long, the model's context", n_tokens(model.n_ctx));
                    return wrong(field, expected, n_tokens(tokens.len()));
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

impl PromptBatch<'_> {
    /// The prompts of one side, the clean or the corrupt one, padded to the batch's number of positions.
    pub fn padded(&self, side: impl Fn(&PromptPair) -> &[u32]) -> Vec<PaddedPrompt> {
        let padded = |pair| {
            let prompt = side(pair);
            let n_pads = self.seq - prompt.len();
            let pads = std::iter::repeat_n(self.pad_token, n_pads);
            PaddedPrompt { tokens: pads.chain(prompt.iter().copied()).collect(), n_pads }
        };
        self.pairs.iter().map(padded).collect()
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

fn n_tokens(n: usize) -> String {
    count_label(n, "token", "tokens")
}
