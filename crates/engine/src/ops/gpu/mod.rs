//! Operations of our own on a GPU, each in one dispatch or two.
//!
//! - [`norm`]; [`attend`] from scores to the sum of values, whose kernels are in `attention`; [`product`] by weights, with a bias and an
//!   [`activation`], whose kernels are in `multiply`; `backward`: the gradients by their inputs, where weights are constants.
//! - [`node_product`]: the product by which EAP finds the gradient by every node's input.
//! - [`nodes`], and [`sums`] of patched edges with the norm that follows: what patching takes.

#![allow(unsafe_code, reason = "kernels are launched without checks of their indices, which each launch argues for")]

pub mod activation;
pub mod attend;
mod attention;
mod backward;
mod multiply;
pub mod node_product;
pub mod nodes;
pub mod norm;
pub mod product;
pub mod sums;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchDevice, backend_extension};
use burn::tensor::{Device, Shape, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::ops::numeric::empty_device;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// The threads of a workgroup: two or more of what any adapter runs at a time.
const N_UNITS: u32 = 64;
/// WebGPU's least limit of workgroups on an axis.
const MOST_WORKGROUPS: u32 = 65_535;

#[backend_extension(Cube)]
pub trait GpuMemory: Backend {
    /// Memory for one number, which is not set.
    fn gpu_unset(like: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// How many threads of a workgroup share what could be split among `most`.
fn sharing(most: usize) -> usize {
    most.next_power_of_two().clamp(8, N_UNITS as usize)
}

/// So many workgroups or some more, on two axes where one would be too long.
fn workgroups(n: usize) -> [u32; 2] {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    let x = n.clamp(1, MOST_WORKGROUPS);
    [x, n.div_ceil(x)]
}

/// The same for kernels that number them themselves.
fn cubes(n: usize) -> CubeCount {
    let [x, y] = workgroups(n);
    CubeCount::Static(x, y, 1)
}

fn like(x: &CubeTensor, shape: Shape) -> CubeTensor {
    empty_device::<f32>(x.client.clone(), x.device.clone(), shape)
}

impl GpuMemory for CubeBackend {
    fn gpu_unset(one: CubeTensor) -> CubeTensor {
        like(&one, Shape::new([1]))
    }
}

/// As many workgroups as `n` threads take.
fn threads(n: usize) -> CubeCount {
    cubes(n.div_ceil(N_UNITS as usize))
}

/// Whether these operations compute on a device: on a GPU, where no gradients are wanted.
pub fn work_on(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::Cube(_))
}

/// The same, or that gradients are wanted there.
pub fn differentiates_on(device: &Device) -> bool {
    match device.as_dispatch() {
        DispatchDevice::Cube(_) => true,
        DispatchDevice::Autodiff(device) => matches!(**device, DispatchDevice::Cube(_)),
        _ => false,
    }
}

/// Memory for one number, which is not set, in the place of a tensor of which nothing is read.
fn unset<const D: usize>(like: &Tensor<D>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::gpu_unset(like.clone().without_autodiff().into_dispatch()))
}
