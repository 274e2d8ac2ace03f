//! A live run: how far it is, what it gave, and how far that is from what the figure has recorded. The element's script owns the
//! engine and says all of this.

use serde::Deserialize;

use crate::figure::Opened;
use circuitscope_core::figure_file::recorded::RecordedCircuit;
use circuitscope_core::figure_file::verify::{self, Verified};
use circuitscope_core::{Circuit, Measurement};

/// Results that differ by more than this from recorded ones are not the same: devices round differently, by less.
pub const TOLERANCE: f64 = 1e-4;

/// What is known of live runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Live {
    pub status: Status,
    /// What was run here, each circuit once.
    pub rows: Vec<(Circuit, Measurement)>,
    /// Where it was run: `CPU`.
    pub device: String,
    /// How far the recorded circuits are from the same ones, run here. Known once all of them were run.
    pub verified: Option<Verified>,
}

/// What a run is at.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(from = "StatusFields")]
pub enum Status {
    #[default]
    Idle,
    /// `done` of `total` of what `label` names; 0 of 0 where that is not known.
    Running {
        label: String,
        done: f64,
        total: f64,
    },
    /// The reader is asked, for a run, whether the hosts that `message` names may be.
    Asks {
        message: String,
    },
    Failed {
        message: String,
    },
}

/// A status in JSON: its name, and the fields of those that have some.
#[derive(Deserialize)]
struct StatusFields {
    state: State,
    #[serde(default)]
    label: String,
    #[serde(default)]
    done: f64,
    #[serde(default)]
    total: f64,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum State {
    Idle,
    Running,
    Asks,
    Failed,
}

impl From<StatusFields> for Status {
    fn from(StatusFields { state, label, done, total, message }: StatusFields) -> Self {
        match state {
            State::Idle => Self::Idle,
            State::Running => Self::Running { label, done, total },
            State::Asks => Self::Asks { message },
            State::Failed => Self::Failed { message },
        }
    }
}

/// What a run gave.
#[derive(Debug, Deserialize)]
pub struct Results {
    pub device: String,
    pub circuits: Vec<RecordedCircuit>,
}

impl Live {
    /// Takes what a run gave.
    pub fn add(&mut self, opened: &Opened, results: Results) {
        self.device = results.device;
        for RecordedCircuit { circuit, measurement } in results.circuits {
            self.rows.retain(|(row, _)| row.n_edges != circuit.n_edges);
            self.rows.push((circuit, measurement));
        }
        self.verified = opened.recorded().and_then(|results| self.verify(&results.measured()));
    }

    fn verify(&self, recorded: &[(Circuit, Measurement)]) -> Option<Verified> {
        let known =
            |circuit: &Circuit| recorded.iter().any(|(other, _)| other == circuit || counts(other) == counts(circuit));
        let run: Vec<_> = self.rows.iter().filter(|(circuit, _)| known(circuit)).cloned().collect();
        (run.len() == recorded.len() && !recorded.is_empty()).then(|| verify::compare(recorded, &run))
    }
}

fn counts(circuit: &Circuit) -> (usize, usize) {
    (circuit.requested, circuit.n_edges)
}
