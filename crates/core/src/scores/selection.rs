//! Which edges make a circuit, given their scores: the largest, the largest that hang together, or a greedy walk from the
//! output; after EAP-IG's `Graph.apply_topn`, `prune` and `apply_greedy` (Hanna et al. 2024).
//!
//! An edge hangs together with the rest when it lies on a path from the embedding to the output: its src node is reached from
//! the embedding by edges of the circuit, and its dest node reaches the output. A head passes on what any of its inputs
//! gets. In a token-wise graph a query feeds its head at its own position, a key or a value at its own and later ones (all,
//! where attention is bidirectional). In a node graph heads and MLPs read the last node of the residual stream before them.

use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use crate::config::AttentionDir;
use crate::error::CircuitError;
use crate::graph::node::{DestKind, SrcKind};
use crate::graph::{Edge, Graph};
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
    let edges: Vec<Edge> = graph.edges().collect();
    let paths = Paths { graph, dir };
    let top = || edges.iter().map(|&edge| circuit.contains(scores.score(edge))).collect();
    let chosen = match selection {
        Selection::Top => top(),
        Selection::Connected => paths.connected(&edges, top()),
        Selection::Greedy => paths.connected(&edges, paths.greedy(&edges, scores, n_edges)),
    };
    let values = edges.iter().map(|&edge| if chosen[edge.edge_idx] { scores.score(edge) } else { 0.0 }).collect();
    Ok((PruneScores::new(values), chosen.iter().filter(|&&c| c).count()))
}

/// A src node at a token position (0 where the graph is not token-wise), as a number.
type Place = usize;

/// What is connected to what.
struct Paths<'a> {
    graph: &'a Graph,
    dir: AttentionDir,
}

impl Paths<'_> {
    fn seq(&self) -> usize {
        self.graph.config.seq_len.unwrap_or(1)
    }

    fn place(&self, src_idx: usize, position: usize) -> Place {
        src_idx * self.seq() + position
    }

    fn src(&self, edge: Edge) -> Place {
        self.place(edge.src_idx, edge.seq_idx.unwrap_or(0))
    }

    /// The src nodes that read an edge's dest node; `None` where that is the end of the residual stream.
    fn readers(&self, edge: Edge) -> Option<Vec<Place>> {
        let position = edge.seq_idx.unwrap_or(0);
        let of_kind = |kind: SrcKind, head: Option<usize>| {
            let srcs = self.graph.srcs.iter().enumerate();
            let found = srcs.filter(move |(_, s)| s.kind == kind && (head.is_none() || s.head_idx == head));
            found.map(|(src_idx, _)| src_idx).collect::<Vec<_>>()
        };
        let later = match self.dir {
            AttentionDir::Causal => position..self.seq(),
            AttentionDir::Bidirectional => 0..self.seq(),
        };
        let at = |srcs: Vec<usize>, positions: std::ops::Range<usize>| {
            srcs.iter()
                .flat_map(|&src| positions.clone().map(move |p| (src, p)))
                .map(|(s, p)| self.place(s, p))
                .collect()
        };
        let here = position..position + 1;
        let kind = self.graph.dests[edge.module_idx].kind;
        match kind {
            DestKind::Q(block) => Some(at(of_kind(SrcKind::Heads(block), Some(edge.head_idx)), here)),
            DestKind::K(block) | DestKind::V(block) | DestKind::AttnIn(block) => {
                Some(at(of_kind(SrcKind::Heads(block), Some(edge.head_idx)), later))
            }
            DestKind::MlpIn(block) => Some(at(of_kind(SrcKind::Mlp(block), None), here)),
            DestKind::ResidMid(block) => {
                let srcs = [SrcKind::ResidMid(block), SrcKind::Mlp(block)].into_iter().flat_map(|k| of_kind(k, None));
                Some(at(srcs.collect(), here))
            }
            DestKind::ResidPost(block) if block + 1 == self.graph.n_layers => None,
            DestKind::ResidPost(block) => {
                let (stream, heads) =
                    (of_kind(SrcKind::ResidPost(block), None), of_kind(SrcKind::Heads(block + 1), None));
                let mut places: Vec<Place> = at(stream, here);
                places.extend(at(heads, later));
                Some(places)
            }
        }
    }

    /// Whether a src node is there from the start: the embedding, and what reads it without an edge.
    fn starts(&self, src_idx: usize) -> bool {
        match self.graph.srcs[src_idx].kind {
            SrcKind::ResidStart => true,
            SrcKind::Heads(0) => !self.graph.config.factorized,
            _ => false,
        }
    }

    /// Of some edges those on a path from the embedding to the output.
    fn connected(&self, edges: &[Edge], chosen: Vec<bool>) -> Vec<bool> {
        let kept: Vec<Edge> = edges.iter().copied().filter(|edge| chosen[edge.edge_idx]).collect();
        let n_places = self.graph.srcs.len() * self.seq();
        let mut reached: Vec<bool> = (0..n_places).map(|place| self.starts(place / self.seq())).collect();
        // Edges are in the order of the forward pass, so that one look at each is enough.
        for edge in &kept {
            if reached[self.src(*edge)] {
                self.readers(*edge).into_iter().flatten().for_each(|place| reached[place] = true);
            }
        }
        let mut leads = vec![false; n_places];
        let mut on_path = vec![false; chosen.len()];
        for edge in kept.iter().rev() {
            let leads_on = self.readers(*edge).is_none_or(|places| places.iter().any(|&place| leads[place]));
            leads[self.src(*edge)] |= leads_on;
            on_path[edge.edge_idx] = leads_on && reached[self.src(*edge)];
        }
        on_path
    }

    /// The largest scores into nodes that are there already, beginning with the end of the residual stream.
    fn greedy(&self, edges: &[Edge], scores: &PruneScores, n_edges: usize) -> Vec<bool> {
        let mut into: Vec<Vec<Edge>> = vec![Vec::new(); self.graph.srcs.len() * self.seq()];
        let mut candidates = BinaryHeap::new();
        // Of equal scores the first edge goes first.
        let candidate = |edge: Edge| (ordered(scores.score(edge)), std::cmp::Reverse(edge.edge_idx));
        for &edge in edges {
            match self.readers(edge) {
                None => candidates.push(candidate(edge)),
                Some(places) => places.into_iter().for_each(|place| into[place].push(edge)),
            }
        }
        let mut chosen = vec![false; edges.len()];
        let mut n_chosen = 0;
        while n_chosen < n_edges {
            let Some((_, std::cmp::Reverse(edge_idx))) = candidates.pop() else { break };
            if std::mem::replace(&mut chosen[edge_idx], true) {
                continue;
            }
            n_chosen += 1;
            let place = self.src(edges[edge_idx]);
            candidates.extend(std::mem::take(&mut into[place]).into_iter().map(candidate));
        }
        chosen
    }
}

/// Absolute values in an order: the bits of floats that are not negative sort as they do.
fn ordered(score: f32) -> u32 {
    score.abs().to_bits()
}
