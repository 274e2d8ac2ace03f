//! How faithful outputs are, on the host in f64: sums over a vocabulary lose too much in f32 on some devices.

use circuitscope_core::{Answers, Metric, PromptPair, PromptValues};
use circuitscope_kernels::log_sum_exp;

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
    /// All of them.
    pub fn rows(&self) -> Rows<'_> {
        Rows { values: &self.values, n_positions: self.n_positions, d_vocab: self.d_vocab }
    }
}

/// Logits of some prompts that follow each other, such as those of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Row-major: prompt, position, vocabulary.
    pub values: &'a [f32],
    /// The number of positions of each prompt.
    pub n_positions: usize,
    /// The size of the vocabulary.
    pub d_vocab: usize,
}

impl<'a> Rows<'a> {
    /// The logits of each position of each prompt, `[d_vocab]`.
    pub fn iter(self) -> impl Iterator<Item = &'a [f32]> {
        self.values.chunks_exact(self.d_vocab)
    }

    /// `ln Σ exp` of each row.
    pub fn log_z(self) -> Vec<f64> {
        log_sum_exp(self.values, self.d_vocab)
    }

    /// The number of prompts.
    pub fn n_prompts(self) -> usize {
        self.values.len() / (self.n_positions * self.d_vocab)
    }
}

/// An output that others are measured against.
#[derive(Debug)]
pub struct Target {
    pub logits: Logits,
    /// The probability of each logit, so that no exponential is taken again for each circuit.
    probs: Vec<f32>,
    /// `ln Σ exp` of each row.
    pub log_z: Vec<f64>,
    /// `Σ p` and `Σ p·logit` of each row; the first is 1 but for the rounding of `probs`.
    moments: Vec<(f64, f64)>,
}

impl Target {
    pub fn new(logits: Logits) -> Self {
        let mut probs = Vec::with_capacity(logits.values.len());
        let (log_z, mut moments) = (logits.rows().log_z(), Vec::new());
        for (row, z) in logits.rows().iter().zip(&log_z) {
            let start = probs.len();
            probs.extend(row.iter().map(|&logit| (f64::from(logit) - *z).exp() as f32));
            moments.push((probs[start..].iter().map(|&p| f64::from(p)).sum(), dot(&probs[start..], row)));
        }
        Self { logits, probs, log_z, moments }
    }

    /// `Σ p (ln p - ln q)` of a row in nats, p being the target's probabilities and q an output's; `output_log_z` is
    /// `ln Σ exp` of the output's row. Written out it is `Σ p·t - Σ p·o + (ln Z_o - ln Z_t) Σ p`, of which only the second
    /// sum is new for each output.
    fn kl_div(&self, row: usize, output: &[f32], output_log_z: f64) -> f64 {
        let d_vocab = self.logits.d_vocab;
        let (p, p_t) = self.moments[row];
        p_t - dot(&self.probs[row * d_vocab..][..d_vocab], output) + (output_log_z - self.log_z[row]) * p
    }

    /// The divergence of outputs on the same prompts from the target: the mean over each prompt's positions, in nats.
    pub fn kl_divs(&self, output: Rows, log_z: &[f64]) -> Vec<f64> {
        let rows = output.iter().zip(log_z).enumerate();
        let rows: Vec<f64> = rows.map(|(i, (row, &log_z))| self.kl_div(i, row, log_z)).collect();
        prompt_means(&rows, output.n_positions)
    }
}

/// `Σ a·b`, in f64: eight sums, so that none waits for the one before.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks(sums.len()).zip(b.chunks(sums.len())) {
        for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += f64::from(a) * f64::from(b);
        }
    }
    sums.iter().sum()
}

/// The mean of each prompt's positions.
fn prompt_means(rows: &[f64], n_positions: usize) -> Vec<f64> {
    rows.chunks_exact(n_positions).map(|rows| rows.iter().sum::<f64>() / n_positions as f64).collect()
}

/// The metrics of each prompt that depend on its answers and on nothing else. Several answers count by their mean, as in the
/// reference, and a prompt's value is its mean over positions.
pub fn answer_values(output: Rows, log_z: &[f64], pairs: &[PromptPair]) -> PromptValues {
    let mut rows: PromptValues = Metric::ALL.map(|_| Some(Vec::new()));
    for (i, row) in output.iter().enumerate() {
        let (pair, position) = (&pairs[i / output.n_positions], i % output.n_positions);
        let answers = answers_at(&pair.answers, position, output.n_positions);
        let wrong = answers_at(&pair.wrong_answers, position, output.n_positions);
        append(&mut rows, row_values(row, log_z[i], answers, wrong).map(|value| value.map(|value| vec![value])));
    }
    rows.map(|rows| rows.map(|rows| prompt_means(&rows, output.n_positions)))
}

/// Appends the values of more prompts. A metric applies to all or to none.
pub fn append(values: &mut PromptValues, more: PromptValues) {
    for (values, more) in values.iter_mut().zip(more) {
        match (values.as_mut(), more) {
            (Some(values), Some(more)) => values.extend(more),
            _ => *values = None,
        }
    }
}

/// The metrics of a row of logits; the answers may be missing.
fn row_values(
    row: &[f32],
    log_z: f64,
    answers: Option<&[u32]>,
    wrong: Option<&[u32]>,
) -> [Option<f64>; Metric::ALL.len()] {
    let logit = |tokens: Option<&[u32]>| mean_of(row, tokens?, |logit| logit);
    let prob = |tokens: Option<&[u32]>| mean_of(row, tokens?, |logit| (logit - log_z).exp());
    let logprob = |tokens: Option<&[u32]>| mean_of(row, tokens?, |logit| logit - log_z);
    let diff = |mean: &dyn Fn(Option<&[u32]>) -> Option<f64>| Some(mean(answers)? - mean(wrong)?);
    let percent = |is_right: bool| if is_right { 100.0 } else { 0.0 };
    let one = || answers.filter(|answers| answers.len() == 1).and_then(|answers| row.get(answers[0] as usize));
    let over_wrong = |answer: f32| {
        let wrong = wrong.filter(|wrong| !wrong.is_empty())?;
        Some(wrong.iter().all(|&token| row.get(token as usize).is_some_and(|&logit| answer >= logit)))
    };
    Metric::ALL.map(|metric| match metric {
        Metric::AnswerProb => prob(answers),
        Metric::AnswerLogit => logit(answers),
        Metric::WrongAnswerLogit => logit(wrong),
        Metric::AnswerLogprob => logprob(answers),
        Metric::LogitDiff => diff(&logit),
        Metric::ProbDiff => diff(&prob),
        Metric::LogprobDiff => diff(&logprob),
        Metric::CorrectAnswerPercent => one().map(|_| percent(argmax(row) == answers.map(|answers| answers[0]))),
        Metric::CorrectOverIncorrectPercent => one().and_then(|&answer| over_wrong(answer)).map(percent),
        _ => None,
    })
}

/// The index of the largest logit; of equal ones the first, as in the reference.
fn argmax(row: &[f32]) -> Option<u32> {
    let mut best: Option<(u32, f32)> = None;
    for (token, &logit) in (0..).zip(row) {
        if best.is_none_or(|(_, most)| logit > most) {
            best = Some((token, logit));
        }
    }
    best.map(|(token, _)| token)
}

/// The answer tokens for a position, counted among the output's.
pub fn answers_at(answers: &Answers, position: usize, n_positions: usize) -> Option<&[u32]> {
    match answers {
        Answers::Tokens(tokens) => (n_positions == 1).then_some(tokens),
        Answers::PerPosition(rows) if rows.len() == n_positions => Some(&rows[position]),
        _ => None,
    }
}

/// The mean of something of the tokens' logits; `None` where there are no tokens.
fn mean_of(row: &[f32], tokens: &[u32], of: impl Fn(f64) -> f64) -> Option<f64> {
    let values: Option<Vec<f64>> = tokens.iter().map(|&t| row.get(t as usize).map(|&x| of(f64::from(x)))).collect();
    values.filter(|v| !v.is_empty()).map(|v| v.iter().sum::<f64>() / v.len() as f64)
}
