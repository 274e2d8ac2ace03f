//! The positions of the edge slider: every different circuit, or a selection where there are too many to aim at.

use circuitscope_core::PruneScores;

/// More positions than this cannot be told apart on a slider of a few hundred pixels.
const MAX_STEPS: usize = 300;

/// The edge counts that the slider stops at, ascending: 0, then the realised counts of different circuits.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps(Vec<usize>);

impl Steps {
    /// The steps of some scores. Where there are more than [`MAX_STEPS`] circuits, the counts grow geometrically, so that
    /// small circuits can be chosen to the edge and large ones roughly.
    pub fn new(scores: &PruneScores) -> Self {
        let counts: Vec<usize> = std::iter::once(0).chain(scores.group_counts()).collect();
        Self(if counts.len() > MAX_STEPS { thinned(&counts) } else { counts })
    }

    /// The last position.
    pub fn max(&self) -> usize {
        self.0.len() - 1
    }

    /// The edge count at a position.
    pub fn count(&self, position: usize) -> usize {
        self.0[position.min(self.max())]
    }

    /// The position that shows a circuit of `n_edges`: the last that has no more edges.
    pub fn position(&self, n_edges: usize) -> usize {
        self.0.partition_point(|&n| n <= n_edges).saturating_sub(1)
    }

    /// A circuit worth showing first: the largest of at most 50 edges, or the smallest that has any.
    pub fn first_choice(&self) -> usize {
        let position = self.position(50).max(1);
        self.count(position)
    }
}

/// The counts nearest to a geometric series from 1 to the last, each once.
fn thinned(counts: &[usize]) -> Vec<usize> {
    let (last, n_edges) = (MAX_STEPS - 1, *counts.last().unwrap_or(&0) as f64);
    let mut steps: Vec<usize> = (0..=last)
        .map(|i| n_edges.powf(i as f64 / last as f64).round() as usize)
        .map(|wanted| counts[counts.partition_point(|&n| n < wanted).min(counts.len() - 1)])
        .collect();
    steps.insert(0, 0);
    steps.dedup();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_scores_make_one_step() {
        let steps = Steps::new(&PruneScores::new(vec![0.0, 1.0, -1.0, 0.0, 0.5]));
        assert_eq!(steps, Steps(vec![0, 2, 3, 5]));
        assert_eq!([0, 1, 2, 3, 4, 5].map(|n| steps.position(n)), [0, 0, 1, 2, 2, 3]);
        assert_eq!(steps.first_choice(), 5);
    }

    #[test]
    fn an_official_circuit_is_chosen_first() {
        let mut scores = vec![0.0; 77];
        scores[3] = 1.0;
        scores[9] = 1.0;
        assert_eq!(Steps::new(&PruneScores::new(scores)).first_choice(), 2);
    }

    #[test]
    fn many_circuits_are_thinned_from_the_large_end() {
        let steps = Steps::new(&PruneScores::new((0..32_491).map(|i| i as f32).collect()));
        assert!(steps.max() <= MAX_STEPS);
        assert_eq!(steps.0[..4], [0, 1, 2, 3]);
        assert_eq!(steps.count(steps.max()), 32_491);
        assert!(steps.0.is_sorted());
    }
}
