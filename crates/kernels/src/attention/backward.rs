//! The backward pass of attention.

use std::ops::Range;

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp};

use super::{Attended, AttentionShape, Head, Room, copy_rows, padded, products, turn};
use crate::buffer::Buffer;
use crate::split::{Shared, split, written};
use crate::tile::sum_of;

/// The gradients by q, k and v, from that by the output.
///
/// # Shapes
/// - q, k, v, and the results: as in [`attention`]
/// - gradient: `[circuit, batch, query, head, d_head]`
///
/// # Panics
/// When a slice has another size.
pub fn attention_backward(
    shape: AttentionShape,
    attended: &Attended,
    [q, k, v]: [&[f32]; 3],
    gradient: &[f32],
) -> [Vec<f32>; 3] {
    let AttentionShape { circuits, key_value_heads, batch, .. } = shape;
    assert!([q.len(), gradient.len()] == [shape.n_q(); 2], "queries and output have the size of the shape");
    assert!([k.len(), v.len()] == [shape.n_kv(); 2], "keys and values have the size of the shape");
    shape.check(attended);
    let (mut dk, mut dv) = (Vec::new(), Vec::new());
    // SAFETY: every task writes the gradients of a group of heads.
    let dq = unsafe {
        written(shape.n_q(), |dq| {
            dk = written(shape.n_kv(), |dk| {
                dv = written(shape.n_kv(), |dv| {
                    split(circuits * key_value_heads * batch, 3 * shape.work(), |tasks| {
                        Backward { shape, attended, q, k, v, gradient, dq, dk, dv, tasks }.dispatch();
                    });
                });
            });
        })
    };
    [dq, dk, dv]
}

/// Some groups of heads.
struct Backward<'a> {
    shape: AttentionShape,
    attended: &'a Attended,
    q: &'a [f32],
    k: &'a [f32],
    v: &'a [f32],
    gradient: &'a [f32],
    dq: Shared,
    dk: Shared,
    dv: Shared,
    tasks: Range<usize>,
}

impl SimdOp for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { shape, attended, q, k, v, gradient, dq, dk, dv, tasks } = self;
        let AttentionShape { heads, key_value_heads, batch, queries, seq, d_head, scale, .. } = shape;
        let per_group = heads / key_value_heads;
        let mut room = Room::new(isa, shape);
        let (wide, seq_padded) = (room.d_head_padded, room.seq_padded);
        let mut scores = Buffer::zeros(queries * seq_padded);
        // `[seq, queries]`
        let mut turned = Buffer::zeros(seq * queries);
        let mut outer = Buffer::zeros(queries * wide);
        for task in tasks {
            let (circuit, group, prompt) =
                (task / (key_value_heads * batch), task / batch % key_value_heads, task % batch);
            for i in 0..per_group {
                let head = Head { circuit, head: group * per_group + i, prompt };
                let keys = &k[shape.keys_of(head)..][..seq * d_head];
                let values = &v[shape.keys_of(head)..][..seq * d_head];
                let q = &q[shape.queries_of(head)..][..queries * d_head];
                room.pattern(isa, attended, prompt, q, keys);
                let given = (&gradient[shape.output_of(head)..], heads * d_head);
                copy_rows(given, (queries, d_head), outer.as_mut_slice(), wide);
                let pattern = room.pattern.as_slice();
                let key_at = shape.keys_of(head);
                let add = i > 0;
                // SAFETY: the rooms are as large as the shape says; no other task writes the gradients of this group's heads.
                unsafe {
                    // What comes to the values: the pattern, transposed, times what came to the output.
                    turn((pattern, seq_padded), (queries, seq), queries, turned.as_mut_slice());
                    let (left, right) = ((turned.as_slice().as_ptr(), queries), (outer.as_slice().as_ptr(), wide));
                    products(isa, left, right, (seq, queries, d_head), (dv.at(key_at), d_head), add);
                    // What comes to the pattern, and through the softmax to the scores.
                    turn((values, d_head), (seq, d_head), seq_padded, room.turned.as_mut_slice());
                    let right = (room.turned.as_slice().as_ptr(), seq_padded);
                    let to = (scores.as_mut_slice().as_mut_ptr(), seq_padded);
                    products(isa, (outer.as_slice().as_ptr(), wide), right, (queries, d_head, seq), to, false);
                    let rows = scores.as_mut_slice().chunks_exact_mut(seq_padded).zip(pattern.chunks_exact(seq_padded));
                    rows.for_each(|(row, pattern)| through_softmax(isa, row, pattern, scale));
                    let scores = scores.as_slice();
                    // To the queries.
                    let (keys, key_stride) = padded((keys, seq, d_head), wide, &mut room.padded);
                    let (left, right) = ((scores.as_ptr(), seq_padded), (keys.as_ptr(), key_stride));
                    let to = (dq.at(shape.queries_of(head)), d_head);
                    products(isa, left, right, (queries, seq, d_head), to, false);
                    // To the keys.
                    turn((scores, seq_padded), (queries, seq), queries, turned.as_mut_slice());
                    let (q, q_stride) = padded((q, queries, d_head), wide, &mut room.padded);
                    let (left, right) = ((turned.as_slice().as_ptr(), queries), (q.as_ptr(), q_stride));
                    products(isa, left, right, (seq, queries, d_head), (dk.at(key_at), d_head), add);
                }
            }
        }
    }
}

/// What comes to the scores of a row, from what comes to its pattern: `p (g - Σ p g) · scale`.
#[inline(always)]
fn through_softmax<I: Isa>(isa: I, row: &mut [f32], pattern: &[f32], scale: f32) {
    let ops = isa.f32();
    let lanes = ops.len();
    let mut sum = ops.zero();
    for (g, p) in row.chunks_exact(lanes).zip(pattern.chunks_exact(lanes)) {
        sum = ops.mul_add(ops.load(g), ops.load(p), sum);
    }
    let (sum, scale) = (ops.splat(sum_of::<I>(sum)), ops.splat(scale));
    for (g, p) in row.chunks_exact_mut(lanes).zip(pattern.chunks_exact(lanes)) {
        ops.store(ops.mul(ops.mul(ops.sub(ops.load(g), sum), ops.load(p)), scale), g);
    }
}
