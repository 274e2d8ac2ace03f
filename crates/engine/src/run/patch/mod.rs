//! The hooks that patch a forward pass: [`tensors`] by tensor operations on any device, [`host`] by the kernels where those work.

mod host;
mod tensors;

use std::ops::Range;

use burn::tensor::Tensor;

use self::host::HostPatcher;
pub use self::tensors::Rows as TensorRows;
use self::tensors::TensorPatcher;
use super::ablation::SrcActivations;
use super::kept::Kept;
use super::masks::Masks;
use crate::model::{Dest, DestInput, Hooks};
use circuitscope_core::SrcKind;

/// Patches the edges of some circuits, all in one forward pass.
pub struct Patcher<'m>(Box<dyn Hooks + 'm>);

impl<'m> Patcher<'m> {
    pub fn new<'a: 'm>(masks: &'m mut Masks<'a>, patch: &'m SrcActivations) -> Self {
        if masks.on_host() {
            Self(Box::new(HostPatcher::new(masks, patch, None)))
        } else {
            Self(Box::new(TensorPatcher::new(masks, patch, None)))
        }
    }

    /// For a pass that begins at a later block, as an unpatched run that was kept reaches it.
    pub fn resumed<'a: 'm>(masks: &'m mut Masks<'a>, patch: &'m SrcActivations, kept: &'m Kept, block: usize) -> Self {
        if masks.on_host() {
            return Self(Box::new(HostPatcher::new(masks, patch, Some((kept, block)))));
        }
        let (graph, n_circuits) = (masks.graph(), masks.n_circuits());
        let rows =
            kept.tensor_rows(block, n_circuits, || TensorRows::before(block, graph, patch, &kept.out, n_circuits));
        Self(Box::new(TensorPatcher::new(masks, patch, Some(rows))))
    }
}

impl Hooks for Patcher<'_> {
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput {
        self.0.dest_input(dest, resid)
    }

    fn src_output(&mut self, src: SrcKind, out: Tensor<5>, positions: &Range<usize>) {
        self.0.src_output(src, out, positions);
    }

    fn wants(&self, src: SrcKind) -> bool {
        self.0.wants(src)
    }

    fn wanted_nodes(&self, src: SrcKind) -> Option<Vec<usize>> {
        self.0.wanted_nodes(src)
    }
}
