//! How well a model answers pairs of prompts.

use std::collections::BTreeMap;

use circuitscope_core::{Answers, PromptPair};
use circuitscope_engine::model::{Model, ModelError, Plain, TokenBatch};
use circuitscope_engine::run::batch::read;

/// So many prompts go through the model at once.
const BATCH_SIZE: usize = 128;

/// The means over prompts, of the last position of the clean ones.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evaluation {
    pub n_prompts: usize,
    /// The share of prompts whose likeliest token is an answer.
    pub accuracy: f64,
    /// The mean logit of the answers less that of the wrong answers.
    pub logit_diff: f64,
    /// The probability of all answers together.
    pub answer_prob: f64,
}

/// Runs the clean prompts of pairs whose answers are tokens.
///
/// # Errors
/// When the device fails.
pub async fn evaluate(model: &dyn Model, pairs: &[PromptPair]) -> Result<Evaluation, ModelError> {
    let mut by_length: BTreeMap<usize, Vec<&PromptPair>> = BTreeMap::new();
    for pair in pairs {
        by_length.entry(pair.clean.len()).or_default().push(pair);
    }
    let mut sum = Evaluation::default();
    for batch in by_length.values().flat_map(|pairs| pairs.chunks(BATCH_SIZE)) {
        let tokens = TokenBatch::new(batch.iter().map(|pair| pair.clean.as_slice()), model.device());
        let seq = tokens.dims()[1];
        let logits = read(model.forward(&tokens, seq - 1..seq, &mut Plain), "logits").await?;
        for (pair, logits) in batch.iter().zip(logits.chunks(model.config().d_vocab_out)) {
            sum.add(logits, pair);
        }
    }
    Ok(sum.mean())
}

impl Evaluation {
    fn add(&mut self, logits: &[f32], pair: &PromptPair) {
        let [answers, wrong] = [&pair.answers, &pair.wrong_answers].map(|list| logits_of(list, logits));
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exp = |logit: &f32| f64::from(logit - largest).exp();
        self.n_prompts += 1;
        self.accuracy += f64::from(u8::from(answers.contains(&largest)));
        self.logit_diff += mean(&answers) - mean(&wrong);
        self.answer_prob += answers.iter().map(exp).sum::<f64>() / logits.iter().map(exp).sum::<f64>();
    }

    fn mean(self) -> Self {
        let n = self.n_prompts as f64;
        Self { accuracy: self.accuracy / n, logit_diff: self.logit_diff / n, answer_prob: self.answer_prob / n, ..self }
    }
}

fn logits_of(answers: &Answers, logits: &[f32]) -> Vec<f32> {
    answers.tokens().map(|token| logits[token as usize]).collect()
}

fn mean(numbers: &[f32]) -> f64 {
    numbers.iter().copied().map(f64::from).sum::<f64>() / numbers.len() as f64
}
