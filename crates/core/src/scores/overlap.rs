//! Two score sets of a graph against each other: how many edges their circuits share, at one size and at every size, and how
//! alike the orders are that they put the edges in.

use crate::scores::prune_scores::PruneScores;

/// How many sizes [`log_sizes`] gives at most: more points are not told apart on a small curve.
const MOST_SIZES: usize = 60;

/// How many edges are in both of two circuits, and in one only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overlap {
    pub n_shared: usize,
    pub n_only_a: usize,
    pub n_only_b: usize,
}

impl Overlap {
    /// Jaccard's index: the shared edges as a share of those in either circuit. `None` where both circuits are empty.
    pub fn jaccard(self) -> Option<f64> {
        let n_either = self.n_shared + self.n_only_a + self.n_only_b;
        (n_either > 0).then(|| self.n_shared as f64 / n_either as f64)
    }
}

/// The overlap of the circuits of each size, in the order of `sizes`. A circuit of a size has the edges that are tied with its
/// last one as well, as [`PruneScores::circuit`] has it.
///
/// An edge is in a circuit of `n` edges where its rank is at most `n`, so it is shared where the larger of its two ranks is: one
/// sort of these numbers answers for all sizes, in O(n log n). `None` where the score sets are of different graphs or a size is
/// above the number of edges.
pub fn overlaps(a: &PruneScores, b: &PruneScores, sizes: &[usize]) -> Option<Vec<Overlap>> {
    if a.n_edges() != b.n_edges() {
        return None;
    }
    let rank = |scores: &PruneScores, score: f32| scores.ranking().rank(score);
    let pairs = a.values().iter().zip(b.values());
    let mut later: Vec<usize> = pairs.map(|(&of_a, &of_b)| rank(a, of_a).max(rank(b, of_b))).collect();
    later.sort_unstable();
    let overlap = |&size: &usize| {
        let [n_a, n_b] = [a.circuit(size).ok()?.n_edges, b.circuit(size).ok()?.n_edges];
        let n_shared = later.partition_point(|&rank| rank <= size);
        Some(Overlap { n_shared, n_only_a: n_a - n_shared, n_only_b: n_b - n_shared })
    };
    sizes.iter().map(overlap).collect()
}

/// Sizes from 1 to `n_edges`, each about the same factor above the one before.
pub fn log_sizes(n_edges: usize) -> Vec<usize> {
    let size = |i: usize| (n_edges as f64).powf(i as f64 / (MOST_SIZES - 1) as f64).round() as usize;
    let mut sizes: Vec<usize> = if n_edges == 0 { Vec::new() } else { (0..MOST_SIZES).map(size).collect() };
    sizes.dedup();
    sizes
}

/// The rank correlation of two score sets by |score|, over all edges: Spearman's rho, the correlation of the ranks, where tied
/// edges share the mean of their ranks. 1 where both put the edges in the same order, about 0 where the orders have nothing in
/// common.
///
/// `None` where the score sets are of different graphs, or all scores of one are tied.
pub fn rank_correlation(a: &PruneScores, b: &PruneScores) -> Option<f64> {
    if a.n_edges() != b.n_edges() {
        return None;
    }
    // Ranks 1 to n have the mean (n + 1) / 2, with ties or without.
    let middle = (a.n_edges() as f64 + 1.0) / 2.0;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&of_a, &of_b) in a.values().iter().zip(b.values()) {
        let (a, b) = (mean_rank(a, of_a) - middle, mean_rank(b, of_b) - middle);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    (aa > 0.0 && bb > 0.0).then(|| (ab / (aa * bb).sqrt()).clamp(-1.0, 1.0))
}

/// The mean of the ranks that edges of this |score| share: the first of them is [`crate::Ranking::rank`], the last is how many
/// edges have as large a score.
fn mean_rank(scores: &PruneScores, score: f32) -> f64 {
    let ranking = scores.ranking();
    (ranking.rank(score) + ranking.n_at_least(score.abs())) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[f32]) -> PruneScores {
        PruneScores::new(values.to_vec())
    }

    #[test]
    fn circuits_overlap_by_hand() {
        // By |score|: a ranks the edges 1 2 3 4 5, b ranks them 2 1 5 3 3 (the last two are tied).
        let a = scores(&[9.0, -8.0, 7.0, 6.0, 5.0]);
        let b = scores(&[-8.0, 9.0, 1.0, 2.0, -2.0]);
        let found = overlaps(&a, &b, &[0, 1, 2, 3, 5]).unwrap();
        let expected = [(0, 0, 0), (0, 1, 1), (2, 0, 0), (2, 1, 2), (5, 0, 0)];
        assert_eq!(found.iter().map(|o| (o.n_shared, o.n_only_a, o.n_only_b)).collect::<Vec<_>>(), expected);
        let jaccard: Vec<_> = found.into_iter().map(Overlap::jaccard).collect();
        assert_eq!(jaccard, [None, Some(0.0), Some(1.0), Some(0.4), Some(1.0)]);
        assert_eq!(overlaps(&a, &b, &[6]), None, "there are five edges");
        assert_eq!(overlaps(&a, &scores(&[1.0]), &[1]), None);
    }

    #[test]
    fn overlaps_are_what_counting_gives() {
        let numbers = |factor: u32| {
            let score = |i: u32| ((i.wrapping_mul(factor) >> 8) % 40) as f32 - 20.0;
            PruneScores::new((1..=300).map(score).collect())
        };
        let (a, b) = (numbers(2_654_435_761), numbers(1_597_334_677));
        let sizes = log_sizes(300);
        for (&size, overlap) in sizes.iter().zip(overlaps(&a, &b, &sizes).unwrap()) {
            let [of_a, of_b] = [&a, &b].map(|scores| scores.circuit(size).unwrap());
            let pairs = a.values().iter().zip(b.values());
            let is_in = pairs.map(|(&a, &b)| (of_a.contains(a), of_b.contains(b)));
            let count = |wanted: (bool, bool)| is_in.clone().filter(|found| *found == wanted).count();
            let (n_shared, n_only_a, n_only_b) = (count((true, true)), count((true, false)), count((false, true)));
            assert_eq!(overlap, Overlap { n_shared, n_only_a, n_only_b }, "at {size}");
        }
    }

    #[test]
    fn ranks_correlate_by_size_whatever_the_sign() {
        let a = scores(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(rank_correlation(&a, &scores(&[-10.0, 20.0, -300.0, f32::INFINITY])), Some(1.0));
        assert_eq!(rank_correlation(&a, &scores(&[4.0, 3.0, 2.0, 1.0])), Some(-1.0));
        // Ranks 4 3 2 1 against 3.5 3.5 1.5 1.5: deviations 1.5 .5 -.5 -1.5 and 1 1 -1 -1, so 4 / sqrt(5 * 4).
        let tied = rank_correlation(&a, &scores(&[1.0, 1.0, 2.0, 2.0])).unwrap();
        assert!((tied - 4.0 / 20_f64.sqrt()).abs() < 1e-12, "{tied}");
        assert_eq!(rank_correlation(&a, &scores(&[1.0; 4])), None);
        assert_eq!(rank_correlation(&a, &scores(&[1.0])), None);
    }

    #[test]
    fn sizes_grow_by_a_factor_and_end_at_all_edges() {
        assert_eq!(log_sizes(0), [0_usize; 0]);
        assert_eq!(log_sizes(1), [1]);
        assert_eq!(log_sizes(4), [1, 2, 3, 4]);
        let sizes = log_sizes(123_211);
        assert_eq!((sizes.first(), sizes.last()), (Some(&1), Some(&123_211)));
        assert!(sizes.len() <= MOST_SIZES && sizes.is_sorted_by(|a, b| a < b));
    }
}
