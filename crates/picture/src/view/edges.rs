//! Which edges are shown: those of a circuit and a reader's changes to it, or those of two circuits.
//!
//! A circuit is a list of edge indices, ascending. Scores of 400,000 edges are looked through as a slice; whatever costs more is
//! done for the edges found.

use std::collections::BTreeMap;

use circuitscope_core::{Circuit, PruneScores};

use crate::drawn::Side;

/// What a reader changed: of an edge how much of it is in the circuit, from 0 (not) to 1 (all).
pub type Edits = BTreeMap<usize, f32>;

/// An edge that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    pub edge_idx: usize,
    pub score: f32,
    /// How much of it is in the circuit: 1 all, 0 nothing, which is an edge that a reader took out.
    pub mask: f32,
    pub side: Side,
}

impl Shown {
    /// Whether any of it is in the circuit.
    pub fn is_in_circuit(&self) -> bool {
        self.mask > 0.0
    }
}

/// One of two circuits that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    pub scores: &'a PruneScores,
    /// What its scores are multiplied by: scores of two algorithms have different units, and are to have one width.
    pub scale: f32,
    pub shown: &'a [Shown],
}

/// The edges of a circuit of some scores.
pub fn edges_in_circuit(scores: &PruneScores, circuit: &Circuit) -> Vec<usize> {
    let mut edges = Vec::with_capacity(circuit.n_edges);
    if circuit.n_edges > 0 {
        let scores = scores.values().iter().enumerate();
        edges.extend(scores.filter(|&(_, score)| score.abs() >= circuit.threshold).map(|(edge_idx, _)| edge_idx));
    }
    edges
}

/// The edges of a circuit, ascending, with a reader's changes: an edge taken out stays with a mask of 0, one put in is added.
pub fn shown(scores: &PruneScores, edges: &[usize], edits: &Edits) -> Vec<Shown> {
    let mut edits = edits.iter().filter(|(_, mask)| !mask.is_nan()).peekable();
    let mut shown = Vec::with_capacity(edges.len());
    for &edge_idx in edges {
        while let Some((&added, &mask)) = edits.next_if(|&(&edited, _)| edited < edge_idx) {
            push_added(&mut shown, scores, added, mask);
        }
        let mask = edits.next_if(|&(&edited, _)| edited == edge_idx).map_or(1.0, |(_, &mask)| mask);
        push(&mut shown, scores, edge_idx, mask);
    }
    edits.for_each(|(&added, &mask)| push_added(&mut shown, scores, added, mask));
    shown
}

/// The edges of two circuits, with the mean of their scaled scores; edges that a reader took out of one are not in it.
pub fn compared(a: Compared, b: Compared) -> Vec<Shown> {
    let [mut of_a, mut of_b] = [a, b].map(|one| one.shown.iter().filter(|shown| shown.is_in_circuit()).peekable());
    let mut both = Vec::with_capacity(a.shown.len().max(b.shown.len()));
    loop {
        let next = [of_a.peek(), of_b.peek()].into_iter().flatten().map(|shown| shown.edge_idx).min();
        let Some(edge_idx) = next else { return both };
        let [in_a, in_b] = [&mut of_a, &mut of_b].map(|one| one.next_if(|shown| shown.edge_idx == edge_idx));
        let (side, mask) = match (in_a, in_b) {
            (Some(a), Some(b)) => (Side::Both, f32::midpoint(a.mask, b.mask)),
            (Some(a), None) => (Side::OnlyA, a.mask),
            (None, b) => (Side::OnlyB, b.map_or(1.0, |b| b.mask)),
        };
        both.push(Shown { edge_idx, score: mean_score(a, b, edge_idx), mask, side });
    }
}

/// What scores are multiplied by so that their strongest edge is as strong as that of others; 1 where either has none of finite
/// strength.
pub fn scale_to(others: &PruneScores, scores: &PruneScores) -> f32 {
    let strongest =
        |scores: &PruneScores| scores.ranking().descending().iter().copied().find(|score| score.is_finite());
    let scale = strongest(others).zip(strongest(scores)).map(|(wanted, found)| wanted / found);
    scale.filter(|scale| scale.is_finite() && *scale > 0.0).unwrap_or(1.0)
}

/// How much an edge counts in a sum. Scores may be infinite (ACDC gives such), and a sum is to stay a number.
pub fn strength(score: f32) -> f64 {
    f64::from(score.abs().min(f32::MAX))
}

/// An edge that is not in the circuit, unless none of it is put in.
fn push_added(shown: &mut Vec<Shown>, scores: &PruneScores, edge_idx: usize, mask: f32) {
    if mask > 0.0 {
        push(shown, scores, edge_idx, mask);
    }
}

/// An index that is no edge's is left out.
fn push(shown: &mut Vec<Shown>, scores: &PruneScores, edge_idx: usize, mask: f32) {
    let edge = scores.values().get(edge_idx);
    shown.extend(edge.map(|&score| Shown { edge_idx, score, mask: mask.clamp(0.0, 1.0), side: Side::One }));
}

/// 0 where one score is as large as the other is small, both infinite.
fn mean_score(a: Compared, b: Compared, edge_idx: usize) -> f32 {
    let [a, b] = [a, b].map(|one| one.scores.values().get(edge_idx).map_or(0.0, |score| score * one.scale));
    let mean = f32::midpoint(a, b);
    if mean.is_nan() { 0.0 } else { mean }
}
