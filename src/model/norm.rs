//! The layer norm before a dest node (Ba et al. 2016), in the three forms that models here have.

use burn::tensor::{Device, Tensor, module::layer_norm};

use crate::circuit::{ModelConfig, Normalization};

/// A layer norm over the last axis, or none.
#[derive(Debug, Clone)]
pub struct Norm {
    eps: f64,
    /// Gain `[d]` and bias `[d]`; `None` leaves the input as it is.
    gain_bias: Option<(Tensor<1>, Option<Tensor<1>>)>,
}

impl Norm {
    /// The norm of a model's kind. `gain_bias` is wanted for a learned one; `d` is the size of the last axis.
    pub fn new(config: &ModelConfig, d: usize, gain_bias: Option<(Tensor<1>, Tensor<1>)>, device: &Device) -> Self {
        let gain_bias = match config.normalization {
            Normalization::None => None,
            Normalization::LNPre => Some((Tensor::ones([d], device), None)),
            Normalization::LN => gain_bias.map(|(gain, bias)| (gain, Some(bias))),
        };
        Self { eps: config.eps, gain_bias }
    }

    /// # Shapes
    /// - input, output: `[.., d]`
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        match &self.gain_bias {
            None => input,
            Some((gain, bias)) => layer_norm(input, gain.clone(), bias.clone(), self.eps),
        }
    }
}
