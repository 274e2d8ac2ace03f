//! The kernels of products on a GPU.
//!
//! A workgroup of 64 threads computes a tile of the result, of which each thread keeps 4 x 4 or 8 x 8 numbers in registers; what the tile
//! reads of both factors is in the workgroup's memory, a few columns of rows at a time.

use cubecl::prelude::*;

use super::activation::{GpuAct, activated};

/// The threads of a workgroup.
pub const N_UNITS: usize = 64;
/// How much of the summed axis is in the workgroup's memory at a time.
const DEPTH: usize = 16;
/// How many numbers are summed in one go at the least, where what is summed is cut into chunks, which are multiples of it.
pub const CHUNK: usize = 256;

/// What a workgroup computes, and what each of its threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    pub rows: usize,
    pub columns: usize,
    pub own_rows: usize,
    pub own_columns: usize,
}

/// The sizes of both sides, and where products find theirs.
#[derive(CubeLaunch, CubeType)]
pub struct Sizes {
    pub n_rows: usize,
    pub depth: usize,
    /// How many rows the right side has.
    pub b_rows: usize,
    pub width: usize,
    /// How many there are of the second and of the third index of a product.
    pub n_g: usize,
    pub n_h: usize,
    /// How far apart the left sides of products are that differ in one index.
    pub a_c: usize,
    pub a_g: usize,
    pub a_h: usize,
    /// Into how many chunks what is summed is cut, and how long they are.
    pub n_chunks: usize,
    pub chunk_len: usize,
    #[cube(comptime)]
    pub how: How,
}

/// What a kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct How {
    pub tile: Tile,
    /// Whether the right side lies the other way round.
    pub is_turned: bool,
    pub has_bias: bool,
    pub act: GpuAct,
}

/// Each workgroup takes a tile, of a chunk where there are several.
#[cube(launch_unchecked)]
pub fn multiply(a: &[f32], b: &[f32], bias: &[f32], out: &mut [f32], sizes: Sizes) {
    let how = comptime!(sizes.how);
    let tile = comptime!(how.tile);
    let (batch, chunk) = (CUBE_POS_Z as usize / sizes.n_chunks, CUBE_POS_Z as usize % sizes.n_chunks);
    let of_weights = batch % (sizes.n_g * sizes.n_h);
    let (c, g, h) = (batch / (sizes.n_g * sizes.n_h), of_weights / sizes.n_h, of_weights % sizes.n_h);
    let a_first = c * sizes.a_c + g * sizes.a_g + h * sizes.a_h;
    let b_first = of_weights * sizes.b_rows * sizes.width;
    // Tiles may be more than there can be workgroups on an axis.
    let at = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let per_row_of_tiles = sizes.width.div_ceil(tile.columns);
    if at >= per_row_of_tiles * sizes.n_rows.div_ceil(tile.rows) {
        terminate!();
    }
    let (first_row, first_column) = (at / per_row_of_tiles * tile.rows, at % per_row_of_tiles * tile.columns);
    let first_k = chunk * sizes.chunk_len;
    let end = min(sizes.depth, first_k + sizes.chunk_len);
    let mut of_a = Shared::<[f32]>::new_slice(comptime!(DEPTH * tile.rows));
    let mut of_b = Shared::<[f32]>::new_slice(comptime!(DEPTH * tile.columns));
    let mut sums = zeros(comptime!(tile.own_rows * tile.own_columns));
    for k in range_stepped(first_k, end, DEPTH) {
        load_lines(a, &mut of_a, a_first, sizes.depth, first_row, k, sizes.n_rows, sizes.depth, tile.rows);
        if comptime!(how.is_turned) {
            load_lines(b, &mut of_b, b_first, sizes.b_rows, first_column, k, sizes.width, sizes.depth, tile.columns);
        } else {
            load_columns(b, &mut of_b, b_first, first_column, k, sizes.width, sizes.depth, tile.columns);
        }
        sync_cube();
        add_products(&of_a, &of_b, &mut sums, tile);
        sync_cube();
    }
    let (out_first, bias_first) = (CUBE_POS_Z as usize * sizes.n_rows * sizes.width, of_weights * sizes.width);
    write_tile(out, &sums, bias, out_first, bias_first, first_row, first_column, &sizes);
}

#[cube]
fn zeros(#[comptime] n: usize) -> Array<f32> {
    let mut zeros = Array::<f32>::new(n);
    #[unroll]
    for i in 0..n {
        zeros[i] = 0.0f32;
    }
    zeros
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
    sizes: &Sizes,
) {
    let how = comptime!(sizes.how);
    let tile = comptime!(how.tile);
    let (own_row, own_column) = own(tile);
    #[unroll]
    for i in 0..tile.own_rows {
        let row = first_row + own_row + i;
        #[unroll]
        for j in 0..tile.own_columns {
            let column = first_column + own_column + j;
            if row < sizes.n_rows && column < sizes.width {
                let mut value = sums[comptime!(i * tile.own_columns + j)];
                if comptime!(how.has_bias) {
                    value += bias[bias_first + column];
                }
                out[first + row * sizes.width + column] = activated(value, how.act);
            }
        }
    }
}

/// Each thread takes a number, and adds up its chunks.
#[cube(launch_unchecked)]
pub fn add_chunks(
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
