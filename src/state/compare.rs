//! Two circuits in one drawing: what the shown one, A, is compared with.

use super::files::FileId;
use super::load::Shared;
use super::scores::Scored;

/// The circuit B.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub with: With,
    /// B's scores, of the graph in use; of a known circuit 1 for its edges and 0 for all others.
    pub scored: Shared<Scored>,
    /// How many of its largest scores; `None` for as many as A has. A known circuit has its own number.
    pub n_edges: Option<usize>,
}

/// Where B is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    /// Another number of edges of the scores in use.
    SameScores,
    /// Other scores in the list of files.
    File(FileId),
    /// The scores of a pinned run, by its style.
    Pin(usize),
    Official,
}

impl Comparison {
    /// B's number of edges as it is asked for, where A has `n_a`.
    pub fn requested(&self, n_a: usize) -> usize {
        match self.with {
            // The only circuit of a known circuit's scores between none and all edges.
            With::Official => self.scored.steps.count(1),
            _ => self.n_edges.unwrap_or(n_a).min(self.scored.scores.n_edges()),
        }
    }
}
