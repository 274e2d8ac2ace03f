//! Prompts token by token, and the likeliest tokens.

use std::rc::Rc;

use crate::state::State;
use crate::state::circuit::Edits;
use crate::state::load::Load;
use crate::state::results::TokenPosition;
use crate::state::runs::Run;
use crate::state::texts::{OpenTokenizer, Texts};
use crate::words::counted;
use circuitscope_core::{Answers, PromptPair, PromptSettings};
use circuitscope_figure::{NextToken, TokenRole, likeliest};
use circuitscope_wire::engine::{TokenProb, Tokens};

/// A position of two prompts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPair {
    /// Both are filled up here, at so many positions.
    Pads(usize),
    /// How each prompt's token is shown; nothing where one is filled up.
    Tokens { clean: Option<String>, corrupt: Option<String>, differ: bool },
}

/// The likeliest next tokens, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub enum NextColumns {
    /// A sentence.
    None(String),
    /// Under each of the named outputs.
    Ready(Vec<&'static str>, Vec<NextToken>),
}

/// Two prompts with their last tokens under each other, as a model that is given both is: the shorter one is filled up on the
/// left, and both to `seq` tokens at least.
pub fn align(clean: &[u32], corrupt: &[u32], seq: usize, text: impl Fn(u32) -> String) -> Vec<TokenPair> {
    let longer = clean.len().max(corrupt.len());
    let at = |row: &[u32], i: usize| i.checked_sub(longer - row.len()).map(|i| row[i]);
    let pair = |i: usize| {
        let (clean, corrupt) = (at(clean, i), at(corrupt, i));
        TokenPair::Tokens { clean: clean.map(&text), corrupt: corrupt.map(&text), differ: clean != corrupt }
    };
    let pads = seq.checked_sub(longer).filter(|&n| n > 0).map(TokenPair::Pads);
    pads.into_iter().chain((0..longer).map(pair)).collect()
}

/// The tokenizer in use, once it is open.
pub fn tokenizer(state: &State) -> Option<&OpenTokenizer> {
    match state.texts.tokenizer(Texts::tokenizer_key(&state.files)?)? {
        Load::Ready(tokenizer) => Some(tokenizer),
        _ => None,
    }
}

/// A token as it is shown: its text where there is a tokenizer or a figure that has it, else its id.
pub fn token_text(state: &State, token: u32) -> String {
    piece(state, token).unwrap_or_else(|| token.to_string())
}

/// The text of a token, as far as it is known.
pub fn token_as_text(state: &State, token: u32) -> Option<String> {
    let of_figure = || state.figure()?.figure.texts.token(token).map(str::to_owned);
    of_figure()
        .or_else(|| Some(tokenizer(state)?.piece(token)?.replace('␣', " ").replace('⏎', "\n").replace('⇥', "\t")))
}

/// A token as it is read among others of a prompt, with its own white space, which is shown where it alone differs.
fn read_text(state: &State, token: u32) -> String {
    token_as_text(state, token).unwrap_or_else(|| token.to_string())
}

/// How a token is shown, where its text is known.
fn piece(state: &State, token: u32) -> Option<String> {
    let of_tokenizer = tokenizer(state).and_then(|t| t.piece(token)).map(str::to_owned);
    of_tokenizer.or_else(|| state.figure()?.figure.texts.token(token).map(shown))
}

/// A text so that every character of it is seen, as the reader shows those of a tokenizer.
fn shown(text: &str) -> String {
    let show = |c: char| match c {
        ' ' => "␣".to_owned(),
        '\n' => "⏎".to_owned(),
        '\t' => "⇥".to_owned(),
        c if c.is_control() => format!("\\x{:02X}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(show).collect()
}

/// How texts become prompts, where the prompts in use are texts.
pub fn prompt_settings(state: &State) -> Option<PromptSettings> {
    state.texts.prompts_key(&state.files).map(|key| key.settings)
}

/// A label for each prompt: its number, and how it begins where its tokens are known as text.
pub fn prompt_labels(state: &State) -> Vec<String> {
    const MAX_CHARS: usize = 28;
    let Some(prompts) = &state.inputs.prompts else { return Vec::new() };
    let has_texts =
        tokenizer(state).is_some() || state.figure().is_some_and(|open| !open.figure.texts.tokens.is_empty());
    let label = |(i, pair): (usize, &PromptPair)| {
        if !has_texts {
            return (i + 1).to_string();
        }
        let mut label = format!("{}: ", i + 1);
        for piece in pair.clean.iter().filter_map(|&token| piece(state, token)) {
            label += &piece;
            if label.chars().count() > MAX_CHARS {
                return label + "…";
            }
        }
        label
    };
    prompts.pairs.iter().enumerate().map(label).collect()
}

/// A label for each position of the output.
pub fn position_labels(state: &State) -> Vec<String> {
    let Some(prompts) = &state.inputs.prompts else { return Vec::new() };
    let seq = prompts.seq(state.prompt);
    let clean = &prompts.pairs[state.prompt].clean;
    // Where the file has no label, the clean prompt's own token is one.
    let piece = |position: usize| {
        let token = *clean.get(position.checked_sub(seq.saturating_sub(clean.len()))?)?;
        piece(state, token)
    };
    let label = |position: usize| {
        let label = prompts.seq_labels.as_ref().and_then(|labels| labels.get(position));
        let label = label.cloned().or_else(|| piece(position));
        label.map_or_else(|| format!("position {position}"), |label| format!("{position}: {label}"))
    };
    state.settings.run.slice.positions(seq).map(label).collect()
}

fn pair(state: &State) -> Option<&PromptPair> {
    state.inputs.prompts.as_ref()?.pairs.get(state.prompt)
}

/// The likeliest tokens, or why there are none.
pub fn next_tokens(state: &State) -> NextColumns {
    let none = |why: &str| NextColumns::None(why.to_owned());
    let n_prompts = state.results.baseline.as_ref().map_or(usize::MAX, |b| b.n_prompts);
    let Some(at) = state.token_position() else { return none("Needs a model, prompts and scores.") };
    let unknown = || match &state.run {
        Run::Running { .. } => none("Running…"),
        Run::Idle(_) => none("Run this circuit to see its tokens."),
    };
    if !state.fresh() || state.results.row_of(at.n_edges, &at.edits).is_none() {
        return unknown();
    }
    if state.prompt >= n_prompts {
        return none("This prompt was in a short last batch, which is not run.");
    }
    match state.results.tokens(&at) {
        Some(Load::Ready(tokens)) => columns(state, tokens),
        Some(Load::Failed(why)) => none(why),
        None if !state.results.covers(&at) => unknown(),
        Some(Load::Loading) | None => none("…"),
    }
}

/// Clean, corrupt and the circuit; of a changed one also what it was without the changes, where that is known.
fn columns(state: &State, tokens: &Rc<Tokens>) -> NextColumns {
    let changed = state.token_position().filter(|at| !at.edits.is_empty()).zip(state.circuit());
    let plain = changed.map(|(at, circuit)| TokenPosition { n_edges: circuit.n_edges, edits: Edits::default(), ..at });
    let before = plain.and_then(|at| match state.results.tokens(&at) {
        Some(Load::Ready(tokens)) => Some(tokens.clone()),
        _ => None,
    });
    match &before {
        Some(before) => {
            let columns = [&tokens.clean, &tokens.corrupt, &before.circuit, &tokens.circuit];
            NextColumns::Ready(vec!["Clean", "Corrupt", "Before", "Changed"], rows(state, &columns))
        }
        None => {
            let columns = [&tokens.clean, &tokens.corrupt, &tokens.circuit];
            NextColumns::Ready(vec!["Clean", "Corrupt", "Circuit"], rows(state, &columns))
        }
    }
}

/// Those that are among the likeliest under any of the outputs.
fn rows(state: &State, columns: &[&Vec<TokenProb>]) -> Vec<NextToken> {
    likeliest(columns, |id| token_text(state, id), |id| role(state, id))
}

/// What the prompts file says of a token.
fn role(state: &State, token: u32) -> TokenRole {
    let among = |answers: &Answers| match answers {
        Answers::Tokens(tokens) => tokens.contains(&token),
        Answers::PerPosition(rows) => rows.get(state.position).is_some_and(|row| row.contains(&token)),
        Answers::Values(_) => false,
    };
    match pair(state) {
        Some(pair) if among(&pair.answers) => TokenRole::Answer,
        Some(pair) if among(&pair.wrong_answers) => TokenRole::WrongAnswer,
        _ => TokenRole::Other,
    }
}

/// The tokens of the chosen prompt, clean and corrupt, the last under each other: the shorter one begins with empty ones.
pub fn prompt_texts(state: &State) -> (Vec<String>, Vec<String>) {
    let Some(pair) = pair(state) else { return (Vec::new(), Vec::new()) };
    let rows = align(&pair.clean, &pair.corrupt, 0, |id| read_text(state, id));
    let texts = |row: TokenPair| match row {
        TokenPair::Pads(_) => None,
        TokenPair::Tokens { clean, corrupt, .. } => Some((clean.unwrap_or_default(), corrupt.unwrap_or_default())),
    };
    rows.into_iter().filter_map(texts).unzip()
}

/// How many tokens differ, and what the answers are.
pub fn prompt_line(state: &State) -> String {
    let Some(pair) = pair(state) else { return String::new() };
    let rows = align(&pair.clean, &pair.corrupt, 0, |id| id.to_string());
    let n_differ = rows.iter().filter(|row| matches!(row, TokenPair::Tokens { differ: true, .. })).count();
    let verb = if n_differ == 1 { "differs" } else { "differ" };
    let named = |answers: &Answers| -> Option<String> {
        let ids = match answers {
            Answers::Tokens(tokens) => tokens.as_slice(),
            Answers::PerPosition(rows) => rows.get(state.position)?.as_slice(),
            Answers::Values(_) => return None,
        };
        let texts: Vec<_> = ids.iter().take(4).map(|&id| format!("“{}”", read_text(state, id).trim())).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    let answer = named(&pair.answers).map(|answer| format!(" Answer {answer}")).unwrap_or_default();
    let wrong = named(&pair.wrong_answers).map(|wrong| format!(", wrong answer {wrong}")).unwrap_or_default();
    let end = if answer.is_empty() { "" } else { "." };
    format!("{n_differ} of {} {verb}.{answer}{wrong}{end}", counted(rows.len(), "token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tokens_stand_under_each_other() {
        let plain = |clean: &[u32], corrupt: &[u32], seq| {
            let shown = |token: Option<String>| token.unwrap_or_else(|| "pad".to_owned());
            let pairs = align(clean, corrupt, seq, |token| token.to_string()).into_iter().map(|pair| match pair {
                TokenPair::Pads(n) => format!("{n} pads"),
                TokenPair::Tokens { clean, corrupt, differ } => {
                    format!("{}{}{}", shown(clean), if differ { "≠" } else { "=" }, shown(corrupt))
                }
            });
            pairs.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(plain(&[1, 2, 3], &[4, 3], 0), "1≠pad 2≠4 3=3");
        assert_eq!(plain(&[1], &[1], 3), "2 pads 1=1");
        assert_eq!(plain(&[], &[], 0), "");
    }
}
