//! What has been run: circuits with their measures, under one set of files and settings.

use std::rc::Rc;

use serde::Deserialize;

use crate::state::Settings;
use crate::state::files::{FileId, Load, Shared};
use crate::state::weights::WeightFiles;
use circuitscope_core::{EdgeCounts, RunSettings};
use circuitscope_wire::engine::{Baseline, CircuitResult, DeviceChoice, Tokens};

/// A number for a run, counted from 1. Recorded results have the number 0.
pub type Job = u32;

/// What results depend on. The device is not part of it: it changes no number beyond rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct RunKey {
    /// In the order of [`crate::state::files::Role::ALL`].
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
    pub device: DeviceChoice,
    /// Whether it is the one circuit that the slider is at.
    pub one_circuit: bool,
}

/// Results of one key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Results {
    pub key: Option<RunKey>,
    /// Ascending in the number of edges, each once.
    pub rows: Vec<Shared<Row>>,
    pub baseline: Option<Baseline>,
    /// The run whose logits the engine still has.
    pub held: Option<Job>,
    tokens: Vec<(Place, Load<Rc<Tokens>>)>,
}

/// A circuit that was run.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub result: CircuitResult,
    pub job: Job,
}

/// Where tokens are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The circuit's realised number of edges.
    pub n_edges: usize,
    pub prompt: usize,
    /// The place among the output's positions.
    pub position: usize,
}

/// A question to the engine about its last run.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub place: Place,
    pub job: Job,
    /// The circuit's place in that run.
    pub circuit: usize,
}

/// Results that come with a demo.
#[derive(Debug, Clone, Deserialize)]
pub struct Recorded {
    pub circuits: Vec<CircuitResult>,
    pub baseline: Baseline,
    /// For each circuit, prompt and position.
    pub tokens: Vec<Vec<Vec<Tokens>>>,
}

impl RunKey {
    /// The key of some files and settings.
    pub fn new(files: [Option<FileId>; 4], weights: WeightFiles, settings: &RunSettings) -> Self {
        Self { files, weights, settings: RunSettings { edge_counts: EdgeCounts::Default, ..settings.clone() } }
    }
}

impl Plan {
    /// The settings that the engine is told.
    pub fn settings(&self) -> RunSettings {
        RunSettings { edge_counts: self.edge_counts.clone(), ..self.key.settings.clone() }
    }

    /// All the circuits that the settings ask for.
    pub fn sweep(key: RunKey, settings: &Settings) -> Self {
        Self { key, edge_counts: settings.run.edge_counts.clone(), device: settings.device, one_circuit: false }
    }

    /// A single circuit.
    pub fn circuit(key: RunKey, requested: usize, settings: &Settings) -> Self {
        Self { key, edge_counts: EdgeCounts::List(vec![requested]), device: settings.device, one_circuit: true }
    }
}

impl Results {
    /// Results as if they had been run.
    pub fn recorded(key: RunKey, recorded: Recorded) -> Self {
        let mut results = Self { key: Some(key), baseline: Some(recorded.baseline), ..Self::default() };
        for (result, prompts) in recorded.circuits.into_iter().zip(recorded.tokens) {
            let n_edges = result.circuit.n_edges;
            for (prompt, positions) in prompts.into_iter().enumerate() {
                for (position, tokens) in positions.into_iter().enumerate() {
                    results.set_tokens(Place { n_edges, prompt, position }, Load::Ready(Rc::new(tokens)));
                }
            }
            results.add(0, result);
        }
        results
    }

    /// The row of a circuit.
    pub fn row(&self, n_edges: usize) -> Option<&Row> {
        self.rows.binary_search_by_key(&n_edges, |row| row.result.circuit.n_edges).ok().map(|i| &*self.rows[i])
    }

    /// Makes room for a run under `key`: what was run under another is put away once there is something new.
    pub fn start(&mut self, key: &RunKey) {
        if self.key.as_ref() != Some(key) {
            *self = Self { key: Some(key.clone()), ..Self::default() };
        }
    }

    /// Adds a circuit, in place of an earlier result of it.
    pub fn add(&mut self, job: Job, result: CircuitResult) {
        let n_edges = result.circuit.n_edges;
        let row = Shared::new(Row { result, job });
        match self.rows.binary_search_by_key(&n_edges, |row| row.result.circuit.n_edges) {
            Ok(i) => self.rows[i] = row,
            Err(i) => self.rows.insert(i, row),
        }
    }

    /// The tokens at a place, if they were asked for.
    pub fn tokens(&self, place: Place) -> Option<&Load<Rc<Tokens>>> {
        self.tokens.iter().rev().find(|(p, _)| *p == place).map(|(_, tokens)| tokens)
    }

    /// Keeps the tokens at a place, and forgets the oldest where there are many.
    pub fn set_tokens(&mut self, place: Place, tokens: Load<Rc<Tokens>>) {
        /// Enough for a person's looking around; a few kilobytes.
        const MAX_KEPT: usize = 500;
        self.tokens.retain(|(p, _)| *p != place);
        if self.tokens.len() >= MAX_KEPT {
            self.tokens.remove(0);
        }
        self.tokens.push((place, tokens));
    }

    /// What to ask the engine about a place, where it holds the circuit's logits and was not asked yet.
    pub fn question(&self, place: Place) -> Option<Question> {
        let row = self.row(place.n_edges)?;
        let (job, circuit) = (row.job, row.result.index);
        (self.tokens(place).is_none() && self.held == Some(job)).then_some(Question { place, job, circuit })
    }

    /// Whether everything about a place is known, or being asked, or can be asked.
    pub fn covers(&self, place: Place) -> bool {
        self.row(place.n_edges).is_some_and(|row| self.held == Some(row.job) || self.tokens(place).is_some())
    }
}
