//! The kernel of attention on a GPU: scores, mask, softmax and the sum of values.

use cubecl::prelude::*;

use super::N_UNITS;

/// Some threads of a workgroup take a query of a head on a prompt each; queries that are not there are computed like the last.
#[cube(launch_unchecked)]
pub fn attend_queries(
    q: &[f32],
    k: &[f32],
    v: &[f32],
    padding: &[f32],
    out: &mut [f32],
    scale: f32,
    heads: usize,
    key_value_heads: usize,
    batch: usize,
    queries: usize,
    seq: usize,
    d_head: usize,
    first_query: usize,
    window: usize,
    n: usize,
    #[comptime] is_causal: bool,
    #[comptime] has_padding: bool,
    #[comptime] apart: bool,
    #[comptime] most_keys: usize,
    #[comptime] per_query: usize,
) {
    let unit = UNIT_POS as usize;
    let (own, room) = (unit % per_query, unit / per_query * most_keys);
    let wanted = CUBE_POS * comptime!(N_UNITS as usize / per_query) + unit / per_query;
    let at = min(wanted, n - 1);
    let query = at % queries;
    let prompt = at / queries % batch;
    let head = at / (queries * batch) % heads;
    let circuit = at / (queries * batch * heads);
    let group = head / (heads / key_value_heads);
    let keys_first = ((circuit * key_value_heads + group) * batch + prompt) * seq * d_head;
    // None, for the query of a pad token.
    let (start, end) = attended(padding, prompt, first_query + query + 1, window, seq, is_causal, has_padding);
    let mut scores = Shared::<[f32]>::new_slice(comptime!(most_keys * (N_UNITS as usize / per_query)));
    for key in range_stepped(start + own, end, per_query) {
        let mut score = 0.0f32;
        let first = keys_first + key * d_head;
        for i in 0..d_head {
            score += q[at * d_head + i] * k[first + i];
        }
        scores[room + key] = score * scale;
    }
    let total = exponentials(&mut scores, room, start, end, own, per_query);
    let mut out_first = at * d_head;
    if comptime!(!apart) {
        out_first = (((circuit * batch + prompt) * queries + query) * heads + head) * d_head;
    }
    if wanted < n {
        for i in range_stepped(own, d_head, per_query) {
            let mut sum = 0.0f32;
            for key in start..end {
                sum += scores[room + key] * v[keys_first + key * d_head + i];
            }
            // Where there are no keys, the sum is 0.
            out[out_first + i] = sum / total.max(1e-30f32);
        }
    }
}

/// The keys that a query attends to, where `after` positions are its own or before it: the first, and the one behind the last.
#[cube]
fn attended(
    padding: &[f32],
    prompt: usize,
    after: usize,
    window: usize,
    seq: usize,
    #[comptime] is_causal: bool,
    #[comptime] has_padding: bool,
) -> (usize, usize) {
    let (mut start, mut end) = (0usize, seq);
    if comptime!(is_causal) {
        end = min(seq, after);
    }
    if after > window {
        start = after - window;
    }
    if comptime!(has_padding) {
        start = max(start, usize::cast_from(padding[prompt]));
    }
    (start, end)
}

/// Puts exponentials, the largest of which is 1, in the place of a query's scores once all are there; returns their sum.
#[cube]
fn exponentials(
    scores: &mut Shared<[f32]>,
    room: usize,
    start: usize,
    end: usize,
    own: usize,
    #[comptime] per_query: usize,
) -> f32 {
    sync_cube();
    let mut most = f32::new(-1e30);
    for key in start..end {
        most = most.max(scores[room + key]);
    }
    sync_cube();
    for key in range_stepped(start + own, end, per_query) {
        scores[room + key] = (scores[room + key] - most).exp();
    }
    sync_cube();
    let mut total = 0.0f32;
    for key in start..end {
        total += scores[room + key];
    }
    total
}
