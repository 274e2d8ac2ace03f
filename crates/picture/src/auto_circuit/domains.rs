//! The reference's figure: its size, and which part of its height each token position gets (`draw_seq_graph`).
//!
//! A position's height is proportional to its *excess*: the sum over its edges of how far `|score|` lies above the
//! threshold. Between two positions lies half of what a position has on average.

use super::request::{DrawOptions, DrawnNode, Orientation, SeqPositions, SubDiagram};
use crate::geometry::Size;
use circuitscope_core::PruneScores;

/// How far the scores of each token position lie above the threshold, in sum.
pub(super) struct Excess {
    threshold: f64,
    /// The largest finite score, as which an infinite one counts.
    largest: f64,
    /// By token position.
    sums: Vec<f64>,
}

impl Excess {
    pub(super) fn new(seq: usize, threshold: f32, scores: &PruneScores) -> Self {
        let largest = scores.ranking().descending().iter().find(|score| score.is_finite());
        // Every edge is above a negative threshold, even one without end: none lies further above it than above 0.
        let threshold = threshold.max(0.0).into();
        Self { threshold, largest: largest.copied().unwrap_or(0.0).into(), sums: vec![0.0; seq] }
    }

    /// Adds an edge. One below the threshold adds nothing.
    pub(super) fn add(&mut self, seq_idx: usize, score: f32) {
        self.sums[seq_idx] += (f64::from(score.abs()).min(self.largest) - self.threshold).max(0.0);
    }
}

/// The token positions that get a sub-diagram, in order, each with its part `[lower, upper]` of the height.
///
/// `has_links` says for each position whether it has a drawn edge.
pub(super) fn domains(excess: &Excess, has_links: &[bool], positions: SeqPositions) -> Vec<(usize, [f64; 2])> {
    let seq = excess.sums.len();
    if seq <= 1 {
        return vec![(0, [0.0, 1.0])];
    }
    // The least total, 0.01, is the reference's.
    let total = excess.sums.iter().sum::<f64>().max(1e-2);
    let least = total / (2 * seq) as f64;
    let height = |seq_idx: usize| {
        let height = excess.sums[seq_idx];
        match positions {
            SeqPositions::All => Some(height.max(least)),
            SeqPositions::AboveThreshold => (height > 0.0).then_some(height),
            SeqPositions::Drawn => has_links[seq_idx].then_some(if height > 0.0 { height } else { least }),
        }
    };
    stacked((0..seq).filter_map(|seq_idx| Some((seq_idx, height(seq_idx)?))).collect(), total)
}

/// Stacks heights from the top down, with the margin between them, within 0 and 1.
fn stacked(heights: Vec<(usize, f64)>, total: f64) -> Vec<(usize, [f64; 2])> {
    let n = heights.len();
    let margin = total / (2 * n.max(1)) as f64;
    let sum = heights.iter().map(|(_, height)| height).sum::<f64>() + margin * n.saturating_sub(1) as f64;
    let mut upper = sum;
    let mut stack = Vec::with_capacity(n);
    for (seq_idx, height) in heights {
        let lower = upper - height;
        // The reference keeps this far from the ends.
        stack.push((seq_idx, [(lower / sum).max(1e-6), (upper / sum).min(1.0 - 1e-6)]));
        upper = lower - margin;
    }
    stack
}

/// The size of the reference's figure, in pixels. Its number of layers is that of the last sub-diagram.
pub(super) fn reference_size(
    sub_diagrams: &[SubDiagram],
    nodes: &[DrawnNode],
    n_graph_layers: usize,
    options: DrawOptions,
) -> Size {
    let n_layers = match sub_diagrams.last() {
        None => 0,
        Some(_) if options.layer_spacing => n_graph_layers,
        Some(last) => {
            let mut used = vec![false; n_graph_layers];
            last.links.iter().flat_map(|link| [link.src, link.dest]).for_each(|node| used[nodes[node].layer] = true);
            used.iter().filter(|&&used| used).count()
        }
    };
    let (layers, n) = (n_layers as f64, sub_diagrams.len() as f64);
    match options.orientation {
        Orientation::Horizontal => Size { width: (50.0 * layers).max(600.0), height: (250.0 * n).max(400.0) },
        Orientation::Vertical => Size { width: (700.0 * n).max(800.0), height: (50.0 * layers).max(600.0) },
    }
}
