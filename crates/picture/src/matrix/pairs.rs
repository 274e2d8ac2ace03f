//! Step 1: the links between two nodes in one sum.

use std::collections::BTreeMap;

use crate::drawn::{Drawn, Link, Side};
use crate::view::strength;

/// The links from one node to another, or from some nodes to some others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair<'a> {
    /// In the order of their edges; never empty.
    pub links: Vec<&'a Link>,
}

/// The links of all bands by their ends: indices of src and dest.
pub(super) fn pairs(drawn: &Drawn) -> BTreeMap<[usize; 2], Pair<'_>> {
    let mut pairs: BTreeMap<[usize; 2], Pair> = BTreeMap::new();
    for link in drawn.links() {
        pairs.entry([link.src, link.dest]).or_insert_with(|| Pair { links: Vec::new() }).links.push(link);
    }
    pairs.values_mut().for_each(Pair::sort);
    pairs
}

impl<'a> Pair<'a> {
    /// The links of several pairs, as if they were one.
    pub fn join(pairs: impl Iterator<Item = &'a Pair<'a>>) -> Self {
        let mut joined = Self { links: pairs.flat_map(|pair| &pair.links).copied().collect() };
        joined.sort();
        joined
    }

    /// The links that count: those in the circuit, or those taken out where there are no others.
    pub fn counted(&self) -> impl Iterator<Item = &'a Link> {
        let any_in_circuit = self.links.iter().any(|link| link.mask > 0.0);
        self.links.iter().copied().filter(move |link| link.mask > 0.0 || !any_in_circuit)
    }

    pub fn score(&self) -> f64 {
        self.counted().map(|link| f64::from(link.score.clamp(f32::MIN, f32::MAX))).sum()
    }

    pub fn mask(&self) -> f64 {
        self.counted().map(|link| f64::from(link.mask)).sum::<f64>() / self.counted().count() as f64
    }

    pub fn n_edges(&self) -> usize {
        self.links.iter().map(|link| link.n_edges).sum()
    }

    /// The side that all links are on; both where they are on different ones.
    pub fn side(&self) -> Side {
        let first = self.links.first().map_or(Side::One, |link| link.side);
        if self.links.iter().all(|link| link.side == first) { first } else { Side::Both }
    }

    /// The strongest link; of equally strong ones the first.
    pub fn strongest(&self) -> Option<&'a Link> {
        let stronger =
            |best: &'a Link, link: &'a Link| if strength(link.score) > strength(best.score) { link } else { best };
        self.counted().reduce(stronger)
    }

    /// The same sums whatever order the links came in.
    fn sort(&mut self) {
        self.links.sort_by_key(|link| link.edge_idx);
    }
}
