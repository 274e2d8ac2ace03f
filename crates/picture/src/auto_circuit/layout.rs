//! What is drawn and where. All lengths are CSS pixels, from the top left corner.

use super::request::Orientation;
use crate::geometry::{Curve, Rect, Size, TextSpot};

/// Everything that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub size: Size,
    pub orientation: Orientation,
    /// By sub-diagram, then column, then from the top (or the left, when vertical).
    pub boxes: Vec<NodeBox>,
    /// In drawing order: widest first, so that narrow ones lie on top.
    pub ribbons: Vec<Ribbon>,
    pub position_labels: Vec<PositionLabel>,
    /// Whether the ribbons' scores are their masks.
    pub by_mask: bool,
}

/// A node in a sub-diagram.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeBox {
    /// The index in the request's `sub_diagrams`.
    pub sub_diagram: usize,
    /// The index in the request's `nodes`: the same for a node in every circuit of its graph.
    pub node_idx: usize,
    pub label: String,
    /// The label, and the numbers of edges that go in and out.
    pub hover: String,
    /// Counted along the flow.
    pub column: usize,
    pub rect: Rect,
    pub label_spot: TextSpot,
}

/// An edge.
#[derive(Debug, Clone, PartialEq)]
pub struct Ribbon {
    /// The index in [`Layout::boxes`].
    pub src_box: usize,
    /// The index in [`Layout::boxes`].
    pub dest_box: usize,
    pub edge_idx: usize,
    /// `A0.0->A1.1.K`.
    pub edge_name: String,
    /// The edge's name and score, and its token position if it has one.
    pub hover: String,
    pub score: f32,
    /// The middle line, from the far side of the src box to the near side of the dest box: curves of which each starts
    /// where the one before it ends. There is one more of them than columns at which the ribbon is led around boxes.
    pub curves: Vec<Curve>,
    /// Measured across the middle line; the same at both ends.
    pub width: f64,
}

/// The label of a sub-diagram: a token position.
#[derive(Debug, Clone, PartialEq)]
pub struct PositionLabel {
    /// As much of the label as fits.
    pub text: String,
    pub full_text: String,
    pub spot: TextSpot,
    /// The room of the sub-diagram.
    pub band: Rect,
}
