//! Attention of queries to keys, and its backward pass: scores, mask, softmax and the sum of values, a head of a prompt at a time.

mod backward;

pub use backward::attention_backward;

use std::ops::Range;

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp, SimdUnaryOp};
use rten_vecmath::Exp;

use crate::buffer::Buffer;
use crate::split::{Shared, split, written};
use crate::tile::{Tile, sum_of};

/// The sizes of an attention.
#[derive(Debug, Clone, Copy)]
pub struct AttentionShape {
    pub circuits: usize,
    pub heads: usize,
    /// As many different keys and values there are: as many heads, one after the other, share each.
    pub key_value_heads: usize,
    pub batch: usize,
    pub queries: usize,
    pub seq: usize,
    pub d_head: usize,
    /// Scores are multiplied by it.
    pub scale: f32,
}

/// Which keys a query attends to: a range.
#[derive(Debug, Clone)]
pub struct Attended {
    /// Whether a query attends to no key after it.
    pub causal: bool,
    /// To how many positions a query attends at most, itself included.
    pub window: Option<usize>,
    /// The position of the first query.
    pub first_query: usize,
    /// How many padding tokens each prompt begins with: no one attends to them, and they attend to nothing.
    pub padding: Option<Vec<usize>>,
}

impl Attended {
    /// The keys of a query, counted from the first.
    fn keys(&self, prompt: usize, query: usize, seq: usize) -> Range<usize> {
        let position = self.first_query + query;
        let n_padding = self.padding.as_ref().map_or(0, |padding| padding[prompt]);
        if position < n_padding {
            return 0..0;
        }
        let first = self.window.map_or(0, |window| (position + 1).saturating_sub(window)).max(n_padding);
        first..if self.causal { position + 1 } else { seq }
    }
}

impl AttentionShape {
    fn n_q(&self) -> usize {
        self.circuits * self.heads * self.batch * self.queries * self.d_head
    }

    fn n_kv(&self) -> usize {
        self.circuits * self.key_value_heads * self.batch * self.seq * self.d_head
    }

    fn check(&self, attended: &Attended) {
        let Self { heads, key_value_heads, batch, queries, seq, .. } = *self;
        assert!(heads.is_multiple_of(key_value_heads), "as many heads share each key and value");
        assert!(attended.first_query + queries <= seq, "queries are at positions of the sequence");
        assert!(attended.padding.as_ref().is_none_or(|padding| padding.len() == batch), "every prompt has its padding");
    }

    /// Multiplications and additions.
    fn work(&self) -> usize {
        self.circuits * self.heads * self.batch * self.queries * self.seq * (2 * self.d_head + 30)
    }
}

/// What heads gather from the values.
///
/// # Shapes
/// - q: `[circuit, head, batch, query, d_head]`
/// - k, v: `[circuit, key and value head, batch, seq, d_head]`
/// - output: `[circuit, batch, query, head, d_head]`
///
/// # Panics
/// When a slice has another size.
pub fn attention(shape: AttentionShape, attended: &Attended, [q, k, v]: [&[f32]; 3]) -> Vec<f32> {
    let AttentionShape { circuits, heads, batch, .. } = shape;
    assert!(q.len() == shape.n_q(), "queries have the size of the shape");
    assert_eq!([k.len(), v.len()], [shape.n_kv(); 2], "keys and values have the size of the shape {shape:?}");
    shape.check(attended);
    let (n_tasks, work) = (circuits * heads * batch, shape.work());
    // SAFETY: every task writes the output of its head.
    unsafe {
        written(shape.n_q(), |to| {
            split(n_tasks, work, |tasks| Forward { shape, attended, q, k, v, to, tasks }.dispatch());
        })
    }
}

/// A head of a circuit and a prompt.
#[derive(Debug, Clone, Copy)]
struct Head {
    circuit: usize,
    head: usize,
    prompt: usize,
}

impl AttentionShape {
    /// Where the queries of a head begin; they lie one after the other.
    fn queries_of(&self, Head { circuit, head, prompt }: Head) -> usize {
        ((circuit * self.heads + head) * self.batch + prompt) * self.queries * self.d_head
    }

    /// Where its keys begin, and its values.
    fn keys_of(&self, Head { circuit, head, prompt }: Head) -> usize {
        let head = head / (self.heads / self.key_value_heads);
        ((circuit * self.key_value_heads + head) * self.batch + prompt) * self.seq * self.d_head
    }

    /// Where its output begins.
    fn output_of(&self, Head { circuit, head, prompt }: Head) -> usize {
        ((circuit * self.batch + prompt) * self.queries * self.heads + head) * self.d_head
    }
}

struct Forward<'a> {
    shape: AttentionShape,
    attended: &'a Attended,
    q: &'a [f32],
    k: &'a [f32],
    v: &'a [f32],
    to: Shared,
    tasks: Range<usize>,
}

impl SimdOp for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { shape, attended, q, k, v, to, tasks } = self;
        let AttentionShape { heads, batch, queries, seq, d_head, .. } = shape;
        let mut room = Room::new(isa, shape);
        for task in tasks {
            let head = Head { circuit: task / (heads * batch), head: task / batch % heads, prompt: task % batch };
            let keys = &k[shape.keys_of(head)..][..seq * d_head];
            let values = &v[shape.keys_of(head)..][..seq * d_head];
            let start = shape.queries_of(head);
            room.pattern(isa, attended, head.prompt, &q[start..start + queries * d_head], keys);
            let (values, value_width) = padded((values, seq, d_head), room.d_head_padded, &mut room.padded);
            let right = (values.as_ptr(), value_width);
            // SAFETY: no other task writes the output of this head.
            unsafe {
                let c = to.at(shape.output_of(head));
                let left = (room.pattern.as_slice().as_ptr(), room.seq_padded);
                products(isa, left, right, (queries, seq, d_head), (c, heads * d_head), false);
            }
        }
    }
}

/// Where scores and what they are made of are kept for a head.
struct Room {
    shape: AttentionShape,
    seq_padded: usize,
    d_head_padded: usize,
    /// `[d_head, seq_padded]`
    turned: Buffer,
    /// `[query, seq_padded]`
    pattern: Buffer,
    /// `[seq, d_head_padded]`
    padded: Buffer,
}

impl Room {
    #[inline(always)]
    fn new<I: Isa>(isa: I, shape: AttentionShape) -> Self {
        let lanes = isa.f32().len();
        let (seq_padded, d_head_padded) = (shape.seq.next_multiple_of(lanes), shape.d_head.next_multiple_of(lanes));
        Self {
            shape,
            seq_padded,
            d_head_padded,
            turned: Buffer::zeros(shape.d_head * seq_padded),
            pattern: Buffer::zeros(shape.queries * seq_padded),
            padded: Buffer::zeros(shape.seq.max(shape.queries) * d_head_padded),
        }
    }

    /// The attention probabilities of a head, into `self.pattern`.
    #[inline(always)]
    fn pattern<I: Isa>(&mut self, isa: I, attended: &Attended, prompt: usize, q: &[f32], k: &[f32]) {
        let AttentionShape { queries, seq, d_head, scale, .. } = self.shape;
        turn((k, d_head), (seq, d_head), self.seq_padded, self.turned.as_mut_slice());
        let right = (self.turned.as_slice().as_ptr(), self.seq_padded);
        // SAFETY: the room is as large as the shape says.
        unsafe {
            let to = (self.pattern.as_mut_slice().as_mut_ptr(), self.seq_padded);
            products(isa, (q.as_ptr(), d_head), right, (queries, d_head, seq), to, false);
        }
        for (query, row) in self.pattern.as_mut_slice().chunks_exact_mut(self.seq_padded).enumerate() {
            softmax(isa, row, attended.keys(prompt, query, seq), scale);
        }
    }
}

/// Softmax of the numbers in a range, multiplied by `scale`; 0 for the others.
#[inline(always)]
fn softmax<I: Isa>(isa: I, row: &mut [f32], keys: Range<usize>, scale: f32) {
    let ops = isa.f32();
    let lanes = ops.len();
    if keys.is_empty() {
        return row.fill(0.0);
    }
    let largest = row[keys.clone()].iter().fold(f32::NEG_INFINITY, |max, &x| max.max(x));
    let (largest, scale) = (ops.splat(largest), ops.splat(scale));
    // Whole vectors around the range, whose other numbers are then cleared.
    let (start, end) = (keys.start / lanes * lanes, keys.end.next_multiple_of(lanes));
    for chunk in row[start..end].chunks_exact_mut(lanes) {
        ops.store(Exp::apply(isa, ops.mul(ops.sub(ops.load(chunk), largest), scale)), chunk);
    }
    row[..keys.start].fill(0.0);
    row[keys.end..].fill(0.0);
    let mut sum = ops.zero();
    for chunk in row[start..end].chunks_exact(lanes) {
        sum = ops.add(sum, ops.load(chunk));
    }
    let factor = ops.splat(1.0 / sum_of::<I>(sum));
    for chunk in row[start..end].chunks_exact_mut(lanes) {
        ops.store(ops.mul(ops.load(chunk), factor), chunk);
    }
}

/// Rows that begin `stride` numbers apart as columns: `[columns, padded]`, of which the first `rows` numbers of a row are written.
#[inline(always)]
fn turn((from, stride): (&[f32], usize), (rows, columns): (usize, usize), padded: usize, to: &mut [f32]) {
    for row in 0..rows {
        for (column, &x) in from[row * stride..][..columns].iter().enumerate() {
            to[column * padded + row] = x;
        }
    }
}

/// Rows that can be loaded as whole vectors, and how far apart they begin: as they are, or copied into `room`.
#[inline(always)]
fn padded<'a>(
    (from, rows, width): (&'a [f32], usize, usize),
    padded: usize,
    room: &'a mut Buffer,
) -> (&'a [f32], usize) {
    if width == padded {
        return (from, width);
    }
    copy_rows((from, width), (rows, width), room.as_mut_slice(), padded);
    (room.as_slice(), padded)
}

#[inline(always)]
fn copy_rows((from, stride): (&[f32], usize), (rows, width): (usize, usize), to: &mut [f32], padded: usize) {
    for row in 0..rows {
        to[row * padded..][..width].copy_from_slice(&from[row * stride..][..width]);
    }
}

/// `[rows, depth] x [depth, columns]`, the right side's rows padded to whole vectors.
///
/// # Safety
/// The pointers lead to as many numbers, and no one else uses the product meanwhile.
#[inline(always)]
unsafe fn products<I: Isa>(
    isa: I,
    left: (*const f32, usize),
    right: (*const f32, usize),
    (rows, depth, columns): (usize, usize, usize),
    to: (*mut f32, usize),
    add: bool,
) {
    let lanes = isa.f32().len();
    let mut first = 0;
    while first < columns {
        let n_left = columns - first;
        let two_vectors = n_left > lanes;
        let n_columns = n_left.min(if two_vectors { 2 * lanes } else { lanes });
        // SAFETY: as the caller says.
        unsafe {
            let (b, c) = (right.0.add(first), to.0.add(first));
            let ((a, a_stride), (b_stride, c_stride)) = (left, (right.1, to.1));
            let tile = Tile { a, a_stride, b, b_stride, depth, bias: None, c, c_stride, n_columns, add };
            tile.rows(isa, two_vectors, rows);
        }
        first += n_columns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(seed: usize, n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1000.0 - 1.0).collect()
    }

    /// The definition, in f64.
    fn defined(shape: AttentionShape, attended: &Attended, [q, k, v]: [&[f64]; 3]) -> Vec<f64> {
        let AttentionShape { circuits, heads, batch, queries, seq, d_head, scale, .. } = shape;
        let mut out = vec![0.0; shape.n_q()];
        for (circuit, head, prompt) in
            (0..circuits).flat_map(|c| (0..heads).flat_map(move |h| (0..batch).map(move |b| (c, h, b))))
        {
            let at = Head { circuit, head, prompt };
            let (k, v) = (&k[shape.keys_of(at)..], &v[shape.keys_of(at)..]);
            for query in 0..queries {
                let q = &q[shape.queries_of(at) + query * d_head..][..d_head];
                let score = |key: usize| q.iter().zip(&k[key * d_head..]).map(|(a, b)| a * b).sum::<f64>();
                let keys = attended.keys(prompt, query, seq);
                let weights: Vec<f64> = keys.clone().map(|key| (score(key) * f64::from(scale)).exp()).collect();
                let sum: f64 = weights.iter().sum();
                for (key, weight) in keys.zip(weights) {
                    for i in 0..d_head {
                        out[shape.output_of(at) + query * heads * d_head + i] += weight / sum * v[key * d_head + i];
                    }
                }
            }
        }
        out
    }

    #[test]
    fn attention_and_its_gradients_are_those_of_the_definition() {
        let causal = Attended { causal: true, window: None, first_query: 0, padding: None };
        let cases = [
            ((1, 2, 2, 2, 5, 5, 4), causal.clone()),
            ((2, 4, 2, 1, 3, 19, 16), Attended { first_query: 16, ..causal.clone() }),
            ((1, 6, 2, 2, 7, 7, 8), Attended { window: Some(3), padding: Some(vec![0, 4]), ..causal.clone() }),
            ((1, 1, 1, 1, 4, 4, 20), Attended { causal: false, ..causal.clone() }),
            ((1, 2, 1, 1, 33, 33, 3), causal),
        ];
        for ((circuits, heads, key_value_heads, batch, queries, seq, d_head), attended) in cases {
            let scale = 0.7;
            let shape = AttentionShape { circuits, heads, key_value_heads, batch, queries, seq, d_head, scale };
            let [q, k, v] = [numbers(1, shape.n_q()), numbers(2, shape.n_kv()), numbers(3, shape.n_kv())];
            let out = attention(shape, &attended, [&q, &k, &v]);
            let wide = [&q, &k, &v].map(|x| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
            let expected = defined(shape, &attended, [&wide[0], &wide[1], &wide[2]]);
            let far =
                |a: &[f32], b: &[f64]| a.iter().zip(b).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
            assert!(far(&out, &expected) < 1e-5, "{shape:?}: {out:?} {expected:?}");
            let given = numbers(4, shape.n_q());
            let found = attention_backward(shape, &attended, [&q, &k, &v], &given);
            for (which, found) in found.iter().enumerate() {
                // Every seventh number.
                for i in (0..found.len()).step_by(7) {
                    let loss = |shift: f64| -> f64 {
                        let mut moved = wide.clone();
                        moved[which][i] += shift;
                        let out = defined(shape, &attended, [&moved[0], &moved[1], &moved[2]]);
                        out.iter().zip(&given).map(|(y, g)| y * f64::from(*g)).sum()
                    };
                    let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
                    assert!((f64::from(found[i]) - slope).abs() < 1e-4, "{shape:?} {which} {i}: {} {slope}", found[i]);
                }
            }
        }
    }
}
