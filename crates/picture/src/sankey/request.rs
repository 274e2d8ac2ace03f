//! What is to be drawn, and the room for it.

use std::rc::Rc;

use crate::auto_circuit::Orientation;
use crate::drawn::Drawn;
use crate::geometry::Size;

/// Everything that a drawing depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub drawn: Rc<Drawn>,
    /// The room; the drawing fills it and never needs more.
    pub size: Size,
    pub orientation: Orientation,
    pub options: Options,
    /// What heads look back at, in a token-wise drawing; empty where it is not known.
    pub arcs: Rc<[AttentionArc]>,
}

/// How a circuit is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether every layer has a column, or only those with a drawn edge.
    pub layer_spacing: bool,
    /// Whether the q, k and v inputs of a head end anywhere on its box, rather than on a cell each.
    pub merge_ports: bool,
}

/// Attention of a head from one token position to an earlier one. It is no edge and is not counted.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionArc {
    /// The head's name: `A0.1`.
    pub head: String,
    /// The position whose keys and values are read.
    pub from: usize,
    /// The position where the head writes.
    pub to: usize,
    /// The attention probability.
    pub weight: f32,
}

impl Request {
    /// A request with the usual options.
    pub fn new(drawn: Rc<Drawn>, size: Size) -> Self {
        let (orientation, options) = (Orientation::Horizontal, Options::default());
        Self { drawn, size, orientation, options, arcs: Rc::default() }
    }
}
