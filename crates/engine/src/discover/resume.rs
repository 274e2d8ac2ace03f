//! Patched passes that begin at the first block that changed.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::model::{Dest, DestInput, Hooks, Model, Start, TokenBatch};
use crate::run::ablation::{SrcActivations, SrcGroup};
use crate::run::masks::Masks;
use crate::run::patch::{Patcher, Rows};
use circuitscope_core::{DestKind, Graph, SrcKind};

/// An unpatched run of a batch, with what is needed to go on from any block.
pub struct Kept<'a> {
    model: &'a dyn Model,
    graph: &'a Graph,
    tokens: TokenBatch,
    /// Of the output.
    positions: Range<usize>,
    patch: &'a SrcActivations,
    /// The outputs of the src nodes.
    out: SrcActivations,
    /// The residual stream before each block: `[1, batch, seq, d_model]`.
    resids: Vec<Tensor<4>>,
    /// The last rows that were made, with their block and number of circuits.
    rows: Option<(usize, usize, Rows)>,
}

/// Hooks that keep src outputs and the residual stream before each block.
struct Keeper<'a> {
    graph: &'a Graph,
    groups: Vec<SrcGroup>,
    resids: Vec<Tensor<4>>,
}

impl Hooks for Keeper<'_> {
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput {
        // Keys are asked for at all positions, once a block.
        if dest.kinds.contains(&DestKind::K(self.resids.len())) {
            self.resids.push(resid.clone());
        }
        DestInput::Resid
    }

    fn src_output(&mut self, kind: SrcKind, out: Tensor<5>, positions: &Range<usize>) {
        self.groups.push(SrcGroup { kind, out, first_position: positions.start });
    }

    fn wants(&self, src: SrcKind) -> bool {
        self.graph.srcs.iter().any(|s| s.kind == src)
    }
}

impl<'a> Kept<'a> {
    /// Runs the unpatched model; the second value is its logits, `[1, batch, position, d_vocab]`.
    pub fn new(
        model: &'a dyn Model,
        graph: &'a Graph,
        tokens: TokenBatch,
        positions: Range<usize>,
        patch: &'a SrcActivations,
    ) -> (Self, Tensor<4>) {
        let mut keeper = Keeper { graph, groups: Vec::new(), resids: Vec::new() };
        let logits = model.forward(&tokens, positions.clone(), &mut keeper);
        let Keeper { groups, resids, .. } = keeper;
        let out = SrcActivations { groups };
        (Self { model, graph, tokens, positions, patch, out, resids, rows: None }, logits)
    }

    /// Runs circuits whose patched edges all end in `block` or later.
    ///
    /// # Shapes
    /// - output: `[circuit, batch, position, d_vocab]`
    pub fn run(&mut self, block: usize, masks: &mut Masks<'_>) -> Tensor<4> {
        let n_circuits = masks.n_circuits();
        let Some(resid) = self.resids.get(block).cloned() else {
            // A model that does not ask for keys is run from its beginning.
            let mut patcher = Patcher::new(masks, self.patch);
            return self.finish(None, &mut patcher, n_circuits);
        };
        let known = self.rows.take().filter(|(b, n, _)| *b == block && *n == n_circuits).map(|(.., rows)| rows);
        let rows = known.unwrap_or_else(|| Rows::before(block, self.graph, self.patch, &self.out, n_circuits));
        self.rows = Some((block, n_circuits, rows.clone()));
        let mut patcher = Patcher::resumed(masks, self.patch, rows);
        self.finish(Some(Start { block, resid }), &mut patcher, n_circuits)
    }

    /// Frees the rows that the last circuits were run with; they are made again for the next.
    pub fn drop_rows(&mut self) {
        self.rows = None;
    }

    fn finish(&self, start: Option<Start>, patcher: &mut Patcher<'_, '_>, n_circuits: usize) -> Tensor<4> {
        let resid = self.model.resid_end_from(start, &self.tokens, self.positions.clone(), patcher);
        let logits = self.model.unembed(resid);
        let [_, batch, pos, d_vocab] = logits.dims();
        // Circuits that no patch has made different share one output.
        logits.expand([n_circuits, batch, pos, d_vocab])
    }
}
