//! The picture: which circuit is drawn, and how.

use circuitscope_picture::Orientation;

/// The drawn circuit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picture {
    /// The edge count that is asked for.
    pub requested: usize,
    /// Whether a person has just chosen the circuit, so that it is worth a run of its own. Over once it was run or the
    /// settings change.
    pub newly_chosen: bool,
    pub orientation: Orientation,
    /// Whether circuits of very many edges are drawn in full.
    pub draw_all: bool,
}
