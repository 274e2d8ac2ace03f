//! The drawing: which edges it shows of the chosen circuit, and of another one beside it.

use std::rc::Rc;

use super::picture::seq_labels;
use super::two_circuits::Other;
use crate::state::State;
use crate::state::circuit::Choice;
use crate::state::figure::OpenFigure;
use crate::state::load::Shared;
use crate::state::picture::{Look, View};
use crate::state::scores::Scored;
use circuitscope_core::{AttentionDir, PatchType, PruneScores};
use circuitscope_picture::auto_circuit::{Activations, PatchMask};
use circuitscope_picture::drawn::{Drawn, Nodes};
use circuitscope_picture::figure_view::named;
use circuitscope_picture::sankey;
use circuitscope_picture::view::{self, Heads, Shown, ViewRequest};
use circuitscope_picture::{DrawOptions, LayoutRequest};

/// What the drawn edges depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnRequest {
    pub(super) scored: Shared<Scored>,
    nodes: PlacedNodes,
    pub(super) choice: Choice,
    /// The circuit that it is compared with.
    pub(super) other: Option<Other>,
    dir: AttentionDir,
    pub(super) seq_labels: Vec<String>,
    pub(super) view: View,
    /// Whether the circuit's edges are patched, and not all others.
    patches_circuit: bool,
}

/// The boxes of a graph, with their places. Equal where they are the same.
#[derive(Debug, Clone)]
pub struct PlacedNodes(pub Rc<Nodes>);

impl PartialEq for PlacedNodes {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// What the boxes depend on: some scores, and the figure whose labels and groups they have.
pub type NodesOf = (Option<Shared<Scored>>, Option<Shared<OpenFigure>>);

pub fn nodes_of(state: &State) -> NodesOf {
    (state.inputs.scored.clone(), state.figure().cloned())
}

/// The boxes of the graph of some scores, ordered once by all of its edges.
pub fn placed_nodes((scored, figure): &NodesOf) -> Option<PlacedNodes> {
    let scored = scored.as_ref()?;
    let nodes = circuitscope_picture::placed_nodes(&scored.graph, scored.scores.values());
    Some(PlacedNodes(Rc::new(match figure {
        Some(open) => named(nodes, open.view()),
        None => nodes,
    })))
}

impl DrawnRequest {
    /// What is to be drawn, where there is something.
    pub fn new(state: &State, nodes: Option<PlacedNodes>) -> Option<Self> {
        Some(Self {
            scored: state.inputs.scored.clone()?,
            nodes: nodes?,
            choice: state.picture.choice(),
            other: Other::new(state),
            dir: state.inputs.model.as_ref()?.attention_dir,
            seq_labels: seq_labels(state).unwrap_or_default(),
            view: state.picture.view.clone(),
            patches_circuit: state.settings.run.patch_type == PatchType::Edge,
        })
    }

    /// What is drawn of the circuit.
    pub fn drawn(&self) -> Option<Rc<Drawn>> {
        let shown = self.shown()?;
        let graph = &*self.scored.graph;
        let mut options = self.view.options.clone();
        if self.view.look == Look::Matrix {
            // A cell is a pair of nodes: all of them are drawn, each in a row of its own as far as there is room.
            options.heads = Heads::Apart;
            options.limits.apart = usize::MAX;
            options.window = None;
        }
        let options = &options;
        let draw = |nodes: &Rc<Nodes>| {
            view::view(&ViewRequest {
                graph,
                nodes,
                shown: &shown,
                dir: self.dir,
                seq_labels: &self.seq_labels,
                options,
            })
        };
        let drawn = draw(&self.nodes.0);
        if !self.view.compact {
            return Some(Rc::new(drawn));
        }
        let places = sankey::compact_order(&drawn);
        let nodes = Nodes::clone(&drawn.nodes).with_places(&places);
        Some(Rc::new(Drawn { nodes: Rc::new(nodes), ..drawn }))
    }

    /// The circuit's edges and those that were taken out, with how much of each is patched.
    pub(super) fn of_mask(
        &self,
        labels: Option<&[String]>,
        activations: Option<&Activations>,
        options: DrawOptions,
    ) -> Option<LayoutRequest> {
        let shown = self.shown()?;
        let mut values = vec![0.0; self.scored.scores.n_edges()];
        for shown in &shown {
            *values.get_mut(shown.edge_idx)? = if self.patches_circuit { shown.mask } else { 1.0 - shown.mask };
        }
        let edges = shown.iter().map(|shown| shown.edge_idx).collect();
        let mask = PatchMask { values: &PruneScores::new(values), edges: Some(&edges), activations };
        Some(LayoutRequest::of_mask(&self.scored.graph, &mask, 0.0, labels, options))
    }

    fn shown(&self) -> Option<Vec<Shown>> {
        let scores = &self.scored.scores;
        let circuit = scores.circuit(self.choice.requested).ok()?;
        let shown = view::shown(scores, &view::edges_in_circuit(scores, &circuit), self.choice.edits.map());
        Some(self.other.as_ref().map_or_else(|| shown.clone(), |other| other.compared(scores, &shown)))
    }
}
