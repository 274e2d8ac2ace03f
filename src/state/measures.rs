//! What is measured and compared: the metric that is plotted, pinned runs, the official circuit, and the shown circuit under
//! every setting.

use std::rc::Rc;

use crate::state::State;
use crate::state::files::{Role, Shared};
use crate::state::inputs::Scored;
use crate::state::results::{Job, Plan, Row, RunKey};
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
    pub official: Option<Shared<Official>>,
    /// What is wrong with a file that was to be the official circuit.
    pub official_error: Option<String>,
    pub sensitivity: Option<Sensitivity>,
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
    /// The circuit's realised number of edges, and its scores' file.
    pub n_edges: usize,
    pub scores: String,
    /// Which of [`variants`] is being run.
    pub at: usize,
    pub cells: Vec<Option<Measurement>>,
}

/// What happens to it.
pub enum MeasureAction {
    MetricChosen(Metric),
    LogYChosen(bool),
    Pinned,
    /// By its style.
    Unpinned(usize),
    OfficialRead(Result<Official, String>),
    /// The shown circuit is to be the official one.
    OfficialIsShown,
    OfficialDropped,
    SensitivityStarted(Job),
    /// One of [`variants`] comes next.
    SensitivityAt(Job, usize),
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

    /// Takes the events of a sensitivity run out of those of runs: its circuits belong to other settings than the results.
    pub fn hear(&mut self, job: Job, events: Vec<Event>) -> Vec<Event> {
        let Some(sensitivity) = self.sensitivity.as_mut().filter(|s| s.job == job) else { return events };
        let mut rest = Vec::new();
        for event in events {
            match event {
                Event::Circuit { result } => sensitivity.cells[sensitivity.at] = Some(result.measurement),
                // The run is counted in settings; what the engine does for each is told in words.
                Event::Progress { label, .. } => {
                    let (done, total) = (sensitivity.at, sensitivity.cells.len());
                    let label = format!("{} of {total}: {label}", done + 1);
                    rest.push(Event::Progress { done, total, label, loss: None });
                }
                _ => {}
            }
        }
        rest
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

impl State {
    /// Applies an action.
    pub fn measure(&mut self, action: MeasureAction) {
        match action {
            MeasureAction::MetricChosen(metric) => (self.measures.metric, self.measures.log_y) = (metric, None),
            MeasureAction::LogYChosen(log_y) => self.measures.log_y = Some(log_y),
            MeasureAction::Pinned => self.pin(),
            MeasureAction::Unpinned(style) => self.measures.pins.retain(|pin| pin.style != style),
            MeasureAction::OfficialRead(read) => match read {
                Ok(official) => {
                    (self.measures.official, self.measures.official_error) = (Some(Shared::new(official)), None);
                }
                Err(error) => self.measures.official_error = Some(error),
            },
            MeasureAction::OfficialIsShown => self.take_shown_as_official(),
            MeasureAction::OfficialDropped => {
                (self.measures.official, self.measures.official_error) = (None, None);
            }
            MeasureAction::SensitivityStarted(job) => self.start_sensitivity(job),
            MeasureAction::SensitivityAt(job, at) => {
                if let Some(sensitivity) = self.measures.sensitivity.as_mut().filter(|s| s.job == job) {
                    sensitivity.at = at;
                }
            }
        }
    }

    /// What was run last.
    pub fn current_set(&self) -> Option<ScoreSet> {
        let key = self.results.key.clone().filter(|_| self.has_results())?;
        Some(ScoreSet {
            name: self.set_name(&key),
            scores: self.scores_name(&key),
            rows: self.results.rows.clone(),
            baseline: self.results.baseline.clone(),
            scored: self.inputs.scored.clone().filter(|_| self.fresh()),
            key,
        })
    }

    /// The run of the shown circuit under all settings; the plan's own settings are the first of them.
    pub fn sensitivity_plan(&self) -> Option<Plan> {
        let circuit = self.circuit().filter(|_| self.inputs.ready())?;
        let plan = Plan::circuit(self.key(), circuit.requested, &self.settings);
        Some(Plan { one_circuit: false, ..plan })
    }

    fn pin(&mut self) {
        let Some(set) = self.current_set().filter(|_| self.measures.can_pin()) else { return };
        let free = |style: &usize| self.measures.pins.iter().all(|pin| pin.style != *style);
        if let Some(style) = (1..SERIES.len()).find(free) {
            self.measures.pins.push(Shared(Rc::new(Pin { style, set })));
        }
    }

    fn take_shown_as_official(&mut self) {
        let (Some(scored), Some(circuit)) = (self.scored(), self.circuit()) else { return };
        let edges = scored.graph.edges().filter(|&edge| circuit.contains(scored.scores.score(edge)));
        let edges: Vec<_> =
            edges.map(|edge| circuitscope_core::scores::known_circuit::edge_name(&scored.graph, edge)).collect();
        let name = format!("{} edges of {}", edges.len(), self.scores_name(&self.key()));
        if !edges.is_empty() {
            self.measure(MeasureAction::OfficialRead(Ok(Official { name, circuit: KnownCircuit { edges } })));
        }
    }

    fn start_sensitivity(&mut self, job: Job) {
        let Some(circuit) = self.circuit() else { return };
        let cells = vec![None; variants(&self.settings.run).len()];
        let scores = self.scores_name(&self.key());
        self.measures.sensitivity = Some(Sensitivity { job, n_edges: circuit.n_edges, scores, at: 0, cells });
    }

    fn set_name(&self, key: &RunKey) -> String {
        let RunSettings { patch_type, ablation, reverse, .. } = key.settings;
        let mut name =
            format!("{} · {}", self.scores_name(key), if patch_type == PatchType::Edge { "edge" } else { "tree" });
        name += " · ";
        name += ablation_name(ablation);
        if reverse {
            name += " · reversed";
        }
        name
    }

    /// The name of the scores' file, without its ending.
    pub fn scores_name(&self, key: &RunKey) -> String {
        let id = key.files[Role::Scores as usize];
        let file = self.files.iter().find(|file| Some(file.id) == id);
        match file {
            Some(file) if file.demo => "official circuit".to_owned(),
            Some(file) => file.name.trim_end_matches(".safetensors").to_owned(),
            None => "removed scores".to_owned(),
        }
    }
}

/// What an ablation is called in few words.
pub fn ablation_name(ablation: AblationType) -> &'static str {
    match ablation {
        AblationType::Resample => "resample",
        AblationType::Zero => "zero",
        AblationType::TokenwiseMeanClean => "clean mean",
        AblationType::TokenwiseMeanCorrupt => "corrupt mean",
        AblationType::TokenwiseMeanCleanAndCorrupt => "mean of both",
        AblationType::BatchTokenwiseMean => "batch mean",
        AblationType::BatchAllTokMean => "batch mean, all positions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Action, Outcome};
    use circuitscope_core::PromptValues;
    use circuitscope_wire::engine::CircuitResult;

    fn measured(kl: f64) -> Measurement {
        let mut prompts = PromptValues::default();
        prompts[Metric::CleanKlDiv.idx()] = Some(vec![kl]);
        Measurement::new(&prompts)
    }

    #[test]
    fn a_pinned_run_stays_when_another_takes_its_place() {
        let mut state = State::demo();
        state.apply(Action::Measure(MeasureAction::Pinned));
        let run = RunSettings { ablation: AblationType::Zero, ..state.settings.run.clone() };
        state.apply(Action::SettingsChanged(run));
        let circuit = state.circuit().unwrap();
        state.apply(Action::RunStarted(1, state.sweep().unwrap()));
        let result = CircuitResult { index: 0, circuit, shape: vec![6, 5, 3], measurement: measured(0.5) };
        state.apply(Action::RunTold(1, vec![Event::Circuit { result }]));
        let (pinned, current) = (&state.measures.pins[0].set, state.current_set().unwrap());
        assert_eq!((pinned.name.as_str(), pinned.rows.len()), ("official circuit · edge · resample", 3));
        assert_eq!((current.name.as_str(), current.rows.len()), ("official circuit · edge · zero", 1));
        // The recorded circuits of 0, 2 and 77 edges: f is 0, 1 and 1, at shares of 0, 2/77 and 1.
        let areas = pinned.measured().areas(Metric::LogitDiff);
        assert!((areas.cpr.unwrap() - (1.0 - 1.0 / 77.0)).abs() < 1e-4, "{areas:?}");
        state.apply(Action::Measure(MeasureAction::Unpinned(1)));
        assert!(state.measures.pins.is_empty());
    }

    #[test]
    fn there_are_as_many_pins_as_colours() {
        let mut state = State::demo();
        for _ in 0..10 {
            state.apply(Action::Measure(MeasureAction::Pinned));
        }
        let styles: Vec<_> = state.measures.pins.iter().map(|pin| pin.style).collect();
        assert_eq!(styles, (1..SERIES.len()).collect::<Vec<_>>());
        state.apply(Action::Measure(MeasureAction::Unpinned(2)));
        state.apply(Action::Measure(MeasureAction::Pinned));
        assert_eq!(state.measures.pins.last().unwrap().style, 2, "a colour that became free");
    }

    #[test]
    fn a_sensitivity_run_leaves_the_results_as_they_are() {
        let mut state = State::demo();
        let plan = state.sensitivity_plan().unwrap();
        assert_eq!(variants(&plan.key.settings).len(), 28);
        state.apply(Action::RunStarted(1, plan));
        state.apply(Action::Measure(MeasureAction::SensitivityStarted(1)));
        state.apply(Action::Measure(MeasureAction::SensitivityAt(1, 9)));
        let circuit = state.circuit().unwrap();
        let result = CircuitResult { index: 0, circuit, shape: vec![6, 5, 3], measurement: measured(0.5) };
        let progress = Event::Progress { done: 1, total: 3, label: "2 edges".to_owned(), loss: None };
        state.apply(Action::RunTold(1, vec![progress, Event::Circuit { result }]));
        let crate::state::Run::Running { done, total, label, .. } = &state.run else { panic!() };
        assert_eq!((*done, *total, label.as_str()), (9, 28, "10 of 28: 2 edges"));
        state.apply(Action::RunEnded(1, Outcome::Finished("Done".to_owned())));
        let cells = &state.measures.sensitivity.as_ref().unwrap().cells;
        assert_eq!(cells[9], Some(measured(0.5)));
        assert_eq!(cells.iter().flatten().count(), 1);
        assert_eq!(state.results.rows.len(), 3);
        assert!(state.fresh() && state.wish().is_none());
        // The tenth: edge patches reversed come after the seven ablations of edge patches.
        let settings = &variants(&state.settings.run)[9];
        assert_eq!((settings.patch_type, settings.reverse), (PatchType::Edge, true));
        assert_eq!(settings.ablation, AblationType::TokenwiseMeanClean);
    }

    #[test]
    fn the_demo_knows_its_official_circuit_and_any_shown_one_can_be_it() {
        let mut state = State::demo();
        assert_eq!(state.measures.official.as_ref().unwrap().circuit.edges.len(), 2);
        state.apply(Action::CircuitRequested(77));
        state.apply(Action::Measure(MeasureAction::OfficialIsShown));
        assert_eq!(state.measures.official.as_ref().unwrap().circuit.edges.len(), 77);
        state.apply(Action::Measure(MeasureAction::OfficialDropped));
        assert!(state.measures.official.is_none());
    }
}
