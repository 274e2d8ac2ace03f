//! Two circuits in one drawing: what the shown one, A, is compared with.

use super::files::FileId;
use super::load::Shared;
use super::runs::{Job, Plan, RunKey};
use super::scores::Scored;
use circuitscope_wire::engine::Measurement;

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

/// A run of B: of which scores and how many of the largest.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherPlan {
    /// Without scores: the engine is given B's.
    pub plan: Plan,
    pub scored: Shared<Scored>,
    pub requested: usize,
}

/// B where it was run, or is being run.
#[derive(Debug, Clone, PartialEq)]
pub struct RanOther {
    pub job: Job,
    plan: OtherPlan,
    pub measurement: Option<Measurement>,
}

impl RanOther {
    pub fn new(job: Job, plan: OtherPlan) -> Self {
        Self { job, plan, measurement: None }
    }

    /// Whether this is a run of such a circuit under such files and settings.
    pub fn is_of(&self, key: &RunKey, scored: &Shared<Scored>, requested: usize) -> bool {
        self.plan.plan.key == *key && self.plan.scored == *scored && self.plan.requested == requested
    }
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
