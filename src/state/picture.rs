//! The picture: which circuit is drawn, what of it, how, and what is selected in it.

use super::circuit::{Choice, Edits};
use circuitscope_picture::Orientation;
use circuitscope_picture::view::ViewOptions;

/// The drawn circuit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picture {
    /// The edge count that is asked for.
    pub requested: usize,
    /// What a person changed in that circuit.
    pub edits: Edits,
    /// Whether a person has just chosen the circuit, so that it is worth a run of its own. Over once it was run or the
    /// settings change.
    pub newly_chosen: bool,
    pub view: View,
    pub selection: Option<Selection>,
}

/// What of a circuit is drawn, and how.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct View {
    pub look: Look,
    pub orientation: Orientation,
    pub options: ViewOptions,
    /// Boxes are ordered for the drawn edges alone.
    pub compact: bool,
    /// Every layer has a column, drawn edges or not.
    pub layer_spacing: bool,
    /// As auto-circuit draws it: which edges are patched, in place of their scores.
    pub by_mask: bool,
}

/// In which manner a circuit is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    #[default]
    Flow,
    Matrix,
    AutoCircuit,
}

impl Look {
    pub const ALL: [Self; 3] = [Self::Flow, Self::Matrix, Self::AutoCircuit];

    /// As a choice names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Flow => "Flow",
            Self::Matrix => "Matrix",
            Self::AutoCircuit => "As auto-circuit draws it",
        }
    }
}

/// What a person looks into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// A node's name, without `.Q`, `.K` or `.V`.
    Node(String),
    /// An edge's index among all edges of the graph.
    Edge(usize),
}

impl Picture {
    /// The circuit that is chosen.
    pub fn choice(&self) -> Choice {
        Choice { requested: self.requested, edits: self.edits.clone() }
    }

    /// Another circuit, which is worth a run.
    pub fn choose(&mut self, choice: Choice) {
        (self.requested, self.edits, self.newly_chosen) = (choice.requested, choice.edits, true);
    }
}
