//! Scores compared with each other, and with an official circuit.

use super::measures::scores_name;
use crate::state::State;
use crate::state::load::Shared;
use crate::state::measures::Official;
use crate::state::scores::Scored;
use crate::words::{counted, grouped};
use circuitscope_core::{Roc, RocPoint, roc, similarity};
use circuitscope_picture::{Axis, PlotLayout, PlotRequest, PlotValue, Scale, Series, Size, plot};

/// The ROC plot's size.
const SQUARE: Size = Size { width: 280.0, height: 290.0 };

/// Scores of the graph in use, with the official circuit that they are compared with.
#[derive(Clone, PartialEq)]
pub struct Compared {
    official: Option<Shared<Official>>,
    /// Those in use, then those of pins.
    sets: Vec<Scores>,
}

/// Some scores, by name.
#[derive(Clone, PartialEq)]
pub struct Scores {
    pub style: usize,
    pub name: String,
    pub scored: Shared<Scored>,
}

impl Compared {
    pub fn new(state: &State) -> Self {
        let official = state.measures.official.clone();
        let Some(shown) = state.inputs.scored.clone() else { return Self { official, sets: Vec::new() } };
        let pins = state.measures.pins.iter().filter_map(|pin| {
            let scored = pin.set.scored.clone().filter(|scored| scored.graph == shown.graph)?;
            Some(Scores { style: pin.style, name: pin.set.scores.clone(), scored })
        });
        let pins: Vec<_> = pins.collect();
        let in_use = Scores { style: 0, name: scores_name(state, &state.key()), scored: shown };
        Self { official, sets: [in_use].into_iter().chain(pins).collect() }
    }

    /// Each different score set once: runs of the same scores differ in settings only.
    pub fn distinct(self) -> Vec<Scores> {
        let mut distinct: Vec<Scores> = Vec::new();
        for set in self.sets {
            if distinct.iter().all(|other| other.scored.scores != set.scored.scores) {
                distinct.push(set);
            }
        }
        distinct
    }

    /// The ROC of each set by its style; `None` where no official circuit of this graph is known.
    pub fn rocs(&self) -> Option<Vec<(usize, Roc)>> {
        let mask = self.official.as_ref()?.circuit.mask(&self.sets.first()?.scored.graph).ok()?;
        Some(self.sets.iter().filter_map(|set| Some((set.style, roc(&set.scored.scores, &mask)?))).collect())
    }

    pub fn plot(&self) -> Option<PlotLayout> {
        let rocs = self.rocs()?;
        let series = self.clone().distinct().into_iter().filter_map(|set| {
            let (_, Roc { points, auc }) = rocs.iter().find(|(style, _)| *style == set.style)?;
            let values = distinguishable(points).into_iter().map(roc_value).collect();
            Some(Series { name: format!("{}, AUC {auc:.3}", set.name), style: set.style, values })
        });
        let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Linear, range: Some((0.0, 1.0)) };
        Some(plot(&PlotRequest {
            size: SQUARE,
            x: axis("False positive rate"),
            y: axis("True positive rate"),
            series: series.collect(),
            levels: Vec::new(),
            diagonal: true,
            legend: true,
        }))
    }
}

/// The points of a curve that the plot can show apart: each is half a pixel at least from the one before. Large graphs have
/// hundreds of thousands.
fn distinguishable(points: &[RocPoint]) -> Vec<&RocPoint> {
    let far = |a: &RocPoint, b: &RocPoint| {
        let x = (a.false_positive_rate - b.false_positive_rate).abs() * SQUARE.width;
        let y = (a.true_positive_rate - b.true_positive_rate).abs() * SQUARE.height;
        x.max(y) >= 0.5
    };
    let mut shown: Vec<&RocPoint> = Vec::new();
    for (i, point) in points.iter().enumerate() {
        if i + 1 == points.len() || shown.last().is_none_or(|last| far(last, point)) {
            shown.push(point);
        }
    }
    shown
}

fn roc_value(point: &RocPoint) -> PlotValue {
    let &RocPoint { n_edges, false_positive_rate: x, true_positive_rate: y } = point;
    let edges = counted(n_edges, "edge");
    let hover = format!("{edges}: {:.0} % of the official, {:.1} % of the others", 100.0 * y, 100.0 * x);
    PlotValue { x, y, band: None, hover }
}

/// How many of the largest scores sets have in common.
pub struct Similarities {
    pub caption: String,
    /// The style and the name of each.
    pub sets: Vec<(usize, String)>,
    pub shares: Vec<Vec<Option<f64>>>,
}

/// What similarities depend on: each share looks at all scores of two sets.
#[derive(Clone, PartialEq)]
pub struct SimilarityRequest {
    compared: Compared,
    /// The size of the shown circuit.
    n_edges: usize,
}

impl SimilarityRequest {
    pub fn new(state: &State, compared: Compared) -> Self {
        Self { compared, n_edges: state.circuit().map_or(0, |circuit| circuit.n_edges) }
    }

    /// What the sets have in common at the size of the shown circuit, where there are several.
    pub fn similarities(&self) -> Option<Similarities> {
        let scored = self.compared.clone().distinct();
        if scored.len() < 2 || self.n_edges == 0 {
            return None;
        }
        let share = |a: &Scores, b: &Scores| similarity(&a.scored.scores, &b.scored.scores, self.n_edges);
        let shares = scored.iter().map(|a| scored.iter().map(|b| share(a, b)).collect()).collect();
        let n_all = scored[0].scored.scores.n_edges();
        let caption = format!("Common edges among the {} largest of {} scores", grouped(self.n_edges), grouped(n_all));
        let sets = scored.iter().map(|scores| (scores.style, scores.name.clone())).collect();
        Some(Similarities { caption, sets, shares })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_of_many_points_keeps_those_that_can_be_seen() {
        let point = |n_edges: usize| RocPoint {
            n_edges,
            false_positive_rate: n_edges as f64 / 1e5,
            true_positive_rate: (n_edges as f64 / 1e5).sqrt(),
        };
        let points: Vec<_> = (0..=100_000).map(point).collect();
        let shown = distinguishable(&points);
        assert!((500..1_200).contains(&shown.len()), "{}", shown.len());
        assert_eq!((shown[0], shown.last()), (&points[0], points.last().as_ref()));
        let few: Vec<_> = (0..=4).map(|i| point(25_000 * i)).collect();
        assert_eq!(distinguishable(&few).len(), 5);
    }
}
