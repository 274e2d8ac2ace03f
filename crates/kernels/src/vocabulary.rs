//! Sums over a vocabulary, in f64.

use std::ops::Range;

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp, SimdUnaryOp};
use rten_vecmath::Exp;

use crate::split::split;
use crate::tile::sum_of;

/// How many exponentials are added up in f32 before their sum goes into one of f64.
const AT_ONCE: usize = 64;
/// What an exponential takes, in multiplications and additions.
const EXPONENTIAL: usize = 30;

/// `ln Σ exp` of each row, without overflow; not a number where one of the row is none. The exponentials are within two units of the last
/// place of f32.
///
/// # Shapes
/// - x: `[rows, d]`
/// - output: `[rows]`
///
/// # Panics
/// When rows are not whole.
pub fn log_sum_exp(x: &[f32], d: usize) -> Vec<f64> {
    assert!(d > 0 && x.len().is_multiple_of(d), "whole rows");
    let mut found = vec![0.0; x.len() / d];
    let to = Rows(found.as_mut_ptr());
    split(x.len() / d, EXPONENTIAL * x.len(), |rows| SomeRows { x, d, to, rows }.dispatch());
    found
}

/// Where threads write numbers of their own.
#[derive(Clone, Copy)]
struct Rows(*mut f64);

// SAFETY: each row is written by one thread.
unsafe impl Send for Rows {}
// SAFETY: as above.
unsafe impl Sync for Rows {}

struct SomeRows<'a> {
    x: &'a [f32],
    d: usize,
    to: Rows,
    rows: Range<usize>,
}

impl SimdOp for SomeRows<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { x, d, to, rows } = self;
        for row in rows {
            let of_row = of_row(isa, &x[row * d..][..d]);
            // SAFETY: there is a number for every row, and no one else writes this one.
            unsafe { to.0.add(row).write(of_row) };
        }
    }
}

#[inline(always)]
fn of_row<I: Isa>(isa: I, row: &[f32]) -> f64 {
    let ops = isa.f32();
    let lanes = ops.len();
    let (mut most, mut is_number) = ([f32::NEG_INFINITY; 16], true);
    for chunk in row.chunks(most.len()) {
        for (most, &x) in most.iter_mut().zip(chunk) {
            *most = most.max(x);
            is_number &= !x.is_nan();
        }
    }
    let max = most.into_iter().fold(f32::NEG_INFINITY, f32::max);
    if !is_number || max.is_infinite() {
        return if is_number && max < 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    }
    let (largest, mut sum) = (ops.splat(max), 0.0);
    for block in row.chunks(AT_ONCE) {
        let vectors = block.chunks_exact(lanes);
        let rest = vectors.remainder();
        let mut of_block = ops.zero();
        for vector in vectors {
            of_block = ops.add(of_block, Exp::apply(isa, ops.sub(ops.load(vector), largest)));
        }
        sum += f64::from(sum_of::<I>(of_block));
        sum += rest.iter().map(|&x| f64::from(x - max).exp()).sum::<f64>();
    }
    f64::from(max) + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defined(row: &[f32]) -> f64 {
        row.iter().map(|&x| f64::from(x).exp()).sum::<f64>().ln()
    }

    #[test]
    fn sums_are_those_of_the_definition() {
        for d in [1, 3, 16, 64, 65, 1000, 50_257] {
            let rows: Vec<f32> = (0..3 * d).map(|i| ((i * 7919 + d) % 2003) as f32 / 50.0 - 20.0).collect();
            let found = log_sum_exp(&rows, d);
            assert_eq!(found.len(), 3);
            for (row, found) in rows.chunks_exact(d).zip(found) {
                let expected = defined(row);
                assert!((found - expected).abs() < 3e-7, "{d}: {found} {expected}");
            }
        }
    }

    #[test]
    fn large_numbers_do_not_overflow_and_what_is_no_number_stays_none() {
        let close = |row: &[f32], expected: f64| {
            let found = log_sum_exp(row, row.len())[0];
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        };
        close(&[1e4, 1e4, -1e4], 1e4 + 2.0_f64.ln());
        close(&[-1e30, 0.0, 0.0, f32::NEG_INFINITY], 2.0_f64.ln());
        assert!(log_sum_exp(&[0.0, f32::NAN, 1.0], 3)[0].is_nan());
        assert!(log_sum_exp(&[0.0, f32::INFINITY], 2)[0].is_nan());
        assert_eq!(log_sum_exp(&[f32::NEG_INFINITY; 2], 2)[0], f64::NEG_INFINITY);
    }
}
