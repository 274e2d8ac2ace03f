//! Norms over rows on a GPU, and the gradients by what they are of.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{N_UNITS, like, sharing, threads};

/// A norm over rows.
#[derive(Debug, Clone, Copy)]
pub struct RowNorm {
    pub is_layer: bool,
    pub eps: f32,
}

#[backend_extension(Cube, Autodiff)]
pub trait GpuNorms: Backend {
    /// # Shapes
    /// - x, output: `[.., d]`
    /// - gain, bias: `[d]`
    fn gpu_norm(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        norm: RowNorm,
    ) -> FloatTensor<Self>;
}

pub trait GpuNormsBackward: GpuNorms {
    /// The gradient by `x`, from that by its norm.
    ///
    /// # Shapes
    /// - x: `[.., d]`, whose rows belong to those of the gradient over and over
    /// - gradient, output: `[several times .., d]`
    /// - gain: `[d]`
    fn gpu_norm_backward(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        norm: RowNorm,
    ) -> FloatTensor<Self>;
}

/// What the threads that share a row have, added up.
#[cube]
fn total(sums: &mut Shared<[f32]>, own: f32, #[comptime] per_row: usize) -> f32 {
    let unit = UNIT_POS as usize;
    let first = unit / per_row * per_row;
    sums[unit] = own;
    sync_cube();
    let mut total = 0.0f32;
    for i in 0..per_row {
        total += sums[first + i];
    }
    sync_cube();
    total
}

/// The mean of a row, and one over the root of its variance or, where the mean is not taken off, of its mean square.
#[cube]
fn moments(
    x: &[f32],
    sums: &mut Shared<[f32]>,
    first: usize,
    d: usize,
    eps: f32,
    #[comptime] is_layer: bool,
    #[comptime] per_row: usize,
) -> (f32, f32) {
    let (own, n) = (UNIT_POS as usize % per_row, f32::cast_from(d));
    let mut mean = 0.0f32;
    if comptime!(is_layer) {
        let mut sum = 0.0f32;
        for i in range_stepped(own, d, per_row) {
            sum += x[first + i];
        }
        mean = total(sums, sum, per_row) / n;
    }
    let mut squares = 0.0f32;
    for i in range_stepped(own, d, per_row) {
        let centred = x[first + i] - mean;
        squares += centred * centred;
    }
    let square = total(sums, squares, per_row) / n;
    (mean, 1.0f32 / (square + eps).sqrt())
}

/// Some threads of a workgroup take a row each; rows that are not there are computed like the last.
#[cube(launch_unchecked)]
fn norm_rows(
    x: &[f32],
    gain: &[f32],
    bias: &[f32],
    out: &mut [f32],
    eps: f32,
    d: usize,
    n_rows: usize,
    #[comptime] is_layer: bool,
    #[comptime] per_row: usize,
) {
    let unit = UNIT_POS as usize;
    let row = CUBE_POS * comptime!(N_UNITS as usize / per_row) + unit / per_row;
    let first = min(row, n_rows - 1) * d;
    let mut sums = Shared::<[f32]>::new_slice(N_UNITS as usize);
    let (mean, scale) = moments(x, &mut sums, first, d, eps, is_layer, per_row);
    if row < n_rows {
        for i in range_stepped(unit % per_row, d, per_row) {
            out[first + i] = (x[first + i] - mean) * scale * gain[i] + bias[i];
        }
    }
}

/// Some threads of a workgroup take a row of the gradient each; rows that are not there are computed like the last.
///
/// With `g = gradient · gain` and `c = (x - mean) · scale`, it is `scale · (g - mean(g) - c · mean(g · c))`, without the mean of `g` where
/// that of `x` is not taken off.
#[cube(launch_unchecked)]
fn norm_rows_backward(
    x: &[f32],
    gradient: &[f32],
    gain: &[f32],
    out: &mut [f32],
    eps: f32,
    d: usize,
    n_rows: usize,
    x_rows: usize,
    #[comptime] is_layer: bool,
    #[comptime] per_row: usize,
) {
    let unit = UNIT_POS as usize;
    let (own, n) = (unit % per_row, f32::cast_from(d));
    let row = CUBE_POS * comptime!(N_UNITS as usize / per_row) + unit / per_row;
    let at = min(row, n_rows - 1);
    let (first, first_x) = (at * d, at % x_rows * d);
    let mut sums = Shared::<[f32]>::new_slice(N_UNITS as usize);
    let (mean, scale) = moments(x, &mut sums, first_x, d, eps, is_layer, per_row);
    let mut sum = 0.0f32;
    let mut products = 0.0f32;
    for i in range_stepped(own, d, per_row) {
        let g = gradient[first + i] * gain[i];
        sum += g;
        products += g * (x[first_x + i] - mean) * scale;
    }
    let mut mean_g = 0.0f32;
    if comptime!(is_layer) {
        mean_g = total(&mut sums, sum, per_row) / n;
    }
    let product = total(&mut sums, products, per_row) / n;
    if row < n_rows {
        for i in range_stepped(own, d, per_row) {
            let c = (x[first_x + i] - mean) * scale;
            out[first + i] = scale * (gradient[first + i] * gain[i] - mean_g - c * product);
        }
    }
}

/// The number of rows, and of numbers in each.
fn rows(x: &CubeTensor) -> [usize; 2] {
    let shape = x.shape();
    let d = shape[shape.num_dims() - 1];
    [shape.num_elements() / d.max(1), d]
}

impl GpuNorms for CubeBackend {
    fn gpu_norm(x: CubeTensor, gain: CubeTensor, bias: CubeTensor, norm: RowNorm) -> CubeTensor {
        let [x, gain, bias] = [x, gain, bias].map(into_contiguous);
        let ([n_rows, d], out) = (rows(&x), like(&x, x.shape()));
        let per_row = sharing(d / 8);
        // SAFETY: a row is taken of `x` and `out`, which have the same shape, and `gain` and `bias` are as long as a row.
        unsafe {
            norm_rows::launch_unchecked(
                &out.client,
                threads(n_rows * per_row),
                CubeDim::new_1d(N_UNITS),
                x.into_buffer_arg(),
                gain.into_buffer_arg(),
                bias.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                norm.eps,
                d,
                n_rows,
                norm.is_layer,
                per_row,
            );
        }
        out
    }
}

impl GpuNormsBackward for CubeBackend {
    fn gpu_norm_backward(x: CubeTensor, gradient: CubeTensor, gain: CubeTensor, norm: RowNorm) -> CubeTensor {
        let [x, gradient, gain] = [x, gradient, gain].map(into_contiguous);
        let ([n_rows, d], [x_rows, _], out) = (rows(&gradient), rows(&x), like(&gradient, gradient.shape()));
        let per_row = sharing(d / 8);
        // SAFETY: a row is taken of the gradient and `out`, which have the same shape, and one of `x` by its number modulo theirs; `gain`
        // is as long as a row.
        unsafe {
            norm_rows_backward::launch_unchecked(
                &out.client,
                threads(n_rows * per_row),
                CubeDim::new_1d(N_UNITS),
                x.into_buffer_arg(),
                gradient.into_buffer_arg(),
                gain.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                norm.eps,
                d,
                n_rows,
                x_rows,
                norm.is_layer,
                per_row,
            );
        }
        out
    }
}

/// See [`GpuNorms::gpu_norm`]; `gain` and `bias` are constants.
pub fn norm<const D: usize>(x: Tensor<D>, gain: Tensor<1>, bias: Tensor<1>, norm: RowNorm) -> Tensor<D> {
    let [gain, bias] = if x.is_autodiff() { [gain.autodiff(), bias.autodiff()] } else { [gain, bias] };
    Tensor::from_dispatch(Dispatch::gpu_norm(x.into_dispatch(), gain.into_dispatch(), bias.into_dispatch(), norm))
}
