//! How alike two orders of edges are: in all, and at each size of their circuits.

use std::rc::Rc;

use crate::state::State;
use crate::state::compare::With;
use crate::state::load::Shared;
use crate::state::scores::Scored;
use crate::words::{counted, grouped};
use circuitscope_core::{log_sizes, overlaps, rank_correlation};
use circuitscope_picture::{Axis, PlotLayout, PlotRequest, PlotValue, Scale, Series, Size, plot};

/// The plot of the overlap at each size.
const CURVE: Size = Size { width: 340.0, height: 190.0 };
/// The style of the line of chance, the last and greyest of the plot's.
const CHANCE: usize = 5;

/// What the likeness of two orders depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct AgreementRequest {
    a: Shared<Scored>,
    b: Shared<Scored>,
}

/// How alike two orders of edges are.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Spearman's rho by |score|, in words; nothing where all scores of one are tied.
    pub correlation: Option<String>,
    /// Jaccard's index at each size.
    pub curve: Option<Rc<PlotLayout>>,
}

impl AgreementRequest {
    /// Two score sets, where there are two: a known circuit is no order, and one score set agrees with itself.
    pub fn new(state: &State) -> Option<Self> {
        let compare = state.measures.compare.as_ref()?;
        let (a, b) = (state.inputs.scored.clone()?, compare.scored.clone());
        matches!(compare.with, With::File(_) | With::Pin(_)).then_some(Self { a, b })
    }

    pub fn agreement(&self) -> Agreement {
        let correlation = rank_correlation(&self.a.scores, &self.b.scores).map(|rho| format!("{rho:.2}"));
        Agreement { correlation, curve: self.curve().map(Rc::new) }
    }

    fn curve(&self) -> Option<PlotLayout> {
        let n_edges = self.a.scores.n_edges();
        let sizes = log_sizes(n_edges);
        let overlaps = overlaps(&self.a.scores, &self.b.scores, &sizes)?;
        let found = sizes.iter().zip(overlaps).filter_map(|(&size, overlap)| {
            let (edges, jaccard) = (counted(size, "edge"), overlap.jaccard()?);
            Some(value(size, jaccard, format!("{edges}: {} in both, Jaccard {jaccard:.2}", grouped(overlap.n_shared))))
        });
        let by_chance = sizes.iter().map(|&size| {
            let jaccard = chance(size, n_edges);
            value(size, jaccard, format!("by chance {jaccard:.2}"))
        });
        let series = |name: &str, style: usize, values: Vec<PlotValue>| Series { name: name.to_owned(), style, values };
        Some(plot(&PlotRequest {
            size: CURVE,
            x: Axis { label: "Edges in each circuit (log scale)".to_owned(), scale: Scale::LogCounts, range: None },
            y: Axis { label: "Jaccard index".to_owned(), scale: Scale::Linear, range: Some((0.0, 1.0)) },
            series: vec![series("A and B", 0, found.collect()), series("by chance", CHANCE, by_chance.collect())],
            levels: Vec::new(),
            diagonal: false,
            legend: true,
        }))
    }
}

fn value(size: usize, y: f64, hover: String) -> PlotValue {
    PlotValue { x: size as f64, y, band: None, hover }
}

/// Jaccard's index of two circuits of random edges, about: of `size` edges each a share of size / n is expected in the other.
fn chance(size: usize, n_edges: usize) -> f64 {
    let share = size as f64 / n_edges as f64;
    share / (2.0 - share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_circuits_share_what_chance_gives() {
        // Of 100 edges, two circuits of 50 share 25 and have 75 between them.
        assert!((chance(50, 100) - 25.0 / 75.0).abs() < 1e-12);
        assert_eq!((chance(100, 100), chance(0, 100)), (1.0, 0.0));
    }
}
