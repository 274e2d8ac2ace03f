//! Score sets against a known circuit and against each other.

use crate::scores::prune_scores::PruneScores;
use crate::scores::ranking::Ranking;

/// How well scores tell the edges of an official circuit from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Roc {
    /// From no edges to all, a point for each circuit that the scores give.
    pub points: Vec<RocPoint>,
    /// The area under the curve, by trapezoids: how likely an official edge has the larger score, a tie counting half.
    pub auc: f64,
}

/// A circuit as a classifier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    pub n_edges: usize,
    /// The share of the edges outside the official circuit that are in this one.
    pub false_positive_rate: f64,
    /// The share of the official edges that are in it.
    pub true_positive_rate: f64,
}

/// The receiver operating characteristic of scores against an official circuit (auto-circuit's `measure_task_roc`, at every
/// circuit that the scores give; the reference's default leaves some out where there are many).
///
/// `official` says of every edge, in the graph's edge order, whether it is in the official circuit. `None` where none or all
/// are, or it is of another graph.
pub fn roc(scores: &PruneScores, official: &[bool]) -> Option<Roc> {
    let n_official = official.iter().filter(|&&is| is).count();
    let n_others = official.len() - n_official;
    if n_official == 0 || n_others == 0 || official.len() != scores.n_edges() {
        return None;
    }
    let of_official: Vec<f32> =
        scores.values().iter().zip(official).filter(|(_, is)| **is).map(|(&score, _)| score).collect();
    let of_official = Ranking::new(&of_official);
    let mut points = vec![RocPoint { n_edges: 0, false_positive_rate: 0.0, true_positive_rate: 0.0 }];
    let (mut n_edges, mut n_found) = (0, 0);
    for tied in scores.ranking().descending().chunk_by(|a, b| a == b) {
        n_edges += tied.len();
        n_found += of_official.descending()[n_found..].iter().take_while(|&&score| score >= tied[0]).count();
        points.push(RocPoint {
            n_edges,
            false_positive_rate: (n_edges - n_found) as f64 / n_others as f64,
            true_positive_rate: n_found as f64 / n_official as f64,
        });
    }
    let trapezoid = |pair: &[RocPoint]| {
        let width = pair[1].false_positive_rate - pair[0].false_positive_rate;
        width * (pair[0].true_positive_rate + pair[1].true_positive_rate) / 2.0
    };
    let auc = points.windows(2).map(trapezoid).sum();
    Some(Roc { points, auc })
}

/// The share of common edges among the `n_edges` largest of two score sets of a graph (auto-circuit's
/// `prune_score_similarities`).
///
/// `None` where ties make a circuit of either larger than that, where there are fewer edges, or where the graphs differ.
pub fn similarity(a: &PruneScores, b: &PruneScores, n_edges: usize) -> Option<f64> {
    if n_edges == 0 || a.n_edges() != b.n_edges() {
        return None;
    }
    let [circuit_a, circuit_b] = [a.circuit(n_edges).ok()?, b.circuit(n_edges).ok()?];
    if circuit_a.n_edges != n_edges || circuit_b.n_edges != n_edges {
        return None;
    }
    let pairs = a.values().iter().zip(b.values());
    let n_common = pairs.filter(|&(&a, &b)| circuit_a.contains(a) && circuit_b.contains(b)).count();
    Some(n_common as f64 / n_edges as f64)
}
