//! Products with the rows of a table, such as an embedding that serves as the unembedding too.

use std::ops::Range;

use rten_simd::ops::BitOps;
use rten_simd::{Isa, SimdOp};

use crate::buffer::Buffer;
use crate::fused::mul_add;
use crate::split::{Shared, split, written};
use crate::tile::{Tile, sum_of};

/// `left · tableᵀ`.
///
/// # Shapes
/// - table: `[n, depth]`
/// - left: `[rows, depth]`
/// - output: `[rows, n]`
///
/// # Panics
/// When a side has no whole rows.
pub fn product_with_table(table: &[f32], depth: usize, left: &[f32]) -> Vec<f32> {
    assert!(table.len().is_multiple_of(depth) && left.len().is_multiple_of(depth), "both sides have whole rows");
    let (n, n_rows) = (table.len() / depth, left.len() / depth);
    // SAFETY: every row of the table has a column of the product.
    unsafe {
        written(n_rows * n, |to| {
            split(n.div_ceil(AT_ONCE), n_rows * n * depth, |blocks| {
                let columns = blocks.start * AT_ONCE..n.min(blocks.end * AT_ONCE);
                Dots { table, depth, left, n, to, columns }.dispatch();
            });
        })
    }
}

/// How many rows of the table are looked at together.
const AT_ONCE: usize = 16;

struct Dots<'a> {
    table: &'a [f32],
    depth: usize,
    left: &'a [f32],
    n: usize,
    to: Shared,
    columns: Range<usize>,
}

impl SimdOp for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { table, depth, left, n, to, columns } = self;
        let n_rows = left.len() / depth;
        for block in columns.clone().step_by(AT_ONCE) {
            let end = columns.end.min(block + AT_ONCE);
            let mut row = 0;
            while row < n_rows {
                let rows = if n_rows - row >= 4 { 4 } else { 1 };
                let mut column = block;
                while column < end {
                    let some = if end - column >= 2 { 2 } else { 1 };
                    let (left, table) = (&left[row * depth..], &table[column * depth..]);
                    // SAFETY: no one else writes these numbers of the product.
                    unsafe {
                        let to = to.at(row * n + column);
                        match (rows, some) {
                            (4, 2) => dots::<I, 4, 2>(isa, left, table, depth, to, n),
                            (4, _) => dots::<I, 4, 1>(isa, left, table, depth, to, n),
                            (_, 2) => dots::<I, 1, 2>(isa, left, table, depth, to, n),
                            _ => dots::<I, 1, 1>(isa, left, table, depth, to, n),
                        }
                    }
                    column += some;
                }
                row += rows;
            }
        }
    }
}

/// Every product of a few rows of both sides.
///
/// # Safety
/// There is room for the product, whose rows begin `stride` numbers apart, and no one else uses it meanwhile.
#[cfg_attr(not(all(target_arch = "wasm32", feature = "relaxed-simd")), inline(always))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn dots<I: Isa, const ROWS: usize, const COLUMNS: usize>(
    isa: I,
    left: &[f32],
    table: &[f32],
    depth: usize,
    to: *mut f32,
    stride: usize,
) {
    let ops = isa.f32();
    let lanes = ops.len();
    let whole = depth - depth % lanes;
    let mut sums = [[ops.zero(); COLUMNS]; ROWS];
    for k in (0..whole).step_by(lanes) {
        let mut right = [ops.zero(); COLUMNS];
        for (j, right) in right.iter_mut().enumerate() {
            *right = ops.load(&table[j * depth + k..]);
        }
        for (i, sums) in sums.iter_mut().enumerate() {
            let left = ops.load(&left[i * depth + k..]);
            for (sum, &right) in sums.iter_mut().zip(&right) {
                *sum = mul_add(isa, left, right, *sum);
            }
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        for (j, &sum) in sums.iter().enumerate() {
            let rest = (whole..depth).map(|k| left[i * depth + k] * table[j * depth + k]);
            // SAFETY: there is room, as the caller says.
            unsafe { to.add(i * stride + j).write(rest.fold(sum_of::<I>(sum), |sum, x| sum + x)) };
        }
    }
}

/// `left · table`, as the backward pass of [`product_with_table`] needs it.
///
/// # Shapes
/// - table: `[n, depth]`
/// - left: `[rows, n]`
/// - output: `[rows, depth]`
///
/// # Panics
/// When a side has no whole rows.
pub fn product_with_table_backward(table: &[f32], depth: usize, left: &[f32]) -> Vec<f32> {
    let n = table.len() / depth;
    assert!(table.len().is_multiple_of(depth) && left.len().is_multiple_of(n), "both sides have whole rows");
    let n_rows = left.len() / n;
    let step = 2 * crate::tile::lanes();
    // SAFETY: every column is written.
    unsafe {
        written(n_rows * depth, |to| {
            split(depth.div_ceil(step), n_rows * n * depth, |blocks| {
                let columns = blocks.start * step..depth.min(blocks.end * step);
                Sums { table, depth, left, to, columns }.dispatch();
            });
        })
    }
}

/// How many rows of the table are added up before the next columns are looked at.
const ADDED_AT_ONCE: usize = 128;

struct Sums<'a> {
    table: &'a [f32],
    depth: usize,
    left: &'a [f32],
    to: Shared,
    columns: Range<usize>,
}

impl SimdOp for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { table, depth, left, to, columns } = self;
        let (n, step) = (table.len() / depth, 2 * isa.f32().len());
        let n_rows = left.len() / n;
        let mut room = Buffer::zeros(ADDED_AT_ONCE * step);
        for first in (0..n).step_by(ADDED_AT_ONCE) {
            let n_added = ADDED_AT_ONCE.min(n - first);
            for column in columns.clone().step_by(step) {
                let n_columns = step.min(columns.end - column);
                for (i, row) in room.as_mut_slice().chunks_exact_mut(step).take(n_added).enumerate() {
                    row[..n_columns].copy_from_slice(&table[(first + i) * depth + column..][..n_columns]);
                }
                // SAFETY: both sides have as many rows, and no one else writes these columns.
                unsafe {
                    let tile = Tile {
                        a: left.as_ptr().add(first),
                        a_stride: n,
                        b: room.as_slice().as_ptr(),
                        b_stride: step,
                        depth: n_added,
                        bias: None,
                        c: to.at(column),
                        c_stride: depth,
                        n_columns,
                        add: first > 0,
                    };
                    tile.rows(isa, true, n_rows);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_with_a_table_are_those_of_the_definition() {
        let numbers = |seed: usize, n: usize| -> Vec<f32> {
            (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1000.0 - 1.0).collect()
        };
        for (n, depth, rows) in [(1, 1, 1), (37, 5, 3), (300, 70, 9), (131, 64, 4)] {
            let (table, left, back) = (numbers(1, n * depth), numbers(2, rows * depth), numbers(3, rows * n));
            let at = |i: usize, k: usize| f64::from(table[i * depth + k]);
            let found = product_with_table(&table, depth, &left);
            for (i, &found) in found.iter().enumerate() {
                let (row, column) = (i / n, i % n);
                let expected: f64 = (0..depth).map(|k| f64::from(left[row * depth + k]) * at(column, k)).sum();
                assert!((f64::from(found) - expected).abs() < 1e-4, "{n} {depth} {rows}: {found} {expected}");
            }
            let found = product_with_table_backward(&table, depth, &back);
            for (i, &found) in found.iter().enumerate() {
                let (row, k) = (i / depth, i % depth);
                let expected: f64 = (0..n).map(|j| f64::from(back[row * n + j]) * at(j, k)).sum();
                assert!((f64::from(found) - expected).abs() < 1e-4, "{n} {depth} {rows}: {found} {expected}");
            }
        }
    }
}
