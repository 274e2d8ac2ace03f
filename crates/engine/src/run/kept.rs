//! An unpatched run of a batch, with what is needed to go on from any block: circuits of which the first blocks are its own.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use burn::tensor::Tensor;

use super::ablation::{SrcActivations, SrcGroup};
use super::masks::Masks;
use super::patch::{Patcher, TensorRows};
use crate::model::{Dest, DestInput, Hooks, Model, Prefix, PrefixKeeper, Start, TokenBatch};
use crate::ops::edges::Row;
use circuitscope_core::{DestKind, Graph, SrcKind};

/// What is kept of an unpatched run.
#[derive(Debug)]
pub struct Kept {
    /// The outputs of the src nodes.
    pub out: SrcActivations,
    /// The residual stream before each block: `[1, batch, position, d_model]`.
    resids: Vec<Tensor<4>>,
    /// The dest nodes whose inputs were asked for, together and in this order.
    dests: Vec<Dest>,
    /// The rows of the src nodes that were asked for, see [`Kept::row`].
    rows: RefCell<Vec<Option<Row>>>,
    /// The last rows that were made on another device, with their block and number of circuits.
    tensor_rows: RefCell<Option<(usize, usize, TensorRows)>>,
}

/// Hooks that keep src outputs and the residual stream before each block, and the keys and values of the first positions.
pub struct Keeper<'a> {
    graph: &'a Graph,
    groups: Vec<SrcGroup>,
    dests: Vec<Dest>,
    resids: Vec<Tensor<4>>,
    prefix: PrefixKeeper,
    /// How many positions the prefix has.
    n_prefix: usize,
}

impl<'a> Keeper<'a> {
    /// One that keeps the keys and values of `n_prefix` positions, and everything else of the others.
    pub fn new(graph: &'a Graph, n_prefix: usize) -> Self {
        let prefix = PrefixKeeper::new(n_prefix);
        Self { graph, groups: Vec::new(), dests: Vec::new(), resids: Vec::new(), prefix, n_prefix }
    }

    pub fn into_kept(self) -> (Kept, Option<Rc<Prefix>>) {
        let rows = RefCell::new(vec![None; self.graph.srcs.len()]);
        let (out, tensor_rows) = (SrcActivations { groups: self.groups }, RefCell::new(None));
        (Kept { out, resids: self.resids, dests: self.dests, rows, tensor_rows }, self.prefix.into_prefix())
    }

    /// From the end of the prefix on; `axis` is that of positions.
    fn after_prefix<const D: usize>(&self, x: Tensor<D>, axis: usize) -> Tensor<D> {
        match self.n_prefix {
            0 => x,
            // Multiplied, so that it is a tensor of its own: a part of one holds on to all of it.
            n => x.clone().narrow(axis, n, x.dims()[axis] - n) * 1.0,
        }
    }
}

impl Hooks for Keeper<'_> {
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput {
        // Keys are asked for at all positions, once a block.
        if dest.kinds.contains(&DestKind::K(self.resids.len())) {
            self.resids.push(self.after_prefix(resid.clone(), 2));
        }
        self.dests.push(dest.clone());
        DestInput::Resid
    }

    fn src_output(&mut self, kind: SrcKind, out: Tensor<5>, positions: &Range<usize>) {
        let is_before = positions.start < self.n_prefix;
        let out = if is_before { self.after_prefix(out, 3) } else { out };
        self.groups.push(SrcGroup { kind, out, first_position: positions.start.max(self.n_prefix) });
    }

    fn keys_values(&mut self, block: usize, keys: &Tensor<5>, values: &Tensor<5>) {
        self.prefix.keys_values(block, keys, values);
    }

    fn wants(&self, src: SrcKind) -> bool {
        self.graph.srcs.iter().any(|s| s.kind == src)
    }
}

impl Kept {
    /// Runs the unpatched model; the second value is its logits, `[1, batch, position, d_vocab]`.
    pub fn run(model: &dyn Model, graph: &Graph, tokens: &TokenBatch, positions: Range<usize>) -> (Self, Tensor<4>) {
        let mut keeper = Keeper::new(graph, 0);
        let logits = model.forward(tokens, positions, &mut keeper);
        (keeper.into_kept().0, logits)
    }

    /// The logits of circuits, see [`Kept::resid_of`].
    ///
    /// # Shapes
    /// - output: `[circuit, batch, position, d_vocab]`
    pub fn circuits(
        &self,
        model: &dyn Model,
        input: (&TokenBatch, Range<usize>),
        masks: &mut Masks<'_>,
        patch: &SrcActivations,
    ) -> Tensor<4> {
        let n_circuits = masks.n_circuits();
        let logits = model.unembed(self.resid_of(model, input, masks, patch));
        let [_, batch, pos, d_vocab] = logits.dims();
        // Circuits that no patch has made different share one output.
        logits.expand([n_circuits, batch, pos, d_vocab])
    }

    /// The last residual streams of circuits, which are run from the first block on that a patched edge ends in: of each, or one of all
    /// where no patch has made them different. All are patched with the same until [`Kept::drop_rows`].
    ///
    /// # Shapes
    /// - output: `[circuit | 1, batch, position, d_model]`
    pub fn resid_of(
        &self,
        model: &dyn Model,
        (tokens, positions): (&TokenBatch, Range<usize>),
        masks: &mut Masks<'_>,
        patch: &SrcActivations,
    ) -> Tensor<4> {
        let block = masks.first_block().unwrap_or(usize::MAX).min(self.resids.len().saturating_sub(1));
        let is_run = |dest: &&Dest| dest.kinds.first().is_some_and(|kind| kind.block() >= block);
        masks.upload_all(self.dests.iter().filter(is_run));
        match self.resids.get(block) {
            Some(resid) => {
                let start = Start { block, resid: resid.clone() };
                let mut patcher = Patcher::resumed(masks, patch, self, block);
                model.resid_end_from(Some(start), tokens, positions, &mut patcher)
            }
            // A model that does not ask for keys is run from its beginning.
            None => model.resid_end(tokens, positions, &mut Patcher::new(masks, patch)),
        }
    }

    /// `patch - out` of a src node before a block, which is kept until [`Kept::drop_rows`].
    pub fn row(&self, graph: &Graph, patch: &SrcActivations, block: usize, src: usize) -> Option<Row> {
        let kind = graph.srcs[src].kind;
        if kind.block().is_some_and(|of| of >= block) {
            return None;
        }
        let row = &mut self.rows.borrow_mut()[src];
        if row.is_none() {
            let group = self.out.groups.iter().find(|group| group.kind == kind)?;
            let node = graph.srcs[src].head_idx.unwrap_or(0);
            let patch = patch.at(kind, group.first_position)?;
            let out = group.out.clone().narrow(1, node, 1);
            *row = Row::differences(patch, out, &[node]).pop();
        }
        row.clone()
    }

    /// The same for patching by tensor operations: `make` makes those that are not known.
    pub fn tensor_rows(&self, block: usize, n_circuits: usize, make: impl FnOnce() -> TensorRows) -> TensorRows {
        let mut kept = self.tensor_rows.borrow_mut();
        let known = kept.take().filter(|(b, n, _)| *b == block && *n == n_circuits).map(|(.., rows)| rows);
        let rows = known.unwrap_or_else(make);
        *kept = Some((block, n_circuits, rows.clone()));
        rows
    }

    /// Frees the rows that circuits were run with; they are made again for the next.
    pub fn drop_rows(&self) {
        self.rows.borrow_mut().fill(None);
        *self.tensor_rows.borrow_mut() = None;
    }
}
