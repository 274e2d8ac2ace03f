//! Sums of patched edges on a GPU, where one follows with their norm in the same dispatch.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::activation::GpuAct;
use super::norm::RowNorm;
use super::product::product;
use super::{cubes, like, unset};

/// The threads of a workgroup, at least and at most: what WebGPU promises.
const UNITS: [usize; 2] = [64, 256];
/// How many numbers a thread keeps in registers for the sums of all inputs of a workgroup.
const MOST_SUMS: usize = 48;
/// For how many inputs a workgroup reads rows once, at most.
const MOST_INPUTS: usize = 16;
/// How many numbers a workgroup's memory has, of which WebGPU promises 16 KiB.
const MEMORY: usize = 4096;
/// How many of a workgroup's numbers one thread adds up, where so many threads are busy.
const MOST_SEGMENTS: usize = 16;

/// Inputs that are sums of the residual stream and of patched edges, still to be added up.
#[derive(Debug, Clone)]
pub struct Sums {
    /// How much of each row is added: `[circuit, input, row]`.
    pub mask: Tensor<3>,
    /// The residual stream and differences, of which the first are read: `[circuit, row or more, batch * position, d]`.
    pub rows: Tensor<4>,
}

#[backend_extension(Cube)]
pub trait GpuSums: Backend {
    /// # Shapes
    /// - mask: `[circuit, input, row]`
    /// - rows: `[circuit, row or more, position, d]`
    /// - gain, bias: `[d]`, of which nothing is read without a norm
    /// - output: `[circuit, input, position, d]`
    fn gpu_sums(
        mask: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        norm: Option<RowNorm>,
    ) -> FloatTensor<Self>;
}

/// How a workgroup is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct How {
    has_norm: bool,
    is_layer: bool,
    units: usize,
    /// How many columns each thread has.
    columns: usize,
    /// For how many inputs.
    inputs: usize,
    /// Among how many threads a sum over an input's columns is divided.
    segments: usize,
}

impl How {
    /// `None` where the registers do not hold a row.
    fn new(d: usize, n_inputs: usize, norm: Option<RowNorm>) -> Option<Self> {
        let units = d.div_ceil(4).next_power_of_two().clamp(UNITS[0], UNITS[1]);
        let columns = d.div_ceil(units);
        let room = (1..=MOST_SUMS / columns.max(1)).next_back()?;
        let most = if room.is_power_of_two() { room } else { room.next_power_of_two() / 2 };
        let mut inputs = n_inputs.next_power_of_two().min(most).min(MOST_INPUTS);
        let segments = |inputs: usize| (units / inputs).min(MOST_SEGMENTS);
        // A number of each thread, and the segments.
        while inputs * (units + segments(inputs)) > MEMORY {
            inputs /= 2;
        }
        let (has_norm, is_layer) = (norm.is_some(), norm.is_some_and(|norm| norm.is_layer));
        Some(Self { has_norm, is_layer, units, columns, inputs, segments: segments(inputs) })
    }
}

/// The sizes of tensors.
#[derive(CubeLaunch, CubeType)]
struct Sizes {
    positions: usize,
    d: usize,
    inputs: usize,
    /// How many rows are added, and how many there are.
    rows: usize,
    all_rows: usize,
    /// Into how many blocks inputs are divided.
    blocks: usize,
    /// How many workgroups there are at least.
    n: usize,
    eps: f32,
    #[cube(comptime)]
    how: How,
}

/// A workgroup takes a position of some inputs of a circuit.
#[cube(launch_unchecked)]
fn add_rows(mask: &[f32], rows: &[f32], gain: &[f32], bias: &[f32], out: &mut [f32], sizes: Sizes) {
    let cube = CUBE_POS;
    if cube >= sizes.n {
        terminate!();
    }
    let how = comptime!(sizes.how);
    let unit = UNIT_POS as usize;
    let (block, position) = (cube % sizes.blocks, cube / sizes.blocks % sizes.positions);
    let circuit = cube / (sizes.blocks * sizes.positions);
    let first_input = circuit * sizes.inputs + block * how.inputs;
    // Inputs that are not there are computed like the last.
    let last_input = circuit * sizes.inputs + sizes.inputs - 1;
    let mut sums = Array::<f32>::new(comptime!(how.inputs * how.columns));
    #[unroll]
    for i in 0..comptime!(how.inputs * how.columns) {
        sums[i] = 0.0f32;
    }
    for row in 0..sizes.rows {
        let first = ((circuit * sizes.all_rows + row) * sizes.positions + position) * sizes.d;
        let mut values = Array::<f32>::new(how.columns);
        #[unroll]
        for j in 0..how.columns {
            let column = j * how.units + unit;
            let mut value = 0.0f32;
            if column < sizes.d {
                value = rows[first + column];
            }
            values[j] = value;
        }
        #[unroll]
        for i in 0..how.inputs {
            let amount = mask[min(first_input + i, last_input) * sizes.rows + row];
            #[unroll]
            for j in 0..how.columns {
                sums[comptime!(i * how.columns + j)] += amount * values[j];
            }
        }
    }
    if comptime!(how.has_norm) {
        norm_sums(&mut sums, gain, bias, sizes.d, sizes.eps, how);
    }
    #[unroll]
    for i in 0..how.inputs {
        let input = first_input + i;
        if input <= last_input {
            #[unroll]
            for j in 0..how.columns {
                let column = j * how.units + unit;
                if column < sizes.d {
                    let at = (input * sizes.positions + position) * sizes.d + column;
                    out[at] = sums[comptime!(i * how.columns + j)];
                }
            }
        }
    }
}

/// Puts the norm of each input's sums in their place.
#[cube]
fn norm_sums(sums: &mut Array<f32>, gain: &[f32], bias: &[f32], d: usize, eps: f32, #[comptime] how: How) {
    let unit = UNIT_POS as usize;
    let mut means = Array::<f32>::new(how.inputs);
    #[unroll]
    for i in 0..how.inputs {
        means[i] = 0.0f32;
    }
    let mut own = Shared::<[f32]>::new_slice(comptime!(how.inputs * how.units));
    let mut parts = Shared::<[f32]>::new_slice(comptime!(how.inputs * how.segments));
    let n = f32::cast_from(d);
    if comptime!(how.is_layer) {
        #[unroll]
        for i in 0..how.inputs {
            let mut sum = 0.0f32;
            #[unroll]
            for j in 0..how.columns {
                sum += sums[comptime!(i * how.columns + j)];
            }
            own[i * how.units + unit] = sum;
        }
        add_up(&own, &mut parts, how);
        #[unroll]
        for i in 0..how.inputs {
            means[i] = total(&parts, i, how) / n;
        }
        sync_cube();
    }
    #[unroll]
    for i in 0..how.inputs {
        let mut squares = 0.0f32;
        #[unroll]
        for j in 0..how.columns {
            if j * how.units + unit < d {
                let centred = sums[comptime!(i * how.columns + j)] - means[i];
                squares += centred * centred;
            }
        }
        own[i * how.units + unit] = squares;
    }
    add_up(&own, &mut parts, how);
    #[unroll]
    for i in 0..how.inputs {
        let scale = 1.0f32 / (total(&parts, i, how) / n + eps).sqrt();
        #[unroll]
        for j in 0..how.columns {
            let column = min(j * how.units + unit, d - 1);
            let at = comptime!(i * how.columns + j);
            sums[at] = (sums[at] - means[i]) * scale * gain[column] + bias[column];
        }
    }
}

/// Adds up what the threads have of each input, in segments.
#[cube]
fn add_up(own: &Shared<[f32]>, parts: &mut Shared<[f32]>, #[comptime] how: How) {
    sync_cube();
    let (unit, each) = (UNIT_POS as usize, comptime!(how.units / how.segments));
    // All threads where inputs and segments are as many.
    if unit < comptime!(how.inputs * how.segments) {
        let mut sum = 0.0f32;
        for i in 0..each {
            sum += own[unit * each + i];
        }
        parts[unit] = sum;
    }
    sync_cube();
}

/// The sum of an input's segments.
#[cube]
fn total(parts: &Shared<[f32]>, input: usize, #[comptime] how: How) -> f32 {
    let mut total = 0.0f32;
    for i in 0..how.segments {
        total += parts[input * how.segments + i];
    }
    total
}

impl GpuSums for CubeBackend {
    fn gpu_sums(
        mask: CubeTensor,
        rows: CubeTensor,
        gain: CubeTensor,
        bias: CubeTensor,
        norm: Option<RowNorm>,
    ) -> CubeTensor {
        let [mask, rows, gain, bias] = [mask, rows, gain, bias].map(into_contiguous);
        let (of_mask, of_rows) = (mask.shape(), rows.shape());
        let (circuits, inputs, positions, d) = (of_mask[0], of_mask[1], of_rows[2], of_rows[3]);
        let how = How::new(d, inputs, norm).expect("rows that fit registers");
        let blocks = inputs.div_ceil(how.inputs);
        let out = like(&rows, Shape::new([circuits, inputs, positions, d]));
        let n = circuits * positions * blocks;
        let eps = norm.map_or(0.0, |norm| norm.eps);
        let sizes = SizesLaunch::new(positions, d, inputs, of_mask[2], of_rows[1], blocks, n, eps, how);
        // SAFETY: the sizes are those of the tensors; inputs and columns beyond them are neither read nor written.
        unsafe {
            add_rows::launch_unchecked(
                &out.client,
                cubes(n),
                CubeDim::new_1d(how.units as u32),
                mask.into_buffer_arg(),
                rows.into_buffer_arg(),
                gain.into_buffer_arg(),
                bias.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                sizes,
            );
        }
        out
    }
}

impl Sums {
    /// `[circuit, input, batch * position, d]`
    pub fn dims(&self) -> [usize; 4] {
        let ([circuits, inputs, _], [_, _, positions, d]) = (self.mask.dims(), self.rows.dims());
        [circuits, inputs, positions, d]
    }

    /// The sums, `[circuit, input, batch * position, d]`.
    pub fn added(self) -> Tensor<4> {
        let [circuits, inputs, positions, d] = self.dims();
        let unset = || unset(&self.mask);
        if let Some(added) = self.by_rows(None, [unset(), unset()]) {
            return added;
        }
        let ([_, _, n_rows], [_, all_rows, ..]) = (self.mask.dims(), self.rows.dims());
        let mask = self.mask.reshape([1, circuits, 1, inputs, n_rows]);
        let rows = self.rows.reshape([circuits, 1, all_rows, positions * d]);
        product(mask, rows, None, GpuAct::None).reshape([circuits, inputs, positions, d])
    }

    /// The sums after a norm; `None` where a row is too long.
    pub fn normed(&self, norm: RowNorm, of_norm: [Tensor<1>; 2]) -> Option<Tensor<4>> {
        self.by_rows(Some(norm), of_norm)
    }

    fn by_rows(&self, norm: Option<RowNorm>, [gain, bias]: [Tensor<1>; 2]) -> Option<Tensor<4>> {
        let [_, inputs, _, d] = self.dims();
        How::new(d, inputs, norm)?;
        let [mask, rows] = [self.mask.clone().into_dispatch(), self.rows.clone().into_dispatch()];
        let [gain, bias] = [gain, bias].map(Tensor::into_dispatch);
        Some(Tensor::from_dispatch(Dispatch::gpu_sums(mask, rows, gain, bias, norm)))
    }
}
