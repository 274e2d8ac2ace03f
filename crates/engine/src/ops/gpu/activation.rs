//! Activations on a GPU: after a product in the same dispatch, and where gradients are wanted in one of their own.

use burn::backend::TensorMetadata;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{N_UNITS, like, threads};

/// The functions that are applied after a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GpuAct {
    None,
    Gelu,
    GeluNew,
    Relu,
    Silu,
}

/// A function of a number.
#[cube]
pub fn activated(value: f32, #[comptime] act: GpuAct) -> f32 {
    match comptime!(act) {
        GpuAct::None => value,
        GpuAct::Gelu => value * normal_cdf(value),
        // `x sigmoid(2 √(2/π) (x + 0.044715 x³))`
        GpuAct::GeluNew => value * sigmoid(value * (1.595_769_f32 + 0.071_354_81f32 * value * value)),
        GpuAct::Relu => value.max(0.0f32),
        GpuAct::Silu => value * sigmoid(value),
    }
}

/// Its slope.
#[cube]
fn slope(value: f32, #[comptime] act: GpuAct) -> f32 {
    match comptime!(act) {
        GpuAct::None => 1.0f32,
        // The density is 0 to the last bit where its exponential could leave the range.
        GpuAct::Gelu => {
            let square = (value * value).min(160.0f32);
            normal_cdf(value) + value * 0.398_942_3f32 * (square * (-0.5f32)).exp()
        }
        GpuAct::GeluNew => {
            let square = value * value;
            let s = sigmoid(value * (1.595_769_f32 + 0.071_354_81f32 * square));
            s + value * s * (1.0f32 - s) * (1.595_769_f32 + 0.214_064_4f32 * square)
        }
        GpuAct::Relu => {
            let mut one = 0.0f32;
            if value > 0.0f32 {
                one = 1.0f32;
            }
            one
        }
        GpuAct::Silu => {
            let s = sigmoid(value);
            s + value * s * (1.0f32 - s)
        }
    }
}

#[cube]
fn normal_cdf(x: f32) -> f32 {
    0.5f32 * (1.0f32 + Erf::erf(x * 0.707_106_77f32))
}

/// Where the exponential could be infinite, it is 0 to the last bit.
#[cube]
fn sigmoid(x: f32) -> f32 {
    1.0f32 / (1.0f32 + (0.0f32 - x.max(-80.0f32)).exp())
}

/// Each thread takes a number.
#[cube(launch_unchecked)]
fn activate(x: &[f32], out: &mut [f32], n: usize, #[comptime] act: GpuAct) {
    let i = ABSOLUTE_POS;
    if i >= n {
        terminate!();
    }
    out[i] = activated(x[i], act);
}

/// Each thread takes a number.
#[cube(launch_unchecked)]
fn multiply_slopes(x: &[f32], gradient: &[f32], out: &mut [f32], n: usize, #[comptime] act: GpuAct) {
    let i = ABSOLUTE_POS;
    if i >= n {
        terminate!();
    }
    out[i] = gradient[i] * slope(x[i], act);
}

/// The function of each number.
pub fn forward(x: CubeTensor, act: GpuAct) -> CubeTensor {
    let x = into_contiguous(x);
    let (out, n) = (like(&x, x.shape()), x.shape().num_elements());
    // SAFETY: both have `n` numbers.
    unsafe {
        activate::launch_unchecked(
            &out.client,
            threads(n),
            CubeDim::new_1d(N_UNITS),
            x.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            n,
            act,
        );
    }
    out
}

/// The gradient by each number, from that by its function.
pub fn backward(x: CubeTensor, gradient: CubeTensor, act: GpuAct) -> CubeTensor {
    let [x, gradient] = [x, gradient].map(into_contiguous);
    let (out, n) = (like(&x, x.shape()), x.shape().num_elements());
    // SAFETY: all three have `n` numbers.
    unsafe {
        multiply_slopes::launch_unchecked(
            &out.client,
            threads(n),
            CubeDim::new_1d(N_UNITS),
            x.into_buffer_arg(),
            gradient.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            n,
            act,
        );
    }
    out
}
