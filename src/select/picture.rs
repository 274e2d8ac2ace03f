//! The picture: the drawn circuit, and the slider over it.

use std::rc::Rc;

use super::tokens::tokenizer;
use crate::state::State;
use crate::state::files::Role;
use crate::state::load::Shared;
use crate::state::scores::Scored;
use crate::words::short;
use circuitscope_core::Circuit;
use circuitscope_picture::{DrawOptions, Layout, LayoutRequest, Orientation, layout};

/// Stands under the picture until something is pointed at.
pub const HOVER_HINT: &str = "Point at an edge or a node to read its name and score.";

/// Circuits of more edges are drawn in part, unless they are asked for in full: a browser is slow with more.
const MAX_DRAWN: usize = 1_000;

/// Where the slider is.
#[derive(Debug, Clone, PartialEq)]
pub struct Slider {
    pub position: usize,
    pub max: usize,
    /// The edge count that is asked for.
    pub requested: usize,
    /// That of the circuit, with tied scores.
    pub n_edges: usize,
    /// That of the graph.
    pub n_graph_edges: usize,
    /// `|score| ≥ 0.86`.
    pub threshold: String,
}

/// What the picture depends on.
#[derive(Clone, PartialEq)]
pub struct PictureRequest {
    scored: Shared<Scored>,
    labels: Option<Vec<String>>,
    requested: usize,
    /// The edge count of what is drawn.
    drawn: usize,
    orientation: Orientation,
}

impl PictureRequest {
    pub fn new(state: &State) -> Option<Self> {
        let scored = state.inputs.scored.clone()?;
        let n_edges = state.circuit()?.n_edges;
        let in_part = n_edges > MAX_DRAWN && !state.picture.draw_all;
        let drawn = if in_part { scored.at_most(MAX_DRAWN) } else { state.picture.requested };
        let labels = seq_labels(state);
        Some(Self { scored, labels, requested: state.picture.requested, drawn, orientation: state.picture.orientation })
    }

    pub fn layout(drawn: &Option<Self>) -> Option<Rc<Layout>> {
        let Self { scored, labels, drawn, orientation, .. } = drawn.as_ref()?;
        let circuit = scored.scores.circuit(*drawn).ok()?;
        let options = DrawOptions { orientation: *orientation, ..DrawOptions::default() };
        let request = LayoutRequest::for_circuit(&scored.graph, &scored.scores, &circuit, labels.as_deref(), options);
        Some(Rc::new(layout(&request)))
    }

    /// Says what is not drawn.
    pub fn left_out(&self) -> Option<String> {
        (self.drawn < self.requested).then(|| format!("The {} strongest of these edges are drawn. ", self.drawn))
    }
}

/// The slider over the edge count.
pub fn slider(state: &State) -> Option<Slider> {
    let (scored, circuit) = (state.scored()?, state.circuit()?);
    Some(Slider {
        position: scored.steps.position(circuit.n_edges),
        max: scored.steps.max(),
        requested: circuit.requested,
        n_edges: circuit.n_edges,
        n_graph_edges: scored.scores.n_edges(),
        threshold: threshold_label(&circuit),
    })
}

fn threshold_label(circuit: &Circuit) -> String {
    if circuit.requested == 0 {
        "no edge".to_owned()
    } else {
        format!("|score| ≥ {}", short(circuit.threshold.into()))
    }
}

/// Why there is no picture.
pub fn no_picture(state: &State) -> &'static str {
    let has = |role| state.inputs.file(role).is_some();
    if !has(Role::Config) {
        "Drop the model's config to draw its circuit."
    } else if !has(Role::Scores) {
        "Drop prune scores to draw their circuit, or let “Find a circuit” make some."
    } else {
        "The scores do not fit this graph. The file list says why."
    }
}

/// A label for each position of a token-wise graph: the file's, else the token that all prompts have there, as text, or the
/// position's number.
pub fn seq_labels(state: &State) -> Option<Vec<String>> {
    let seq_len = state.scored()?.graph.config.seq_len?;
    let prompts = state.inputs.prompts.as_ref()?;
    if prompts.seq_labels.is_some() {
        return prompts.seq_labels.clone();
    }
    let tokenizer = tokenizer(state)?;
    let label = |position: usize| {
        let mut tokens =
            prompts.pairs.iter().flat_map(|pair| [&pair.clean, &pair.corrupt]).map(|row| row.get(position));
        let first = tokens.next().flatten();
        let piece = first.filter(|_| tokens.all(|token| token == first)).and_then(|&token| tokenizer.piece(token));
        piece.map_or_else(|| position.to_string(), str::to_owned)
    };
    Some((0..seq_len).map(label).collect())
}
