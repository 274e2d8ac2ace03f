//! The choices of a run.

use std::fmt;

use circuitscope_core::RunSettings;
use circuitscope_wire::engine::DeviceChoice;

/// The choices of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub run: RunSettings,
    /// The edge counts as typed, where they are a list.
    pub counts_text: String,
    /// What is wrong with them.
    pub counts_error: Option<CountsError>,
    pub machine: Machine,
}

/// What computes. It changes no number beyond rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Machine {
    pub device: DeviceChoice,
    /// How many workers compute on the CPU; as many as there are cores where it is not chosen.
    pub workers: Option<u8>,
}

impl Settings {
    /// Whether a circuit's result is the same under other settings: they may differ in which circuits are run.
    pub fn run_as_in(&self, other: &Self) -> bool {
        let edge_counts = other.run.edge_counts.clone();
        RunSettings { edge_counts, ..self.run.clone() } == other.run
    }
}

/// What is wrong with a list of edge counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountsError {
    /// It is not a list of whole numbers.
    NoList,
    /// A count is larger than the graph.
    AboveGraph { count: usize, n_edges: usize },
}

impl fmt::Display for CountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoList => write!(f, "numbers with commas between, such as 0, 1, 10"),
            Self::AboveGraph { count, n_edges } => {
                write!(f, "{count} is above {n_edges}, the number of edges of the graph")
            }
        }
    }
}
