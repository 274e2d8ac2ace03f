//! What the heads of a block write: their outputs together or a head at a time.

use std::sync::Arc;

use burn::tensor::Tensor;

#[cfg(feature = "gpu")]
use super::gpu::{self, activation::GpuAct};
use super::kernels::{self, Product};
use circuitscope_kernels::{Activation, Job, Packed, PackedShape, Sizes};

/// The product of a block's heads with `W_O`.
#[derive(Debug, Clone)]
pub struct HeadOutputs {
    weights: OutputWeights,
    n_heads: usize,
    /// `[1, 1, 1, d_model]`
    b: Option<Tensor<4>>,
}

#[derive(Debug, Clone)]
enum OutputWeights {
    Packed(Arc<Packed>),
    /// `[head, d_head, d_model]`
    Plain(Box<Tensor<3>>),
}

impl HeadOutputs {
    /// # Shapes
    /// - w: `[head, d_head, d_model]`
    /// - b: `[1, 1, 1, d_model]`
    pub fn new(w: Tensor<3>, b: Option<Tensor<4>>, pack: bool) -> Self {
        let [n_heads, d_head, d_model] = w.dims();
        let weights = if pack {
            let shape = PackedShape { depth: n_heads * d_head, groups: 1, width: d_model };
            let (w, bias) = (kernels::host(&w), b.as_ref().map(kernels::host));
            OutputWeights::Packed(Arc::new(Packed::new(shape, bias.as_deref(), |row, _, i| w[row * d_model + i])))
        } else {
            OutputWeights::Plain(Box::new(w))
        };
        Self { weights, n_heads, b }
    }

    /// What is added once, whatever the heads do: `[1, 1, 1, d_model]`.
    pub fn bias(&self) -> Option<&Tensor<4>> {
        self.b.as_ref()
    }

    /// What all heads and the bias add to the residual stream.
    ///
    /// # Shapes
    /// - z: `[circuit, batch, position, head, d_head]`
    /// - output: `[circuit, batch, position, d_model]`
    fn sum(&self, z: Tensor<5>) -> Tensor<4> {
        let [circuits, batch, pos, heads, d_head] = z.dims();
        let z = z.reshape([circuits * batch * pos, heads * d_head]);
        match &self.weights {
            OutputWeights::Packed(weights) => {
                let jobs = vec![Job { group: 0, first: 0, at: 0 }];
                let sizes = Sizes { n_rows: circuits * batch * pos, depth: heads * d_head, stride: heads * d_head };
                let (weights, act, d_model) = (weights.clone(), Activation::None, weights.shape().width);
                kernels::packed_product(z, Product { norm: None, weights, with_bias: true, act, jobs, sizes })
                    .reshape([circuits, batch, pos, d_model])
            }
            OutputWeights::Plain(w) => {
                let d_model = w.dims()[2];
                let sum = z.matmul((**w).clone().reshape([heads * d_head, d_model]));
                let sum = sum.reshape([circuits, batch, pos, d_model]);
                self.b.iter().fold(sum, |sum, b| sum + b.clone())
            }
        }
    }

    /// What each of some heads adds, where they can be had apart; else what each of all heads does.
    ///
    /// # Shapes
    /// - z: `[circuit, batch, position, head, d_head]`
    /// - output: `[circuit, index in wanted | head, batch, position, d_model]`
    pub fn each(&self, z: Tensor<5>, wanted: &[usize]) -> Tensor<5> {
        let [circuits, batch, pos, heads, d_head] = z.dims();
        let rows = batch * pos;
        match &self.weights {
            OutputWeights::Packed(weights) => {
                let stride = heads * d_head;
                let of_circuit = |circuit: usize| {
                    let at = move |head: usize| circuit * rows * stride + head * d_head;
                    wanted.iter().map(move |&head| Job { group: 0, first: head * d_head, at: at(head) })
                };
                let jobs = (0..circuits).flat_map(of_circuit).collect();
                let sizes = Sizes { n_rows: rows, depth: d_head, stride };
                let (weights, act, d_model) = (weights.clone(), Activation::None, weights.shape().width);
                kernels::packed_product(z, Product { norm: None, weights, with_bias: false, act, jobs, sizes })
                    .reshape([circuits, wanted.len(), batch, pos, d_model])
            }
            OutputWeights::Plain(w) => {
                let d_model = w.dims()[2];
                let z = z.permute([0, 3, 1, 2, 4]).reshape([circuits, heads, rows, d_head]);
                #[cfg(feature = "gpu")]
                if gpu::product::works_for(&z, w, None::<&Tensor<1>>) {
                    let w = (**w).clone().unsqueeze::<4>();
                    let each = gpu::product::product(z.unsqueeze_dim(1), w, None, GpuAct::None);
                    return each.reshape([circuits, heads, batch, pos, d_model]);
                }
                z.matmul((**w).clone().unsqueeze::<4>()).reshape([circuits, heads, batch, pos, d_model])
            }
        }
    }

    /// [`HeadOutputs::sum`], where [`HeadOutputs::each`] is known.
    ///
    /// # Shapes
    /// - z: `[circuit, batch, position, head, d_head]`
    /// - each: `[circuit, index in wanted | head, batch, position, d_model]`
    /// - output: `[circuit, batch, position, d_model]`
    fn sum_of(&self, z: Tensor<5>, each: Tensor<5>) -> Tensor<4> {
        if let OutputWeights::Packed(_) = self.weights {
            // As fast, and nothing has to be kept of the outputs for a backward pass.
            return self.sum(z);
        }
        let [circuits, _, batch, pos, d_model] = each.dims();
        let sum = each.sum_dim(1).reshape([circuits, batch, pos, d_model]);
        self.b.iter().fold(sum, |sum, b| sum + b.clone())
    }

    /// The residual stream with what all heads and the bias add to it: [`HeadOutputs::sum`], or where `each` is known
    /// [`HeadOutputs::sum_of`].
    ///
    /// # Shapes
    /// - resid, output: `[circuit, batch, position, d_model]`
    /// - z: `[circuit, batch, position, head, d_head]`
    pub fn add_to(&self, resid: Tensor<4>, z: Tensor<5>, each: Option<Tensor<5>>) -> Tensor<4> {
        #[cfg(feature = "gpu")]
        if let (OutputWeights::Plain(w), Some(b)) = (&self.weights, &self.b)
            && gpu::work_on(&resid.device())
            && gpu::work_on(&z.device())
        {
            let ([circuits, batch, pos, heads, d_head], d_model) = (z.dims(), w.dims()[2]);
            let nodes = each.unwrap_or_else(|| {
                let z = z.reshape([1, 1, 1, circuits * batch * pos, heads * d_head]);
                let w = (**w).clone().reshape([1, 1, heads * d_head, d_model]);
                gpu::product::product(z, w, None, GpuAct::None).reshape([circuits, 1, batch, pos, d_model])
            });
            return gpu::nodes::add_nodes_to(resid, nodes, b.clone().flatten(0, 3));
        }
        resid + each.map_or_else(|| self.sum(z.clone()), |each| self.sum_of(z.clone(), each))
    }

    /// How many heads there are.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }
}
