//! What a reader did with a figure.

use serde::{Deserialize, Serialize};

use crate::figure::Opened;
use crate::live::Live;
use circuitscope_core::figure_file::recorded::FigureResults;
use circuitscope_core::figure_file::view::FigureSelection;
use circuitscope_core::{Circuit, Measurement, Metric};
use circuitscope_figure::Target;
use circuitscope_picture::figure_view::is_mask;
use circuitscope_picture::view::{Edits, ViewOptions};

/// What is shown of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The number of edges that is asked for.
    pub requested: usize,
    /// Masks that the figure changes. They belong to the circuit that it opens on.
    pub edits: Edits,
    pub selection: Option<Target>,
    /// Which of the figure's prompts is shown.
    pub prompt: usize,
    pub metric: Metric,
    pub options: ViewOptions,
    pub live: Live,
}

/// What of it outlives the element, as JSON: `{"edges": 31, "prompt": 0, "metric": "logit_diff", "selection": {"node": "A1.3"}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    pub edges: Option<usize>,
    pub prompt: Option<usize>,
    pub metric: Option<Metric>,
    #[serde(default)]
    pub selection: Option<FigureSelection>,
}

impl Shown {
    /// As the figure opens.
    pub fn of(opened: &Opened) -> Self {
        let view = &opened.file.view;
        Self {
            requested: opened.requested,
            edits: opened.edits.clone(),
            selection: view.selection.clone().map(target),
            prompt: view.prompt,
            metric: view.metric,
            options: ViewOptions::from(&view.look),
            live: Live::default(),
        }
    }

    /// Asks for another circuit, at a number of edges that ties allow; of a mask there is no other. The figure's own edits are of its own circuit.
    pub fn request(&mut self, opened: &Opened, edges: usize) {
        if is_mask(&opened.file) {
            return;
        }
        let edges = opened.stops.at_most(edges.min(opened.stops.n_edges()));
        if edges != self.circuit(opened).n_edges {
            self.requested = edges;
            self.edits = if edges == opened.requested { opened.edits.clone() } else { Edits::new() };
        }
    }

    /// The circuit that is shown.
    pub fn circuit(&self, opened: &Opened) -> Circuit {
        let empty = Circuit { requested: 0, n_edges: 0, threshold: f32::INFINITY };
        opened.scores.circuit(self.requested).unwrap_or(empty)
    }

    /// The circuits that are measured: the recorded ones, and in their place and beside them those that were run here.
    pub fn measured(&self, opened: &Opened) -> Vec<(Circuit, Measurement)> {
        let recorded = opened.recorded().map_or(Vec::new(), FigureResults::measured);
        let is_run = |circuit: &Circuit| self.live.rows.iter().any(|(run, _)| run.n_edges == circuit.n_edges);
        let recorded = recorded.into_iter().filter(|(circuit, _)| !is_run(circuit));
        recorded.chain(self.live.rows.iter().cloned()).collect()
    }

    /// The measurement of the circuit that is shown.
    pub fn measurement(&self, opened: &Opened) -> Option<Measurement> {
        if !self.edits.is_empty() {
            return opened.recorded()?.edited.as_ref().map(|edited| edited.measurement.clone());
        }
        let n_edges = self.circuit(opened).n_edges;
        self.measured(opened).into_iter().find(|(circuit, _)| circuit.n_edges == n_edges).map(|(_, measured)| measured)
    }

    pub fn saved(&self) -> Saved {
        let selection = self.selection.clone().map(|target| match target {
            Target::Node(name) => FigureSelection::Node(name),
            Target::Edge(name) => FigureSelection::Edge(name),
        });
        Saved { edges: Some(self.requested), prompt: Some(self.prompt), metric: Some(self.metric), selection }
    }

    /// Takes up what was saved; what the figure has not is passed over.
    pub fn restore(&mut self, opened: &Opened, saved: Saved) {
        if let Some(edges) = saved.edges {
            self.request(opened, edges);
        }
        if let Some(prompt) = saved.prompt.filter(|&prompt| prompt < opened.file.texts.prompts.len()) {
            self.prompt = prompt;
        }
        self.metric = saved.metric.unwrap_or(self.metric);
        self.selection = saved.selection.map(target);
    }
}

fn target(selection: FigureSelection) -> Target {
    match selection {
        FigureSelection::Node(name) => Target::Node(name),
        FigureSelection::Edge(name) => Target::Edge(name),
    }
}
