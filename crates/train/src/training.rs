//! The steps of training: a batch of sequences, a pass forward and backward, a step of AdamW.

use burn::tensor::{Device, Tensor, TensorData, activation};
use circuitscope_core::ModelConfig;
use circuitscope_engine::discover::noise::Noise;
use circuitscope_engine::model::{Model, ModelError, Plain, TokenBatch, from_tensors};
use circuitscope_engine::run::batch::read;

use crate::adamw::{AdamW, learning_rate};
use crate::parameters::Parameters;
use crate::tasks::Task;

/// How a model is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    pub steps: usize,
    pub batch_size: usize,
    /// At its peak.
    pub learning_rate: f64,
    pub weight_decay: f64,
    pub seed: u64,
}

/// What a model is to say after a sequence, at some of its positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    pub tokens: Vec<u32>,
    pub targets: Vec<Target>,
}

/// The tokens that are to follow, each as likely as the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub position: usize,
    pub tokens: Vec<u32>,
    /// How much the position counts in the loss.
    pub weight: f32,
}

/// A model after its training.
pub struct Trained {
    pub parameters: Parameters,
    /// Of each step, in nats: the cross-entropy from the targets.
    pub losses: Vec<f64>,
}

/// Trains a model from the recipe's seed. `progress` is called after each step with its number, from 1, and its loss.
///
/// # Errors
/// When the device fails.
pub async fn train(
    task: &dyn Task,
    config: ModelConfig,
    recipe: &Recipe,
    device: &Device,
    mut progress: impl FnMut(usize, f64),
) -> Result<Trained, ModelError> {
    let mut noise = Noise::new(recipe.seed);
    let mut parameters = Parameters::random(config, &mut noise);
    let mut adamw = AdamW::new(&parameters, recipe.weight_decay);
    let mut losses = Vec::with_capacity(recipe.steps);
    for step in 0..recipe.steps {
        let batch = task.batch(recipe.batch_size, &mut noise);
        let (loss, gradient) = gradient(&parameters, &batch, device).await?;
        let rate = learning_rate(step, recipe.steps, recipe.learning_rate);
        let gradient: Vec<&[f32]> = gradient.iter().map(Vec::as_slice).collect();
        adamw.step(&mut parameters, &gradient, rate);
        losses.push(loss);
        progress(step + 1, loss);
    }
    Ok(Trained { parameters, losses })
}

/// The loss of a batch of sequences of one length, and its derivative by every parameter.
///
/// # Errors
/// When the device fails.
pub async fn gradient(
    parameters: &Parameters,
    batch: &[Sequence],
    device: &Device,
) -> Result<(f64, Vec<Vec<f32>>), ModelError> {
    let leaves = parameters.leaves(device);
    let model = from_tensors(parameters.config.clone(), leaves.clone(), device);
    let tokens = TokenBatch::new(batch.iter().map(|sequence| sequence.tokens.as_slice()), device);
    let loss = cross_entropy(&model, &tokens, targets(batch, parameters.config.d_vocab_out, device));
    let mut grads = loss.backward();
    let mut parts = vec![loss.inner()];
    for (leaf, parameter) in leaves.iter().zip(&parameters.list) {
        let zeros = || Tensor::zeros([parameter.numbers.len()], device);
        parts.push(leaf.grad_remove(&mut grads).unwrap_or_else(zeros));
    }
    let mut rest = read(Tensor::cat(parts, 0), "gradients of parameters").await?;
    let mut numbers = rest.split_off(1).into_iter();
    let by_parameter = parameters.list.iter().map(|p| numbers.by_ref().take(p.numbers.len()).collect()).collect();
    Ok((f64::from(rest[0]), by_parameter))
}

/// # Shapes
/// - targets: `[batch * seq, d_vocab]`
/// - output: `[1]`
fn cross_entropy(model: &dyn Model, tokens: &TokenBatch, targets: Tensor<2>) -> Tensor<1> {
    let logits = model.forward(tokens, 0..tokens.dims()[1], &mut Plain);
    let logprobs = activation::log_softmax(logits.reshape(targets.dims()), 1);
    -(logprobs * targets).sum()
}

/// The probability that each token is to have, times the weight of its position; all weights add up to 1.
///
/// # Shapes
/// - output: `[batch * seq, d_vocab]`
fn targets(batch: &[Sequence], d_vocab: usize, device: &Device) -> Tensor<2> {
    let seq = batch[0].tokens.len();
    let total: f32 = batch.iter().flat_map(|sequence| &sequence.targets).map(|target| target.weight).sum();
    let mut table = vec![0.0; batch.len() * seq * d_vocab];
    for (i, sequence) in batch.iter().enumerate() {
        for Target { position, tokens, weight } in &sequence.targets {
            let row = (i * seq + position) * d_vocab;
            for &token in tokens {
                table[row + token as usize] += weight / (total * tokens.len() as f32);
            }
        }
    }
    Tensor::from_data(TensorData::new(table, [batch.len() * seq, d_vocab]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::config;
    use crate::tasks::{TASKS, task};

    /// Central differences of the loss along the gradient, on every kind of weight of the models.
    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let device = Device::flex();
        let loss = |parameters: &Parameters, batch: &[Sequence]| {
            pollster::block_on(gradient(parameters, batch, &device)).unwrap()
        };
        for task in TASKS.map(|name| task(name).unwrap()) {
            let mut noise = Noise::new(3);
            let parameters = Parameters::random(config(&*task).unwrap(), &mut noise);
            let batch = task.batch(4, &mut noise);
            let (_, by_parameter) = loss(&parameters, &batch);
            for (i, gradient) in by_parameter.iter().enumerate() {
                let length = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
                let name = &parameters.list[i].weight.name;
                assert!(length > 1e-4, "{name}: the gradient does not reach it");
                let step = 1e-2 / length;
                let moved = |sign: f32| {
                    let mut moved = parameters.clone();
                    moved.list[i].numbers.iter_mut().zip(gradient).for_each(|(x, g)| *x += sign * step * g);
                    loss(&moved, &batch).0
                };
                // The derivative along the gradient is its length squared, times the step on either side.
                let expected = f64::from(2.0 * step * length * length);
                let found = moved(1.0) - moved(-1.0);
                assert!((found - expected).abs() < 0.05 * expected + 2e-6, "{name}: {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn a_loss_falls_and_the_same_seed_gives_the_same_model() {
        let task = task("greater-than").unwrap();
        let recipe = Recipe { steps: 30, batch_size: 16, ..task.recipe() };
        let train = || {
            let (config, device) = (config(&*task).unwrap(), Device::flex());
            pollster::block_on(train(&*task, config, &recipe, &device, |_, _| {})).unwrap()
        };
        let (one, other) = (train(), train());
        assert!(one.losses[29] < 0.8 * one.losses[0], "{:?}", one.losses);
        assert_eq!(one.losses, other.losses);
        assert_eq!(one.parameters, other.parameters);
    }
}
