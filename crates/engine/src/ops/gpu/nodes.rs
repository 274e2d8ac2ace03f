//! What patching takes on a GPU: heads' outputs and a bias added to the residual stream, rows of differences, and the inputs of nodes of
//! which some have their own.

#![allow(unsafe_code, reason = "kernels are launched without checks of their indices, which each launch argues for")]

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Int, Shape, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::{N_UNITS, like, threads};

#[backend_extension(Cube)]
pub trait GpuNodes: Backend {
    /// The sum of the nodes' outputs, a bias and the residual stream. Circuits are as many for both, or 1.
    ///
    /// # Shapes
    /// - resid: `[circuit | 1, batch, position, d]`
    /// - nodes: `[circuit | 1, node, batch, position, d]`
    /// - bias: `[d]`
    /// - output: `[circuit, batch, position, d]`
    fn gpu_add_nodes(resid: FloatTensor<Self>, nodes: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Rows of a matrix, from `first` on, in place of which come the differences of what is patched in and what is there.
    ///
    /// # Shapes
    /// - rows, output: `[circuit, row, d]`
    /// - patch, out: `[circuit | 1, some rows, d]`; of one row all are alike where `patch` has one
    fn gpu_put_differences(
        rows: FloatTensor<Self>,
        patch: FloatTensor<Self>,
        out: FloatTensor<Self>,
        first: usize,
    ) -> FloatTensor<Self>;

    /// Each node's numbers from one of two places, and its bias.
    ///
    /// # Shapes
    /// - all: `[circuit | 1, node, row, d]`
    /// - some: `[circuit, index, row, d]`
    /// - sources: `[node]`: the node itself, or the number of nodes and its index in `some`
    /// - bias: `[node * d]`
    /// - output: `[circuit, node, row, d]`
    fn gpu_put_nodes(
        all: FloatTensor<Self>,
        some: FloatTensor<Self>,
        sources: IntTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// Each thread takes a number.
#[cube(launch_unchecked)]
fn add_nodes(
    resid: &[f32],
    nodes: &[f32],
    bias: &[f32],
    out: &mut [f32],
    n: usize,
    per_circuit: usize,
    d: usize,
    n_nodes: usize,
    resid_circuits: usize,
    node_circuits: usize,
) {
    let i = ABSOLUTE_POS;
    if i >= n {
        terminate!();
    }
    let (circuit, at) = (i / per_circuit, i % per_circuit);
    let first = (circuit % node_circuits) * n_nodes * per_circuit + at;
    let mut sum = 0.0f32;
    for node in 0..n_nodes {
        sum += nodes[first + node * per_circuit];
    }
    out[i] = resid[(circuit % resid_circuits) * per_circuit + at] + (sum + bias[at % d]);
}

/// Each thread takes a number.
#[cube(launch_unchecked)]
fn put_differences(
    rows: &mut [f32],
    patch: &[f32],
    out: &[f32],
    n: usize,
    per_circuit: usize,
    per_rows: usize,
    first: usize,
    patch_circuits: usize,
    out_circuits: usize,
) {
    let i = ABSOLUTE_POS;
    if i >= n {
        terminate!();
    }
    let (circuit, at) = (i / per_circuit, i % per_circuit);
    let patched = patch[(circuit % patch_circuits) * per_circuit + at];
    rows[circuit * per_rows + first + at] = patched - out[(circuit % out_circuits) * per_circuit + at];
}

/// Each thread takes a number.
#[cube(launch_unchecked)]
fn put_nodes(
    all: &[f32],
    some: &[f32],
    sources: &[i32],
    bias: &[f32],
    out: &mut [f32],
    n: usize,
    per_node: usize,
    d: usize,
    n_nodes: usize,
    n_some: usize,
    all_circuits: usize,
) {
    let i = ABSOLUTE_POS;
    if i >= n {
        terminate!();
    }
    let (circuit, node, at) = (i / (n_nodes * per_node), i / per_node % n_nodes, i % per_node);
    let source = usize::cast_from(sources[node]);
    let mut value = bias[node * d + at % d];
    if source < n_nodes {
        value += all[((circuit % all_circuits) * n_nodes + source) * per_node + at];
    } else {
        value += some[(circuit * n_some + source - n_nodes) * per_node + at];
    }
    out[i] = value;
}

impl GpuNodes for CubeBackend {
    fn gpu_add_nodes(resid: CubeTensor, nodes: CubeTensor, bias: CubeTensor) -> CubeTensor {
        let [resid, nodes, bias] = [resid, nodes, bias].map(into_contiguous);
        let (of_resid, of_nodes) = (resid.shape(), nodes.shape());
        let (d, per_circuit) = (of_resid[3], of_resid[1] * of_resid[2] * of_resid[3]);
        let circuits = of_resid[0].max(of_nodes[0]);
        let out = like(&resid, Shape::new([circuits, of_resid[1], of_resid[2], d]));
        let n = circuits * per_circuit;
        // SAFETY: the sizes are those of the tensors, and indices of circuits are taken modulo the number that each has.
        unsafe {
            add_nodes::launch_unchecked(
                &out.client,
                threads(n),
                CubeDim::new_1d(N_UNITS),
                resid.into_buffer_arg(),
                nodes.into_buffer_arg(),
                bias.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                n,
                per_circuit,
                d,
                of_nodes[1],
                of_resid[0],
                of_nodes[0],
            );
        }
        out
    }

    fn gpu_put_differences(rows: CubeTensor, patch: CubeTensor, out: CubeTensor, first: usize) -> CubeTensor {
        let [patch, out] = [patch, out].map(into_contiguous);
        // Rows that a kept run holds on to as well are copied.
        let rows = into_contiguous(rows);
        let rows = if rows.can_mut() { rows } else { rows.copy() };
        let (of_rows, of_patch, of_out) = (rows.shape(), patch.shape(), out.shape());
        let (circuits, per_rows, per_circuit) = (of_rows[0], of_rows[1] * of_rows[2], of_out[1] * of_out[2]);
        // SAFETY: the sizes are those of the tensors, and from `first` on there are as many rows as are put.
        unsafe {
            put_differences::launch_unchecked(
                &rows.client,
                threads(circuits * per_circuit),
                CubeDim::new_1d(N_UNITS),
                rows.clone().into_buffer_arg(),
                patch.into_buffer_arg(),
                out.into_buffer_arg(),
                circuits * per_circuit,
                per_circuit,
                per_rows,
                first * of_rows[2],
                of_patch[0],
                of_out[0],
            );
        }
        rows
    }

    fn gpu_put_nodes(all: CubeTensor, some: CubeTensor, sources: CubeTensor, bias: CubeTensor) -> CubeTensor {
        let [all, some, sources, bias] = [all, some, sources, bias].map(into_contiguous);
        let (of_all, of_some) = (all.shape(), some.shape());
        let (circuits, n_nodes, per_node) = (of_some[0], of_all[1], of_all[2] * of_all[3]);
        let out = like(&all, Shape::new([circuits, n_nodes, of_all[2], of_all[3]]));
        let n = circuits * n_nodes * per_node;
        // SAFETY: the sizes are those of the tensors, and each source is a node of `all` or, beyond those, of `some`.
        unsafe {
            put_nodes::launch_unchecked(
                &out.client,
                threads(n),
                CubeDim::new_1d(N_UNITS),
                all.into_buffer_arg(),
                some.into_buffer_arg(),
                sources.into_buffer_arg(),
                bias.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                n,
                per_node,
                of_all[3],
                n_nodes,
                of_some[1],
                of_all[0],
            );
        }
        out
    }
}

/// See [`GpuNodes::gpu_add_nodes`].
pub fn add_nodes_to(resid: Tensor<4>, nodes: Tensor<5>, bias: Tensor<1>) -> Tensor<4> {
    let added = Dispatch::gpu_add_nodes(resid.into_dispatch(), nodes.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(added)
}

/// See [`GpuNodes::gpu_put_differences`].
pub fn put_differences_in(rows: Tensor<3>, patch: Tensor<3>, out: Tensor<3>, first: usize) -> Tensor<3> {
    let [rows, patch, out] = [rows, patch, out].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::gpu_put_differences(rows, patch, out, first))
}

/// See [`GpuNodes::gpu_put_nodes`].
pub fn put_nodes_among(all: Tensor<4>, some: Tensor<4>, sources: Tensor<1, Int>, bias: Tensor<1>) -> Tensor<4> {
    let [all, some, bias] = [all.into_dispatch(), some.into_dispatch(), bias.into_dispatch()];
    Tensor::from_dispatch(Dispatch::gpu_put_nodes(all, some, sources.into_dispatch(), bias))
}
