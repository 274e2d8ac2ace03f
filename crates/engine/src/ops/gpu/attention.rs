//! The kernels of attention on a GPU: scores, mask, softmax and the sum of values; and the gradients by queries, keys and values.

use cubecl::prelude::*;

use super::N_UNITS;

/// The sizes of tensors, and which keys queries attend to.
#[derive(CubeLaunch, CubeType)]
pub struct Attention {
    /// What scores are multiplied with.
    pub scale: f32,
    pub heads: usize,
    pub key_value_heads: usize,
    pub batch: usize,
    pub queries: usize,
    pub seq: usize,
    pub d_head: usize,
    /// The position of the first query.
    pub first_query: usize,
    /// How many positions up to its own a query attends to at most.
    pub window: usize,
    /// How many queries there are in all heads, prompts and circuits.
    pub n: usize,
    #[cube(comptime)]
    pub how: How,
}

/// What a kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct How {
    pub is_causal: bool,
    pub has_padding: bool,
    /// Whether the heads' outputs lie apart.
    pub apart: bool,
    /// For how many scores of a query there is room.
    pub most_keys: usize,
    /// How many threads share a query.
    pub per_query: usize,
}

/// A query of a head on a prompt, which some threads of a workgroup take.
#[derive(CubeType)]
struct Query {
    /// Its number, and that of this thread among those that share it.
    at: usize,
    own: usize,
    /// Where its scores begin in the workgroup's memory.
    room: usize,
    /// Where the keys and values of its head begin.
    keys_first: usize,
    /// Where its output begins.
    out_first: usize,
    /// The keys that it attends to, none for a pad token: the first, and the one behind the last.
    start: usize,
    end: usize,
    is_there: bool,
}

/// Queries that are not there are computed like the last.
#[cube]
fn query(a: &Attention, padding: &[f32]) -> Query {
    let (unit, per_query) = (UNIT_POS as usize, comptime!(a.how.per_query));
    let wanted = CUBE_POS * comptime!(N_UNITS as usize / a.how.per_query) + unit / per_query;
    let at = min(wanted, a.n - 1);
    let query = at % a.queries;
    let prompt = at / a.queries % a.batch;
    let head = at / (a.queries * a.batch) % a.heads;
    let circuit = at / (a.queries * a.batch * a.heads);
    let group = head / (a.heads / a.key_value_heads);
    let mut out_first = at * a.d_head;
    if comptime!(!a.how.apart) {
        out_first = (((circuit * a.batch + prompt) * a.queries + query) * a.heads + head) * a.d_head;
    }
    // How many positions are its own or before it.
    let after = a.first_query + query + 1;
    let mut start = 0usize;
    let mut end = a.seq;
    if comptime!(a.how.is_causal) {
        end = min(a.seq, after);
    }
    if after > a.window {
        start = after - a.window;
    }
    if comptime!(a.how.has_padding) {
        let n_padding = usize::cast_from(padding[prompt]);
        start = max(start, n_padding);
        if after <= n_padding {
            end = 0;
        }
    }
    Query {
        at,
        own: unit % per_query,
        room: unit / per_query * comptime!(a.how.most_keys),
        keys_first: ((circuit * a.key_value_heads + group) * a.batch + prompt) * a.seq * a.d_head,
        out_first,
        start,
        end,
        is_there: wanted < a.n,
    }
}

/// Puts exponentials, the largest of which is 1, in the place of a query's scores; returns their sum.
#[cube]
fn exponentials(q: &[f32], k: &[f32], scores: &mut Shared<[f32]>, query: &Query, a: &Attention) -> f32 {
    for key in range_stepped(query.start + query.own, query.end, a.how.per_query) {
        let mut score = 0.0f32;
        let (first, own) = (query.keys_first + key * a.d_head, query.at * a.d_head);
        for i in 0..a.d_head {
            score += q[own + i] * k[first + i];
        }
        scores[query.room + key] = score * a.scale;
    }
    sync_cube();
    let mut most = f32::new(-1e30);
    for key in query.start..query.end {
        most = most.max(scores[query.room + key]);
    }
    sync_cube();
    for key in range_stepped(query.start + query.own, query.end, a.how.per_query) {
        scores[query.room + key] = (scores[query.room + key] - most).exp();
    }
    sync_cube();
    let mut total = 0.0f32;
    for key in query.start..query.end {
        total += scores[query.room + key];
    }
    // Where there are no keys, what it divides is 0.
    total.max(1e-30f32)
}

/// Some threads of a workgroup take a query each.
#[cube(launch_unchecked)]
pub fn attend_queries(q: &[f32], k: &[f32], v: &[f32], padding: &[f32], out: &mut [f32], a: Attention) {
    let mut scores = Shared::<[f32]>::new_slice(comptime!(a.how.most_keys * (N_UNITS as usize / a.how.per_query)));
    let query = query(&a, padding);
    let total = exponentials(q, k, &mut scores, &query, &a);
    if query.is_there {
        for i in range_stepped(query.own, a.d_head, a.how.per_query) {
            let mut sum = 0.0f32;
            for key in query.start..query.end {
                sum += scores[query.room + key] * v[query.keys_first + key * a.d_head + i];
            }
            out[query.out_first + i] = sum / total;
        }
    }
}

/// Some threads of a workgroup take a query each: its attention probabilities, and the gradients by the products of it with keys, which are
/// 0 for keys that it does not attend to. (WebGPU promises no more buffers than these.)
///
/// # Shapes
/// - probabilities, by_scores: `[circuit, head, batch, query, seq]`
#[cube(launch_unchecked)]
pub fn attend_queries_backward(
    q: &[f32],
    k: &[f32],
    v: &[f32],
    padding: &[f32],
    gradient: &[f32],
    probabilities: &mut [f32],
    by_scores: &mut [f32],
    a: Attention,
) {
    let room = comptime!(a.how.most_keys * (N_UNITS as usize / a.how.per_query));
    let mut scores = Shared::<[f32]>::new_slice(room);
    let mut slopes = Shared::<[f32]>::new_slice(room);
    let query = query(&a, padding);
    let total = exponentials(q, k, &mut scores, &query, &a);
    // The gradients by its probabilities.
    for key in range_stepped(query.start + query.own, query.end, a.how.per_query) {
        let mut sum = 0.0f32;
        for i in 0..a.d_head {
            sum += gradient[query.out_first + i] * v[query.keys_first + key * a.d_head + i];
        }
        slopes[query.room + key] = sum;
    }
    sync_cube();
    let mut mean = 0.0f32;
    for key in query.start..query.end {
        mean += scores[query.room + key] * slopes[query.room + key];
    }
    mean /= total;
    sync_cube();
    let first = query.at * a.seq;
    for key in range_stepped(query.own, a.seq, a.how.per_query) {
        let mut probability = 0.0f32;
        let mut slope = 0.0f32;
        if key >= query.start && key < query.end {
            probability = scores[query.room + key] / total;
            slope = probability * (slopes[query.room + key] - mean) * a.scale;
        }
        if query.is_there {
            probabilities[first + key] = probability;
            by_scores[first + key] = slope;
        }
    }
}

/// Each thread takes a number of a query.
#[cube(launch_unchecked)]
pub fn queries_backward(k: &[f32], by_scores: &[f32], by_q: &mut [f32], n_numbers: usize, a: Attention) {
    let number = ABSOLUTE_POS;
    if number >= n_numbers {
        terminate!();
    }
    let (i, at) = (number % a.d_head, number / a.d_head);
    let prompt = at / a.queries % a.batch;
    let head = at / (a.queries * a.batch) % a.heads;
    let circuit = at / (a.queries * a.batch * a.heads);
    let group = head / (a.heads / a.key_value_heads);
    let keys_first = ((circuit * a.key_value_heads + group) * a.batch + prompt) * a.seq * a.d_head;
    let mut end = a.seq;
    if comptime!(a.how.is_causal) {
        end = min(a.seq, a.first_query + at % a.queries + 1);
    }
    let mut sum = 0.0f32;
    for key in 0..end {
        sum += by_scores[at * a.seq + key] * k[keys_first + key * a.d_head + i];
    }
    by_q[number] = sum;
}

/// Each thread takes a number of a key and of the value beside it.
#[cube(launch_unchecked)]
pub fn keys_values_backward(
    q: &[f32],
    gradient: &[f32],
    probabilities: &[f32],
    by_scores: &[f32],
    by_k: &mut [f32],
    by_v: &mut [f32],
    n_numbers: usize,
    a: Attention,
) {
    let number = ABSOLUTE_POS;
    if number >= n_numbers {
        terminate!();
    }
    let (i, key, prompt) = (number % a.d_head, number / a.d_head % a.seq, number / (a.d_head * a.seq) % a.batch);
    let group = number / (a.d_head * a.seq * a.batch) % a.key_value_heads;
    let circuit = number / (a.d_head * a.seq * a.batch * a.key_value_heads);
    let per_group = a.heads / a.key_value_heads;
    let mut first_query = 0usize;
    if comptime!(a.how.is_causal) && key > a.first_query {
        first_query = key - a.first_query;
    }
    let mut of_key = 0.0f32;
    let mut of_value = 0.0f32;
    for head in group * per_group..(group + 1) * per_group {
        for query in first_query..a.queries {
            let at = ((circuit * a.heads + head) * a.batch + prompt) * a.queries + query;
            let mut out_first = at * a.d_head;
            if comptime!(!a.how.apart) {
                out_first = (((circuit * a.batch + prompt) * a.queries + query) * a.heads + head) * a.d_head;
            }
            of_key += by_scores[at * a.seq + key] * q[at * a.d_head + i];
            of_value += probabilities[at * a.seq + key] * gradient[out_first + i];
        }
    }
    by_k[number] = of_key;
    by_v[number] = of_value;
}
