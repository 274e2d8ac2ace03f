//! Multi-head attention with an input of its own for each head's query, key and value.
//!
//! One batched product projects all heads; an input that heads share is broadcast, so that the unpatched model and a
//! patched one take the same path.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::hooks::{Dest, DestInput, Hooks, Prefix};
use super::norm::Norm;
use super::rotary::Turn;
use circuitscope_core::{AttentionDir, DestKind, SrcKind};

/// Added to the scores of positions that are not attended to: their softmax is 0 exactly, with no infinities, which
/// shaders need not support.
const MASKED: f32 = -1e30;

/// The attention of a block, with the norm of its inputs.
#[derive(Debug, Clone)]
pub struct Attention {
    pub block: usize,
    pub n_heads: usize,
    /// As many different keys and values there are: as many heads, one after the other, share each.
    pub n_key_value_heads: usize,
    pub scale: f64,
    pub dir: AttentionDir,
    /// How many positions a query attends to, itself included.
    pub window: Option<usize>,
    pub norm: Norm,
    /// Queries, keys, values: `[3, head, d_model, d_head]`
    pub w_qkv: Tensor<4>,
    /// `[3, head, 1, d_head]`
    pub b_qkv: Option<Tensor<4>>,
    /// The norms of a head's query and key.
    pub qk_norms: Option<[Norm; 2]>,
    /// `[head, d_head, d_model]`
    pub w_o: Tensor<3>,
    /// `[1, 1, 1, d_model]`
    pub b_o: Option<Tensor<4>>,
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
    /// How many padding tokens each prompt begins with; `None` where none does.
    pub padding: Option<Vec<usize>>,
    /// The masks made so far: blocks of the same kind share them.
    pub masks: RefCell<HashMap<MaskKey, Option<Mask>>>,
}

/// What a mask depends on in a forward pass: the direction, the window, the first query.
type MaskKey = (AttentionDir, Option<usize>, usize);

/// Which keys a query attends to.
#[derive(Debug, Clone)]
pub struct Mask {
    /// Added to the scores, 0 or [`MASKED`]: `[1, 1, batch | 1, query position, seq]`
    add: Tensor<5>,
    /// Where prompts are padded, 0 for queries that attend to nothing: `[1, 1, batch, query position, 1]`
    attends: Option<Tensor<5>>,
}

/// Which of q, k and v are computed together: a range of the axis `qkv`, whose entries are queries, keys and values.
type QkvRange = Range<usize>;

impl Attention {
    /// What the block's attention adds to the residual stream, at the positions of `queries`.
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
            let qkv = self.project(0..3, resid, run.clone(), context, hooks);
            [0, 1, 2].map(|i| one_of(&qkv, i))
        } else {
            let kv = self.project(1..3, resid, run.clone(), context, hooks);
            let q = self.project(0..1, &positions_of(resid, queries), queries.clone(), context, hooks);
            [one_of(&q, 0), one_of(&kv, 0), one_of(&kv, 1)]
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
        let pattern = self.pattern(q, k, queries, context);
        hooks.attention(self.block, &pattern);
        self.output(pattern.matmul(v), queries, hooks)
    }

    /// Some of queries, keys and values.
    ///
    /// # Shapes
    /// - resid: `[circuit, batch, position, d_model]`
    /// - output: `[circuit, qkv, head, batch, position, d_head]`
    fn project(
        &self,
        range: QkvRange,
        resid: &Tensor<4>,
        positions: Range<usize>,
        context: &AttentionContext,
        hooks: &mut dyn Hooks,
    ) -> Tensor<6> {
        let [circuits, batch, pos, d_model] = resid.dims();
        let rows = batch * pos;
        let kinds = [DestKind::Q(self.block), DestKind::K(self.block), DestKind::V(self.block)][range.clone()].to_vec();
        let input = hooks.dest_input(&Dest { kinds, positions: positions.clone() }, resid);
        let shift = context.qk_positions.as_ref().map(|shift| qk_shift(shift, &range, &positions, context.seq));
        let shared = || resid.clone().reshape([circuits, 1, 1, rows, d_model]);
        let projected = match input {
            DestInput::Resid => self.project_shared(range, shared(), shift),
            DestInput::Each(input) => {
                let [circuits, n_nodes, ..] = input.dims();
                // Joint nodes serve queries, keys and values.
                let each = input.reshape([circuits, n_nodes / self.n_heads, self.n_heads, rows, d_model]);
                self.project_all(range, each, shift)
            }
            DestInput::Some { nodes, input } => {
                let all = self.project_shared(range.clone(), shared(), shift.clone());
                let some = self.project_some(&range, &nodes, input.flatten(2, 3), shift);
                put_nodes(all, &nodes, some)
            }
        };
        let [circuits, n_qkv, heads, _, d_head] = projected.dims();
        projected.reshape([circuits, n_qkv, heads, batch, pos, d_head])
    }

    /// All of one input: keys and values that heads share are projected once.
    ///
    /// # Shapes
    /// - input: `[circuit, 1, 1, rows, d_model]`
    /// - shift: `[1, qkv, 1, rows, d_model]`
    /// - output: `[circuit, qkv, head, rows, d_head]`
    fn project_shared(&self, range: QkvRange, input: Tensor<5>, shift: Option<Tensor<5>>) -> Tensor<5> {
        let (groups, per_group) = (self.n_key_value_heads, self.n_heads / self.n_key_value_heads);
        if per_group == 1 || range.end == 1 || shift.is_some() {
            return self.project_all(range, input, shift);
        }
        let input = self.norm.forward(input);
        // The first head of each group.
        let of_groups = |all: &Tensor<4>| {
            let [_, heads, a, b] = all.dims();
            let grouped = all.clone().narrow(0, 1, 2).reshape([2, groups, heads / groups, a, b]);
            grouped.narrow(2, 0, 1).reshape([1, 2, groups, a, b])
        };
        let shared = with_bias(input.clone().matmul(of_groups(&self.w_qkv)), self.b_qkv.as_ref().map(of_groups));
        let [circuits, _, _, rows, d_head] = shared.dims();
        let each = shared.reshape([circuits, 2, groups, 1, rows * d_head]);
        let each = each.expand([circuits, 2, groups, per_group, rows * d_head]);
        let keys_values = each.reshape([circuits, 2, self.n_heads, rows, d_head]);
        if range.start == 1 {
            return keys_values;
        }
        let of_queries = |all: &Tensor<4>| all.clone().narrow(0, 0, 1).unsqueeze::<5>();
        let queries = with_bias(input.matmul(of_queries(&self.w_qkv)), self.b_qkv.as_ref().map(of_queries));
        Tensor::cat(vec![queries, keys_values], 1)
    }

    /// # Shapes
    /// - input: `[circuit, qkv | 1, head | 1, rows, d_model]`
    /// - shift: `[1, qkv, 1, rows, d_model]`
    /// - output: `[circuit, qkv, head, rows, d_head]`
    fn project_all(&self, range: QkvRange, input: Tensor<5>, shift: Option<Tensor<5>>) -> Tensor<5> {
        let input = self.norm.forward(input);
        let input = shift.map_or(input.clone(), |shift| input + shift);
        let of_range = |all: &Tensor<4>| all.clone().slice([range.clone()]).unsqueeze::<5>();
        with_bias(input.matmul(of_range(&self.w_qkv)), self.b_qkv.as_ref().map(of_range))
    }

    /// Only some nodes, counted over the heads of the first of queries, keys and values in the range, then of the next.
    ///
    /// # Shapes
    /// - input: `[circuit, index in nodes, rows, d_model]`
    /// - shift: `[1, qkv, 1, rows, d_model]`
    /// - output: `[circuit, index in nodes, rows, d_head]`
    fn project_some(&self, range: &QkvRange, nodes: &[usize], input: Tensor<4>, shift: Option<Tensor<5>>) -> Tensor<4> {
        let input = self.norm.forward(input);
        let input = shift.map_or(input.clone(), |shift| {
            let [_, n_qkv, _, rows, d_model] = shift.dims();
            let of_nodes = indices(nodes.iter().map(|node| node / self.n_heads), &shift.device());
            input + shift.reshape([1, n_qkv, rows, d_model]).select(1, of_nodes)
        });
        let first = range.start * self.n_heads;
        let heads = indices(nodes.iter().map(|node| first + node), &input.device());
        let of_nodes = |all: &Tensor<4>| all.clone().flatten::<3>(0, 1).select(0, heads.clone()).unsqueeze::<4>();
        with_bias(input.matmul(of_nodes(&self.w_qkv)), self.b_qkv.as_ref().map(of_nodes))
    }

    /// The attention probabilities.
    ///
    /// # Shapes
    /// - q: `[circuit, head, batch, query position, d_head]`
    /// - k: `[circuit, head, batch, seq, d_head]`
    /// - output: `[circuit, head, batch, query position, seq]`
    fn pattern(&self, q: Tensor<5>, k: Tensor<5>, queries: &Range<usize>, context: &AttentionContext) -> Tensor<5> {
        let mask = context.mask(self.dir, self.window, queries, &q.device());
        let scores = (q / self.scale).matmul(k.swap_dims(3, 4)); // [circuit, head, batch, query position, seq]
        match mask {
            None => activation::softmax(scores, 4),
            Some(Mask { add, attends: None }) => activation::softmax(scores + add, 4),
            Some(Mask { add, attends: Some(attends) }) => activation::softmax(scores + add, 4) * attends,
        }
    }

    /// # Shapes
    /// - z: `[circuit, head, batch, position, d_head]`
    /// - output: `[circuit, batch, position, d_model]`
    fn output(&self, z: Tensor<5>, positions: &Range<usize>, hooks: &mut dyn Hooks) -> Tensor<4> {
        let [circuits, heads, batch, pos, d_head] = z.dims();
        let d_model = self.w_o.dims()[2];
        let src = SrcKind::Heads(self.block);
        let sum = if hooks.wants(src) {
            let z = z.reshape([circuits, heads, batch * pos, d_head]);
            let results = z.matmul(self.w_o.clone().unsqueeze::<4>()); // [circuit, head, rows, d_model]
            let results = results.reshape([circuits, heads, batch, pos, d_model]);
            hooks.src_output(src, results.clone(), positions);
            results.sum_dim(1).reshape([circuits, batch, pos, d_model])
        } else {
            let z = z.permute([0, 2, 3, 1, 4]).reshape([circuits * batch * pos, heads * d_head]);
            let w_o = self.w_o.clone().reshape([heads * d_head, d_model]);
            z.matmul(w_o).reshape([circuits, batch, pos, d_model])
        };
        match &self.b_o {
            Some(b_o) => sum + b_o.clone(),
            None => sum,
        }
    }
}

fn with_bias<const D: usize>(projected: Tensor<D>, bias: Option<Tensor<D>>) -> Tensor<D> {
    match bias {
        Some(bias) => projected + bias,
        None => projected,
    }
}

/// Replaces the projections of some nodes among those of all.
///
/// # Shapes
/// - all: `[circuit | 1, part, head, rows, d_head]`
/// - some: `[circuit, index in nodes, rows, d_head]`
/// - output: `[circuit, qkv, head, rows, d_head]`
fn put_nodes(all: Tensor<5>, nodes: &[usize], some: Tensor<4>) -> Tensor<5> {
    let ([_, n_qkv, heads, rows, d_head], circuits) = (all.dims(), some.dims()[0]);
    let n_nodes = n_qkv * heads;
    let source = |node| nodes.iter().position(|n| *n == node).map_or(node, |i| n_nodes + i);
    let sources = indices((0..n_nodes).map(source), &some.device());
    let all = all.flatten::<4>(1, 2).expand([circuits, n_nodes, rows, d_head]);
    Tensor::cat(vec![all, some], 1).select(1, sources).reshape([circuits, n_qkv, heads, rows, d_head])
}

fn indices(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|value| value as i32).collect();
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}

/// # Shapes
/// - projected: `[circuit, qkv, head, batch, position, d_head]`
/// - output: `[circuit, head, batch, position, d_head]`
fn one_of(projected: &Tensor<6>, i: usize) -> Tensor<5> {
    let [circuits, _, heads, batch, pos, d_head] = projected.dims();
    projected.clone().narrow(1, i, 1).reshape([circuits, heads, batch, pos, d_head])
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
    /// - keys, values: `[circuit, head, batch, position, d_head]`
    /// - output: `[circuit, head, batch, seq, d_head]`
    fn with_prefix(&self, block: usize, keys: Tensor<5>, values: Tensor<5>) -> [Tensor<5>; 2] {
        let Some(prefix) = &self.prefix else { return [keys, values] };
        let join = |before: &Tensor<5>, after: Tensor<5>| {
            let [circuits, heads, batch, _, d_head] = after.dims();
            Tensor::cat(vec![before.clone().expand([circuits, heads, batch, prefix.len, d_head]), after], 3)
        };
        let [keys_before, values_before] = &prefix.keys_values[block];
        [join(keys_before, keys), join(values_before, values)]
    }

    /// Which keys the queries of a block attend to; `None`: all.
    fn mask(&self, dir: AttentionDir, window: Option<usize>, queries: &Range<usize>, device: &Device) -> Option<Mask> {
        let key = (dir, window, queries.start);
        let mut masks = self.masks.borrow_mut();
        masks.entry(key).or_insert_with(|| self.new_mask(dir, window, queries, device)).clone()
    }

    fn new_mask(
        &self,
        dir: AttentionDir,
        window: Option<usize>,
        queries: &Range<usize>,
        device: &Device,
    ) -> Option<Mask> {
        if dir == AttentionDir::Bidirectional && self.padding.is_none() && window.is_none() {
            return None;
        }
        let seq = self.seq;
        // One for all prompts where none is padded.
        let padding = self.padding.as_deref().unwrap_or(&[0]);
        let mut add = Vec::with_capacity(padding.len() * queries.len() * seq);
        for &n_padding in padding {
            for query in queries.clone() {
                let near = |key: usize| window.is_none_or(|window| key + window > query);
                let seen = |key: usize| dir == AttentionDir::Bidirectional || key <= query;
                let entry = |key| if key >= n_padding && seen(key) && near(key) { 0.0 } else { MASKED };
                add.extend((0..seq).map(entry));
            }
        }
        let add = Tensor::from_data(TensorData::new(add, [1, 1, padding.len(), queries.len(), seq]), device);
        let attends = self.padding.as_ref().map(|padding| {
            let attends: Vec<f32> =
                padding.iter().flat_map(|&n| queries.clone().map(move |q| if q < n { 0.0 } else { 1.0 })).collect();
            Tensor::from_data(TensorData::new(attends, [1, 1, padding.len(), queries.len(), 1]), device)
        });
        Some(Mask { add, attends })
    }
}
