//! Products of rows with weights on a GPU, a bias and an activation in the same dispatch.
//!
//! Where a result of few rows has too few tiles ([`super::multiply`]) to keep a GPU busy, what is summed is cut into chunks, whose sums a
//! second dispatch adds up.

#![allow(unsafe_code, reason = "the kernel is launched without checks of its indices, which the launch argues for")]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::activation::{self, GpuAct};
use super::multiply::{CHUNK, How, N_UNITS, SizesLaunch, Tile, add_chunks, multiply};
use super::{differentiates_on, threads, unset, workgroups};

/// How many rows are few.
const FEW: usize = 16;
/// From how many numbers on sums are cut into chunks, of few rows and of more.
const LONG: [usize; 2] = [512, 4096];
/// How many chunks there are at most: their sums take memory.
const MOST_CHUNKS: usize = 256;
/// How many workgroups a product should have, so that most GPUs have some for each of their cores.
const FLOOR: usize = 64;

/// The products `a[c, g, h] · b[g, h] + bias[g, h]` for all `c`, `g` and `h`.
#[derive(Debug, Clone, Copy)]
pub struct GpuProduct {
    /// How many there are of `c`, `g` and `h`.
    pub counts: [usize; 3],
    /// Whether `a` has an axis of `g` and one of `h`, or one for all.
    pub a_has: [bool; 2],
    pub n_rows: usize,
    pub depth: usize,
    /// How many rows `b` has, of which the first `depth` are read.
    pub b_rows: usize,
    pub width: usize,
    /// Whether `b` lies the other way round, a row for each of its columns.
    pub is_turned: bool,
    pub act: GpuAct,
    pub has_bias: bool,
}

#[backend_extension(Cube, Autodiff)]
pub trait GpuProducts: Backend {
    /// # Shapes
    /// - a: `[c, g | 1, h | 1, row, depth]`
    /// - b: `[g, h, b_rows, width]`, or `[g, h, width, b_rows]` where it is turned
    /// - bias: `[g, h, width]`, of which nothing is read where there is none
    /// - output: `[c, g, h, row, width]`
    fn gpu_product(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        product: GpuProduct,
    ) -> FloatTensor<Self>;
}

impl GpuProduct {
    /// The product of gradients with the same weights: without a bias and an activation, and for each gradient.
    pub fn back(self) -> Self {
        let Self { depth, width, is_turned, .. } = self;
        let (act, has_bias) = (GpuAct::None, false);
        Self {
            a_has: [true, true],
            depth: width,
            b_rows: width,
            width: depth,
            is_turned: !is_turned,
            act,
            has_bias,
            ..self
        }
    }
}

pub trait GpuProductsBackward: GpuProducts {
    fn gpu_activation(x: FloatTensor<Self>, act: GpuAct) -> FloatTensor<Self>;

    /// The gradient by `x`, from that by its activation.
    fn gpu_activation_backward(x: FloatTensor<Self>, gradient: FloatTensor<Self>, act: GpuAct) -> FloatTensor<Self>;
}

/// What a workgroup of a product computes: as square as the result allows, and large where there are enough of them.
fn tile(n_batches: usize, n_rows: usize, width: usize) -> Tile {
    let [rows, columns, own] = match (n_rows, width) {
        (_, 0..=16) => [64, 16, 4],
        (0..=FEW, _) => [16, 64, 4],
        _ if n_batches * (n_rows / 64) * (width / 64) >= FLOOR => [64, 64, 8],
        _ => [32, 32, 4],
    };
    Tile { rows, columns, own_rows: own, own_columns: own }
}

/// How many numbers are summed in one go: all, but where tiles are few and there are many.
fn chunk(n_tiles: usize, n_rows: usize, depth: usize) -> usize {
    let is_long = depth >= LONG[usize::from(n_rows > FEW)];
    if n_tiles < FLOOR && is_long { CHUNK.max(depth.div_ceil(MOST_CHUNKS)).next_multiple_of(CHUNK) } else { depth }
}

impl GpuProducts for CubeBackend {
    fn gpu_product(a: CubeTensor, b: CubeTensor, bias: CubeTensor, product: GpuProduct) -> CubeTensor {
        let [a, b, bias] = [a, b, bias].map(into_contiguous);
        let GpuProduct { counts: [n_c, n_g, n_h], a_has: [has_g, has_h], n_rows, depth, b_rows, width, .. } = product;
        let GpuProduct { is_turned, act, has_bias, .. } = product;
        let one = n_rows * depth;
        let a_h = if has_h { one } else { 0 };
        let heads = if has_h { n_h } else { 1 };
        let a_g = if has_g { heads * one } else { 0 };
        let a_c = if has_g { n_g } else { 1 } * heads * one;
        let n_batches = n_c * n_g * n_h;
        let tile = tile(n_batches, n_rows, width);
        let n_tiles = width.div_ceil(tile.columns) * n_rows.div_ceil(tile.rows);
        let chunk = chunk(n_batches * n_tiles, n_rows, depth);
        let n_chunks = depth.div_ceil(chunk.max(1)).max(1);
        let shape = Shape::new([n_c, n_g, n_h, n_chunks, n_rows, width]);
        let sums: CubeTensor = empty_device::<f32>(a.client.clone(), a.device.clone(), shape);
        let [x, y] = workgroups(n_tiles);
        let cubes = CubeCount::Static(x, y, u32::try_from(n_batches * n_chunks).unwrap_or(u32::MAX));
        let is_whole = n_chunks == 1;
        let (has_bias, act) = if is_whole { (has_bias, act) } else { (false, GpuAct::None) };
        let how = How { tile, is_turned, has_bias, act };
        let sizes = SizesLaunch::new(n_rows, depth, b_rows, width, n_g, n_h, a_c, a_g, a_h, n_chunks, chunk, how);
        // SAFETY: the sizes are those of the tensors; what lies beyond a row, a column or the depth is neither read nor written.
        unsafe {
            multiply::launch_unchecked(
                &sums.client,
                cubes,
                CubeDim::new_1d(N_UNITS as u32),
                a.into_buffer_arg(),
                b.into_buffer_arg(),
                bias.clone().into_buffer_arg(),
                sums.clone().into_buffer_arg(),
                sizes,
            );
        }
        if is_whole {
            return burn_cubecl::ops::reshape(sums, Shape::new([n_c, n_g, n_h, n_rows, width]));
        }
        add_up(sums, bias, product)
    }
}

impl GpuProductsBackward for CubeBackend {
    fn gpu_activation(x: CubeTensor, act: GpuAct) -> CubeTensor {
        activation::forward(x, act)
    }

    fn gpu_activation_backward(x: CubeTensor, gradient: CubeTensor, act: GpuAct) -> CubeTensor {
        activation::backward(x, gradient, act)
    }
}

/// The sums of chunks, with what follows.
///
/// # Shapes
/// - chunks: `[c, g, h, chunk, row, width]`
/// - output: `[c, g, h, row, width]`
fn add_up(chunks: CubeTensor, bias: CubeTensor, product: GpuProduct) -> CubeTensor {
    let GpuProduct { counts: [n_c, n_g, n_h], n_rows, width, act, has_bias, .. } = product;
    let shape = Shape::new([n_c, n_g, n_h, n_rows, width]);
    let (n, n_chunks) = (shape.num_elements(), chunks.shape()[3]);
    let out: CubeTensor = empty_device::<f32>(chunks.client.clone(), chunks.device.clone(), shape);
    // SAFETY: each thread takes a number of the output, and its chunks.
    unsafe {
        add_chunks::launch_unchecked(
            &out.client,
            threads(n),
            CubeDim::new_1d(N_UNITS as u32),
            chunks.into_buffer_arg(),
            bias.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            n,
            n_rows * width,
            width,
            n_g * n_h,
            n_chunks,
            has_bias,
            act,
        );
    }
    out
}

/// Whether these products work for such factors: on a GPU, where the right side and the bias are not differentiated.
pub fn works_for<const A: usize, const B: usize, const C: usize>(
    a: &Tensor<A>,
    b: &Tensor<B>,
    bias: Option<&Tensor<C>>,
) -> bool {
    differentiates_on(&a.device()) && !b.is_tracked() && bias.is_none_or(|bias| !bias.is_tracked())
}

/// See [`GpuProducts::gpu_product`]: a bias, where there is one, has as many numbers as its shape.
///
/// # Shapes
/// - a: `[c, g | 1, h | 1, row, depth]`
/// - b: `[g, h, depth or more rows, width]`
/// - output: `[c, g, h, row, width]`
pub fn product(a: Tensor<5>, b: Tensor<4>, bias: Option<Tensor<1>>, act: GpuAct) -> Tensor<5> {
    let [_, _, b_rows, width] = b.dims();
    multiplied(a, b, bias, [b_rows, width], (false, act))
}

/// Rows times other rows, as the logits of a model whose unembedding is its embedding, and the scores of edges.
///
/// # Shapes
/// - a: `[batch, row, depth]`
/// - b: `[batch, column, depth]`
/// - bias: `[batch * column]`
/// - output: `[batch, row, column]`
pub fn product_with_rows(a: Tensor<3>, b: Tensor<3>, bias: Option<Tensor<1>>) -> Tensor<3> {
    let ([batch, n_rows, depth], [_, n_columns, _]) = (a.dims(), b.dims());
    let (a, b) = (a.reshape([1, batch, 1, n_rows, depth]), b.reshape([batch, 1, n_columns, depth]));
    multiplied(a, b, bias, [depth, n_columns], (true, GpuAct::None)).reshape([batch, n_rows, n_columns])
}

fn multiplied(
    a: Tensor<5>,
    b: Tensor<4>,
    bias: Option<Tensor<1>>,
    [b_rows, width]: [usize; 2],
    (is_turned, act): (bool, GpuAct),
) -> Tensor<5> {
    let ([c, a_g, a_h, n_rows, depth], [g, h, _, _]) = (a.dims(), b.dims());
    let (a_has, has_bias) = ([a_g == g, a_h == h], bias.is_some());
    let product = GpuProduct { counts: [c, g, h], a_has, n_rows, depth, b_rows, width, is_turned, act, has_bias };
    let bias = bias.unwrap_or_else(|| unset(&b));
    let (b, bias) = if a.is_autodiff() { (b.autodiff(), bias.autodiff()) } else { (b, bias) };
    Tensor::from_dispatch(Dispatch::gpu_product(a.into_dispatch(), b.into_dispatch(), bias.into_dispatch(), product))
}
