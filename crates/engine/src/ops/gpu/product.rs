//! Products of rows with weights on a GPU, a bias and an activation in the same dispatch.
//!
//! A workgroup of 64 threads computes a tile of the result, of which each thread keeps 4 x 4 numbers in registers; what the tile reads
//! of both factors is in the workgroup's memory, a few columns of rows at a time. A number is summed in one order, whatever the tile.

#![allow(unsafe_code, reason = "the kernel is launched without checks of its indices, which the launch argues for")]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeDevice};
use cubecl::prelude::*;

use super::{GpuAct, activated, workgroups};

/// The threads of a workgroup.
const N_UNITS: usize = 64;
/// How many numbers of a row and of a column a thread computes.
const REGISTERS: usize = 4;
/// How much of the summed axis is in the workgroup's memory at a time.
const DEPTH: usize = 16;

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
    pub act: GpuAct,
    pub has_bias: bool,
}

#[backend_extension(Cube)]
pub trait GpuProducts: Backend {
    /// # Shapes
    /// - a: `[c, g | 1, h | 1, row, depth]`
    /// - b: `[g, h, b_rows, width]`
    /// - bias: `[g, h, width]`, of which nothing is read where there is none
    /// - output: `[c, g, h, row, width]`
    fn gpu_product(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        product: GpuProduct,
    ) -> FloatTensor<Self>;

    /// Memory for one number, which is not set.
    fn gpu_unset(like: FloatTensor<Self>) -> FloatTensor<Self>;
}

#[cube(launch_unchecked)]
fn multiply(
    a: &[f32],
    b: &[f32],
    bias: &[f32],
    out: &mut [f32],
    n_rows: usize,
    depth: usize,
    b_rows: usize,
    width: usize,
    n_g: usize,
    n_h: usize,
    a_c: usize,
    a_g: usize,
    a_h: usize,
    #[comptime] tile_rows: usize,
    #[comptime] tile_columns: usize,
    #[comptime] has_bias: bool,
    #[comptime] act: GpuAct,
) {
    let batch = CUBE_POS_Z as usize;
    let (c, g, h) = (batch / (n_g * n_h), batch / n_h % n_g, batch % n_h);
    let a_first = c * a_c + g * a_g + h * a_h;
    let b_first = (g * n_h + h) * b_rows * width;
    // Tiles may be more than there can be workgroups on an axis.
    let tile = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let per_row_of_tiles = width.div_ceil(tile_columns);
    if tile >= per_row_of_tiles * n_rows.div_ceil(tile_rows) {
        terminate!();
    }
    let (first_row, first_column) = (tile / per_row_of_tiles * tile_rows, tile % per_row_of_tiles * tile_columns);
    let unit = UNIT_POS as usize;
    let per_row = comptime!(tile_columns / REGISTERS);
    let (own_row, own_column) = (unit / per_row * REGISTERS, unit % per_row * REGISTERS);

    let mut of_a = Shared::<[f32]>::new_slice(comptime!(DEPTH * tile_rows));
    let mut of_b = Shared::<[f32]>::new_slice(comptime!(DEPTH * tile_columns));
    let mut sums = Array::<f32>::new(comptime!(REGISTERS * REGISTERS));
    #[unroll]
    for i in 0..comptime!(REGISTERS * REGISTERS) {
        sums[i] = 0.0f32;
    }
    for step in 0..depth.div_ceil(DEPTH) {
        let first = step * DEPTH;
        #[unroll]
        for i in 0..comptime!(DEPTH * tile_rows / N_UNITS) {
            let at = i * N_UNITS + unit;
            let (row, k) = (at / DEPTH, at % DEPTH);
            let mut value = 0.0f32;
            if first_row + row < n_rows && first + k < depth {
                value = a[a_first + (first_row + row) * depth + first + k];
            }
            of_a[k * tile_rows + row] = value;
        }
        #[unroll]
        for i in 0..comptime!(DEPTH * tile_columns / N_UNITS) {
            let at = i * N_UNITS + unit;
            let (k, column) = (at / tile_columns, at % tile_columns);
            let mut value = 0.0f32;
            if first_column + column < width && first + k < depth {
                value = b[b_first + (first + k) * width + first_column + column];
            }
            of_b[at] = value;
        }
        sync_cube();
        for k in 0..DEPTH {
            let mut row = Array::<f32>::new(REGISTERS);
            let mut column = Array::<f32>::new(REGISTERS);
            #[unroll]
            for i in 0..REGISTERS {
                row[i] = of_a[k * tile_rows + own_row + i];
                column[i] = of_b[k * tile_columns + own_column + i];
            }
            #[unroll]
            for i in 0..REGISTERS {
                #[unroll]
                for j in 0..REGISTERS {
                    sums[comptime!(i * REGISTERS + j)] += row[i] * column[j];
                }
            }
        }
        sync_cube();
    }
    let out_first = batch * n_rows * width;
    let bias_first = (g * n_h + h) * width;
    #[unroll]
    for i in 0..REGISTERS {
        let row = first_row + own_row + i;
        #[unroll]
        for j in 0..REGISTERS {
            let column = first_column + own_column + j;
            if row < n_rows && column < width {
                let mut value = sums[comptime!(i * REGISTERS + j)];
                if comptime!(has_bias) {
                    value += bias[bias_first + column];
                }
                out[out_first + row * width + column] = activated(value, act);
            }
        }
    }
}

/// The rows and columns of a workgroup's tile: as square as the result allows.
fn tile(n_rows: usize, width: usize) -> [usize; 2] {
    match (n_rows, width) {
        (_, 0..=16) => [64, 16],
        (0..=16, _) => [16, 64],
        _ => [32, 32],
    }
}

impl GpuProducts for CubeBackend {
    fn gpu_product(a: CubeTensor, b: CubeTensor, bias: CubeTensor, product: GpuProduct) -> CubeTensor {
        let [a, b, bias] = [a, b, bias].map(into_contiguous);
        let GpuProduct { counts: [n_c, n_g, n_h], a_has: [has_g, has_h], n_rows, depth, b_rows, width, act, has_bias } =
            product;
        let one = n_rows * depth;
        let a_h = if has_h { one } else { 0 };
        let heads = if has_h { n_h } else { 1 };
        let a_g = if has_g { heads * one } else { 0 };
        let a_c = if has_g { n_g } else { 1 } * heads * one;
        let out: CubeTensor =
            empty_device::<f32>(a.client.clone(), a.device.clone(), Shape::new([n_c, n_g, n_h, n_rows, width]));
        let [tile_rows, tile_columns] = tile(n_rows, width);
        let [x, y] = workgroups(width.div_ceil(tile_columns) * n_rows.div_ceil(tile_rows));
        let cubes = CubeCount::Static(x, y, u32::try_from(n_c * n_g * n_h).unwrap_or(u32::MAX));
        // SAFETY: the sizes are those of the tensors; what lies beyond a row, a column or the depth is neither read nor written.
        unsafe {
            multiply::launch_unchecked(
                &out.client,
                cubes,
                CubeDim::new_1d(N_UNITS as u32),
                a.into_buffer_arg(),
                b.into_buffer_arg(),
                bias.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                n_rows,
                depth,
                b_rows,
                width,
                n_g,
                n_h,
                a_c,
                a_g,
                a_h,
                tile_rows,
                tile_columns,
                has_bias,
                act,
            );
        }
        out
    }

    fn gpu_unset(like: CubeTensor) -> CubeTensor {
        let device: CubeDevice = like.device.clone();
        empty_device::<f32>(like.client.clone(), device, Shape::new([1]))
    }
}

/// See [`GpuProducts::gpu_product`]: a bias, where there is one, has as many numbers as its shape.
///
/// # Shapes
/// - a: `[c, g | 1, h | 1, row, depth]`
/// - b: `[g, h, depth or more rows, width]`
/// - output: `[c, g, h, row, width]`
pub fn product(a: Tensor<5>, b: Tensor<4>, bias: Option<Tensor<1>>, act: GpuAct) -> Tensor<5> {
    let ([c, a_g, a_h, n_rows, depth], [g, h, b_rows, width]) = (a.dims(), b.dims());
    let (a_has, has_bias) = ([a_g == g, a_h == h], bias.is_some());
    let product = GpuProduct { counts: [c, g, h], a_has, n_rows, depth, b_rows, width, act, has_bias };
    let b = b.into_dispatch();
    let bias = bias.map_or_else(|| Dispatch::gpu_unset(b.clone()), Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::gpu_product(a.into_dispatch(), b, bias, product))
}
