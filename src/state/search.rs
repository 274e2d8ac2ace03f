//! Finding circuits: the chosen algorithm with its settings, the search that is going on, how long passes took, and the
//! scores that were found, which are files like a person's own.

use super::algorithms::{OFFERS, Offer};
use super::files::{FileEntry, FileId};
use super::pace::{Pace, Tick};
use super::runs::{Job, Plan};
use crate::state::settings::Machine;
use circuitscope_core::{Algorithm, DiscoverCost, DiscoverSettings, Selection};

/// The selections that are offered, in order.
pub const SELECTIONS: [Selection; 2] = [Selection::Connected, Selection::Greedy];

/// The choices of the section that finds circuits, and what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Discover {
    /// The chosen one of [`OFFERS`].
    pub chosen: usize,
    /// For each of them what its fields hold, as typed.
    pub entries: Vec<Vec<String>>,
    /// Whether circuits of the scores are run when they are found.
    pub run_after: bool,
    /// Whether they are to be run now.
    pub run_next: bool,
    /// The last search.
    pub search: Option<Search>,
    /// Milliseconds a unit of [`units`], the latest last.
    pub timings: Vec<(Timed, f64)>,
    /// The scores that were found, and the model that each is of.
    pub found: Vec<(FileId, ModelFiles)>,
    /// Scores of models that are not in use.
    pub shelf: Vec<FileEntry>,
    /// The index in [`SELECTIONS`].
    pub selection: usize,
    /// How many edges are to be kept, as typed.
    pub n_kept: String,
    pub kept: Option<Result<String, String>>,
}

/// The weights and the config.
pub type ModelFiles = [Option<FileId>; 2];

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    pub job: Job,
    pub order: SearchOrder,
    /// When it was posted, its first progress and its latest.
    pub pace: Pace,
    /// The number of passes that were done, and the loss.
    pub losses: Vec<(usize, f64)>,
    /// How it ended, in a sentence.
    pub end: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchOrder {
    pub plan: Plan,
    pub settings: DiscoverSettings,
    /// Whether it is stopped as soon as its pace is known.
    pub trial: bool,
    /// What the scores will be called.
    pub name: String,
    pub cost: DiscoverCost,
    pub timed: Timed,
}

/// What a pace depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    pub algorithm: usize,
    pub files: [Option<FileId>; 4],
    pub batch_size: usize,
    pub machine: Machine,
}

impl Default for Discover {
    fn default() -> Self {
        Self {
            chosen: 0,
            entries: OFFERS.iter().map(Offer::start).collect(),
            run_after: true,
            run_next: false,
            search: None,
            timings: Vec::new(),
            found: Vec::new(),
            shelf: Vec::new(),
            selection: 0,
            n_kept: "10".to_owned(),
            kept: None,
        }
    }
}

impl Discover {
    /// The chosen algorithm.
    pub fn offer(&self) -> &'static Offer {
        &OFFERS[self.chosen]
    }

    /// What its fields hold.
    pub fn entries(&self) -> &[String] {
        &self.entries[self.chosen]
    }

    pub fn ms_a_unit(&self, timed: &Timed) -> Option<f64> {
        self.timings.iter().rev().find(|(t, _)| t == timed).map(|(_, ms)| *ms)
    }
}

impl Search {
    pub fn new(job: Job, order: SearchOrder) -> Self {
        Self { job, order, pace: Pace::default(), losses: Vec::new(), end: None }
    }

    pub fn add(&mut self, tick: Tick) {
        if let Some(loss) = tick.loss.filter(|_| self.losses.last().is_none_or(|last| last.0 < tick.done)) {
            self.losses.push((tick.done, loss));
        }
        self.pace.add(tick);
    }

    pub fn ms_a_unit(&self) -> Option<f64> {
        let total = self.pace.last()?.total;
        let units = units(&self.order.cost);
        (units > 0.0).then_some(self.pace.ms_a_step()? * total as f64 / units)
    }

    /// Whether its loss is made smaller step by step: a gradient's loss says nothing of how far it is.
    pub fn is_learning(&self) -> bool {
        matches!(self.order.settings.algorithm, Algorithm::SubnetworkProbing(_))
    }

    /// Whether it is of the algorithm that is chosen.
    pub fn is_of(&self, discover: &Discover) -> bool {
        self.order.timed.algorithm == discover.chosen
    }
}

/// What passes cost together, in forward passes: a backward pass takes about as long as two.
pub fn units(cost: &DiscoverCost) -> f64 {
    cost.forward_passes as f64 + 2.0 * cost.backward_passes as f64
}
