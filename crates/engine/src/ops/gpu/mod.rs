//! Operations of our own on a GPU, each in one dispatch: a norm, and attention from scores to the sum of values; [`product`] by weights;
//! and what patching takes, [`nodes`].
//!
//! Products have a backward pass, by their left side; of the others plain tensor operations take the place where gradients are wanted.

#![allow(unsafe_code, reason = "kernels are launched without checks of their indices, which each launch argues for")]

mod attention;
mod backward;
mod multiply;
pub mod nodes;
pub mod product;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchDevice, TensorMetadata, backend_extension};
use burn::tensor::{Device, Shape, Tensor};
use burn_cubecl::ops::numeric::empty_device;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, kernel::into_contiguous};
use cubecl::prelude::*;

use attention::attend_queries;

/// The threads of a workgroup: two or more of what any adapter runs at a time.
const N_UNITS: u32 = 64;
/// WebGPU's least limit of workgroups on an axis.
const MOST_WORKGROUPS: u32 = 65_535;
/// How many scores fit a workgroup's memory, of which WebGPU promises 16 KiB.
const MOST_KEYS: usize = 2048;

/// A norm over rows.
#[derive(Debug, Clone, Copy)]
pub struct RowNorm {
    pub is_layer: bool,
    pub eps: f32,
}

/// Which keys queries attend to, and what is made of them.
#[derive(Debug, Clone, Copy)]
pub struct GpuAttention {
    /// What scores are multiplied with.
    pub scale: f32,
    /// The position of the first query.
    pub first_query: usize,
    /// Whether no query attends to later positions.
    pub is_causal: bool,
    /// How many positions up to its own a query attends to at most.
    pub window: Option<usize>,
    /// Whether prompts begin with padding, which is not attended to.
    pub has_padding: bool,
    /// Whether the heads' outputs are to lie apart.
    pub apart: bool,
}

/// The functions that are applied after a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GpuAct {
    None,
    Gelu,
    GeluNew,
    Relu,
    Silu,
}

#[backend_extension(Cube)]
pub trait GpuKernels: Backend {
    /// # Shapes
    /// - x, output: `[.., d]`
    /// - gain, bias: `[d]`
    fn gpu_norm(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        norm: RowNorm,
    ) -> FloatTensor<Self>;

    /// # Shapes
    /// - q: `[circuit, head, batch, query, d_head]`
    /// - k, v: `[circuit, key and value head, batch, seq, d_head]`
    /// - padding: `[batch]`, how many tokens of each prompt are padding; of which nothing is read where none is
    /// - output: `[circuit, batch, query, head, d_head]`, or `[circuit, head, batch, query, d_head]` where heads are to be apart
    fn gpu_attention(
        q: FloatTensor<Self>,
        k: FloatTensor<Self>,
        v: FloatTensor<Self>,
        padding: FloatTensor<Self>,
        attention: GpuAttention,
    ) -> FloatTensor<Self>;

    /// Memory for one number, which is not set.
    fn gpu_unset(like: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Some threads of a workgroup take a row each; rows that are not there are computed like the last.
#[cube(launch_unchecked)]
fn norm_rows(
    x: &[f32],
    gain: &[f32],
    bias: &[f32],
    out: &mut [f32],
    eps: f32,
    d: usize,
    n_rows: usize,
    #[comptime] is_layer: bool,
    #[comptime] per_row: usize,
) {
    let unit = UNIT_POS as usize;
    let (own, first_sum) = (unit % per_row, unit / per_row * per_row);
    let row = CUBE_POS * comptime!(N_UNITS as usize / per_row) + unit / per_row;
    let first = min(row, n_rows - 1) * d;
    let n = f32::cast_from(d);
    let mut sums = Shared::<[f32]>::new_slice(N_UNITS as usize);
    let mut mean = 0.0f32;
    if comptime!(is_layer) {
        let mut sum = 0.0f32;
        for i in range_stepped(own, d, per_row) {
            sum += x[first + i];
        }
        sums[unit] = sum;
        sync_cube();
        for i in 0..per_row {
            mean += sums[first_sum + i];
        }
        mean /= n;
        sync_cube();
    }
    let mut squares = 0.0f32;
    for i in range_stepped(own, d, per_row) {
        let centred = x[first + i] - mean;
        squares += centred * centred;
    }
    sums[unit] = squares;
    sync_cube();
    let mut square = 0.0f32;
    for i in 0..per_row {
        square += sums[first_sum + i];
    }
    if row < n_rows {
        let scale = 1.0f32 / (square / n + eps).sqrt();
        for i in range_stepped(own, d, per_row) {
            out[first + i] = (x[first + i] - mean) * scale * gain[i] + bias[i];
        }
    }
}

/// A function of a number.
#[cube]
pub(super) fn activated(value: f32, #[comptime] act: GpuAct) -> f32 {
    match comptime!(act) {
        GpuAct::None => value,
        GpuAct::Gelu => value * 0.5f32 * (1.0f32 + Erf::erf(value * 0.707_106_77f32)),
        // `x sigmoid(2 √(2/π) (x + 0.044715 x³))`
        GpuAct::GeluNew => value * sigmoid(value * (1.595_769_f32 + 0.071_354_81f32 * value * value)),
        GpuAct::Relu => value.max(0.0f32),
        GpuAct::Silu => value * sigmoid(value),
    }
}

/// Where the exponential could be infinite, it is 0 to the last bit.
#[cube]
fn sigmoid(x: f32) -> f32 {
    1.0f32 / (1.0f32 + (0.0f32 - x.max(-80.0f32)).exp())
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

impl GpuKernels for CubeBackend {
    fn gpu_norm(x: CubeTensor, gain: CubeTensor, bias: CubeTensor, norm: RowNorm) -> CubeTensor {
        let (x, shape) = (into_contiguous(x.clone()), x.shape());
        let d = shape[shape.num_dims() - 1];
        let n_rows = shape.num_elements() / d.max(1);
        let out = like(&x, shape);
        let per_row = sharing(d / 8);
        // SAFETY: a row is taken of `x` and `out`, which have the same shape, and `gain` and `bias` are as long as a row.
        unsafe {
            norm_rows::launch_unchecked(
                &out.client,
                threads(n_rows * per_row),
                CubeDim::new_1d(N_UNITS),
                x.into_buffer_arg(),
                into_contiguous(gain).into_buffer_arg(),
                into_contiguous(bias).into_buffer_arg(),
                out.clone().into_buffer_arg(),
                norm.eps,
                d,
                n_rows,
                norm.is_layer,
                per_row,
            );
        }
        out
    }

    fn gpu_attention(
        q: CubeTensor,
        k: CubeTensor,
        v: CubeTensor,
        padding: CubeTensor,
        attention: GpuAttention,
    ) -> CubeTensor {
        let [q, k, v, padding] = [q, k, v, padding].map(into_contiguous);
        let GpuAttention { scale, first_query, is_causal, window, has_padding, apart } = attention;
        let (of_q, of_k) = (q.shape(), k.shape());
        let (circuits, heads, batch, queries, d_head) = (of_q[0], of_q[1], of_q[2], of_q[3], of_q[4]);
        let (key_value_heads, seq) = (of_k[1], of_k[3]);
        let n = circuits * heads * batch * queries;
        let most_keys = seq.next_power_of_two();
        // Where all scores of a workgroup have room.
        let per_query = sharing(seq.max(d_head)).max(N_UNITS as usize * most_keys / MOST_KEYS);
        let shape =
            if apart { [circuits, heads, batch, queries, d_head] } else { [circuits, batch, queries, heads, d_head] };
        let out = like(&q, Shape::new(shape));
        // SAFETY: the sizes are those of the tensors, and `seq` is at most what a workgroup has room for.
        unsafe {
            attend_queries::launch_unchecked(
                &out.client,
                threads(n * per_query),
                CubeDim::new_1d(N_UNITS),
                q.into_buffer_arg(),
                k.into_buffer_arg(),
                v.into_buffer_arg(),
                padding.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                scale,
                heads,
                key_value_heads,
                batch,
                queries,
                seq,
                d_head,
                first_query,
                window.unwrap_or(first_query + queries + seq),
                n,
                is_causal,
                has_padding,
                apart,
                most_keys,
                per_query,
            );
        }
        out
    }

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

/// Whether a workgroup has room for the scores of so many keys.
pub fn has_room_for(n_keys: usize) -> bool {
    n_keys <= MOST_KEYS
}

/// See [`GpuKernels::gpu_norm`].
pub fn norm<const D: usize>(x: Tensor<D>, gain: Tensor<1>, bias: Tensor<1>, norm: RowNorm) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::gpu_norm(x.into_dispatch(), gain.into_dispatch(), bias.into_dispatch(), norm))
}

/// See [`GpuKernels::gpu_attention`]; where heads are to be apart, they lie so, and the shape is the same.
pub fn attend([q, k, v]: [Tensor<5>; 3], padding: Option<Tensor<1>>, attention: GpuAttention) -> Tensor<5> {
    let [q, k, v] = [q, k, v].map(Tensor::into_dispatch);
    let padding = padding.map_or_else(|| Dispatch::gpu_unset(q.clone()), Tensor::into_dispatch);
    let z: Tensor<5> = Tensor::from_dispatch(Dispatch::gpu_attention(q, k, v, padding, attention));
    if attention.apart { z.permute([0, 2, 3, 1, 4]) } else { z }
}
