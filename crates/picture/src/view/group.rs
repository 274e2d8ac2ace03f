//! Edges that are drawn as one link: those between two boxes of one sign, at one position, on one side of a comparison.
//!
//! Their scores are summed; edges that a reader took out stay apart from those in the circuit.

use std::collections::HashMap;

use super::boxes::Boxes;
use super::edges::strength;
use super::paths::Placed;
use crate::drawn::{Port, Side};

/// What edges have in common that are drawn as one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Ends {
    pub seq_idx: Option<usize>,
    /// Indices of boxes.
    pub src: usize,
    pub dest: usize,
    /// None where the dest is a box of several heads, or its inputs are merged.
    pub port: Option<Port>,
    pub side: Side,
    is_negative: bool,
    is_in_circuit: bool,
}

/// Edges that are drawn as one link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bundle<'a> {
    pub ends: Ends,
    /// The strongest; of equally strong ones the first.
    pub strongest: &'a Placed,
    pub n_edges: usize,
    pub score: f64,
    pub on_path: bool,
    /// The masks' sum and the weights' sum; an edge weighs as much as it counts.
    masked: f64,
    weight: f64,
}

impl Bundle<'_> {
    pub fn is_in_circuit(&self) -> bool {
        self.ends.is_in_circuit
    }

    /// The mean mask.
    pub fn mask(&self) -> f32 {
        (self.masked / self.weight) as f32
    }
}

/// The links of some edges, in the order of the first edge of each.
pub(super) fn bundles<'a>(kept: &[&'a Placed], boxes: &Boxes) -> Vec<Bundle<'a>> {
    if boxes.are_apart() {
        return kept.iter().map(|placed| alone(placed, ends(placed, boxes))).collect();
    }
    let mut bundles: Vec<Bundle> = Vec::with_capacity(kept.len());
    // Only looked up: its order reaches nothing.
    let mut indices: HashMap<Ends, usize> = HashMap::with_capacity(kept.len());
    for placed in kept {
        let ends = ends(placed, boxes);
        let new = alone(placed, ends);
        match indices.get(&ends) {
            Some(&i) => add(&mut bundles[i], &new),
            None => {
                indices.insert(ends, bundles.len());
                bundles.push(new);
            }
        }
    }
    bundles
}

fn ends(placed: &Placed, boxes: &Boxes) -> Ends {
    Ends {
        seq_idx: placed.edge.seq_idx,
        src: boxes.of[placed.src],
        dest: boxes.of[placed.dest],
        port: placed.port.filter(|_| !boxes.is_merged(placed.dest)),
        side: placed.shown.side,
        is_negative: placed.shown.score < 0.0,
        is_in_circuit: placed.shown.is_in_circuit(),
    }
}

fn alone(placed: &Placed, ends: Ends) -> Bundle<'_> {
    let shown = placed.shown;
    // Edges of score 0 weigh next to nothing, so that a link of these alone has a mean as well.
    let weight = strength(shown.score).max(f64::MIN_POSITIVE);
    Bundle {
        ends,
        strongest: placed,
        n_edges: 1,
        score: f64::from(shown.score),
        on_path: placed.on_path,
        masked: f64::from(shown.mask) * weight,
        weight,
    }
}

fn add<'a>(bundle: &mut Bundle<'a>, other: &Bundle<'a>) {
    if other.strongest.shown.score.abs() > bundle.strongest.shown.score.abs() {
        bundle.strongest = other.strongest;
    }
    bundle.n_edges += other.n_edges;
    bundle.score += other.score;
    bundle.on_path |= other.on_path;
    bundle.masked += other.masked;
    bundle.weight += other.weight;
}
