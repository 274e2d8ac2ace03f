//! A circuit as a matrix: a row for each source, a column for each destination, in layer order, and a cell for each pair with
//! edges. From about 100 edges on it shows more than ribbons do.
//!
//! 1. `pairs`: the links between two nodes in one sum: of a head's q, k and v, and of all positions given.
//! 2. `lanes`: a row or column for each node in use. Where they would be too narrow, the weakest heads of a layer share one.
//! 3. `frame`, `labels`: margins, names and numbers, and the stairs below which there can be no edge.
//! 4. `cells`: where each sum lies, and its step of colour.
//!
//! [`svg`] is the picture of a [`Layout`].

mod cells;
mod colours;
mod frame;
mod labels;
mod lanes;
mod pairs;
pub mod svg;

use crate::drawn::{Drawn, NodeKind, Side};
use crate::geometry::{Point, Rect, Size, TextSpot};

/// The steps of colour in hard-matrix of the design, as shares of the strongest cell: scores of different algorithms have
/// different units.
pub const STEPS: [f64; 3] = [0.05, 0.15, 0.5];

/// How much of its colour a cell has at each step, in hundredths, as in the design; the rest is the ground.
pub const SHARES: [u32; 4] = [36, 56, 78, 100];

/// Everything that a picture depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    /// With heads apart, as far as they are to have rows of their own.
    pub drawn: &'a Drawn,
    pub size: Size,
    /// Where the second, third and fourth step of colour begin, as shares of the strongest cell.
    pub steps: [f64; 3],
}

/// Everything that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub size: Size,
    /// Where the cells are.
    pub inside: Rect,
    /// From the top.
    pub rows: Vec<Lane>,
    /// From the left.
    pub columns: Vec<Lane>,
    /// Row after row.
    pub cells: Vec<Cell>,
    /// The ground of every second block's columns, down to the last row that reaches them.
    pub bands: Vec<Rect>,
    /// The line below which there can be no edge.
    pub stairs: Vec<Point>,
    pub labels: Vec<Label>,
    /// The steps of the request in the scores' own unit.
    pub steps: [f64; 3],
    /// The largest |score| of a cell.
    pub strongest: f64,
}

/// A row or a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// That of its node; of several heads of block 3 `A3`.
    pub name: String,
    /// `A0.1`; `3 ×5` for five heads.
    pub label: String,
    pub short_label: String,
    pub kind: NodeKind,
    /// The index in [`crate::drawn::Nodes::layers`].
    pub layer: usize,
    /// Indices in [`crate::drawn::Nodes::nodes`].
    pub nodes: Vec<usize>,
    /// Its upper or left edge.
    pub start: f64,
    pub breadth: f64,
}

/// The edges from one node to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Indices of the row and the column.
    pub row: usize,
    pub column: usize,
    /// `A0.1->MLP 1`: the names of row and column.
    pub name: String,
    /// The name of the strongest link.
    pub edge: String,
    pub rect: Rect,
    /// The sum over the links; of links that a reader took out only where there are no others.
    pub score: f64,
    /// Which step of colour, from 0.
    pub step: usize,
    pub n_edges: usize,
    /// Of two circuits: both where its links are not all in the same one.
    pub side: Side,
    pub on_path: bool,
    /// The mean mask of its links: 0 where the reader took them out.
    pub mask: f64,
}

/// A text beside the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub text: String,
    pub spot: TextSpot,
    /// Written upwards.
    pub is_upright: bool,
    pub role: LabelRole,
}

/// What a text beside the matrix says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelRole {
    /// The node of a row or a column, by its name.
    Node(String),
    /// The block of some rows or columns.
    Block,
    /// `source` and `destination`.
    Title,
    /// What the stairs are.
    Note,
}

/// The positions of everything in a picture. The same request gives the same layout.
pub fn layout(request: &Request) -> Layout {
    let pairs = pairs::pairs(request.drawn);
    let nodes = &request.drawn.nodes;
    let frame = frame::frame(nodes, &pairs, request.size);
    let strongest = frame.strongest;
    let steps = request.steps.map(|step| step * strongest);
    let cells = cells::cells(&frame, steps);
    let frame::Frame { inside, rows, columns, bands, stairs, labels, .. } = frame;
    let (rows, columns) = (rows.lanes, columns.lanes);
    Layout { size: request.size, inside, rows, columns, cells, bands, stairs, labels, steps, strongest }
}
