//! Checks of the files, the edges and the texts of a figure.

use super::{MAX_NAME, at_most, finite, shortened, text};
use crate::error::CircuitError;
use crate::figure_file::edges::{EdgeScores, ListedEdge};
use crate::figure_file::files::{FigureRef, MAX_SHARDS};
use crate::figure_file::prompts::{FigureAnswers, FigurePrompt, FigureTexts};
use crate::figure_file::{FigureFile, MAX_FIGURE_EDGES, url};

/// The most edges of a list. Where a circuit has more, all scores as numbers are smaller.
const MAX_LISTED: usize = 1 << 16;
/// The most prompts in a figure, of which a reader looks at a few.
const MAX_PROMPTS: usize = 10_000;
/// The longest context of a model (`ModelConfig`'s check).
const MAX_SEQ: usize = 1 << 20;
/// The most characters of a token; the longest of GPT-2's is 128.
const MAX_TOKEN: usize = 1_024;

pub fn files(file: &str, figure: &FigureFile) -> Result<(), CircuitError> {
    at_most(file, "files.weights", figure.files.weights.len(), MAX_SHARDS, "shards")?;
    for (field, reference) in figure.files.all() {
        check_ref(file, &field, reference)?;
    }
    let Some(source) = &figure.source else { return Ok(()) };
    text(file, "source.text", &source.text, MAX_NAME)?;
    source.url.as_ref().map_or(Ok(()), |url| check_url(file, "source.url", url))
}

fn check_ref(file: &str, field: &str, reference: &FigureRef) -> Result<(), CircuitError> {
    let FigureRef { url, sha256, inline, .. } = reference;
    match url {
        Some(url) => check_url(file, &format!("{field}.url"), url)?,
        None if inline.is_none() => {
            return Err(CircuitError::field(file, field, "a `url`, or the content as `inline`", "neither"));
        }
        None => {}
    }
    let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match sha256.as_ref().filter(|text| !is_hash(text)) {
        Some(found) => {
            let expected = "64 digits, 0 to 9 and a to f";
            Err(CircuitError::field(file, &format!("{field}.sha256"), expected, format!("{:?}", shortened(found))))
        }
        None => Ok(()),
    }
}

fn check_url(file: &str, field: &str, url: &str) -> Result<(), CircuitError> {
    match url::wrong_with(url) {
        Some((expected, found)) => Err(CircuitError::field(file, field, expected, found)),
        None => Ok(()),
    }
}

pub fn edges(file: &str, figure: &FigureFile) -> Result<(), CircuitError> {
    match figure.circuit.as_ref().map(|circuit| &circuit.scores) {
        None => Ok(()),
        Some(EdgeScores::All(scores)) => {
            at_most(file, "circuit.scores.all", scores.values().len(), MAX_FIGURE_EDGES, "numbers, one for each edge")
        }
        Some(EdgeScores::Listed(listed)) => {
            let what = "edges (more are given as the scores of all)";
            at_most(file, "circuit.scores.listed", listed.len(), MAX_LISTED, what)?;
            listed.iter().enumerate().try_for_each(|(i, edge)| listed_edge(file, i, edge))
        }
    }
}

fn listed_edge(file: &str, i: usize, listed: &ListedEdge) -> Result<(), CircuitError> {
    text(file, &format!("circuit.scores.listed[{i}].edge"), &listed.edge, MAX_NAME)
}

pub fn texts(file: &str, texts: &FigureTexts) -> Result<(), CircuitError> {
    at_most(file, "texts.prompts", texts.prompts.len(), MAX_PROMPTS, "prompts")?;
    for (i, prompt) in texts.prompts.iter().enumerate() {
        check_prompt(file, &format!("texts.prompts[{i}]"), prompt)?;
    }
    let labels = texts.seq_labels.iter().flatten().enumerate();
    for (i, label) in labels {
        text(file, &format!("texts.seqLabels[{i}]"), label, MAX_NAME)?;
    }
    // Tokens are shown as they are: some are line breaks and other control characters.
    let long = texts.tokens.iter().find(|(_, text)| text.chars().count() > MAX_TOKEN);
    long.map_or(Ok(()), |(token, text)| {
        at_most(file, &format!("texts.tokens.{token}"), text.chars().count(), MAX_TOKEN, "characters")
    })
}

fn check_prompt(file: &str, field: &str, prompt: &FigurePrompt) -> Result<(), CircuitError> {
    for (name, tokens) in [("clean", &prompt.clean), ("corrupt", &prompt.corrupt)] {
        let field = format!("{field}.{name}");
        if tokens.is_empty() {
            return Err(CircuitError::field(file, &field, "at least one token", "none"));
        }
        at_most(file, &field, tokens.len(), MAX_SEQ, "tokens")?;
    }
    let answers = [("answers", &prompt.answers), ("wrongAnswers", &prompt.wrong_answers)];
    answers
        .into_iter()
        .try_for_each(|(name, answers)| check_answers(file, &format!("{field}.{name}"), answers, prompt.clean.len()))
}

fn check_answers(file: &str, field: &str, answers: &FigureAnswers, n_positions: usize) -> Result<(), CircuitError> {
    let what = "positions, those of the prompt";
    match answers {
        FigureAnswers::Tokens(_) => Ok(()),
        FigureAnswers::PerPosition(lists) => at_most(file, field, lists.len(), n_positions, what),
        FigureAnswers::Values(lists) => {
            at_most(file, field, lists.len(), n_positions, what)?;
            lists.iter().flatten().try_for_each(|&value| finite(file, field, value))
        }
    }
}
