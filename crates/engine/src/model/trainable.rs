//! A model whose weights are tensors of the caller: where those are leaves of autodiff, a backward pass gives their gradients.

use burn::tensor::{Device, Tensor};

use super::build::build;
use super::transformer::Transformer;
use super::weights::Weights;
use circuitscope_core::ModelConfig;
use circuitscope_core::config::family::Rearrange;

/// The model of these weights, one for each of [`ModelConfig::weights`] and in their order. Each is flat, its numbers in the order
/// of a file: what is trained is what is written, and the axes are rearranged on every pass.
///
/// # Panics
/// When there are fewer tensors than the config asks for, or one has not as many numbers.
pub fn from_tensors(config: ModelConfig, tensors: Vec<Tensor<1>>, device: &Device) -> Transformer {
    let mut weights = Weights::new(device.clone());
    for (weight, stored) in config.weights().iter().zip(tensors) {
        let tensor = weight.rearrange.as_ref().map_or(stored.clone(), |order| rearranged(stored, order));
        weights.put_tensor(weight, tensor);
    }
    build(config, weights, false)
}

/// # Shapes
/// - stored, output: `[n_elements]`
fn rearranged(stored: Tensor<1>, rearrange: &Rearrange) -> Tensor<1> {
    match rearrange.split.len() {
        2 => permuted::<2>(stored, rearrange),
        3 => permuted::<3>(stored, rearrange),
        _ => permuted::<4>(stored, rearrange),
    }
}

fn permuted<const D: usize>(stored: Tensor<1>, Rearrange { split, order }: &Rearrange) -> Tensor<1> {
    let of_rank = "families split a tensor into two to four axes";
    let split: [usize; D] = split.clone().try_into().expect(of_rank);
    let order: [usize; D] = order.clone().try_into().expect(of_rank);
    stored.reshape(split).permute(order.map(|axis| axis as isize)).flatten(0, D - 1)
}
