//! A norm, a product with weights, a bias and an activation.

use std::sync::Arc;

use burn::tensor::{Tensor, activation};

#[cfg(feature = "gpu")]
use super::gpu::{self, activation::GpuAct};
use super::kernels::{self, HostNorm, Product};
use super::norm::Norm;
use circuitscope_core::ActFn;
use circuitscope_kernels::{Activation, Job, Packed, PackedShape, Sizes};

/// `act(norm(x) · w + b)`
#[derive(Debug, Clone)]
pub struct Linear {
    norm: Norm,
    weights: Weights,
    /// `None` leaves the numbers as they are.
    act: Option<ActFn>,
}

#[derive(Debug, Clone)]
enum Weights {
    Packed {
        norm: Option<Arc<HostNorm>>,
        weights: Arc<Packed>,
        act: Activation,
    },
    /// `[d_in, d_out]`, `[1, d_out]`
    Plain(Box<(Tensor<2>, Option<Tensor<2>>)>),
}

impl Linear {
    /// # Shapes
    /// - w: `[d_in, d_out]`
    /// - b: `[1, d_out]`
    pub fn new(norm: Norm, w: Tensor<2>, b: Option<Tensor<2>>, act: Option<ActFn>, pack: bool) -> Self {
        let weights = match act.map_or(Some(Activation::None), kernel_of) {
            Some(act) if pack => Weights::Packed { norm: norm.host(), weights: Arc::new(packed(&w, b.as_ref())), act },
            _ => Weights::Plain(Box::new((w, b))),
        };
        Self { norm, weights, act }
    }

    /// # Shapes
    /// - x: `[row, d_in]`
    /// - output: `[row, d_out]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match &self.weights {
            Weights::Packed { norm, weights, act } => {
                let ([n_rows, d_in], act) = (x.dims(), *act);
                let PackedShape { depth, width, .. } = weights.shape();
                let jobs = vec![Job { group: 0, first: 0, at: 0 }];
                let sizes = Sizes { n_rows, depth, stride: d_in };
                let (norm, weights) = (norm.clone(), weights.clone());
                kernels::packed_product(x, Product { norm, weights, with_bias: true, act, jobs, sizes })
                    .reshape([n_rows, width])
            }
            Weights::Plain(plain) => {
                let (w, b) = &**plain;
                let x = self.norm.forward(x);
                #[cfg(feature = "gpu")]
                if gpu::product::works_for(&x, w, b.as_ref()) {
                    let ([n_rows, d_in], [_, d_out]) = (x.dims(), w.dims());
                    let kernel = self.act.and_then(gpu_kernel_of);
                    let (x, w) = (x.reshape([1, 1, 1, n_rows, d_in]), w.clone().reshape([1, 1, d_in, d_out]));
                    let b = b.as_ref().map(|b| b.clone().flatten(0, 1));
                    let product =
                        gpu::product::product(x, w, b, kernel.unwrap_or(GpuAct::None)).reshape([n_rows, d_out]);
                    return match self.act {
                        Some(act) if kernel.is_none() => activated(act, product),
                        _ => product,
                    };
                }
                let product = x.matmul(w.clone());
                let sum = b.iter().fold(product, |sum, b| sum + b.clone());
                self.act.map_or(sum.clone(), |act| activated(act, sum))
            }
        }
    }

    /// Some columns of the weights, and of the bias.
    ///
    /// # Shapes
    /// - output: `[d_in, column]`, `[1, column]`
    pub fn columns(&self, columns: &[u32], ids: Tensor<1, burn::tensor::Int>) -> (Tensor<2>, Option<Tensor<2>>) {
        match &self.weights {
            Weights::Packed { weights, .. } => {
                let (n, device) = (columns.len(), ids.device());
                let rows: Vec<f32> = columns.iter().flat_map(|&c| weights.column(c as usize)).collect();
                let bias: Vec<f32> = columns.iter().map(|&c| weights.bias_of(c as usize)).collect();
                let tensor = |values, shape| Tensor::from_data(burn::tensor::TensorData::new(values, shape), &device);
                (tensor(rows, [n, weights.shape().depth]).transpose(), Some(tensor(bias, [1, n])))
            }
            Weights::Plain(plain) => {
                let (w, b) = &**plain;
                (w.clone().select(1, ids.clone()), b.clone().map(|b| b.select(1, ids)))
            }
        }
    }
}

/// The kernel of an activation, where there is one.
fn kernel_of(act: ActFn) -> Option<Activation> {
    match act {
        ActFn::Gelu => Some(Activation::Gelu),
        ActFn::GeluNew => Some(Activation::GeluNew),
        ActFn::Relu => Some(Activation::Relu),
        ActFn::Silu => Some(Activation::Silu),
        ActFn::SoluLn => None,
    }
}

/// The same on a GPU.
#[cfg(feature = "gpu")]
fn gpu_kernel_of(act: ActFn) -> Option<GpuAct> {
    kernel_of(act).map(|act| match act {
        Activation::None => GpuAct::None,
        Activation::Gelu => GpuAct::Gelu,
        Activation::GeluNew => GpuAct::GeluNew,
        Activation::Relu => GpuAct::Relu,
        Activation::Silu => GpuAct::Silu,
    })
}

/// Rows times other rows, as the logits of a model whose unembedding is its embedding; `on_host`: by the kernels of the CPU.
///
/// # Shapes
/// - rows: `[row, d]`
/// - w: `[column, d]`
/// - b: `[1, column]`
/// - output: `[row, column]`
pub fn times_rows(rows: Tensor<2>, w: Tensor<2>, b: Option<Tensor<2>>, on_host: bool) -> Tensor<2> {
    let product = if on_host {
        kernels::table_product(rows, w)
    } else {
        #[cfg(feature = "gpu")]
        if gpu::product::works_for(&rows, &w, b.as_ref()) {
            let (rows, w) = (rows.unsqueeze(), w.unsqueeze());
            return gpu::product::product_with_rows(rows, w, b.map(|b| b.flatten(0, 1))).squeeze_dim(0);
        }
        rows.matmul(w.transpose())
    };
    b.iter().fold(product, |sum, b| sum + b.clone())
}

fn packed(w: &Tensor<2>, b: Option<&Tensor<2>>) -> Packed {
    let [depth, width] = w.dims();
    let (w, b) = (kernels::host(w), b.map(kernels::host));
    Packed::new(PackedShape { depth, groups: 1, width }, b.as_deref(), |row, _, column| w[row * width + column])
}

/// # Shapes
/// - x, output: `[row, d]`
pub fn activated(act: ActFn, x: Tensor<2>) -> Tensor<2> {
    match act {
        ActFn::Gelu => activation::gelu(x),
        ActFn::GeluNew => gelu_new(x),
        ActFn::Relu => activation::relu(x),
        ActFn::Silu => activation::silu(x),
        // Without the norm that follows it.
        ActFn::SoluLn => x.clone() * activation::softmax(x, 1),
    }
}

/// The tanh approximation of GELU (Hendrycks and Gimpel 2016), `x/2 (1 + tanh u)` with `u = √(2/π) (x + 0.044715 x³)`.
///
/// Since `(1 + tanh u) / 2 = sigmoid(2u)`, it is `x · sigmoid(x (a + b x²))`.
///
/// # Shapes
/// - input, output: `[row, d]`
fn gelu_new(x: Tensor<2>) -> Tensor<2> {
    let a = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
    let b = a * 0.044_715;
    let inner = x.clone() * (x.clone() * x.clone() * b + a);
    x * activation::sigmoid(inner)
}
