//! Products of rows with weights on a GPU, a bias and an activation in the same dispatch.
//!
//! A workgroup of 64 threads computes a tile of the result, of which each thread keeps 4 x 4 or 8 x 8 numbers in registers; what the tile
//! reads of both factors is in the workgroup's memory, a few columns of rows at a time. Where a result of few rows has too few tiles to
//! keep a GPU busy, what is summed is cut into chunks, whose sums a second dispatch adds up.

#![allow(unsafe_code, reason = "the kernel is launched without checks of its indices, which the launch argues for")]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeDevice};
use cubecl::prelude::*;

use super::{GpuAct, activated, threads, workgroups};

/// The threads of a workgroup.
const N_UNITS: usize = 64;
/// How much of the summed axis is in the workgroup's memory at a time.
const DEPTH: usize = 16;
/// How many workgroups a product should have, so that most GPUs have some for each of their cores.
const FLOOR: usize = 64;
/// How many numbers are summed in one go where what is summed is cut into chunks: a multiple of [`DEPTH`].
const CHUNK: usize = 256;

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

/// What a workgroup computes, and what each of its threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Tile {
    rows: usize,
    columns: usize,
    own_rows: usize,
    own_columns: usize,
}

#[backend_extension(Cube)]
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

    /// Memory for one number, which is not set.
    fn gpu_unset(like: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Each workgroup takes a tile, of a chunk where there are several.
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
    n_chunks: usize,
    #[comptime] tile: Tile,
    #[comptime] is_turned: bool,
    #[comptime] has_bias: bool,
    #[comptime] act: GpuAct,
) {
    let (batch, chunk) = (CUBE_POS_Z as usize / n_chunks, CUBE_POS_Z as usize % n_chunks);
    let (c, g, h) = (batch / (n_g * n_h), batch / n_h % n_g, batch % n_h);
    let a_first = c * a_c + g * a_g + h * a_h;
    let b_first = (g * n_h + h) * b_rows * width;
    // Tiles may be more than there can be workgroups on an axis.
    let at = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let per_row_of_tiles = width.div_ceil(tile.columns);
    if at >= per_row_of_tiles * n_rows.div_ceil(tile.rows) {
        terminate!();
    }
    let (first_row, first_column) = (at / per_row_of_tiles * tile.rows, at % per_row_of_tiles * tile.columns);
    let (mut first_k, mut end) = (0usize, depth);
    if n_chunks > 1 {
        first_k = chunk * CHUNK;
        end = min(depth, first_k + CHUNK);
    }
    let mut of_a = Shared::<[f32]>::new_slice(comptime!(DEPTH * tile.rows));
    let mut of_b = Shared::<[f32]>::new_slice(comptime!(DEPTH * tile.columns));
    let mut sums = Array::<f32>::new(comptime!(tile.own_rows * tile.own_columns));
    #[unroll]
    for i in 0..comptime!(tile.own_rows * tile.own_columns) {
        sums[i] = 0.0f32;
    }
    for k in range_stepped(first_k, end, DEPTH) {
        load_lines(a, &mut of_a, a_first, depth, first_row, k, n_rows, depth, tile.rows);
        if comptime!(is_turned) {
            load_lines(b, &mut of_b, b_first, b_rows, first_column, k, width, depth, tile.columns);
        } else {
            load_columns(b, &mut of_b, b_first, first_column, k, width, depth, tile.columns);
        }
        sync_cube();
        add_products(&of_a, &of_b, &mut sums, tile);
        sync_cube();
    }
    write_tile(
        out,
        &sums,
        bias,
        CUBE_POS_Z as usize * n_rows * width,
        (g * n_h + h) * width,
        first_row,
        first_column,
        n_rows,
        width,
        tile,
        has_bias,
        act,
    );
}

/// Puts a part of `DEPTH` columns of some lines, which lie one after the other, into a workgroup's memory, turned.
#[cube]
fn load_lines(
    from: &[f32],
    to: &mut Shared<[f32]>,
    first: usize,
    stride: usize,
    first_line: usize,
    first_k: usize,
    n_lines: usize,
    depth: usize,
    #[comptime] lines: usize,
) {
    #[unroll]
    for i in 0..comptime!(DEPTH * lines / N_UNITS) {
        let at = i * N_UNITS + UNIT_POS as usize;
        let (line, k) = (at / DEPTH, at % DEPTH);
        let mut value = 0.0f32;
        if first_line + line < n_lines && first_k + k < depth {
            value = from[first + (first_line + line) * stride + first_k + k];
        }
        to[k * lines + line] = value;
    }
}

/// Puts a part of `DEPTH` rows of some columns into a workgroup's memory.
#[cube]
fn load_columns(
    from: &[f32],
    to: &mut Shared<[f32]>,
    first: usize,
    first_column: usize,
    first_k: usize,
    width: usize,
    depth: usize,
    #[comptime] columns: usize,
) {
    #[unroll]
    for i in 0..comptime!(DEPTH * columns / N_UNITS) {
        let at = i * N_UNITS + UNIT_POS as usize;
        let (k, column) = (at / columns, at % columns);
        let mut value = 0.0f32;
        if first_column + column < width && first_k + k < depth {
            value = from[first + (first_k + k) * width + first_column + column];
        }
        to[at] = value;
    }
}

/// Where a thread's numbers begin in the tile.
#[cube]
fn own(#[comptime] tile: Tile) -> (usize, usize) {
    let (unit, per_row) = (UNIT_POS as usize, comptime!(tile.columns / tile.own_columns));
    (unit / per_row * tile.own_rows, unit % per_row * tile.own_columns)
}

/// Adds the products of what is in the workgroup's memory.
#[cube]
fn add_products(of_a: &Shared<[f32]>, of_b: &Shared<[f32]>, sums: &mut Array<f32>, #[comptime] tile: Tile) {
    let (own_row, own_column) = own(tile);
    for k in 0..DEPTH {
        let mut row = Array::<f32>::new(tile.own_rows);
        let mut column = Array::<f32>::new(tile.own_columns);
        #[unroll]
        for i in 0..tile.own_rows {
            row[i] = of_a[k * tile.rows + own_row + i];
        }
        #[unroll]
        for j in 0..tile.own_columns {
            column[j] = of_b[k * tile.columns + own_column + j];
        }
        #[unroll]
        for i in 0..tile.own_rows {
            #[unroll]
            for j in 0..tile.own_columns {
                sums[comptime!(i * tile.own_columns + j)] += row[i] * column[j];
            }
        }
    }
}

/// Writes a thread's numbers, as far as the result reaches.
#[cube]
fn write_tile(
    out: &mut [f32],
    sums: &Array<f32>,
    bias: &[f32],
    first: usize,
    bias_first: usize,
    first_row: usize,
    first_column: usize,
    n_rows: usize,
    width: usize,
    #[comptime] tile: Tile,
    #[comptime] has_bias: bool,
    #[comptime] act: GpuAct,
) {
    let (own_row, own_column) = own(tile);
    #[unroll]
    for i in 0..tile.own_rows {
        let row = first_row + own_row + i;
        #[unroll]
        for j in 0..tile.own_columns {
            let column = first_column + own_column + j;
            if row < n_rows && column < width {
                let mut value = sums[comptime!(i * tile.own_columns + j)];
                if comptime!(has_bias) {
                    value += bias[bias_first + column];
                }
                out[first + row * width + column] = activated(value, act);
            }
        }
    }
}

/// Each thread takes a number, and adds up its chunks.
#[cube(launch_unchecked)]
fn add_chunks(
    chunks: &[f32],
    bias: &[f32],
    out: &mut [f32],
    n: usize,
    one: usize,
    width: usize,
    n_biased: usize,
    n_chunks: usize,
    #[comptime] has_bias: bool,
    #[comptime] act: GpuAct,
) {
    let i = ABSOLUTE_POS;
    if i >= n {
        terminate!();
    }
    let (batch, at) = (i / one, i % one);
    let mut sum = 0.0f32;
    for chunk in 0..n_chunks {
        sum += chunks[(batch * n_chunks + chunk) * one + at];
    }
    if comptime!(has_bias) {
        sum += bias[batch % n_biased * width + at % width];
    }
    out[i] = activated(sum, act);
}

/// What a workgroup of a product computes: as square as the result allows, and large where there are enough of them.
fn tile(n_batches: usize, n_rows: usize, width: usize) -> Tile {
    let [rows, columns, own] = match (n_rows, width) {
        (_, 0..=16) => [64, 16, 4],
        (0..=16, _) => [16, 64, 4],
        _ if n_batches * (n_rows / 64) * (width / 64) >= FLOOR => [64, 64, 8],
        _ => [32, 32, 4],
    };
    Tile { rows, columns, own_rows: own, own_columns: own }
}

/// Into how many chunks what is summed is cut: where rows are few, and tiles too.
fn n_chunks(n_tiles: usize, n_rows: usize, depth: usize) -> usize {
    if n_rows <= 16 && n_tiles < FLOOR && depth >= 2 * CHUNK { depth.div_ceil(CHUNK) } else { 1 }
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
        let n_chunks = n_chunks(n_batches * n_tiles, n_rows, depth);
        let empty = |shape: [usize; 6]| empty_device::<f32>(a.client.clone(), a.device.clone(), Shape::new(shape));
        let sums: CubeTensor = empty([n_c, n_g, n_h, n_chunks, n_rows, width]);
        let [x, y] = workgroups(n_tiles);
        let cubes = CubeCount::Static(x, y, u32::try_from(n_batches * n_chunks).unwrap_or(u32::MAX));
        let act_now = if n_chunks > 1 { GpuAct::None } else { act };
        // SAFETY: the sizes are those of the tensors; what lies beyond a row, a column or the depth is neither read nor written.
        unsafe {
            multiply::launch_unchecked(
                &sums.client,
                cubes,
                CubeDim::new_1d(N_UNITS as u32),
                a.clone().into_buffer_arg(),
                b.into_buffer_arg(),
                bias.clone().into_buffer_arg(),
                sums.clone().into_buffer_arg(),
                n_rows,
                depth,
                b_rows,
                width,
                n_g,
                n_h,
                a_c,
                a_g,
                a_h,
                n_chunks,
                tile,
                is_turned,
                has_bias && n_chunks == 1,
                act_now,
            );
        }
        let shape = Shape::new([n_c, n_g, n_h, n_rows, width]);
        if n_chunks == 1 {
            return burn_cubecl::ops::reshape(sums, shape);
        }
        let out: CubeTensor = empty_device::<f32>(a.client.clone(), a.device.clone(), shape);
        let n = n_batches * n_rows * width;
        // SAFETY: each thread takes a number of the output, and its chunks.
        unsafe {
            add_chunks::launch_unchecked(
                &out.client,
                threads(n),
                CubeDim::new_1d(N_UNITS as u32),
                sums.into_buffer_arg(),
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
    let [_, _, b_rows, width] = b.dims();
    multiplied(a, b, bias, [b_rows, width], (false, act))
}

/// Rows times other rows, as the logits of a model whose unembedding is its embedding.
///
/// # Shapes
/// - a: `[row, depth]`
/// - b: `[column, depth]`
/// - bias: `[column]`
/// - output: `[row, column]`
pub fn product_with_rows(a: Tensor<2>, b: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let ([n_rows, depth], [n_columns, _]) = (a.dims(), b.dims());
    let (a, b) = (a.reshape([1, 1, 1, n_rows, depth]), b.reshape([1, 1, n_columns, depth]));
    multiplied(a, b, bias, [depth, n_columns], (true, GpuAct::None)).reshape([n_rows, n_columns])
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
    let b = b.into_dispatch();
    let bias = bias.map_or_else(|| Dispatch::gpu_unset(b.clone()), Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::gpu_product(a.into_dispatch(), b, bias, product))
}
