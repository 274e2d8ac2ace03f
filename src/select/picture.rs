//! What stands beside the picture: why there is none, and the labels of token positions.

use super::tokens::tokenizer;
use crate::state::State;
use crate::state::files::Role;

/// Why there is no picture.
pub fn no_picture(state: &State) -> &'static str {
    let has = |role| state.inputs.file(role).is_some();
    if !has(Role::Config) {
        "Drop the model's config to draw its circuit."
    } else if !has(Role::Scores) {
        "Drop prune scores to draw their circuit, or let “Find a circuit” make some."
    } else {
        "The scores do not fit this graph. The file list says why."
    }
}

/// A label for each position of a token-wise graph: the file's, else the token that all prompts have there, as text, or the
/// position's number.
pub fn seq_labels(state: &State) -> Option<Vec<String>> {
    let seq_len = state.scored()?.graph.config.seq_len?;
    let prompts = state.inputs.prompts.as_ref()?;
    if prompts.seq_labels.is_some() {
        return prompts.seq_labels.clone();
    }
    let tokenizer = tokenizer(state)?;
    let label = |position: usize| {
        let mut tokens =
            prompts.pairs.iter().flat_map(|pair| [&pair.clean, &pair.corrupt]).map(|row| row.get(position));
        let first = tokens.next().flatten();
        let piece = first.filter(|_| tokens.all(|token| token == first)).and_then(|&token| tokenizer.piece(token));
        piece.map_or_else(|| position.to_string(), str::to_owned)
    };
    Some((0..seq_len).map(label).collect())
}
