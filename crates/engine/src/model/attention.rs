//! Multi-head attention with an input of its own for each head's query, key and value.

use std::ops::Range;
use std::rc::Rc;

use burn::tensor::Tensor;

use super::hooks::{Dest, DestInput, Hooks, Prefix};
use crate::ops::attend::{Masks, Reach, for_each_head};
use crate::ops::head_outputs::HeadOutputs;
use crate::ops::heads::{HeadInputs, Inputs, QkvRange};
use crate::ops::norm::Norm;
use crate::ops::rotary::Turn;
use circuitscope_core::{AttentionDir, DestKind, SrcKind};

/// The attention of a block, with the norm of its inputs.
#[derive(Debug, Clone)]
pub struct Attention {
    pub block: usize,
    pub scale: f64,
    pub dir: AttentionDir,
    /// How many positions a query attends to, itself included.
    pub window: Option<usize>,
    /// Queries, keys and values.
    pub inputs: HeadInputs,
    /// The norms of a head's query and key.
    pub qk_norms: Option<[Norm; 2]>,
    pub outputs: HeadOutputs,
}

/// What the attention of every block reads, besides the residual stream.
pub struct AttentionContext {
    /// Position embeddings added to the inputs of queries and keys (shortformer): `[batch * position, d_model]`.
    pub qk_positions: Option<Tensor<2>>,
    /// The angles of rotary positions.
    pub turn: Option<Turn>,
    pub seq: usize,
    /// The positions that are run: all, or those after the prefix.
    pub run: Range<usize>,
    /// The positions before those, where an earlier run has their keys and values.
    pub prefix: Option<Rc<Prefix>>,
    /// Which keys queries attend to.
    pub masks: Masks,
}

impl Attention {
    /// The residual stream with what the block's attention adds to it, at the positions of `queries`.
    ///
    /// # Shapes
    /// - resid: `[circuit, batch, position, d_model]`, at all positions or those after the prefix
    /// - output: `[circuit, batch, query position, d_model]`
    pub fn forward(
        &self,
        resid: &Tensor<4>,
        queries: &Range<usize>,
        context: &AttentionContext,
        hooks: &mut dyn Hooks,
    ) -> Tensor<4> {
        let run = context.run.clone();
        let [q, k, v] = if *queries == run {
            self.project(0..3, resid, run.clone(), context, hooks)
        } else {
            let [k, v] = self.project(1..3, resid, run.clone(), context, hooks);
            let [q] = self.project(0..1, &positions_of(resid, queries), queries.clone(), context, hooks);
            [q, k, v]
        };
        let [q, k] = match &self.qk_norms {
            Some([q_norm, k_norm]) => [q_norm.forward(q), k_norm.forward(k)],
            None => [q, k],
        };
        let [q, k] = match &context.turn {
            Some(turn) => [turn.apply(q, queries), turn.apply(k, &run)],
            None => [q, k],
        };
        let [k, v] = context.with_prefix(self.block, k, v);
        hooks.keys_values(self.block, &k, &v);
        let reach = Reach { dir: self.dir, window: self.window, first_query: queries.start };
        let wants_pattern = hooks.wants_attention(self.block);
        let src = SrcKind::Heads(self.block);
        let apart = hooks.wants(src);
        let mut show = |pattern: &Tensor<5>| hooks.attention(self.block, pattern);
        let show: Option<&mut dyn FnMut(&Tensor<5>)> = if wants_pattern { Some(&mut show) } else { None };
        let z = context.masks.attend([q, k, v], reach, self.scale, apart, show);
        if !apart {
            return self.outputs.add_to(positions_of(resid, queries), z, None);
        }
        let wanted = hooks.wanted_nodes(src).unwrap_or_else(|| (0..self.outputs.n_heads()).collect());
        let each = self.outputs.each(z.clone(), &wanted);
        hooks.src_output(src, each.clone(), queries);
        self.outputs.add_to(positions_of(resid, queries), z, Some(each))
    }

    /// Some of queries, keys and values.
    ///
    /// # Shapes
    /// - resid: `[circuit, batch, position, d_model]`
    /// - output: each `[circuit, head | key and value head, batch, position, d_head]`
    fn project<const N: usize>(
        &self,
        range: QkvRange,
        resid: &Tensor<4>,
        positions: Range<usize>,
        context: &AttentionContext,
        hooks: &mut dyn Hooks,
    ) -> [Tensor<5>; N] {
        let kinds = [DestKind::Q(self.block), DestKind::K(self.block), DestKind::V(self.block)][range.clone()].to_vec();
        let input = hooks.dest_input(&Dest { kinds, positions: positions.clone() }, resid);
        let inputs = match input {
            DestInput::Resid => Inputs::Shared(resid.clone()),
            DestInput::Each(input) => Inputs::Each(input),
            DestInput::Some { nodes, input } => Inputs::Some { nodes, shared: resid.clone(), input: Box::new(input) },
            DestInput::Sums(sums) => Inputs::Sums(sums),
            DestInput::Zeros { input, zeros } => Inputs::Zeros { shared: *input, zeros },
        };
        let shift = context.qk_positions.as_ref().map(|shift| qk_shift(shift, &range, &positions, context.seq));
        let projected = self.inputs.project(range, inputs, shift);
        projected.try_into().expect("as many as the range has")
    }
}

/// The last positions of those of `resid`; both end with the sequence.
///
/// # Shapes
/// - resid: `[circuit, batch, more positions, d_model]`
/// - output: `[circuit, batch, position, d_model]`
pub fn positions_of(resid: &Tensor<4>, positions: &Range<usize>) -> Tensor<4> {
    let (all, kept) = (resid.dims()[2], positions.len());
    if all == kept { resid.clone() } else { resid.clone().narrow(2, all - kept, kept) }
}

/// What is added to the normalised inputs of queries and keys, and 0 for values.
///
/// # Shapes
/// - shift: `[batch * seq, d_model]`
/// - output: `[1, qkv, 1, batch * position, d_model]`
fn qk_shift(shift: &Tensor<2>, range: &QkvRange, positions: &Range<usize>, seq: usize) -> Tensor<5> {
    let [rows, d_model] = shift.dims();
    let batch = rows / seq;
    let shift = shift.clone().reshape([batch, seq, d_model]).narrow(1, positions.start, positions.len());
    let shift = shift.reshape([1, 1, 1, batch * positions.len(), d_model]);
    let one = |i| if i < 2 { shift.clone() } else { shift.zeros_like() };
    Tensor::cat(range.clone().map(one).collect(), 1)
}

impl AttentionContext {
    /// The keys and values of a block at all positions.
    ///
    /// # Shapes
    /// - keys, values: `[circuit, head | key and value head, batch, position, d_head]`
    /// - output: the same at all positions of the sequence
    fn with_prefix(&self, block: usize, keys: Tensor<5>, values: Tensor<5>) -> [Tensor<5>; 2] {
        let Some(prefix) = &self.prefix else { return [keys, values] };
        let join = |before: &Tensor<5>, after: Tensor<5>| {
            let n_heads = before.dims()[1].max(after.dims()[1]);
            let [before, after] = [before.clone(), after].map(|x| for_each_head(x, n_heads));
            let [circuits, heads, batch, _, d_head] = after.dims();
            Tensor::cat(vec![before.expand([circuits, heads, batch, prefix.len, d_head]), after], 3)
        };
        let [keys_before, values_before] = &prefix.keys_values[block];
        [join(keys_before, keys), join(values_before, values)]
    }
}
