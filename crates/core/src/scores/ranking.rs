//! Scores sorted by absolute value, which circuits are cut from.

use serde::{Deserialize, Serialize};

use crate::error::CircuitError;

/// The edges whose score is at least a threshold in absolute value, or that a mask or edits of it put in
/// ([`crate::CircuitMasks`]).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Circuit {
    /// The number of edges that was asked for.
    pub requested: usize,
    /// The number of edges that it has: those whose mask is not 0. Tied scores come in together, and edits put edges in or take
    /// them out, so it may be other than was asked for.
    pub n_edges: usize,
    /// The `requested`-th largest absolute score, or mask where masks were given; infinity where none was asked for.
    #[serde(with = "infinite")]
    #[cfg_attr(feature = "schema", ts(as = "Option<f32>"))]
    pub threshold: f32,
}

impl Circuit {
    /// Whether an edge of this score is in the circuit.
    ///
    /// Here 0 edges is always the empty circuit. In the reference an edge of infinite score (ACDC gives such) is in it.
    pub fn contains(&self, score: f32) -> bool {
        self.requested > 0 && score.abs() >= self.threshold
    }
}

/// The absolute values of scores, largest first. They are sorted once; a circuit is then a look-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    descending: Vec<f32>,
}

impl Ranking {
    /// The ranking of some scores, none of them NaN.
    pub fn new(scores: &[f32]) -> Self {
        let mut descending: Vec<f32> = scores.iter().map(|score| score.abs()).collect();
        // Digit by digit: comparing 400,000 scores with each other would hold up the page.
        radsort::sort(&mut descending);
        descending.reverse();
        Self { descending }
    }

    /// The number of edges.
    pub fn n_edges(&self) -> usize {
        self.descending.len()
    }

    /// The absolute values, largest first.
    pub fn descending(&self) -> &[f32] {
        &self.descending
    }

    /// The `n`-th largest absolute score, counted from 1; infinity for 0.
    ///
    /// # Errors
    /// When there are fewer edges than that.
    pub fn threshold(&self, n: usize) -> Result<f32, CircuitError> {
        match n.checked_sub(1) {
            None => Ok(f32::INFINITY),
            Some(last) => {
                let error = CircuitError::EdgeCount { n_edges: self.n_edges(), found: n };
                self.descending.get(last).copied().ok_or(error)
            }
        }
    }

    /// The circuit of the `n` largest scores (auto-circuit's `prune_scores_threshold`).
    ///
    /// # Errors
    /// When there are fewer edges than that.
    pub fn circuit(&self, n: usize) -> Result<Circuit, CircuitError> {
        let threshold = self.threshold(n)?;
        let n_edges = if n == 0 { 0 } else { self.n_at_least(threshold) };
        Ok(Circuit { requested: n, n_edges, threshold })
    }

    /// How many edges have an absolute score of at least `threshold`.
    pub fn n_at_least(&self, threshold: f32) -> usize {
        self.descending.partition_point(|&score| score >= threshold)
    }

    /// The place of a score among them, from 1 for the largest; ties share the first of their places.
    pub fn rank(&self, score: f32) -> usize {
        self.descending.partition_point(|&other| other > score.abs()) + 1
    }

    /// For each group of equal absolute scores, largest first, how many edges it and those before it have. The groups are found
    /// as they are asked for.
    pub fn groups(&self) -> impl Iterator<Item = usize> + '_ {
        let ends = self.descending.array_windows().enumerate().filter(|(_, [a, b])| a != b).map(|(i, _)| i + 1);
        ends.chain([self.n_edges()])
    }

    /// All of [`Ranking::groups`].
    pub fn group_counts(&self) -> Vec<usize> {
        self.groups().collect()
    }

    /// Whether all scores are equal, so that they give only the empty and the full circuit. Scores are all 0 where clean
    /// prompts equal their corrupt ones.
    pub fn is_constant(&self) -> bool {
        self.descending.first() == self.descending.last()
    }
}

/// JSON has no infinity: the empty circuit's threshold travels as `null`.
mod infinite {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &f32, to: S) -> Result<S::Ok, S::Error> {
        value.is_finite().then_some(*value).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f32::INFINITY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_come_in_together() {
        let ranking = Ranking::new(&[0.5, -2.0, 0.0, f32::INFINITY, 0.5]);
        assert_eq!(ranking.descending(), [f32::INFINITY, 2.0, 0.5, 0.5, 0.0]);
        assert_eq!(ranking.group_counts(), [1, 2, 4, 5]);
        assert_eq!(ranking.circuit(0), Ok(Circuit { requested: 0, n_edges: 0, threshold: f32::INFINITY }));
        assert_eq!(ranking.circuit(3), Ok(Circuit { requested: 3, n_edges: 4, threshold: 0.5 }));
        assert_eq!(ranking.circuit(6), Err(CircuitError::EdgeCount { n_edges: 5, found: 6 }));
        assert_eq!([f32::NEG_INFINITY, 2.0, 0.5, -0.5, 0.0].map(|score| ranking.rank(score)), [1, 2, 3, 3, 5]);
        assert!(!ranking.is_constant() && Ranking::new(&[1.0, -1.0]).is_constant());
    }
}
