//! Patching by tensor operations.
//!
//! When a src node has its output, the difference `patch - current` is computed once and written as a row of a matrix whose
//! row 0 is the residual stream. The inputs of a group of dest nodes are then one product of their mask with
//! those rows: `[node, 1 + src] x [1 + src, batch * position * d_model]`, for several circuits in one batched product. In a
//! token-wise graph the mask differs by position, which then is an axis of the batch.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::model::{Dest, DestInput, Hooks};
#[cfg(feature = "gpu")]
use crate::ops::gpu;
use crate::ops::own_inputs::OwnInputs;
use crate::run::ablation::SrcActivations;
use crate::run::masks::{Mask, Masks};
use circuitscope_core::{Graph, SrcKind};

/// Patches the edges of some circuits, all in one forward pass.
pub struct TensorPatcher<'a, 'm> {
    masks: &'m mut Masks<'a>,
    patch: &'m SrcActivations,
    rows: Option<Rows>,
}

/// The rows that masks are multiplied with.
#[derive(Debug, Clone)]
pub struct Rows {
    /// `[circuit, position | 1, 1 + src, columns]`: columns are batch, position and `d_model`, or batch and `d_model`
    /// where position is an axis of its own.
    tensor: Tensor<4>,
    /// Their positions.
    positions: Range<usize>,
    batch: usize,
    d_model: usize,
    token_wise: bool,
}

impl<'a, 'm> TensorPatcher<'a, 'm> {
    /// With the rows of the src nodes before the first block that is run, see [`Rows::before`].
    pub fn new(masks: &'m mut Masks<'a>, patch: &'m SrcActivations, rows: Option<Rows>) -> Self {
        Self { masks, patch, rows }
    }

    fn graph(&self) -> &'a Graph {
        self.masks.graph()
    }

    /// # Shapes
    /// - mask: `[circuit, position | 1, node, 1 + src]`
    /// - resid: `[circuit | 1, batch, position, d_model]`
    /// - output: `[circuit, node, batch, position, d_model]`
    fn patched(&mut self, mask: Tensor<4>, dest: &Dest, resid: &Tensor<4>) -> OwnInputs {
        let rows = self.rows.as_mut().expect("a dest node comes after a src node");
        rows.keep(&dest.positions);
        rows.put(0, resid.clone().unsqueeze_dim(1));
        let [_, _, n_nodes, n_rows] = mask.dims();
        #[cfg(feature = "gpu")]
        if gpu::work_on(&mask.device()) {
            let [circuits, axis, n_all, columns] = rows.tensor.dims();
            if !rows.token_wise {
                let (batch, d_model) = (rows.batch, rows.d_model);
                let mask = mask.reshape([circuits, n_nodes, n_rows]);
                let rows = rows.tensor.clone().reshape([circuits, n_all, columns / d_model, d_model]);
                return OwnInputs::Sums { sums: Box::new(gpu::sums::Sums { mask, rows }), batch };
            }
            let mask = mask.reshape([1, circuits * axis, 1, n_nodes, n_rows]);
            let rows_of_all = rows.tensor.clone().reshape([circuits * axis, 1, n_all, columns]);
            let patched = gpu::product::product(mask, rows_of_all, None, gpu::activation::GpuAct::None);
            return OwnInputs::from(rows.nodes_of(patched.reshape([circuits, axis, n_nodes, columns]), n_nodes));
        }
        let patched = mask.matmul(rows.tensor.clone().narrow(2, 0, n_rows)); // [circuit, position | 1, node, columns]
        OwnInputs::from(rows.nodes_of(patched, n_nodes))
    }
}

impl Hooks for TensorPatcher<'_, '_> {
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput {
        match self.masks.of(dest) {
            Mask::Nothing => DestInput::Resid,
            Mask::Each(mask) => DestInput::Each(self.patched(mask, dest, resid)),
            Mask::Some { nodes, mask } => DestInput::Some { nodes, input: self.patched(mask, dest, resid) },
        }
    }

    fn src_output(&mut self, src: SrcKind, out: Tensor<5>, positions: &Range<usize>) {
        let srcs = &self.graph().srcs;
        let Some(first) = srcs.iter().position(|s| s.kind == src) else { return };
        let Some(patch) = self.patch.at(src, positions.start) else { return };
        let (n_src, n_circuits) = (srcs.len(), self.masks.n_circuits());
        let token_wise = self.graph().config.seq_len.is_some();
        let rows = self.rows.get_or_insert_with(|| Rows::new(&out, positions, n_circuits, n_src, token_wise));
        rows.keep(positions);
        rows.put_difference(1 + first, patch, out);
    }

    fn wants(&self, src: SrcKind) -> bool {
        self.masks.patches_from(src)
    }
}

impl Rows {
    /// The rows of the src nodes before a block, from their outputs in an unpatched run.
    pub fn before(
        block: usize,
        graph: &Graph,
        patch: &SrcActivations,
        out: &SrcActivations,
        n_circuits: usize,
    ) -> Self {
        let is_before = |kind: SrcKind| kind.block().is_none_or(|b| b < block);
        let token_wise = graph.config.seq_len.is_some();
        let mut rows: Option<Self> = None;
        for (first, src) in
            graph.srcs.iter().enumerate().filter(|(_, s)| is_before(s.kind) && s.head_idx.unwrap_or(0) == 0)
        {
            let Some(group) = out.groups.iter().find(|group| group.kind == src.kind) else { continue };
            // Where a prefix is known the run begins after it.
            let (start, out) = (group.first_position, group.out.clone());
            let Some(patch) = patch.at(src.kind, start) else { continue };
            let positions = start..start + out.dims()[3];
            let rows =
                rows.get_or_insert_with(|| Self::new(&out, &positions, n_circuits, graph.srcs.len(), token_wise));
            rows.put_difference(1 + first, patch, out);
        }
        rows.expect("the embedding is before every block")
    }

    /// Zeros for all rows. `like` is `[_, _, batch, position, d_model]`.
    fn new(like: &Tensor<5>, positions: &Range<usize>, n_circuits: usize, n_src: usize, token_wise: bool) -> Self {
        let [_, _, batch, pos, d_model] = like.dims();
        let (axis, columns) = if token_wise { (pos, batch * d_model) } else { (1, batch * pos * d_model) };
        let tensor = Tensor::zeros([n_circuits, axis, 1 + n_src, columns], &like.device());
        Self { tensor, positions: positions.clone(), batch, d_model, token_wise }
    }

    /// Writes rows from `first` on.
    ///
    /// # Shapes
    /// - values: `[circuit | 1, row, batch, position, d_model]`
    fn put(&mut self, first: usize, values: Tensor<5>) {
        let [n_circuits, axis, _, columns] = self.tensor.dims();
        let [circuits, n, ..] = values.dims();
        let values = if self.token_wise { values.permute([0, 3, 1, 2, 4]) } else { values };
        let values = values.reshape([circuits, axis, n, columns]).expand([n_circuits, axis, n, columns]);
        let target = [0..n_circuits, 0..axis, first..first + n, 0..columns];
        self.tensor = self.take().slice_assign(target, values);
    }

    /// Writes `patch - out` as rows from `first` on.
    ///
    /// # Shapes
    /// - patch: `[circuit | 1, row, batch | 1, position | 1, d_model]`
    /// - out: `[circuit | 1, row, batch, position, d_model]`
    fn put_difference(&mut self, first: usize, patch: Tensor<5>, out: Tensor<5>) {
        #[cfg(feature = "gpu")]
        if !self.token_wise && patch.dims()[1..] == out.dims()[1..] && gpu::work_on(&self.tensor.device()) {
            let [n_circuits, axis, n_rows, columns] = self.tensor.dims();
            let flat = |x: Tensor<5>| {
                let [circuits, n, ..] = x.dims();
                x.reshape([circuits, n, columns])
            };
            let rows = self.take().reshape([n_circuits, n_rows, columns]);
            let rows = gpu::nodes::put_differences_in(rows, flat(patch), flat(out), first);
            self.tensor = rows.reshape([n_circuits, axis, n_rows, columns]);
            return;
        }
        self.put(first, patch - out);
    }

    /// The rows, so that no copy of them is made when some are written, but of those that a kept run holds on to as well.
    fn take(&mut self) -> Tensor<4> {
        let device = self.tensor.device();
        std::mem::replace(&mut self.tensor, Tensor::empty([0, 0, 0, 0], &device))
    }

    /// Drops the positions before the start of a range that ends with the sequence.
    fn keep(&mut self, positions: &Range<usize>) {
        if self.positions == *positions {
            return;
        }
        let (skip, pos) = (positions.start - self.positions.start, positions.len());
        let [circuits, _, rows, columns] = self.tensor.dims();
        self.tensor = if self.token_wise {
            self.tensor.clone().narrow(1, skip, pos)
        } else {
            let split = [circuits, rows, self.batch, self.positions.len(), self.d_model];
            let kept = self.tensor.clone().reshape(split).narrow(3, skip, pos);
            kept.reshape([circuits, 1, rows, columns / self.positions.len() * pos])
        };
        self.positions = positions.clone();
    }

    /// # Shapes
    /// - patched: `[circuit, position | 1, node, columns]`
    /// - output: `[circuit, node, batch, position, d_model]`
    fn nodes_of(&self, patched: Tensor<4>, n_nodes: usize) -> Tensor<5> {
        let (circuits, pos) = (patched.dims()[0], self.positions.len());
        if self.token_wise {
            let split = patched.reshape([circuits, pos, n_nodes, self.batch, self.d_model]);
            split.permute([0, 2, 3, 1, 4])
        } else {
            patched.reshape([circuits, n_nodes, self.batch, pos, self.d_model])
        }
    }
}
