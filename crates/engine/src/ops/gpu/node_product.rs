//! Products of one input, to which each of several nodes adds a zero of its own: the gradient by a zero is that by the node's input.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::activation::GpuAct;
use super::norm::{GpuNorms, RowNorm};
use super::product::{GpuProduct, GpuProducts};
use super::unset;

/// A product after a norm, where there is one.
#[derive(Debug, Clone, Copy)]
pub struct NodeProduct {
    pub norm: Option<RowNorm>,
    pub product: GpuProduct,
}

#[backend_extension(Cube, Autodiff)]
pub trait GpuNodeProducts: Backend {
    /// # Shapes
    /// - x: `[row, d]`
    /// - zeros: `[1, node, batch, position, d]`; a node for each of the weights, or one for each `h`
    /// - gain, norm_bias: `[d]`, of which nothing is read without a norm
    /// - w: `[g, h, d, width]`
    /// - bias: `[g, h, width]`, of which nothing is read where there is none
    /// - output: `[1, g, h, row, width]`
    fn gpu_node_product(
        x: FloatTensor<Self>,
        zeros: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        norm_bias: FloatTensor<Self>,
        w: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        product: NodeProduct,
    ) -> FloatTensor<Self>;
}

impl GpuNodeProducts for CubeBackend {
    fn gpu_node_product(
        x: CubeTensor,
        _: CubeTensor,
        gain: CubeTensor,
        norm_bias: CubeTensor,
        w: CubeTensor,
        bias: CubeTensor,
        NodeProduct { norm, product }: NodeProduct,
    ) -> CubeTensor {
        let x = match norm {
            Some(norm) => Self::gpu_norm(x, gain, norm_bias, norm),
            None => x,
        };
        Self::gpu_product(x, w, bias, product)
    }
}

/// See [`GpuNodeProducts::gpu_node_product`]; all but `x` and `zeros` are constants.
pub fn node_product(
    x: Tensor<2>,
    zeros: Tensor<5>,
    norm: Option<(RowNorm, [Tensor<1>; 2])>,
    w: Tensor<4>,
    bias: Option<Tensor<1>>,
) -> Tensor<5> {
    let ([n_rows, depth], [g, h, b_rows, width]) = (x.dims(), w.dims());
    let (has_bias, act) = (bias.is_some(), GpuAct::None);
    let (counts, a_has, is_turned) = ([1, g, h], [g == 1, h == 1], false);
    let product = GpuProduct { counts, a_has, n_rows, depth, b_rows, width, is_turned, act, has_bias };
    let unset = || unset(&w);
    let (norm, of_norm) = norm.map_or_else(|| (None, [unset(), unset()]), |(norm, of_norm)| (Some(norm), of_norm));
    let bias = bias.unwrap_or_else(unset).autodiff();
    let [gain, norm_bias] = of_norm.map(Tensor::autodiff).map(Tensor::into_dispatch);
    let (x, zeros, w) = (x.autodiff(), zeros.autodiff(), w.autodiff());
    Tensor::from_dispatch(Dispatch::gpu_node_product(
        x.into_dispatch(),
        zeros.into_dispatch(),
        gain,
        norm_bias,
        w.into_dispatch(),
        bias.into_dispatch(),
        NodeProduct { norm, product },
    ))
}
