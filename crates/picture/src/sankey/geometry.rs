//! What is drawn and where. All lengths are CSS pixels, from the top left corner.

use super::request::Orientation;

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
}

/// A node in a sub-diagram.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeBox {
    /// The place in the request's `sub_diagrams`.
    pub sub_diagram: usize,
    /// The place in the request's `nodes`: the same for a node wherever and with whatever else it is drawn.
    pub node_idx: usize,
    pub label: String,
    /// The label, and how many edges go in and out.
    pub hover: String,
    /// Counted along the flow.
    pub column: usize,
    pub rect: Rect,
    pub label_spot: TextSpot,
}

/// An edge.
#[derive(Debug, Clone, PartialEq)]
pub struct Ribbon {
    /// The place in [`Layout::boxes`].
    pub src_box: usize,
    /// The place in [`Layout::boxes`].
    pub dest_box: usize,
    pub edge_idx: usize,
    /// `A0.0->A1.1.K`.
    pub edge_name: String,
    /// The name and score of the edge, and where it is.
    pub hover: String,
    pub score: f32,
    /// The middle line, from the far side of the src box to the near side of the dest box: curves that go on in each
    /// other, one more than the columns at which the ribbon is led around boxes.
    pub curves: Vec<Curve>,
    /// Measured across the middle line; the same at both ends.
    pub width: f64,
}

/// What is written at a sub-diagram.
#[derive(Debug, Clone, PartialEq)]
pub struct PositionLabel {
    /// As much of it as there is room for.
    pub text: String,
    pub full_text: String,
    pub spot: TextSpot,
    /// The room of the sub-diagram.
    pub band: Rect,
}

/// A cubic Bézier curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    pub start: Point,
    pub start_control: Point,
    pub end_control: Point,
    pub end: Point,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// Where a text stands: a point on its baseline and which part of the text is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextSpot {
    pub at: Point,
    pub align: TextAlign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextAlign {
    Start,
    Middle,
    End,
}
