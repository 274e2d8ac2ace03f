//! Products with packed weights.

use std::ops::Range;

use rten_simd::ops::BitOps;
use rten_simd::{Isa, SimdOp};

use crate::activation::Activation;
use crate::buffer::Buffer;
use crate::packed::{Packed, PackedShape};
use crate::split::{Shared, split, written};
use crate::tile::{Tile, lanes};

/// One product of several that are computed together: some rows times a group of the weights, or times some rows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// Which group of the weights.
    pub group: usize,
    /// The first row of the weights.
    pub first: usize,
    /// Where its rows begin on the side that is as wide as the weights are deep.
    pub at: usize,
}

/// What the jobs of a product have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// How many rows each job has.
    pub n_rows: usize,
    /// How many rows of the weights each takes.
    pub depth: usize,
    /// How far apart the rows begin on the side that is as wide as the weights are deep.
    pub stride: usize,
}

/// For each job `act(rows · weights[first.., group] + bias)`.
///
/// # Shapes
/// - left: `[n_rows, depth]` from each job's `at` on
/// - output: `[job, n_rows, width]`
///
/// # Panics
/// When the left side or the weights are smaller than that.
pub fn product(
    weights: &Packed,
    jobs: &[Job],
    sizes: Sizes,
    left: &[f32],
    with_bias: bool,
    act: Activation,
) -> Vec<f32> {
    let Sizes { n_rows, depth, .. } = sizes;
    let width = weights.shape().width;
    check(weights, jobs, sizes, left.len());
    let n_panels = weights.panels_per_group();
    let work = jobs.len() * n_rows * depth * width;
    // SAFETY: the panels of a group cover its columns.
    unsafe {
        written(jobs.len() * n_rows * width, |to| {
            split(jobs.len() * n_panels, work, |tasks| {
                Panels { weights, jobs, sizes, left, with_bias, act, to, tasks }.dispatch();
            });
        })
    }
}

fn check(weights: &Packed, jobs: &[Job], Sizes { n_rows, depth, stride }: Sizes, len: usize) {
    for job in jobs {
        let PackedShape { groups, depth: all, .. } = weights.shape();
        assert!(job.group < groups && job.first + depth <= all, "the weights have such a group and such rows");
        assert!(n_rows == 0 || job.at + (n_rows - 1) * stride + depth <= len, "there are as many rows");
    }
}

/// A part of a product: some of the panels of all jobs.
struct Panels<'a> {
    weights: &'a Packed,
    jobs: &'a [Job],
    sizes: Sizes,
    left: &'a [f32],
    with_bias: bool,
    act: Activation,
    to: Shared,
    tasks: Range<usize>,
}

impl SimdOp for Panels<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { weights, jobs, sizes, left, with_bias, act, to, tasks } = self;
        let Sizes { n_rows, depth, stride } = sizes;
        let (n_panels, panel_width, width) = (weights.panels_per_group(), weights.panel_width(), weights.shape().width);
        let two_vectors = panel_width > isa.f32().len();
        for task in tasks {
            let (job_idx, in_group) = (task / n_panels, task % n_panels);
            let job = jobs[job_idx];
            let panel = job.group * n_panels + in_group;
            let first = in_group * panel_width;
            let start = job_idx * n_rows * width + first;
            let bias = if with_bias { weights.bias(panel) } else { None };
            // SAFETY: the left side was checked to have as many rows, and no other task writes these columns.
            unsafe {
                let tile = Tile {
                    a: left.as_ptr().add(job.at),
                    a_stride: stride,
                    b: weights.panel(panel, job.first).as_ptr(),
                    b_stride: panel_width,
                    depth,
                    bias: bias.map(<[f32]>::as_ptr),
                    c: to.at(start),
                    c_stride: width,
                    n_columns: panel_width.min(width - first),
                    add: false,
                };
                tile.rows(isa, two_vectors, n_rows);
                if act != Activation::None {
                    for row in 0..n_rows {
                        act.in_place(isa, to.slice(start + row * width, tile.n_columns));
                    }
                }
            }
        }
    }
}

/// How many columns of a group are transposed at a time, about.
const TRANSPOSED_AT_ONCE: usize = 256;

/// For each job `rows · weights[first.., group]ᵀ`, as the backward pass of [`product`] needs it. Jobs at the same place are added up; 0 is
/// where none is.
///
/// # Shapes
/// - left: `[job, n_rows, width]`
/// - output: `len` numbers; `[n_rows, depth]` from each job's `at` on
///
/// # Panics
/// When the left side, the weights or the output are smaller than that, or jobs at different places overlap.
pub fn product_transposed(weights: &Packed, jobs: &[Job], sizes: Sizes, left: &[f32], len: usize) -> Vec<f32> {
    let Sizes { n_rows, depth, stride } = sizes;
    let width = weights.shape().width;
    check(weights, jobs, sizes, len);
    assert_eq!(left.len(), jobs.len() * n_rows * width, "the left side has a row for each of every job");
    let mut places: Vec<usize> = jobs.iter().map(|job| job.at).collect();
    places.sort_unstable();
    places.dedup();
    let apart = |at: usize| {
        if stride == depth {
            at.is_multiple_of(n_rows * depth)
        } else {
            at.is_multiple_of(depth) && at + depth <= stride
        }
    };
    assert!(places.iter().all(|&at| apart(at)), "jobs are at the same place or apart");
    let step = 2 * lanes();
    let work = jobs.len() * n_rows * depth * width;
    let is_covered = places.len() * n_rows * depth == len;
    // SAFETY: every number is written, or cleared.
    unsafe {
        written(len, |to| {
            if !is_covered {
                to.clear(len);
            }
            split(depth.div_ceil(step), work, |blocks| {
                let columns = blocks.start * step..depth.min(blocks.end * step);
                Transposed { weights, jobs, sizes, left, to, columns }.dispatch();
            });
        })
    }
}

/// A part of a product with transposed weights: some of its columns.
struct Transposed<'a> {
    weights: &'a Packed,
    jobs: &'a [Job],
    sizes: Sizes,
    left: &'a [f32],
    to: Shared,
    columns: Range<usize>,
}

impl SimdOp for Transposed<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { weights, jobs, sizes, left, to, columns } = self;
        let Sizes { n_rows, stride, .. } = sizes;
        let (width, panel_width) = (weights.shape().width, weights.panel_width());
        let step = 2 * isa.f32().len();
        let at_once = TRANSPOSED_AT_ONCE.next_multiple_of(panel_width);
        let mut turned = Buffer::zeros(at_once * step);
        for first in columns.clone().step_by(step) {
            let n_columns = step.min(columns.end - first);
            for (i, job) in jobs.iter().enumerate() {
                let is_first = jobs[..i].iter().all(|before| before.at != job.at);
                for start in (0..width).step_by(at_once) {
                    let n = at_once.min(width - start);
                    let rows = job.first + first..job.first + first + n_columns;
                    turn(weights, job.group, rows, start..start + n, step, turned.as_mut_slice());
                    // SAFETY: both sides were checked to have as many rows, and no other part writes these columns.
                    unsafe {
                        let tile = Tile {
                            a: left.as_ptr().add(i * n_rows * width + start),
                            a_stride: width,
                            b: turned.as_slice().as_ptr(),
                            b_stride: step,
                            depth: n,
                            bias: None,
                            c: to.at(job.at + first),
                            c_stride: stride,
                            n_columns,
                            add: !(is_first && start == 0),
                        };
                        tile.rows(isa, true, n_rows);
                    }
                }
            }
        }
    }
}

/// Some columns of a group as rows: `[columns, step]`, of which the first `rows.len()` numbers of a row are written.
#[inline(always)]
fn turn(weights: &Packed, group: usize, rows: Range<usize>, columns: Range<usize>, step: usize, to: &mut [f32]) {
    let panel_width = weights.panel_width();
    for first in columns.clone().step_by(panel_width) {
        let panel = group * weights.panels_per_group() + first / panel_width;
        let n = panel_width.min(columns.end - first);
        let from = weights.panel(panel, rows.start);
        let to = &mut to[(first - columns.start) * step..];
        for (row, from) in from.chunks_exact(panel_width).take(rows.len()).enumerate() {
            for (column, &x) in from[..n].iter().enumerate() {
                to[column * step + row] = x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between -1 and 1 that look random.
    fn numbers(seed: u32, n: usize) -> Vec<f32> {
        let mut state = seed.wrapping_mul(747_796_405).wrapping_add(1);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    fn close(found: &[f32], expected: impl Iterator<Item = f64>) {
        for (i, (&found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((f64::from(found) - expected).abs() < 1e-4, "number {i} is {found}, not {expected}");
        }
    }

    #[test]
    fn products_of_every_size_are_those_of_the_definition() {
        for (n_rows, depth, groups, width) in
            [(1, 1, 1, 1), (3, 5, 2, 4), (13, 17, 3, 16), (29, 40, 1, 300), (128, 64, 2, 48), (7, 33, 1, 1000)]
        {
            let weights = numbers(1, depth * groups * width);
            let weight = |k: usize, g: usize, j: usize| weights[(k * groups + g) * width + j];
            let bias = numbers(2, groups * width);
            let packed = Packed::new(PackedShape { depth, groups, width }, Some(&bias), weight);
            let left = numbers(3, n_rows * depth);
            // All but the first row of the weights, and as many numbers of each row of the left side.
            let first = depth.min(2) - 1;
            let sizes = Sizes { n_rows, depth: depth - first, stride: depth };
            let jobs: Vec<_> = (0..groups).map(|group| Job { group, first, at: 0 }).collect();
            let out = product(&packed, &jobs, sizes, &left, true, Activation::Relu);
            let expected = (0..groups * n_rows * width).map(|i| {
                let (group, row, column) = (i / (n_rows * width), i / width % n_rows, i % width);
                let number = |k: usize| f64::from(left[row * depth + k]) * f64::from(weight(first + k, group, column));
                (f64::from(bias[group * width + column]) + (0..depth - first).map(number).sum::<f64>()).max(0.0)
            });
            assert_eq!(out.len(), groups * n_rows * width);
            close(&out, expected);
            for (column, &bias) in bias.iter().enumerate().take(width) {
                assert!(packed.column(column).eq((0..depth).map(|k| weight(k, 0, column))));
                assert_eq!(packed.bias_of(column), bias);
            }
        }
    }

    #[test]
    fn transposed_products_are_those_of_the_definition_and_add_up() {
        for (n_rows, depth, groups, width) in
            [(1, 1, 1, 1), (3, 5, 2, 4), (13, 17, 3, 16), (29, 40, 1, 600), (128, 64, 2, 48)]
        {
            let weights = numbers(4, depth * groups * width);
            let weight = |k: usize, g: usize, j: usize| weights[(k * groups + g) * width + j];
            let packed = Packed::new(PackedShape { depth, groups, width }, None, weight);
            let left = numbers(5, groups * n_rows * width);
            let sizes = Sizes { n_rows, depth, stride: depth };
            let of = |row: usize, k: usize, group: usize| {
                let left = &left[(group * n_rows + row) * width..][..width];
                left.iter().enumerate().map(|(j, &x)| f64::from(x) * f64::from(weight(k, group, j))).sum::<f64>()
            };
            let jobs = |apart: usize| -> Vec<_> {
                (0..groups).map(|group| Job { group, first: 0, at: group * apart }).collect()
            };
            let n = n_rows * depth;
            let apart = product_transposed(&packed, &jobs(n), sizes, &left, groups * n);
            close(&apart, (0..groups * n).map(|i| of(i / depth % n_rows, i % depth, i / n)));
            let sum = product_transposed(&packed, &jobs(0), sizes, &left, n);
            close(&sum, (0..n).map(|i| (0..groups).map(|group| of(i / depth, i % depth, group)).sum()));
            // Side by side in longer rows, the last numbers of which no job writes.
            let stride = depth * groups + 1;
            let beside = product_transposed(&packed, &jobs(depth), Sizes { stride, ..sizes }, &left, n_rows * stride);
            close(
                &beside,
                (0..n_rows * stride).map(|i| {
                    let (row, column) = (i / stride, i % stride);
                    if column == stride - 1 { 0.0 } else { of(row, column % depth, column / depth) }
                }),
            );
        }
    }
}
