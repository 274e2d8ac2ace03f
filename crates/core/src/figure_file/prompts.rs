//! The prompts of a figure as token ids, and what every token is called, so that none needs a tokenizer to be shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::prompts::{Answers, PromptPair, Prompts};

/// Prompts and texts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FigureTexts {
    /// The first prompts of the file of prompts, or all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<FigurePrompt>,
    /// A label for every token position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq_labels: Option<Vec<String>>,
    /// The token that shorter prompts are padded with on the left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pad_token: Option<u32>,
    /// The text of each token id that occurs in the prompts, their answers and the recorded tokens.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<u32, String>,
}

/// A clean and a corrupt prompt, without pad tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FigurePrompt {
    pub clean: Vec<u32>,
    pub corrupt: Vec<u32>,
    #[serde(default)]
    pub answers: FigureAnswers,
    #[serde(default)]
    pub wrong_answers: FigureAnswers,
}

/// The answers of a prompt: `{"tokens": [5]}`, `{"perPosition": [[5], [6]]}` or `{"values": [[0.5]]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FigureAnswers {
    /// Token ids at the position that is asked for.
    Tokens(Vec<u32>),
    /// Token ids for each position that is asked for.
    PerPosition(Vec<Vec<u32>>),
    /// Numbers that are not tokens, a list a position.
    Values(Vec<Vec<f64>>),
}

impl Default for FigureAnswers {
    fn default() -> Self {
        Self::Tokens(Vec::new())
    }
}

impl FigureTexts {
    /// The first prompts of a file, at most `n_prompts`, without the texts of their tokens.
    pub fn of(prompts: &Prompts, n_prompts: usize) -> Self {
        let pairs = prompts.pairs.iter().take(n_prompts).map(|pair| FigurePrompt {
            clean: pair.clean.clone(),
            corrupt: pair.corrupt.clone(),
            answers: pair.answers.clone().into(),
            wrong_answers: pair.wrong_answers.clone().into(),
        });
        let (prompts, seq_labels, pad_token) = (pairs.collect(), prompts.seq_labels.clone(), prompts.pad_token);
        Self { prompts, seq_labels, pad_token, tokens: BTreeMap::new() }
    }

    /// The prompts as a file of prompts; `file` is its name in messages.
    pub fn to_prompts(&self, file: &str) -> Prompts {
        let pair = |prompt: &FigurePrompt| PromptPair {
            clean: prompt.clean.clone(),
            corrupt: prompt.corrupt.clone(),
            answers: prompt.answers.clone().into(),
            wrong_answers: prompt.wrong_answers.clone().into(),
        };
        Prompts {
            file: file.to_owned(),
            seq_labels: self.seq_labels.clone(),
            word_idxs: BTreeMap::new(),
            pad_token: self.pad_token,
            pairs: self.prompts.iter().map(pair).collect(),
        }
    }

    /// The text of a token, where the figure has it.
    pub fn token(&self, token: u32) -> Option<&str> {
        self.tokens.get(&token).map(String::as_str)
    }
}

impl FigurePrompt {
    /// Its tokens and those of its answers, in any order.
    pub(super) fn token_ids(&self) -> impl Iterator<Item = u32> {
        let answers = [&self.answers, &self.wrong_answers].into_iter().flat_map(|answers| match answers {
            FigureAnswers::Tokens(tokens) => tokens.clone(),
            FigureAnswers::PerPosition(positions) => positions.concat(),
            FigureAnswers::Values(_) => Vec::new(),
        });
        self.clean.iter().chain(&self.corrupt).copied().chain(answers)
    }
}

impl From<Answers> for FigureAnswers {
    fn from(answers: Answers) -> Self {
        match answers {
            Answers::Tokens(tokens) => Self::Tokens(tokens),
            Answers::PerPosition(positions) => Self::PerPosition(positions),
            Answers::Values(values) => Self::Values(values),
        }
    }
}

impl From<FigureAnswers> for Answers {
    fn from(answers: FigureAnswers) -> Self {
        match answers {
            FigureAnswers::Tokens(tokens) => Self::Tokens(tokens),
            FigureAnswers::PerPosition(positions) => Self::PerPosition(positions),
            FigureAnswers::Values(values) => Self::Values(values),
        }
    }
}
