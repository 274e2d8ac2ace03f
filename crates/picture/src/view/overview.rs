//! The strongest links, which are drawn, and the stream of the others.

use circuitscope_core::sort::sort_by_key;

use super::edges::strength;
use super::group::Bundle;
use crate::drawn::Nodes;

/// Keeps the strongest links, of equally strong ones the first, in the order of their edges, and gives the others, in none.
pub(super) fn cut<'a>(bundles: &mut Vec<Bundle<'a>>, limit: usize) -> Vec<Bundle<'a>> {
    let mut weaker = Vec::new();
    if bundles.len() > limit {
        if limit > 0 {
            bundles.select_nth_unstable_by(limit - 1, |a, b| {
                let by_strength = b.score.abs().total_cmp(&a.score.abs());
                by_strength.then(edge(a).cmp(&edge(b)))
            });
        }
        weaker = bundles.split_off(limit);
    }
    sort_by_key(bundles, edge);
    weaker
}

fn edge(bundle: &Bundle) -> usize {
    bundle.strongest.edge.edge_idx
}

/// For each gap between a layer and the next how strong the links are that pass it.
pub(super) fn stream(nodes: &Nodes, weaker: &[Bundle]) -> Vec<f64> {
    let weaker: Vec<_> = weaker.iter().filter(|bundle| bundle.is_in_circuit()).collect();
    if weaker.is_empty() {
        return Vec::new();
    }
    let mut stream = vec![0.0; nodes.layers.len().saturating_sub(1)];
    for bundle in weaker {
        let [from, to] = [bundle.ends.src, bundle.ends.dest].map(|node| nodes.nodes[node].layer);
        stream[from..to.max(from)].iter_mut().for_each(|gap| *gap += strength(bundle.score as f32));
    }
    stream
}
