//! The weights of a model in training, on the host: drawn at random, uploaded as leaves, written as a file.

use burn::tensor::{Device, Tensor, TensorData};
use circuitscope_core::ModelConfig;
use circuitscope_core::config::family::{Param, Weight};
use circuitscope_engine::discover::noise::Noise;
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};

use crate::draw::normal;

/// The standard deviation of embeddings at first: that of a row of 100 numbers whose length is 1. GPT-2's 0.02 is for rows of 768.
const EMBEDDING: f64 = 0.1;

/// The weights of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    pub config: ModelConfig,
    pub list: Vec<Parameter>,
}

/// A weight with its numbers, in the order of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub weight: Weight,
    pub numbers: Vec<f32>,
}

impl Parameters {
    /// Matrices are drawn so that activations keep their size, and so that what blocks add to the residual stream does not grow
    /// with their number (GPT-2's scheme); biases are 0, gains 1.
    pub fn random(config: ModelConfig, noise: &mut Noise) -> Self {
        let draw = |weight: Weight| {
            let n = weight.shape.iter().product();
            let numbers = match deviation(weight.param, &config) {
                Some(deviation) => (0..n).map(|_| (deviation * normal(noise)) as f32).collect(),
                None => vec![if is_gain(weight.param) { 1.0 } else { 0.0 }; n],
            };
            Parameter { weight, numbers }
        };
        let list = config.weights().into_iter().map(draw).collect();
        Self { config, list }
    }

    /// Leaves of autodiff, in the order of the list.
    pub fn leaves(&self, device: &Device) -> Vec<Tensor<1>> {
        let leaf = |parameter: &Parameter| {
            let data = TensorData::new(parameter.numbers.clone(), [parameter.numbers.len()]);
            Tensor::from_data(data, device).autodiff().require_grad()
        };
        self.list.iter().map(leaf).collect()
    }

    /// A safetensors file of half-precision numbers.
    ///
    /// # Errors
    /// When the library refuses a tensor.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SafeTensorError> {
        let half = |number: &f32| half::f16::from_f32(*number).to_le_bytes();
        let bytes: Vec<Vec<u8>> = self.list.iter().map(|p| p.numbers.iter().flat_map(half).collect()).collect();
        let views = self.list.iter().zip(&bytes).map(|(Parameter { weight, .. }, bytes)| {
            Ok((&weight.name, TensorView::new(Dtype::F16, weight.shape.clone(), bytes)?))
        });
        safetensors::serialize(views.collect::<Result<Vec<_>, SafeTensorError>>()?, None)
    }
}

/// Whether AdamW makes a weight smaller: matrices, but not biases and gains.
pub fn is_decayed(param: Param, config: &ModelConfig) -> bool {
    deviation(param, config).is_some()
}

/// The standard deviation of a matrix at first; `None` for biases and gains.
fn deviation(param: Param, config: &ModelConfig) -> Option<f64> {
    let root = |n: usize| 1.0 / (n as f64).sqrt();
    let (read, added) = (root(config.d_model), root(2 * config.n_layers));
    match param {
        Param::EmbedWE | Param::PosEmbedWPos => Some(EMBEDDING),
        Param::AttnWQ(_)
        | Param::AttnWK(_)
        | Param::AttnWV(_)
        | Param::AttnWQkv(_)
        | Param::MlpWIn(_)
        | Param::MlpWGate(_)
        | Param::UnembedWU => Some(read),
        Param::AttnWO(_) => Some(added * root(config.n_heads * config.d_head)),
        Param::MlpWOut(_) => Some(added * root(config.d_mlp.unwrap_or(1))),
        _ => None,
    }
}

fn is_gain(param: Param) -> bool {
    use Param::{AttnKNorm, AttnQNorm, Ln1W, Ln2W, LnFinalW, MlpLnW};
    matches!(param, Ln1W(_) | Ln2W(_) | LnFinalW | MlpLnW(_) | AttnQNorm(_) | AttnKNorm(_))
}
