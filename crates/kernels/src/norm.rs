//! Norms over the last axis, and their backward pass.

use std::ops::Range;

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp};

use crate::buffer::Buffer;
use crate::split::{Shared, split, written};
use crate::tile::sum_of;

/// Which norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormKind {
    /// Ba et al. 2016.
    Layer,
    /// Zhang and Sennrich 2019.
    Rms,
}

/// A norm over rows of `d` numbers: `(x - mean) / √(variance + eps) · gain + bias`, or `x / √(mean square + eps) · gain`.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    pub kind: NormKind,
    pub eps: f32,
    /// `[d]`
    pub gain: Option<&'a [f32]>,
    /// `[d]`
    pub bias: Option<&'a [f32]>,
}

impl Norm<'_> {
    /// # Shapes
    /// - x, output: `[rows, d]`
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn forward(&self, d: usize, x: &[f32]) -> Vec<f32> {
        assert!(x.len().is_multiple_of(d), "whole rows");
        self.check(d);
        // SAFETY: every row is written.
        unsafe {
            written(x.len(), |to| {
                split(x.len() / d, 3 * x.len(), |rows| Forward { norm: *self, d, x, to, rows }.dispatch());
            })
        }
    }

    /// The gradient by `x`, from that by the norm of `x`.
    ///
    /// # Shapes
    /// - x, gradient, in place: `[rows, d]`
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn backward(&self, d: usize, x: &[f32], gradient: &mut [f32]) {
        assert_eq!(x.len(), gradient.len(), "a gradient for each number");
        self.backward_rows(d, x, gradient, None);
    }

    /// The same for one or more gradients by the same norm of `x`, and their sum.
    ///
    /// # Shapes
    /// - x, output: `[rows, d]`
    /// - gradients, in place: `[gradient, rows, d]`
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn backward_of_several(&self, d: usize, x: &[f32], gradients: &mut [f32]) -> Vec<f32> {
        assert!(gradients.len() >= x.len(), "at least one gradient");
        // SAFETY: every row is written by the first gradient.
        unsafe { written(x.len(), |to| self.backward_rows(d, x, gradients, Some(to))) }
    }

    /// Where `sums` is given, also writes there what the gradients of each number add up to.
    fn backward_rows(&self, d: usize, x: &[f32], gradients: &mut [f32], sums: Option<Shared>) {
        assert!(x.len().is_multiple_of(d) && gradients.len().is_multiple_of(x.len()), "whole rows");
        self.check(d);
        let (n, work, to) =
            (gradients.len().checked_div(x.len()).unwrap_or(0), 6 * gradients.len(), Shared::new(gradients));
        split(x.len() / d, work, |rows| Backward { norm: *self, d, x, n, to, sums, rows }.dispatch());
    }

    fn check(&self, d: usize) {
        assert!([self.gain, self.bias].into_iter().flatten().all(|row| row.len() == d), "gain and bias have d numbers");
    }
}

struct Forward<'a> {
    norm: Norm<'a>,
    d: usize,
    x: &'a [f32],
    to: Shared,
    rows: Range<usize>,
}

impl SimdOp for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { norm, d, x, to, rows } = self;
        for row in rows {
            // SAFETY: no one else writes this row.
            unsafe { norm_row(isa, norm, &x[row * d..][..d], to.at(row * d)) };
        }
    }
}

/// Writes the norm of a row. Gives what its numbers were multiplied with before their gain.
///
/// # Safety
/// There is room for as many numbers as `x` has, which no one else uses meanwhile.
#[inline(always)]
unsafe fn norm_row<I: Isa>(isa: I, norm: Norm<'_>, x: &[f32], to: *mut f32) -> f32 {
    let (mean, scale) = moments(isa, norm, x);
    let ops = isa.f32();
    let lanes = ops.len();
    let whole = x.len() - x.len() % lanes;
    let (mean_v, scale_v) = (ops.splat(mean), ops.splat(scale));
    for i in (0..whole).step_by(lanes) {
        let y = ops.mul(ops.sub(ops.load(&x[i..]), mean_v), scale_v);
        // SAFETY: there is room, as the caller says.
        unsafe { ops.store_ptr(with_gain(isa, norm, i, y), to.add(i)) };
    }
    for i in whole..x.len() {
        let y = (x[i] - mean) * scale;
        let y = y * norm.gain.map_or(1.0, |gain| gain[i]) + norm.bias.map_or(0.0, |bias| bias[i]);
        // SAFETY: as above.
        unsafe { to.add(i).write(y) };
    }
    scale
}

/// The norm of a row, in its place.
#[inline(always)]
pub fn norm_in_place<I: Isa>(isa: I, norm: Norm<'_>, x: &mut [f32]) {
    let (mean, scale) = moments(isa, norm, x);
    let ops = isa.f32();
    let lanes = ops.len();
    let whole = x.len() - x.len() % lanes;
    let (mean_v, scale_v) = (ops.splat(mean), ops.splat(scale));
    for i in (0..whole).step_by(lanes) {
        let y = ops.mul(ops.sub(ops.load(&x[i..]), mean_v), scale_v);
        ops.store(with_gain(isa, norm, i, y), &mut x[i..]);
    }
    for i in whole..x.len() {
        let y = (x[i] - mean) * scale;
        x[i] = y * norm.gain.map_or(1.0, |gain| gain[i]) + norm.bias.map_or(0.0, |bias| bias[i]);
    }
}

#[inline(always)]
fn with_gain<I: Isa>(isa: I, norm: Norm<'_>, i: usize, mut y: I::F32) -> I::F32 {
    let ops = isa.f32();
    if let Some(gain) = norm.gain {
        y = ops.mul(y, ops.load(&gain[i..]));
    }
    if let Some(bias) = norm.bias {
        y = ops.add(y, ops.load(&bias[i..]));
    }
    y
}

/// The mean that is taken off, and what is then multiplied with.
#[inline(always)]
fn moments<I: Isa>(isa: I, norm: Norm<'_>, x: &[f32]) -> (f32, f32) {
    let n = x.len() as f32;
    let mean = match norm.kind {
        NormKind::Layer => {
            sum(
                isa,
                x,
                #[inline(always)]
                |_, x| x,
                |x| x,
            ) / n
        }
        NormKind::Rms => 0.0,
    };
    let ops = isa.f32();
    let mean_v = ops.splat(mean);
    let squares = sum(
        isa,
        x,
        #[inline(always)]
        |_, x| {
            let x = ops.sub(x, mean_v);
            ops.mul(x, x)
        },
        |x| (x - mean) * (x - mean),
    );
    (mean, 1.0 / (squares / n + norm.eps).sqrt())
}

/// The sum of something of a row's numbers: of the vector that begins at an index, and of those that are left.
#[inline(always)]
fn sum<I: Isa>(isa: I, x: &[f32], f: impl Fn(usize, I::F32) -> I::F32, rest: impl Fn(f32) -> f32) -> f32 {
    let ops = isa.f32();
    let lanes = ops.len();
    let whole = x.len() - x.len() % lanes;
    let mut sums = [ops.zero(); 4];
    for (n, i) in (0..whole).step_by(lanes).enumerate() {
        sums[n % 4] = ops.add(sums[n % 4], f(i, ops.load(&x[i..])));
    }
    let sum = sum_of_four(isa, sums);
    x[whole..].iter().fold(sum, |sum, &x| sum + rest(x))
}

#[inline(always)]
fn sum_of_four<I: Isa>(isa: I, [a, b, c, d]: [I::F32; 4]) -> f32 {
    let ops = isa.f32();
    sum_of::<I>(ops.add(ops.add(a, b), ops.add(c, d)))
}

struct Backward<'a> {
    norm: Norm<'a>,
    d: usize,
    x: &'a [f32],
    /// How many gradients belong to each row of `x`.
    n: usize,
    /// The gradients, which are replaced.
    to: Shared,
    /// Where their sums are written.
    sums: Option<Shared>,
    rows: Range<usize>,
}

impl SimdOp for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { norm, d, x, n, to, sums, rows } = self;
        let mut normed = Buffer::zeros(d);
        let (norm, plain) = (Norm { bias: None, ..norm }, Norm { gain: None, bias: None, ..norm });
        for row in rows {
            let at = row * d;
            let y = normed.as_mut_slice();
            // SAFETY: the buffer has as many numbers, and is ours alone.
            let scale = unsafe { norm_row(isa, plain, &x[at..][..d], y.as_mut_ptr()) };
            for i in 0..n {
                // SAFETY: no one else reads or writes this row of any gradient.
                let gradient = unsafe { to.slice(i * x.len() + at, d) };
                backward_row(isa, norm, scale, y, gradient);
                let Some(sums) = sums else { continue };
                // SAFETY: no one else uses this row of the sums; the first gradient writes all of it.
                unsafe {
                    if i == 0 {
                        sums.at(at).copy_from_nonoverlapping(gradient.as_ptr(), d);
                    } else {
                        add(isa, gradient, sums.slice(at, d));
                    }
                }
            }
        }
    }
}

/// Adds a row to another.
#[inline(always)]
fn add<I: Isa>(isa: I, row: &[f32], to: &mut [f32]) {
    let ops = isa.f32();
    let lanes = ops.len();
    let whole = row.len() - row.len() % lanes;
    for i in (0..whole).step_by(lanes) {
        ops.store(ops.add(ops.load(&to[i..]), ops.load(&row[i..])), &mut to[i..]);
    }
    for i in whole..row.len() {
        to[i] += row[i];
    }
}

/// With `y` the norm of a row before its gain and `h = gradient · gain`: `scale · (h - mean(h) - y · mean(h · y))`, the first mean for a
/// layer norm only.
#[inline(always)]
fn backward_row<I: Isa>(isa: I, norm: Norm<'_>, scale: f32, y: &[f32], gradient: &mut [f32]) {
    let ops = isa.f32();
    let (lanes, n) = (ops.len(), y.len());
    let whole = n - n % lanes;
    // Several sums of each, so that none waits for the one before.
    let (mut h_sums, mut hy_sums) = ([ops.zero(); 4], [ops.zero(); 4]);
    for (k, i) in (0..whole).step_by(lanes).enumerate() {
        let h = with_gain(isa, norm, i, ops.load(&gradient[i..]));
        h_sums[k % 4] = ops.add(h_sums[k % 4], h);
        hy_sums[k % 4] = ops.mul_add(h, ops.load(&y[i..]), hy_sums[k % 4]);
    }
    let (mut h_sum, mut hy_sum) = (sum_of_four(isa, h_sums), sum_of_four(isa, hy_sums));
    let gain = |i: usize| norm.gain.map_or(1.0, |gain| gain[i]);
    for i in whole..n {
        h_sum += gradient[i] * gain(i);
        hy_sum += gradient[i] * gain(i) * y[i];
    }
    let h_mean = match norm.kind {
        NormKind::Layer => h_sum / n as f32,
        NormKind::Rms => 0.0,
    };
    let hy_mean = hy_sum / n as f32;
    let (h_mean_v, hy_mean_v, scale_v) = (ops.splat(h_mean), ops.splat(hy_mean), ops.splat(scale));
    for i in (0..whole).step_by(lanes) {
        let h = ops.sub(with_gain(isa, norm, i, ops.load(&gradient[i..])), h_mean_v);
        let h = ops.sub(h, ops.mul(ops.load(&y[i..]), hy_mean_v));
        ops.store(ops.mul(h, scale_v), &mut gradient[i..]);
    }
    for i in whole..n {
        gradient[i] = (gradient[i] * gain(i) - h_mean - y[i] * hy_mean) * scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 % 1013) as f32 / 300.0 - 1.5) * (1.0 + (i % 5) as f32)).collect()
    }

    /// The definition, in f64.
    fn defined(norm: Norm<'_>, x: &[f64]) -> Vec<f64> {
        let n = x.len() as f64;
        let mean = if norm.kind == NormKind::Layer { x.iter().sum::<f64>() / n } else { 0.0 };
        let square = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let scale = 1.0 / (square + f64::from(norm.eps)).sqrt();
        let with = |row: Option<&[f32]>, i: usize, other: f64| row.map_or(other, |row| f64::from(row[i]));
        x.iter()
            .enumerate()
            .map(|(i, x)| (x - mean) * scale * with(norm.gain, i, 1.0) + with(norm.bias, i, 0.0))
            .collect()
    }

    #[test]
    fn norms_and_their_gradients_are_those_of_the_definition() {
        for d in [1, 4, 37, 64, 200] {
            let (gain, bias) = (rows(d), rows(2 * d)[d..].to_vec());
            for kind in [NormKind::Layer, NormKind::Rms] {
                for (gain, bias) in [(None, None), (Some(&gain[..]), Some(&bias[..]))] {
                    let norm = Norm { kind, eps: 1e-3, gain, bias };
                    let x = rows(3 * d);
                    let out = norm.forward(d, &x);
                    let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
                    let expected: Vec<f64> = wide.chunks(d).flat_map(|x| defined(norm, x)).collect();
                    assert!(
                        out.iter().zip(&expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4),
                        "{out:?} {expected:?}"
                    );
                    // Twice as many gradients as rows.
                    let given = rows(6 * d);
                    let mut found = given.clone();
                    let sums = norm.backward_of_several(d, &x, &mut found);
                    let (first, second) = found.split_at(3 * d);
                    assert!(sums.iter().zip(first.iter().zip(second)).all(|(sum, (a, b))| *sum == a + b));
                    let mut alone = given[..3 * d].to_vec();
                    norm.backward(d, &x, &mut alone);
                    assert_eq!(alone, first);
                    for (i, &found) in found.iter().enumerate() {
                        let (row, column) = (i / d, i % d);
                        let loss = |shift: f64| -> f64 {
                            let mut x = wide[row % 3 * d..][..d].to_vec();
                            x[column] += shift;
                            defined(norm, &x).iter().zip(&given[row * d..]).map(|(y, g)| y * f64::from(*g)).sum()
                        };
                        let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
                        assert!(
                            (f64::from(found) - slope).abs() < 1e-3 * (1.0 + slope.abs()),
                            "{kind:?} {d}: {found} {slope}"
                        );
                    }
                }
            }
        }
    }
}
