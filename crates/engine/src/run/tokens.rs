//! The likeliest tokens of each row of logits.

use std::cmp::Ordering;

use super::metrics::Logits;
use crate::share::{Cursor, Numbers};
use circuitscope_core::TokenProb;

/// How many tokens are kept of each prompt and position: 88 bytes a row, where the logits of GPT-2 take 201,028.
pub const TOP_TOKENS: usize = 10;

/// The [`TOP_TOKENS`] likeliest tokens of each prompt and position, or all where the vocabulary is smaller.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopTokens {
    /// The number of positions of each prompt.
    n_positions: usize,
    /// How many tokens a row has.
    n_tokens: usize,
    /// Token and logit, likeliest first; of equal ones the lower id first: `[prompt, position, token]`.
    tokens: Vec<(u32, f32)>,
    /// `ln Σ exp` of the logits of each row: `[prompt, position]`.
    log_z: Vec<f64>,
}

impl TopTokens {
    /// None yet, of outputs of this shape.
    pub fn new(n_positions: usize, d_vocab: usize) -> Self {
        Self { n_positions, n_tokens: TOP_TOKENS.min(d_vocab), tokens: Vec::new(), log_z: Vec::new() }
    }

    /// Those of whole logits, whose rows have these values of `ln Σ exp`.
    pub fn of(logits: &Logits, log_z: &[f64]) -> Self {
        let mut tokens = Self::new(logits.n_positions, logits.d_vocab);
        logits.rows().iter().zip(log_z).for_each(|(row, &log_z)| tokens.push(row, log_z));
        tokens
    }

    /// Adds the next row, `[d_vocab]`.
    pub fn push(&mut self, row: &[f32], log_z: f64) {
        self.tokens.extend(largest(row, self.n_tokens));
        self.log_z.push(log_z);
    }

    /// With the rows of the next prompts.
    #[must_use]
    pub fn followed_by(mut self, next: Self) -> Self {
        self.tokens.extend(next.tokens);
        self.log_z.extend(next.log_z);
        self
    }

    /// Writes them.
    pub fn pack(&self, numbers: &mut Numbers) {
        [self.n_positions, self.n_tokens, self.log_z.len()].iter().for_each(|&n| numbers.push_count(n));
        numbers.f64s.extend(&self.log_z);
        numbers.f64s.extend(self.tokens.iter().map(|&(token, _)| f64::from(token)));
        numbers.f32s.extend(self.tokens.iter().map(|&(_, logit)| logit));
    }

    /// Reads what was written.
    pub fn unpack(cursor: &mut Cursor<'_>) -> Option<Self> {
        let (n_positions, n_tokens, n_rows) = (cursor.count()?, cursor.count()?, cursor.count()?);
        let log_z = cursor.f64s(n_rows)?.to_vec();
        let n = n_rows.checked_mul(n_tokens)?;
        let (tokens, logits) = (cursor.f64s(n)?, cursor.f32s(n)?);
        let tokens = tokens.iter().zip(logits).map(|(&token, &logit)| (token as u32, logit)).collect();
        Some(Self { n_positions, n_tokens, tokens, log_z })
    }

    /// At most `n` tokens of a prompt and a position, counted among the output's.
    pub fn at(&self, prompt: usize, position: usize, n: usize) -> Vec<TokenProb> {
        let row = prompt * self.n_positions + position;
        let prob = |logit: f32| (f64::from(logit) - self.log_z[row]).exp();
        let tokens = &self.tokens[row * self.n_tokens..][..n.min(self.n_tokens)];
        tokens.iter().map(|&(token, logit)| TokenProb { token, logit, prob: prob(logit) }).collect()
    }
}

/// The `n` largest logits of a row with their tokens, in one pass: nearly every logit is below the least one kept so far.
fn largest(row: &[f32], n: usize) -> Vec<(u32, f32)> {
    let mut found: Vec<(u32, f32)> = Vec::with_capacity(n + 1);
    for (token, &logit) in (0..).zip(row) {
        if found.len() == n && found.last().is_none_or(|last| logit.total_cmp(&last.1) != Ordering::Greater) {
            continue;
        }
        let index = found.partition_point(|other| other.1.total_cmp(&logit) != Ordering::Less);
        found.insert(index, (token, logit));
        found.truncate(n);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first_and_the_lower_token_of_equal_ones() {
        let row = [1.0, 3.0, -2.0, 3.0, 0.5, 3.0];
        assert_eq!(largest(&row, 2), [(1, 3.0), (3, 3.0)]);
        assert_eq!(largest(&row, 4), [(1, 3.0), (3, 3.0), (5, 3.0), (0, 1.0)]);
        assert_eq!(largest(&row[..1], 1), [(0, 1.0)]);
    }

    #[test]
    fn rows_are_found_by_prompt_and_position() {
        // Two prompts of two positions, a vocabulary of two: probabilities 1/4 and 3/4.
        let logits = Logits { values: [0.0, 3.0_f32.ln()].repeat(4), n_positions: 2, d_vocab: 2 };
        let mut tokens = TopTokens::of(&logits, &[4.0_f64.ln(); 4]);
        tokens.tokens[6] = (0, 0.0);
        let likeliest = |prompt, position| tokens.at(prompt, position, 1)[0].token;
        assert_eq!([likeliest(0, 0), likeliest(0, 1), likeliest(1, 0), likeliest(1, 1)], [1, 1, 1, 0]);
        let both = tokens.at(0, 1, TOP_TOKENS);
        assert_eq!(both.len(), 2);
        assert!((both[0].prob - 0.75).abs() < 1e-7 && (both[1].prob - 0.25).abs() < 1e-7, "{both:?}");
    }
}
