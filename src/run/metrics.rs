//! How faithful outputs are, on the host in f64: sums over a vocabulary lose too much in f32 on some devices.

use crate::circuit::{Answers, Measurement, PromptPair, TokenProb};

/// Logits of several prompts.
#[derive(Debug, Clone, PartialEq)]
pub struct Logits {
    /// Row-major: prompt, position, vocabulary.
    pub values: Vec<f32>,
    /// The number of positions of each prompt.
    pub n_positions: usize,
    /// The size of the vocabulary.
    pub d_vocab: usize,
}

impl Logits {
    /// The logits of a prompt at a place among the positions.
    pub fn row(&self, prompt: usize, position: usize) -> &[f32] {
        let start = (prompt * self.n_positions + position) * self.d_vocab;
        &self.values[start..start + self.d_vocab]
    }

    fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.d_vocab)
    }
}

/// The measures of an output against the unpatched model; auto-circuit's `measure_kl_div` and `measure_answer_diff`.
pub fn measure(output: &Logits, clean: &Logits, corrupt: &Logits, pairs: &[PromptPair]) -> Measurement {
    Measurement {
        logit_diff: logit_diff(output, pairs),
        kl_clean: kl_div(output, clean),
        kl_corrupt: kl_div(output, corrupt),
    }
}

/// The mean over rows of `Σ p (ln p - ln q)`, p being the target's probabilities and q the output's, in nats; at least 0,
/// as in the reference.
fn kl_div(output: &Logits, target: &Logits) -> f64 {
    let row_kl = |(q, p): (&[f32], &[f32])| -> f64 {
        let (log_z_q, log_z_p) = (log_sum_exp(q), log_sum_exp(p));
        let term = |(&q, &p): (&f32, &f32)| {
            let (log_q, log_p) = (f64::from(q) - log_z_q, f64::from(p) - log_z_p);
            log_p.exp() * (log_p - log_q)
        };
        q.iter().zip(p).map(term).sum()
    };
    let n_rows = output.rows().count();
    let sum: f64 = output.rows().zip(target.rows()).map(row_kl).sum();
    (sum / n_rows as f64).max(0.0)
}

/// `ln Σ exp`, without overflow.
fn log_sum_exp(row: &[f32]) -> f64 {
    let max = row.iter().fold(f32::NEG_INFINITY, |max, &x| max.max(x));
    let sum: f64 = row.iter().map(|&x| f64::from(x - max).exp()).sum();
    f64::from(max) + sum.ln()
}

/// The mean over prompts (and positions, where answers are given for each) of the mean logit of the answers less that of the
/// wrong answers. `None` where a prompt has no answer tokens, or not for the positions of the output.
fn logit_diff(output: &Logits, pairs: &[PromptPair]) -> Option<f64> {
    let mut diffs = Vec::new();
    for (prompt, pair) in pairs.iter().enumerate() {
        for position in 0..output.n_positions {
            let answers = answers_at(&pair.answers, position, output.n_positions)?;
            let wrong_answers = answers_at(&pair.wrong_answers, position, output.n_positions)?;
            let row = output.row(prompt, position);
            diffs.push(mean_logit(row, answers)? - mean_logit(row, wrong_answers)?);
        }
    }
    Some(diffs.iter().sum::<f64>() / diffs.len() as f64)
}

/// The answer tokens for a place among the output's positions.
fn answers_at(answers: &Answers, position: usize, n_positions: usize) -> Option<&[u32]> {
    match answers {
        Answers::Tokens(tokens) => (n_positions == 1).then_some(tokens),
        Answers::PerPosition(rows) if rows.len() == n_positions => Some(&rows[position]),
        _ => None,
    }
}

fn mean_logit(row: &[f32], tokens: &[u32]) -> Option<f64> {
    let logits: Option<Vec<f64>> = tokens.iter().map(|&t| row.get(t as usize).map(|&x| f64::from(x))).collect();
    logits.filter(|l| !l.is_empty()).map(|l| l.iter().sum::<f64>() / l.len() as f64)
}

/// The `k` likeliest tokens of a row of logits, likeliest first; of equal ones the lower id first.
pub fn top_tokens(row: &[f32], k: usize) -> Vec<TokenProb> {
    let log_z = log_sum_exp(row);
    let mut tokens: Vec<u32> = (0..row.len() as u32).collect();
    let by_logit = |a: &u32, b: &u32| row[*b as usize].total_cmp(&row[*a as usize]).then(a.cmp(b));
    let k = k.min(tokens.len());
    if k < tokens.len() {
        tokens.select_nth_unstable_by(k, by_logit);
        tokens.truncate(k);
    }
    tokens.sort_unstable_by(by_logit);
    let prob = |token: u32| {
        let logit = row[token as usize];
        TokenProb { token, logit, prob: (f64::from(logit) - log_z).exp() }
    };
    tokens.into_iter().map(prob).collect()
}
