//! The norm before a dest node, in the forms that models here have.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, module::layer_norm};

#[cfg(feature = "gpu")]
use super::gpu;
use super::kernels::{self, HostNorm};
use circuitscope_core::{ModelConfig, Normalization};
use circuitscope_kernels::NormKind;

/// A norm over the last axis, or none.
#[derive(Debug, Clone)]
pub struct Norm {
    kind: Kind,
    eps: f64,
    /// `[d]`, where it is learned; a layer norm always has one.
    gain: Option<Tensor<1>>,
    /// `[d]`, in a learned layer norm.
    bias: Option<Tensor<1>>,
    /// The same where the kernels work.
    host: Option<Arc<HostNorm>>,
    /// The same on a GPU: gain and bias, whether the norm has them or not.
    gpu: Option<Box<[Tensor<1>; 2]>>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    None,
    /// Ba et al. 2016.
    Layer,
    /// Zhang and Sennrich 2019.
    Rms,
}

impl Norm {
    /// The norm of a model's kind. `gain` and `bias` are wanted for a learned one; `d` is the size of the last axis.
    pub fn new(
        config: &ModelConfig,
        d: usize,
        (gain, bias): (Option<Tensor<1>>, Option<Tensor<1>>),
        device: &Device,
    ) -> Self {
        let gain = gain.map(|gain| if config.gain_offset == 0.0 { gain } else { gain + config.gain_offset });
        let (kind, gain) = match config.normalization {
            Normalization::None => (Kind::None, None),
            Normalization::LN => (Kind::Layer, gain),
            Normalization::LNPre => (Kind::Layer, Some(Tensor::ones([d], device))),
            Normalization::RMS => (Kind::Rms, gain),
            Normalization::RMSPre => (Kind::Rms, None),
        };
        Self { kind, eps: config.eps, gain, bias, host: None, gpu: None }.for_gpu(d, device)
    }

    /// An RMS norm of the model's `eps`, whatever its other norms are.
    pub fn rms(config: &ModelConfig, gain: Tensor<1>) -> Self {
        let (d, device) = (gain.dims()[0], gain.device());
        Self { kind: Kind::Rms, eps: config.eps, gain: Some(gain), bias: None, host: None, gpu: None }
            .for_gpu(d, &device)
    }

    /// No norm.
    pub fn none() -> Self {
        Self { kind: Kind::None, eps: 0.0, gain: None, bias: None, host: None, gpu: None }
    }

    /// With what an operation of our own on a GPU needs, where it works.
    fn for_gpu(mut self, d: usize, device: &Device) -> Self {
        if works_on_gpu(device) && !matches!(self.kind, Kind::None) {
            let gain = self.gain.clone().unwrap_or_else(|| Tensor::ones([d], device));
            let bias = self.bias().unwrap_or_else(|| Tensor::zeros([d], device));
            self.gpu = Some(Box::new([gain, bias]));
        }
        self
    }

    /// Computed by the kernels from now on, which must work on its device.
    pub fn on_host(mut self) -> Self {
        let kind = match self.kind {
            Kind::None => return self,
            Kind::Layer => NormKind::Layer,
            Kind::Rms => NormKind::Rms,
        };
        let [gain, bias] = [&self.gain, &self.bias].map(|row| row.as_ref().map(kernels::host));
        let bias = bias.filter(|_| kind == NormKind::Layer);
        self.host = Some(Arc::new(HostNorm { kind, eps: self.eps as f32, gain, bias }));
        self
    }

    /// What the kernels compute it by; `None` for no norm.
    pub fn host(&self) -> Option<Arc<HostNorm>> {
        self.host.clone()
    }

    /// What operations of our own on a GPU compute it by: the norm, its gain and its bias; `None` where they do not.
    #[cfg(feature = "gpu")]
    pub fn on_gpu(&self) -> Option<(gpu::norm::RowNorm, [Tensor<1>; 2])> {
        let rows = self.gpu.as_deref().filter(|rows| rows.iter().all(|row| !row.is_tracked()))?;
        Some((gpu::norm::RowNorm { is_layer: matches!(self.kind, Kind::Layer), eps: self.eps as f32 }, rows.clone()))
    }

    /// # Shapes
    /// - input, output: `[.., d]`
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        if let Some(norm) = &self.host {
            return kernels::norm(input, norm);
        }
        #[cfg(feature = "gpu")]
        if let Some((norm, [gain, bias])) = self.on_gpu()
            && gpu::differentiates_on(&input.device())
        {
            return gpu::norm::norm(input, gain, bias, norm);
        }
        match (self.kind, &self.gain) {
            (Kind::Layer, Some(gain)) => layer_norm(input, gain.clone(), self.bias.clone(), self.eps),
            (Kind::Rms, Some(gain)) => self.divided(input) * gain.clone().unsqueeze::<D>(),
            (Kind::Rms, None) => self.divided(input),
            (Kind::None, _) | (Kind::Layer, None) => input,
        }
    }

    /// The norm of each of several parts of an input, divided by what the whole input is divided by and without the bias. Of parts that
    /// add up to the input the sum, with [`Norm::bias`], is the input's norm.
    ///
    /// # Shapes
    /// - parts, output: `[part, .., d]`
    /// - input: `[1, .., d]`
    pub fn parts<const D: usize>(&self, parts: Tensor<D>, input: Tensor<D>) -> Tensor<D> {
        let (parts, input) = match self.kind {
            Kind::None => return parts,
            Kind::Layer => (centred(parts), centred(input)),
            Kind::Rms => (parts, input),
        };
        let divided = parts / self.scale(input);
        match &self.gain {
            Some(gain) => divided * gain.clone().unsqueeze::<D>(),
            None => divided,
        }
    }

    /// What is added last: `[d]`.
    pub fn bias(&self) -> Option<Tensor<1>> {
        self.bias.clone().filter(|_| matches!(self.kind, Kind::Layer))
    }

    /// Divided by the root of the mean square.
    fn divided<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        input.clone() / self.scale(input)
    }

    /// The root of the mean square.
    ///
    /// # Shapes
    /// - input: `[.., d]`
    /// - output: `[.., 1]`
    fn scale<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        (input.square().mean_dim(D - 1) + self.eps).sqrt()
    }
}

/// Whether operations of our own work on a device, which is a GPU.
#[cfg(feature = "gpu")]
fn works_on_gpu(device: &Device) -> bool {
    gpu::work_on(device)
}

#[cfg(not(feature = "gpu"))]
fn works_on_gpu(_: &Device) -> bool {
    false
}

/// Less its mean.
///
/// # Shapes
/// - input, output: `[.., d]`
fn centred<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    input.clone() - input.mean_dim(D - 1)
}
