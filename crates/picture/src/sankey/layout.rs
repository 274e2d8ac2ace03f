//! What is drawn and where. All lengths are CSS pixels, from the top left corner.

use std::ops::Range;
use std::rc::Rc;

use crate::auto_circuit::Orientation;
use crate::drawn::{Drawn, Link, Node, NodeKind, Port, Side};
use crate::geometry::{Curve, Point, Rect, Size, TextSpot};

/// Everything that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub drawn: Rc<Drawn>,
    pub size: Size,
    pub orientation: Orientation,
    /// Pixels a unit of |score|: the same for every ribbon that is not at its least width.
    pub unit: f64,
    /// By band, then column, then place.
    pub boxes: Vec<NodeBox>,
    /// Widest first, so that narrow ones lie on top.
    pub ribbons: Vec<Ribbon>,
    /// The middle lines of all ribbons, next to each other.
    pub curves: Vec<Curve>,
    pub axis: Axis,
    /// One for each token position; empty where positions are not told apart.
    pub bands: Vec<PositionBand>,
    pub folds: Vec<Fold>,
    pub rest: Option<RestBar>,
    pub arcs: Vec<ArcPath>,
    /// Which of two circuits a ribbon is in, as a letter on it.
    pub tags: Vec<Tag>,
}

/// A node at a token position.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeBox {
    /// The index in [`Drawn::bands`].
    pub band: usize,
    /// The index in [`Nodes::nodes`](crate::drawn::Nodes::nodes).
    pub node_idx: usize,
    pub kind: NodeKind,
    /// Counted along the flow.
    pub column: usize,
    pub rect: Rect,
    /// The inputs of a head, from the top (or the left, when vertical); empty where they are not told apart.
    pub cells: Vec<Cell>,
    /// Whether the cells have room for their letters.
    pub has_letters: bool,
    pub label: Label,
    /// How many edges end at it.
    pub n_in: usize,
    /// How many edges start at it.
    pub n_out: usize,
}

/// An input of a head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    pub port: Port,
    pub rect: Rect,
    /// How many edges end at it; a cell that nothing enters is drawn hollow.
    pub n_in: usize,
}

/// The name of a box.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub place: LabelPlace,
    /// Whether the short form of the name is written.
    pub is_short: bool,
    pub spot: TextSpot,
    /// The room that it takes, halo included.
    pub rect: Rect,
}

/// Where the name of a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelPlace {
    Beside,
    Inside,
    /// Inside, to be read from below.
    InsideTurned,
    /// There is no room for it: it is shown while the pointer is on the box.
    Late,
}

/// A link.
#[derive(Debug, Clone, PartialEq)]
pub struct Ribbon {
    /// The index in [`Drawn::bands`].
    pub band: usize,
    /// The index in the band's links.
    pub link: usize,
    /// The index in [`Layout::boxes`].
    pub src_box: usize,
    /// The index in [`Layout::boxes`].
    pub dest_box: usize,
    /// Measured across the middle line; the same at both ends.
    pub width: f64,
    /// In [`Layout::curves`]: the middle line, of curves of which each starts where the one before it ends.
    pub curves: Range<usize>,
    /// About the middle of the middle line.
    pub middle: Point,
}

/// The layers, along the flow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// Where the line is: its height when horizontal, its distance from the left when vertical.
    pub at: f64,
    /// The ends of the line, along the flow.
    pub span: [f64; 2],
    /// How far the tinted blocks reach, across the flow.
    pub across: [f64; 2],
    pub blocks: Vec<AxisBlock>,
    pub breaks: Vec<AxisBreak>,
    /// Ticks within blocks, and what they stand for.
    pub sub_ticks: Vec<SubTick>,
}

/// The columns of a block of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisBlock {
    pub block: usize,
    /// Start and end, along the flow.
    pub span: [f64; 2],
    pub is_tinted: bool,
    /// `Layer 3` or `3`, where there is room.
    pub label: Option<(String, TextSpot)>,
}

/// A run of blocks in which nothing is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisBreak {
    /// Its middle, along the flow.
    pub at: f64,
    /// `4–7`, where there is room.
    pub label: Option<(String, TextSpot)>,
}

/// A column's tick.
#[derive(Debug, Clone, PartialEq)]
pub struct SubTick {
    /// Along the flow.
    pub at: f64,
    pub label: Option<(&'static str, Option<usize>, TextSpot)>,
}

/// The room of a token position.
#[derive(Debug, Clone, PartialEq)]
pub struct PositionBand {
    /// The index in [`Drawn::bands`].
    pub band: usize,
    pub rect: Rect,
    /// As much of the position's label as fits; its number where it has none.
    pub label: String,
    pub label_spot: TextSpot,
    /// The number beside the label.
    pub number: Option<(usize, TextSpot)>,
}

/// Token positions without edges, left out between two bands.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    /// The middle of the gap, across the flow.
    pub at: f64,
    pub first: usize,
    pub last: usize,
}

/// What is not drawn, as a grey bar or a stream with its number.
#[derive(Debug, Clone, PartialEq)]
pub struct RestBar {
    /// The outline, closed.
    pub outline: Vec<Point>,
    pub is_stream: bool,
    pub text: String,
    pub spot: TextSpot,
}

/// An [`AttentionArc`](super::AttentionArc) between two boxes.
#[derive(Debug, Clone, PartialEq)]
pub struct ArcPath {
    /// The index in [`Request::arcs`](super::Request::arcs).
    pub arc: usize,
    /// The index in [`Layout::boxes`] of the head where it is read.
    pub from_box: usize,
    /// The index in [`Layout::boxes`] of the head where it writes.
    pub to_box: usize,
    pub curve: Curve,
}

/// The letter of a circuit on a ribbon.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// The index in [`Layout::ribbons`].
    pub ribbon: usize,
    pub at: Point,
    pub side: Side,
}

impl Layout {
    /// The link of a ribbon.
    pub fn link(&self, ribbon: &Ribbon) -> &Link {
        &self.drawn.bands[ribbon.band].links[ribbon.link]
    }

    /// The middle line of a ribbon.
    pub fn line(&self, ribbon: &Ribbon) -> &[Curve] {
        &self.curves[ribbon.curves.clone()]
    }

    /// The node of a box.
    pub fn node(&self, node_box: &NodeBox) -> &Node {
        &self.drawn.nodes.nodes[node_box.node_idx]
    }

    /// The name of a box as it is written.
    pub fn label(&self, node_box: &NodeBox) -> &str {
        let node = self.node(node_box);
        if node_box.label.is_short { &node.short_label } else { &node.label }
    }

    /// The token position of a box, in a token-wise graph.
    pub fn seq_idx(&self, node_box: &NodeBox) -> Option<usize> {
        self.drawn.bands[node_box.band].seq_idx
    }

    /// How many boxes show their name only at the pointer.
    pub fn n_late_labels(&self) -> usize {
        self.boxes.iter().filter(|node_box| node_box.label.place == LabelPlace::Late).count()
    }

    /// The box of a node at a token position.
    pub fn find_box(&self, name: &str, seq_idx: Option<usize>) -> Option<usize> {
        self.boxes.iter().position(|b| self.node(b).name == name && self.seq_idx(b) == seq_idx)
    }
}
