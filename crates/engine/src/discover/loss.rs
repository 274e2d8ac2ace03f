//! The losses that gradients are taken of; auto-circuit's `batch_avg_answer_diff` and its kin (`utils/tensor_ops.py`).

use burn::tensor::{Tensor, TensorData, activation};

use super::setup::Setup;
use circuitscope_core::settings::discovery::{AnswerFunction, GradFunction};
use circuitscope_core::{Answers, CircuitError, PromptPair};

/// The loss of a batch's answers.
pub struct AnswerLoss {
    grad_function: GradFunction,
    target: Target,
}

/// `[1, batch, position, d_vocab]`
enum Target {
    /// The weight of every value in the loss: 0 but at answers.
    Weights(Tensor<4>),
    /// The value that each should have.
    Values(Tensor<4>),
}

impl AnswerLoss {
    /// # Errors
    /// When a prompt of the batch lacks answers of the kind that is asked for.
    pub(super) fn new(
        setup: &Setup<'_>,
        batch: usize,
        grad_function: GradFunction,
        answer_function: AnswerFunction,
    ) -> Result<Self, CircuitError> {
        let (n_positions, d_vocab) = (setup.batches.positions(batch).len(), setup.model().config().d_vocab_out);
        let pairs = setup.batches.pairs_of(batch);
        let shape = [1, pairs.len(), n_positions, d_vocab];
        let tensor = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, shape), setup.model().device());
        let expected = match answer_function {
            AnswerFunction::Mse => format!("{n_positions} lists of {d_vocab} numbers, for the mean squared error"),
            _ if n_positions == 1 => "answer tokens".to_owned(),
            _ => format!("answer tokens for each of the {n_positions} positions of the output"),
        };
        let missing =
            |prompt: usize, field: &str| setup.batches.prompt_error(batch, prompt, field, &expected, "something else");
        if answer_function == AnswerFunction::Mse {
            let mut values = Vec::with_capacity(shape.iter().product());
            for (prompt, pair) in pairs.iter().enumerate() {
                let rows = numbers(&pair.answers, n_positions, d_vocab).ok_or_else(|| missing(prompt, "answers"))?;
                values.extend(rows);
            }
            return Ok(Self { grad_function, target: Target::Values(tensor(values)) });
        }
        let sides: &[Side] = match answer_function {
            AnswerFunction::AvgDiff => {
                &[("answers", |p| &p.answers, -1.0), ("wrong_answers", |p| &p.wrong_answers, 1.0)]
            }
            _ => &[("answers", |p| &p.answers, -1.0)],
        };
        let mut weights = vec![0.0; shape.iter().product()];
        let n_rows = (pairs.len() * n_positions) as f32;
        for (prompt, pair) in pairs.iter().enumerate() {
            for (field, answers, sign) in sides {
                for position in 0..n_positions {
                    let tokens =
                        tokens_at(answers(pair), position, n_positions).ok_or_else(|| missing(prompt, field))?;
                    let row = (prompt * n_positions + position) * d_vocab;
                    for &token in tokens {
                        weights[row + token as usize] += sign / (n_rows * tokens.len() as f32);
                    }
                }
            }
        }
        Ok(Self { grad_function, target: Target::Weights(tensor(weights)) })
    }

    /// # Shapes
    /// - logits: `[circuit, batch, position, d_vocab]`
    /// - output: `[circuit]`
    pub fn of(&self, logits: Tensor<4>) -> Tensor<1> {
        let values = match self.grad_function {
            GradFunction::Logit => logits,
            GradFunction::Prob => activation::softmax(logits, 3),
            GradFunction::Logprob => activation::log_softmax(logits, 3),
            GradFunction::LogitExp => {
                let largest = logits.clone().detach().max_dim(3);
                let exp = (logits - largest).exp();
                exp.clone() / exp.detach().sum_dim(3)
            }
        };
        let [circuits, ..] = values.dims();
        match &self.target {
            Target::Weights(weights) => per_circuit_sum(values * weights.clone()),
            Target::Values(target) => {
                let distance = values - target.clone();
                let n = distance.shape().num_elements() / circuits;
                per_circuit_sum(distance.clone() * distance) / n as f64
            }
        }
    }
}

/// The name of a prompt's field, the field, and its sign in the loss.
type Side = (&'static str, fn(&PromptPair) -> &Answers, f32);

/// # Shapes
/// - values: `[circuit, ..]`
/// - output: `[circuit]`
pub(super) fn per_circuit_sum(values: Tensor<4>) -> Tensor<1> {
    let [circuits, ..] = values.dims();
    values.flatten::<2>(1, 3).sum_dim(1).reshape([circuits])
}

/// The answer tokens for a position, counted among the output's.
fn tokens_at(answers: &Answers, position: usize, n_positions: usize) -> Option<&[u32]> {
    let tokens = match answers {
        Answers::Tokens(tokens) if n_positions == 1 => tokens,
        Answers::PerPosition(rows) if rows.len() == n_positions => &rows[position],
        _ => return None,
    };
    (!tokens.is_empty()).then_some(tokens)
}

/// Answers that are numbers: `n_positions` rows of `d_vocab`.
fn numbers(answers: &Answers, n_positions: usize, d_vocab: usize) -> Option<Vec<f32>> {
    let rows: Vec<Vec<f64>> = match answers {
        Answers::Values(rows) => rows.clone(),
        // Whole numbers read as tokens.
        Answers::PerPosition(rows) => rows.iter().map(|row| row.iter().map(|&n| f64::from(n)).collect()).collect(),
        Answers::Tokens(_) => return None,
    };
    let fits = rows.len() == n_positions && rows.iter().all(|row| row.len() == d_vocab);
    fits.then(|| rows.into_iter().flatten().map(|x| x as f32).collect())
}
