//! Weights on the device, as they are uploaded one by one, checked together and taken by the model.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData, Transaction};

use super::error::ModelError;
use circuitscope_core::config::family::{Param, Weight};

/// How many numbers are added up on the device at a time: summing takes a copy.
const SUMMED_AT_ONCE: usize = 1 << 22;

/// The weights on the device, flat, with the sums of their magnitudes in the file.
pub(super) struct Weights {
    pub device: Device,
    params: HashMap<Param, (Tensor<1>, Vec<usize>)>,
    sums: Vec<(Param, f64)>,
}

impl Weights {
    pub fn new(device: Device) -> Self {
        Self { device, params: HashMap::new(), sums: Vec::new() }
    }

    /// Uploads a weight without waiting for the device.
    pub fn put(&mut self, weight: &Weight, numbers: Vec<f32>) -> Result<(), ModelError> {
        self.sums.push((weight.param, numbers.iter().map(|&x| f64::from(x.abs())).sum()));
        let n_elements = numbers.len();
        let tensor = Tensor::from_data(TensorData::new(numbers, [n_elements]), &self.device);
        self.params.insert(weight.param, (tensor, weight.target.clone()));
        // Each upload leaves the host before the next is read.
        self.device.flush().map_err(|e| ModelError::device("uploading weights", e))
    }

    /// Takes a weight that is on the device already, flat and with its axes in order.
    pub fn put_tensor(&mut self, weight: &Weight, tensor: Tensor<1>) {
        self.params.insert(weight.param, (tensor, weight.target.clone()));
    }

    /// Compares sums of magnitudes on the device with those of the file.
    ///
    /// # Errors
    /// When they differ, or the device fails.
    pub async fn check(&self, file: &str) -> Result<(), ModelError> {
        let parts = self.sums.iter().flat_map(|(param, _)| sums_of_magnitudes(&self.params[param].0));
        let transaction = parts.fold(Transaction::default(), Transaction::register);
        let parts = transaction.execute_async().await.map_err(|e| ModelError::device("uploading weights", e))?;
        let mut parts = parts.into_iter();
        for (param, expected) in &self.sums {
            let n_parts = self.params[param].0.dims()[0].div_ceil(SUMMED_AT_ONCE);
            let mut found = 0.0;
            for data in parts.by_ref().take(n_parts) {
                let part: Vec<f32> = data.try_to_vec().map_err(|e| ModelError::device("uploading weights", e))?;
                found += f64::from(part[0]);
            }
            if !arrived(*expected, found) {
                let (file, tensor) = (file.to_owned(), format!("{param:?}"));
                return Err(ModelError::Upload { file, tensor, expected: *expected, found });
            }
        }
        Ok(())
    }

    /// Takes a weight in the shape that the forward pass wants.
    pub fn take<const D: usize>(&mut self, param: Param) -> Option<Tensor<D>> {
        let (tensor, shape) = self.params.remove(&param)?;
        Some(tensor.reshape(<[usize; D]>::try_from(shape).expect("a weight has the rank of its Param")))
    }

    /// Takes a weight that is in the family's list.
    pub fn want<const D: usize>(&mut self, param: Param) -> Tensor<D> {
        self.take(param).expect("every family lists the weights that its config asks for")
    }

    /// The gain and bias of a norm, as far as the model has them.
    pub fn pair(&mut self, gain: Param, bias: Param) -> (Option<Tensor<1>>, Option<Tensor<1>>) {
        (self.take(gain), self.take(bias))
    }

    /// A bias in the shape `[1, n]`, where the model has it.
    pub fn bias(&mut self, param: Param) -> Option<Tensor<2>> {
        self.take::<1>(param).map(Tensor::unsqueeze)
    }

    /// Queries, keys and values together, as the file has them or put together here. Where there are fewer heads of keys and
    /// values, each is repeated for the queries that it serves.
    pub fn qkv<const D: usize>(&mut self, all: Param, parts: [Param; 3], n_heads: usize) -> Option<Tensor<D>> {
        if let Some(all) = self.take(all) {
            return Some(all);
        }
        let parts: Option<Vec<_>> = parts.map(|part| self.take::<D>(part)).into_iter().collect();
        Some(Tensor::cat(parts?.into_iter().map(|part| ungrouped(part, n_heads)).collect(), 0))
    }
}

/// Whether a tensor on the device is that of the file, by the sums of their magnitudes. Uploads have been seen to arrive as
/// zeros (cubecl issue 1120); sums of a million numbers are off by up to 0.35% on some devices, hence the 2%. A file that holds
/// infinities or NaN itself has no sum to compare.
fn arrived(expected: f64, found: f64) -> bool {
    // A sum that is NaN on the device is within no tolerance.
    !expected.is_finite() || (found - expected).abs() <= 0.02 * expected + 1e-6
}

/// Sums of the magnitudes of a tensor's parts, of [`SUMMED_AT_ONCE`] numbers each.
fn sums_of_magnitudes(tensor: &Tensor<1>) -> impl Iterator<Item = Tensor<1>> + '_ {
    let n = tensor.dims()[0];
    let part = move |start| {
        let whole = n <= SUMMED_AT_ONCE;
        if whole { tensor.clone() } else { tensor.clone().slice(start..n.min(start + SUMMED_AT_ONCE)) }
    };
    (0..n).step_by(SUMMED_AT_ONCE).map(move |start| part(start).abs().sum())
}

/// # Shapes
/// - part: `[n_key_value_heads, ..]`
/// - output: `[n_heads, ..]`
fn ungrouped<const D: usize>(part: Tensor<D>, n_heads: usize) -> Tensor<D> {
    let mut shape = part.dims();
    let (groups, rest) = (shape[0], shape[1..].iter().product());
    if groups == n_heads {
        return part;
    }
    shape[0] = n_heads;
    part.reshape([groups, 1, rest]).expand([groups, n_heads / groups, rest]).reshape(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_are_not_the_files_have_not_arrived() {
        assert!(arrived(100.0, 100.3));
        assert!(!arrived(100.0, 97.0));
        assert!(!arrived(100.0, 0.0));
        assert!(!arrived(100.0, f64::NAN));
        assert!(!arrived(100.0, f64::INFINITY));
        assert!(arrived(0.0, 0.0));
        // The file's own.
        assert!(arrived(f64::NAN, f64::NAN));
        assert!(arrived(f64::INFINITY, f64::INFINITY));
    }
}
