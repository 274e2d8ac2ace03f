//! Which edges make a circuit, given their scores: the largest, the largest that are connected, or a greedy walk from the
//! output; after EAP-IG's `Graph.apply_topn`, `prune` and `apply_greedy` (Hanna et al. 2024). `paths` says what is connected.

use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use crate::config::AttentionDir;
use crate::error::CircuitError;
use crate::graph::Graph;
use crate::scores::paths::{Paths, ReadBy, SrcAt};
use crate::scores::prune_scores::PruneScores;

/// How edges are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// The largest scores; tied ones come in together.
    #[default]
    Top,
    /// Of the largest scores those that lie on a path from the embedding to the output.
    Connected,
    /// From the output on, always the largest score among the edges into nodes that are there already; then as `Connected`.
    Greedy,
}

impl Selection {
    /// All three, the simplest first.
    pub const ALL: [Self; 3] = [Self::Top, Self::Connected, Self::Greedy];

    /// The rule, as a form offers it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Top => "largest scores",
            Self::Connected => "largest scores, connected",
            Self::Greedy => "greedy from the output",
        }
    }

    /// Which edges it takes.
    pub fn about(self) -> &'static str {
        match self {
            Self::Top => "the largest scores",
            Self::Connected => "of the largest scores, those on a path from the embedding to the output",
            Self::Greedy => "from the output on, the largest scores into nodes that are there already",
        }
    }
}

/// Scores that are those given for the chosen edges and 0 for the others, and how many edges were chosen. An edge that is
/// chosen although its score is 0 counts, but cannot be told apart by its score.
///
/// # Errors
/// When more edges are asked for than there are.
pub fn select(
    selection: Selection,
    scores: &PruneScores,
    n_edges: usize,
    graph: &Graph,
    dir: AttentionDir,
) -> Result<(PruneScores, usize), CircuitError> {
    let circuit = scores.circuit(n_edges)?;
    let top = || scores.values().iter().map(|&score| circuit.contains(score)).collect();
    let chosen = match selection {
        Selection::Top => top(),
        Selection::Connected => keep_connected(&Paths::new(graph, dir), top()),
        Selection::Greedy => {
            let paths = Paths::new(graph, dir);
            let chosen = greedy(&paths, scores.values(), n_edges);
            keep_connected(&paths, chosen)
        }
    };
    let pairs = scores.values().iter().zip(&chosen);
    let values = pairs.map(|(&score, &is_chosen)| if is_chosen { score } else { 0.0 }).collect();
    Ok((PruneScores::new(values), chosen.iter().filter(|&&is_chosen| is_chosen).count()))
}

/// For each of some edges, ascending, whether it lies on a path of them from the embedding to the output. An index that is no
/// edge's is on none.
///
/// The time grows with the nodes of the graph and the edges given, not with all of its edges.
pub fn connected_edges(graph: &Graph, dir: AttentionDir, edges: &[usize]) -> Vec<bool> {
    connected(&Paths::new(graph, dir), edges)
}

fn connected(paths: &Paths, edges: &[usize]) -> Vec<bool> {
    let by_dest = paths.by_dest(edges);
    let mut reached = paths.starts();
    // Dest nodes are in the order of the forward pass, so that one look at each is enough.
    for (node, run) in &by_dest {
        if edges[run.clone()].iter().any(|&edge| reached[paths.src_of(node, edge)]) {
            paths.readers(node).for_each(|src| reached[src] = true);
        }
    }
    let (mut leads_on, mut is_connected) = (vec![false; reached.len()], vec![false; edges.len()]);
    for (node, run) in by_dest.into_iter().rev() {
        let is_read = node.read_by == ReadBy::Output || paths.readers(node).any(|src| leads_on[src]);
        for i in run {
            let src = paths.src_of(node, edges[i]);
            leads_on[src] |= is_read;
            is_connected[i] = is_read && reached[src];
        }
    }
    is_connected
}

/// Of some edges those on a path from the embedding to the output.
fn keep_connected(paths: &Paths, chosen: Vec<bool>) -> Vec<bool> {
    let edges: Vec<usize> = (0..chosen.len()).filter(|&edge| chosen[edge]).collect();
    let mut kept = vec![false; chosen.len()];
    edges.iter().zip(connected(paths, &edges)).for_each(|(&edge, is_connected)| kept[edge] = is_connected);
    kept
}

/// The largest scores into nodes that are chosen already, beginning with the end of the residual stream.
fn greedy(paths: &Paths, scores: &[f32], n_edges: usize) -> Vec<bool> {
    let mut read_from = paths.nodes_read_by_src();
    let mut is_open = vec![false; paths.nodes.len()];
    let mut candidates = BinaryHeap::new();
    let mut open = |node_idx: usize, candidates: &mut BinaryHeap<u64>| {
        if !std::mem::replace(&mut is_open[node_idx], true) {
            candidates.extend(paths.nodes[node_idx].edges().map(|edge| candidate(scores[edge], edge)));
        }
    };
    let at_output = paths.nodes.iter().enumerate().filter(|(_, node)| node.read_by == ReadBy::Output);
    at_output.for_each(|(node_idx, _)| open(node_idx, &mut candidates));
    let mut chosen = vec![false; scores.len()];
    for _ in 0..n_edges {
        let Some(edge) = candidates.pop().map(edge_of) else { break };
        chosen[edge] = true;
        let src: SrcAt = paths.src_of_edge(edge);
        std::mem::take(&mut read_from[src]).into_iter().for_each(|node_idx| open(node_idx, &mut candidates));
    }
    chosen
}

/// An edge as a number that is larger the larger its score is, and of equal scores the earlier it comes. The bits of floats that
/// are not negative sort as the floats do; edges are fewer than 2^32 ([`crate::graph::MAX_EDGES`]).
fn candidate(score: f32, edge: usize) -> u64 {
    u64::from(score.abs().to_bits()) << 32 | u64::from(u32::MAX - edge as u32)
}

fn edge_of(candidate: u64) -> usize {
    (u32::MAX - candidate as u32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelConfig, Sizes};
    use crate::graph::{EdgeIndex, GraphConfig};
    use crate::scores::known_circuit::KnownCircuit;

    fn model(n_layers: usize, n_heads: usize) -> ModelConfig {
        let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (8, 2, Some(8), 16, 16);
        ModelConfig::decoder("gpt2", Sizes { n_layers, n_heads, d_model, d_head, d_mlp, n_ctx, d_vocab })
    }

    /// Scores from a linear congruential generator, some of them equal.
    fn random(graph: &Graph) -> PruneScores {
        let scores = (0..graph.n_edges()).scan(1_u32, |seed, _| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*seed >> 12) as f32 - 500_000.0)
        });
        PruneScores::new(scores.collect())
    }

    /// Among the two million edges of GPT-2 XL's shape.
    #[test]
    fn a_circuit_of_many_edges_has_the_edges_that_were_chosen() {
        let graph = Graph::new(&model(48, 25), GraphConfig::default());
        assert!(graph.n_edges() > 2_000_000);
        let scores = random(&graph);
        for selection in Selection::ALL {
            let (_, n_chosen) = select(selection, &scores, 100_000, &graph, AttentionDir::Causal).unwrap();
            // Tied scores come in together.
            assert!(n_chosen <= 100_100);
        }
        let (kept, _) = select(Selection::Top, &scores, 100_000, &graph, AttentionDir::Causal).unwrap();
        let circuit = KnownCircuit::from_scores("scores", &kept, &graph).unwrap();
        let mask = circuit.mask(&graph).unwrap();
        assert!(mask.iter().zip(kept.values()).all(|(&is_in, &score)| is_in == (score != 0.0)));
    }

    /// Embed -> A0.1's key at position 0 -> A0.1 at position 1 -> the end: attention carries it on, and only forwards.
    #[test]
    fn a_key_is_read_at_later_positions() {
        let config = GraphConfig { seq_len: Some(2), ..GraphConfig::default() };
        let graph = Graph::new(&ModelConfig { d_mlp: None, ..model(1, 2) }, config);
        let index = EdgeIndex::new(&graph);
        let edges = |position: usize| {
            let end = index.find("A0.1->Resid End", Some(1 - position));
            let key = index.find("Resid Start->A0.1.K", Some(position));
            [key, end, index.find("A0.0->Resid End", Some(0))].map(|edge| edge.unwrap().edge_idx)
        };
        let connected = |position: usize, dir: AttentionDir| {
            let mut edges = edges(position);
            edges.sort_unstable();
            connected_edges(&graph, dir, &edges)
        };
        // A0.0 has nothing to pass on. The end's edges are last, those at position 0 first.
        assert_eq!(connected(0, AttentionDir::Causal), [true, false, true]);
        assert_eq!(connected(1, AttentionDir::Causal), [false; 3]);
        assert_eq!(connected(1, AttentionDir::Bidirectional).iter().filter(|&&is| is).count(), 2);
        assert_eq!(connected_edges(&graph, AttentionDir::Causal, &[usize::MAX]), [false]);
    }

    /// Models with MLPs after attention, beside it and without, as graphs of both kinds with and without positions.
    fn graphs(n_layers: usize, n_heads: usize) -> Vec<Graph> {
        let after = model(n_layers, n_heads);
        let beside = ModelConfig { parallel_attn_mlp: true, ..after.clone() };
        let without = ModelConfig { d_mlp: None, ..after.clone() };
        let kinds = [(true, None), (false, None), (true, Some(3)), (false, Some(3))];
        let graph = |model: &ModelConfig, (factorized, seq_len)| {
            Graph::new(model, GraphConfig { factorized, seq_len, ..GraphConfig::default() })
        };
        [after, beside, without].iter().flat_map(|model| kinds.map(|kind| graph(model, kind))).collect()
    }

    /// The rule applied again and again until nothing changes, to edges in any order.
    fn slowly_connected(paths: &Paths, edges: &[usize]) -> Vec<bool> {
        let node = |edge: usize| paths.nodes.iter().find(|node| node.edges().contains(&edge)).unwrap();
        let mut reached = paths.starts();
        let mut leads_on = vec![false; reached.len()];
        for _ in 0..edges.len() {
            for &edge in edges.iter().rev() {
                if reached[paths.src_of_edge(edge)] {
                    paths.readers(node(edge)).for_each(|src| reached[src] = true);
                }
            }
            for &edge in edges {
                let is_output = node(edge).read_by == ReadBy::Output;
                leads_on[paths.src_of_edge(edge)] |= is_output || paths.readers(node(edge)).any(|src| leads_on[src]);
            }
        }
        let is_read = |edge| node(edge).read_by == ReadBy::Output || paths.readers(node(edge)).any(|src| leads_on[src]);
        edges.iter().map(|&edge| reached[paths.src_of_edge(edge)] && is_read(edge)).collect()
    }

    #[test]
    fn one_look_at_each_dest_node_finds_what_repetition_finds() {
        let mut n_connected = [0; 2];
        for graph in graphs(2, 2) {
            let n = 12.min(graph.n_edges());
            for seed in 0..8 {
                let ranks = random(&graph);
                // Every eighth of the random order is another circuit.
                let chosen = ranks.ranking().descending()[seed * n / 8..].iter().step_by(seed + 1).take(n);
                let chosen: Vec<f32> = chosen.copied().collect();
                let is_chosen = |edge: &usize| chosen.contains(&ranks.values()[*edge].abs());
                let edges: Vec<usize> = (0..graph.n_edges()).filter(is_chosen).collect();
                for dir in [AttentionDir::Causal, AttentionDir::Bidirectional] {
                    let found = connected_edges(&graph, dir, &edges);
                    assert_eq!(found, slowly_connected(&Paths::new(&graph, dir), &edges));
                    found.into_iter().for_each(|is_connected| n_connected[usize::from(is_connected)] += 1);
                }
            }
        }
        // The circuits are such that both happens often.
        assert!(n_connected.iter().all(|&n| n > 200), "{n_connected:?}");
    }

    #[test]
    fn all_edges_are_connected_in_every_graph() {
        for graph in graphs(3, 2) {
            let ones = PruneScores::new(vec![1.0; graph.n_edges()]);
            let all = select(Selection::Connected, &ones, 1, &graph, AttentionDir::Causal).unwrap();
            // In a token-wise graph what later blocks read of an earlier position is connected too.
            assert_eq!(all.1, graph.n_edges(), "{:?}", graph.config);
        }
    }
}
