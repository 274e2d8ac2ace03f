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

/// An output that others are measured against.
#[derive(Debug)]
pub struct Target {
    pub logits: Logits,
    /// The probability of each logit, so that no exponential is taken again for each circuit.
    probs: Vec<f32>,
    /// `ln Σ exp` of each row.
    log_z: Vec<f64>,
}

impl Target {
    pub fn new(logits: Logits) -> Self {
        let log_z: Vec<f64> = logits.rows().map(log_sum_exp).collect();
        let mut probs = Vec::with_capacity(logits.values.len());
        for (row, log_z) in logits.rows().zip(&log_z) {
            probs.extend(row.iter().map(|&logit| (f64::from(logit) - log_z).exp() as f32));
        }
        Self { logits, probs, log_z }
    }

    /// The mean over rows of `Σ p (ln p - ln q)`, p being the target's probabilities and q the output's, in nats; at least 0,
    /// as in the reference. `output_log_z` is `ln Σ exp` of each row of the output.
    fn kl_div(&self, output: &Logits, output_log_z: &[f64]) -> f64 {
        let mut sum = 0.0;
        for (row, (target, output)) in self.logits.rows().zip(output.rows()).enumerate() {
            let probs = &self.probs[row * self.logits.d_vocab..][..self.logits.d_vocab];
            let shift = output_log_z[row] - self.log_z[row];
            let term = |((&t, &o), &p): ((&f32, &f32), &f32)| f64::from(p) * (f64::from(t) - f64::from(o) + shift);
            sum += target.iter().zip(output).zip(probs).map(term).sum::<f64>();
        }
        (sum / self.log_z.len() as f64).max(0.0)
    }
}

/// The measures of an output against the unpatched model; auto-circuit's `measure_kl_div` and `measure_answer_diff`.
pub fn measure(output: &Logits, clean: &Target, corrupt: &Target, pairs: &[PromptPair]) -> Measurement {
    let log_z: Vec<f64> = output.rows().map(log_sum_exp).collect();
    Measurement {
        logit_diff: logit_diff(output, pairs),
        kl_clean: clean.kl_div(output, &log_z),
        kl_corrupt: corrupt.kl_div(output, &log_z),
    }
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
