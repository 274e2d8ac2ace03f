//! Activations of an MLP and their derivatives.

use rten_simd::ops::{BitOps, FloatOps, NumOps};
use rten_simd::{Isa, SimdOp, SimdUnaryOp};
use rten_vecmath::{Erf, Exp};

use crate::split::{Shared, split};

/// What an MLP puts its hidden numbers through. Exponentials are within 1 ulp of `f32::exp`; the error function within 7e-7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// As they are.
    #[default]
    None,
    /// `x Φ(x)` (Hendrycks and Gimpel 2016).
    Gelu,
    /// Its approximation by a hyperbolic tangent.
    GeluNew,
    Relu,
    /// `x sigmoid(x)`
    Silu,
}

/// `√(8/π)` and `0.044715 √(8/π)`: `(1 + tanh u) / 2 = sigmoid(2u)` with `u = √(2/π) (x + 0.044715 x³)`.
const TANH: [f32; 2] = [1.595_769, 0.071_354_814];

impl Activation {
    /// The activation of a vector.
    #[inline(always)]
    pub(crate) fn of<I: Isa>(self, isa: I, x: I::F32) -> I::F32 {
        let ops = isa.f32();
        match self {
            Self::None => x,
            Self::Relu => ops.max(x, ops.zero()),
            Self::Silu => ops.div(x, ops.add(ops.one(), Exp::apply(isa, ops.neg(x)))),
            Self::GeluNew => {
                let [a, b] = TANH.map(|c| ops.splat(c));
                let twice = ops.mul(x, ops.mul_add(ops.mul(x, x), b, a));
                ops.div(x, ops.add(ops.one(), Exp::apply(isa, ops.neg(twice))))
            }
            Self::Gelu => ops.mul(x, normal_cdf(isa, x)),
        }
    }

    /// The derivative at a vector.
    #[inline(always)]
    fn slope<I: Isa>(self, isa: I, x: I::F32) -> I::F32 {
        let ops = isa.f32();
        match self {
            Self::None => ops.one(),
            Self::Relu => ops.select(ops.one(), ops.zero(), ops.gt(x, ops.zero())),
            Self::Silu => {
                let s = sigmoid(isa, x);
                ops.mul(s, ops.mul_add(x, ops.sub(ops.one(), s), ops.one()))
            }
            Self::GeluNew => {
                let [a, b] = TANH.map(|c| ops.splat(c));
                let square = ops.mul(x, x);
                let s = sigmoid(isa, ops.mul(x, ops.mul_add(square, b, a)));
                let inner = ops.mul_add(square, ops.mul(b, ops.splat(3.0)), a);
                ops.mul(s, ops.mul_add(ops.mul(x, inner), ops.sub(ops.one(), s), ops.one()))
            }
            Self::Gelu => {
                // The density of the normal distribution.
                let half_square = ops.mul(ops.mul(x, x), ops.splat(-0.5));
                let density = ops.mul(Exp::apply(isa, half_square), ops.splat(0.398_942_3));
                ops.mul_add(x, density, normal_cdf(isa, x))
            }
        }
    }

    /// The activation of every number, in place.
    pub fn forward(self, x: &mut [f32]) {
        if self != Self::None {
            self.with_slope(x, None);
        }
    }

    /// The same, within another operation.
    #[inline(always)]
    pub(crate) fn in_place<I: Isa>(self, isa: I, x: &mut [f32]) {
        Map { act: self, values: x, at: None }.eval(isa);
    }

    /// Multiplies gradients by the derivative at `x`, the numbers that the activation was given.
    pub fn backward(self, x: &[f32], gradient: &mut [f32]) {
        if self != Self::None {
            self.with_slope(gradient, Some(x));
        }
    }

    fn with_slope(self, values: &mut [f32], at: Option<&[f32]>) {
        let (n, to) = (values.len(), Shared::new(values));
        // An exponential takes some 30 operations.
        split(n.div_ceil(BLOCK), n * 30, |blocks| {
            let (start, end) = (blocks.start * BLOCK, n.min(blocks.end * BLOCK));
            // SAFETY: parts do not overlap.
            let values = unsafe { to.slice(start, end - start) };
            Map { act: self, values, at: at.map(|at| &at[start..end]) }.dispatch();
        });
    }
}

/// How many numbers a thread takes at least.
const BLOCK: usize = 1024;

/// `1 / (1 + exp(-x))`
#[inline(always)]
fn sigmoid<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let ops = isa.f32();
    ops.div(ops.one(), ops.add(ops.one(), Exp::apply(isa, ops.neg(x))))
}

/// `(1 + erf(x / √2)) / 2`
#[inline(always)]
fn normal_cdf<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let ops = isa.f32();
    let half = ops.splat(0.5);
    let erf = Erf::apply(isa, ops.mul(x, ops.splat(std::f32::consts::FRAC_1_SQRT_2)));
    ops.mul_add(erf, half, half)
}

/// Applies an activation, or multiplies by its derivative.
struct Map<'a> {
    act: Activation,
    values: &'a mut [f32],
    at: Option<&'a [f32]>,
}

impl SimdOp for Map<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { act, values, at } = self;
        match act {
            Activation::None => {}
            Activation::Gelu => map(
                isa,
                values,
                at,
                #[inline(always)]
                |x, is_slope| of(isa, Activation::Gelu, x, is_slope),
            ),
            Activation::GeluNew => map(
                isa,
                values,
                at,
                #[inline(always)]
                |x, is_slope| of(isa, Activation::GeluNew, x, is_slope),
            ),
            Activation::Relu => map(
                isa,
                values,
                at,
                #[inline(always)]
                |x, is_slope| of(isa, Activation::Relu, x, is_slope),
            ),
            Activation::Silu => map(
                isa,
                values,
                at,
                #[inline(always)]
                |x, is_slope| of(isa, Activation::Silu, x, is_slope),
            ),
        }
    }
}

#[inline(always)]
fn of<I: Isa>(isa: I, act: Activation, x: I::F32, is_slope: bool) -> I::F32 {
    if is_slope { act.slope(isa, x) } else { act.of(isa, x) }
}

#[inline(always)]
fn map<I: Isa>(isa: I, values: &mut [f32], at: Option<&[f32]>, f: impl Fn(I::F32, bool) -> I::F32) {
    let ops = isa.f32();
    let lanes = ops.len();
    match at {
        None => {
            let mut chunks = values.chunks_exact_mut(lanes);
            for chunk in &mut chunks {
                ops.store(f(ops.load(chunk), false), chunk);
            }
            let rest = chunks.into_remainder();
            if !rest.is_empty() {
                let (x, mask) = ops.load_pad(rest);
                // SAFETY: the mask has as many numbers as are left.
                unsafe { ops.store_ptr_mask(f(x, false), rest.as_mut_ptr(), mask) };
            }
        }
        Some(at) => {
            let mut chunks = values.chunks_exact_mut(lanes);
            let mut xs = at.chunks_exact(lanes);
            for (chunk, x) in (&mut chunks).zip(&mut xs) {
                ops.store(ops.mul(ops.load(chunk), f(ops.load(x), true)), chunk);
            }
            let rest = chunks.into_remainder();
            if !rest.is_empty() {
                let (gradient, mask) = ops.load_pad(rest);
                let (x, _) = ops.load_pad(xs.remainder());
                // SAFETY: the mask has as many numbers as are left.
                unsafe { ops.store_ptr_mask(ops.mul(gradient, f(x, true)), rest.as_mut_ptr(), mask) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_and_slopes_are_those_of_the_definition() {
        // `erf` as a sum that converges everywhere.
        let erf = |x: f64| {
            let n = 20_000;
            let step = x / f64::from(n);
            let middle = |i: i32| (-((f64::from(i) + 0.5) * step).powi(2)).exp() * step;
            (0..n).map(middle).sum::<f64>() * 2.0 / std::f64::consts::PI.sqrt()
        };
        let defined = |act: Activation, x: f64| match act {
            Activation::None => x,
            Activation::Relu => x.max(0.0),
            Activation::Silu => x / (1.0 + (-x).exp()),
            Activation::Gelu => x * 0.5 * (1.0 + erf(x / 2f64.sqrt())),
            Activation::GeluNew => {
                x * 0.5 * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
            }
        };
        let x: Vec<f32> = (-45..=45).map(|i| i as f32 / 5.0 + 0.01).chain([-100.0, 100.0, -1e4, 1e4]).collect();
        for act in [Activation::None, Activation::Gelu, Activation::GeluNew, Activation::Relu, Activation::Silu] {
            let (mut found, mut slopes) = (x.clone(), vec![1.0; x.len()]);
            act.forward(&mut found);
            act.backward(&x, &mut slopes);
            for ((&x, &found), &slope) in x.iter().zip(&found).zip(&slopes) {
                let expected = defined(act, f64::from(x));
                assert!(
                    (f64::from(found) - expected).abs() < 2e-6 * expected.abs().max(1.0),
                    "{act:?}({x}) is {found}, not {expected}"
                );
                let h = 1e-4;
                let expected = (defined(act, f64::from(x) + h) - defined(act, f64::from(x) - h)) / (2.0 * h);
                assert!((f64::from(slope) - expected).abs() < 1e-5, "{act:?}'({x}) is {slope}, not {expected}");
            }
        }
    }
}
