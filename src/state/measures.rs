//! What is measured and compared: the metric that is plotted, pinned runs, random edges, the official circuit, a second circuit,
//! and the shown circuit under every setting.

use super::compare::{Comparison, RanOther};
use super::load::Shared;
use super::random::RandomEdges;
use super::results::Row;
use super::runs::{Job, Plan, RunKey};
use super::scores::Scored;
use circuitscope_core::scores::known_circuit::KnownCircuit;
use circuitscope_core::{AblationType, MeasuredCircuits, Metric, PatchType, RunSettings};
use circuitscope_picture::SERIES;
use circuitscope_wire::engine::{Baseline, Event, Measurement};

/// What the section of measures holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measures {
    pub metric: Metric,
    /// Whether values are on a logarithmic axis, where that was chosen.
    pub log_y: Option<bool>,
    pub pins: Vec<Shared<Pin>>,
    pub random: Option<RandomEdges>,
    pub official: Option<Shared<Official>>,
    /// What is wrong with a file that was to be the official circuit.
    pub official_error: Option<String>,
    pub sensitivity: Option<Sensitivity>,
    /// What the shown circuit is compared with.
    pub compare: Option<Comparison>,
    /// Why it cannot be compared with what was chosen.
    pub compare_error: Option<String>,
    /// The run of what it is compared with.
    pub ran_other: Option<RanOther>,
}

/// A run that was kept for comparison.
#[derive(Debug, PartialEq)]
pub struct Pin {
    /// Its colour and dash, and its number: no two pins have the same.
    pub style: usize,
    pub set: ScoreSet,
}

/// What was measured of some scores under some settings.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreSet {
    /// The scores' file and the settings.
    pub name: String,
    /// The scores' file.
    pub scores: String,
    pub key: RunKey,
    pub rows: Vec<Shared<Row>>,
    pub baseline: Option<Baseline>,
    /// The graph and the scores, unless other files or settings are in use by now.
    pub scored: Option<Shared<Scored>>,
}

/// A known circuit.
#[derive(Debug, PartialEq)]
pub struct Official {
    /// Where it is from.
    pub name: String,
    pub circuit: KnownCircuit,
}

/// A circuit under every patch type, ablation and direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    pub job: Job,
    /// What was asked for.
    pub plan: SensitivityPlan,
    /// Which of [`variants`] is being run.
    pub at: usize,
    pub cells: Vec<Option<Measurement>>,
}

/// The run that makes a table of settings.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityPlan {
    /// With the first of its settings.
    pub plan: Plan,
    /// The circuit's realised number of edges, and its scores' file.
    pub n_edges: usize,
    pub scores: String,
}

/// The settings of a sensitivity table: ablations within a direction within a patch type.
pub fn variants(settings: &RunSettings) -> Vec<RunSettings> {
    let with = |patch_type, reverse, ablation| RunSettings { patch_type, reverse, ablation, ..settings.clone() };
    let mut variants = Vec::new();
    for (patch_type, reverse) in COLUMNS {
        variants.extend(AblationType::ALL.map(|ablation| with(patch_type, reverse, ablation)));
    }
    variants
}

/// The columns of a sensitivity table.
pub const COLUMNS: [(PatchType, bool); 4] =
    [(PatchType::Edge, false), (PatchType::Edge, true), (PatchType::Tree, false), (PatchType::Tree, true)];

impl Measures {
    /// Whether there is room for one more pin: each has a colour of its own.
    pub fn can_pin(&self) -> bool {
        self.pins.len() + 1 < SERIES.len()
    }

    /// Whether a run is one of a table of settings, of random edges or of a compared circuit, whose circuits are no results.
    pub fn has_run(&self, job: Job) -> bool {
        let of_settings = self.sensitivity.as_ref().is_some_and(|sensitivity| sensitivity.job == job);
        let of_random = self.random.as_ref().is_some_and(|random| random.job == job);
        of_settings || of_random || self.ran_other.as_ref().is_some_and(|ran| ran.job == job)
    }

    /// Takes the circuits of such runs out of their events: they belong to other settings or other scores than the results.
    pub fn take_events(&mut self, job: Job, events: Vec<Event>) -> Vec<Event> {
        if let Some(sensitivity) = self.sensitivity.as_mut().filter(|sensitivity| sensitivity.job == job) {
            return events.into_iter().filter_map(|event| sensitivity.take_event(event)).collect();
        }
        if let Some(random) = self.random.as_mut().filter(|random| random.job == job) {
            return events.into_iter().filter_map(|event| random_event(random, event)).collect();
        }
        if let Some(ran) = self.ran_other.as_mut().filter(|ran| ran.job == job) {
            return events.into_iter().filter_map(|event| other_event(ran, event)).collect();
        }
        events
    }
}

fn other_event(ran: &mut RanOther, event: Event) -> Option<Event> {
    match event {
        Event::Circuit { result } => {
            ran.measurement = Some(result.measurement);
            None
        }
        other => Some(other),
    }
}

/// Random edges are counted in the steps of all draws.
fn random_event(random: &mut RandomEdges, event: Event) -> Option<Event> {
    match event {
        Event::Circuit { result } => {
            random.add(result.circuit, result.measurement);
            None
        }
        Event::Progress { done, total, label, .. } => {
            let (begun, n_draws) = (random.n_begun(), random.n_draws);
            let done = begun.saturating_sub(1) * total + done;
            let label = format!("draw {begun} of {n_draws}: {label}");
            Some(Event::Progress { done, total: n_draws * total, label, loss: None })
        }
        _ => None,
    }
}

impl ScoreSet {
    /// The measured circuits, as `circuit` knows them.
    pub fn measured(&self) -> MeasuredCircuits {
        MeasuredCircuits {
            name: self.name.clone(),
            // Without a graph there is no share of edges.
            n_edges: self.scored.as_ref().map_or(0, |scored| scored.scores.n_edges()),
            circuits: self.rows.iter().map(|row| (row.result.circuit, row.result.measurement.clone())).collect(),
            unpatched: self.baseline.as_ref().map(|baseline| [baseline.clean.clone(), baseline.corrupt.clone()]),
            reverse: self.key.settings.reverse,
        }
    }
}

impl Sensitivity {
    /// A table that is still empty.
    pub fn new(job: Job, plan: &SensitivityPlan) -> Self {
        let cells = vec![None; variants(&plan.plan.key.settings).len()];
        Self { job, plan: plan.clone(), at: 0, cells }
    }

    /// Keeps a circuit, and gives what there is to be told. The run is counted in settings; what the engine does for each is in
    /// the label.
    fn take_event(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Circuit { result } => {
                self.cells[self.at] = Some(result.measurement);
                None
            }
            Event::Progress { label, .. } => {
                let (done, total) = (self.at, self.cells.len());
                Some(Event::Progress { done, total, label, loss: None })
            }
            _ => None,
        }
    }
}
