//! The counts at which the cursor can stop.
//!
//! Edges of the same score come into a circuit together, so that not every count is the size of a circuit.

use std::rc::Rc;

/// The sizes of the circuits that can be chosen: 0, the number of edges, and counts between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stops {
    n_edges: usize,
    /// In ascending order from 0 to `n_edges`; `None` where every count is a stop, so that 400,000 need no room.
    counts: Option<Rc<[usize]>>,
}

impl Stops {
    /// Every count up to a number of edges.
    pub fn every(n_edges: usize) -> Self {
        Self { n_edges, counts: None }
    }

    /// The given counts as far as a graph has so many edges, and 0 and all.
    pub fn from_counts(n_edges: usize, counts: impl IntoIterator<Item = usize>) -> Self {
        let mut counts: Vec<usize> = counts.into_iter().filter(|&k| k <= n_edges).chain([0, n_edges]).collect();
        counts.sort_unstable();
        counts.dedup();
        if counts.len() == n_edges + 1 { Self::every(n_edges) } else { Self { n_edges, counts: Some(counts.into()) } }
    }

    /// The sizes of circuits by absolute scores, largest first: the ends of ties.
    pub fn from_descending(scores: &[f32]) -> Self {
        let ends = scores.windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]).map(|(i, _)| i + 1);
        Self::from_counts(scores.len(), ends)
    }

    /// The number of edges of the graph, the last stop.
    pub fn n_edges(&self) -> usize {
        self.n_edges
    }

    /// The first stop that is at least `k`, or all edges: the size of the circuit of `k` edges with all ties of the weakest.
    pub fn at_least(&self, k: usize) -> usize {
        match &self.counts {
            None => k.min(self.n_edges),
            Some(counts) => counts.get(counts.partition_point(|&stop| stop < k)).copied().unwrap_or(self.n_edges),
        }
    }

    /// The last stop that is at most `k`.
    pub fn at_most(&self, k: usize) -> usize {
        match &self.counts {
            None => k.min(self.n_edges),
            Some(counts) => counts[..counts.partition_point(|&stop| stop <= k)].last().copied().unwrap_or(0),
        }
    }

    /// The `n`-th stop after `k`, or the last.
    pub fn after(&self, k: usize, n: usize) -> usize {
        match &self.counts {
            None => k.saturating_add(n).min(self.n_edges),
            Some(_) if n == 0 => k,
            Some(counts) => {
                let next = counts.partition_point(|&stop| stop <= k);
                counts.get(next.saturating_add(n - 1)).copied().unwrap_or(self.n_edges)
            }
        }
    }

    /// The `n`-th stop before `k`, or 0.
    pub fn before(&self, k: usize, n: usize) -> usize {
        match &self.counts {
            None => k.min(self.n_edges).saturating_sub(n),
            Some(_) if n == 0 => k,
            Some(counts) => {
                let n_before = counts.partition_point(|&stop| stop < k);
                n_before.checked_sub(n).and_then(|i| counts.get(i)).copied().unwrap_or(0)
            }
        }
    }
}
