//! Runs: what is asked for, what is being run, and how it ended.

use super::circuit::{Choice, Edits};
use super::files::FileId;
use super::pace::Pace;
use super::settings::{Machine, Settings};
use super::weights::WeightFiles;
use circuitscope_core::{EdgeCounts, RunSettings};
use circuitscope_wire::engine::{Baseline, DeviceInfo, EdgeRef, MaskEdit};

/// How the sentence begins that says how far a cancelled run was.
pub const CANCELLED: &str = "Cancelled.";
/// How a label of the engine's ends where it counts what it reads, in KiB, and not passes.
pub const KIB: &str = " (KiB)";

/// A number for a run, counted from 1. Recorded results have the number 0.
pub type Job = u32;

/// What results depend on. The device is not part of it: it changes no number beyond rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct RunKey {
    /// In the order of [`super::files::Role::ALL`].
    pub files: [Option<FileId>; 4],
    /// All files of the weights.
    pub weights: WeightFiles,
    /// With the default edge counts: a circuit's result does not depend on what else is run.
    pub settings: RunSettings,
}

/// What a run is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub key: RunKey,
    pub edge_counts: EdgeCounts,
    /// What a person changed in the circuits.
    pub edits: Edits,
    pub machine: Machine,
    /// Whether it is the one circuit that the slider is at.
    pub one_circuit: bool,
}

/// The program in the worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Engine {
    /// Not fetched yet, or ended.
    Closed,
    Opening,
    Open(DeviceInfo),
}

/// What is being run.
#[derive(Debug, Clone, PartialEq)]
pub enum Run {
    /// Nothing; with how the last run ended, in a sentence.
    Idle(Option<String>),
    Running {
        job: Job,
        plan: Plan,
        done: usize,
        total: usize,
        label: String,
        pace: Pace,
    },
}

/// How a run came to its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With the number of workers that computed.
    Done(Baseline, usize),
    /// Something else than the results' circuits was computed, which the sentence says.
    Finished(String),
    Cancelled,
    Failed(Failure),
}

/// A failure that concerns more than a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub message: String,
    pub remedy: Remedy,
    /// What was being run.
    pub plan: Option<Plan>,
}

/// What can be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Run on the CPU instead.
    UseCpu,
    /// Start the engine anew.
    Restart,
    /// Nothing but another try.
    Dismiss,
}

impl Run {
    /// Milliseconds that are left of it, once there is a pace.
    pub fn ms_left(&self) -> Option<f64> {
        match self {
            Self::Running { pace, .. } => pace.ms_left(),
            Self::Idle(_) => None,
        }
    }
}

impl RunKey {
    /// The key of some files and settings.
    pub fn new(files: [Option<FileId>; 4], weights: WeightFiles, settings: &RunSettings) -> Self {
        Self { files, weights, settings: RunSettings { edge_counts: EdgeCounts::Default, ..settings.clone() } }
    }
}

impl Plan {
    /// The settings that the engine is given.
    pub fn settings(&self) -> RunSettings {
        RunSettings { edge_counts: self.edge_counts.clone(), ..self.key.settings.clone() }
    }

    /// What was changed in the circuits, as the engine is told.
    pub fn mask_edits(&self) -> Vec<MaskEdit> {
        self.edits.iter().map(|(edge_idx, mask)| MaskEdit { edge: EdgeRef::Idx(edge_idx), mask }).collect()
    }

    /// All the circuits that the settings ask for.
    pub fn sweep(key: RunKey, settings: &Settings) -> Self {
        let (edge_counts, edits) = (settings.run.edge_counts.clone(), Edits::default());
        Self { key, edge_counts, edits, machine: settings.machine, one_circuit: false }
    }

    /// A single circuit.
    pub fn circuit(key: RunKey, choice: Choice, settings: &Settings) -> Self {
        let Choice { requested, edits } = choice;
        Self {
            key,
            edge_counts: EdgeCounts::List(vec![requested]),
            edits,
            machine: settings.machine,
            one_circuit: true,
        }
    }
}

impl Failure {
    /// A failure that a message is enough for.
    pub fn plain(message: String) -> Self {
        Self { message, remedy: Remedy::Dismiss, plan: None }
    }
}
