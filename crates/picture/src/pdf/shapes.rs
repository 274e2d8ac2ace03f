//! What a picture is made of, once its SVG is read.

use super::path::Segment;

/// A picture: its size, what it says of itself, and its shapes from the lowest up. Lengths are CSS pixels.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Picture {
    pub width: f64,
    pub height: f64,
    pub title: String,
    pub description: String,
    pub shapes: Vec<Shape>,
    pub patterns: Vec<Pattern>,
}

/// Something that is filled, stroked or both.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub outline: Outline,
    /// From the shape's own coordinates to the picture's.
    pub matrix: Matrix,
    pub fill: Option<Paint>,
    pub stroke: Option<Stroke>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outline {
    Path(Vec<Segment>),
    Text(Text),
}

/// A line of text, from the left end of its baseline.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub text: String,
    pub x: f64,
    pub y: f64,
    pub size: f64,
    pub is_bold: bool,
}

/// A colour or a pattern, with an opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Paint {
    pub colour: Colour,
    pub opacity: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Colour {
    /// Each from 0 to 1.
    Rgb([f64; 3]),
    /// An index in [`Picture::patterns`].
    Pattern(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stroke {
    pub paint: Paint,
    pub width: f64,
    pub dashes: Vec<f64>,
    pub has_round_caps: bool,
    pub has_round_joins: bool,
}

/// Rectangles that are repeated in both directions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    pub id: String,
    pub width: f64,
    pub height: f64,
    pub matrix: Matrix,
    /// Left, top, width and height of each, with its colour.
    pub rects: Vec<([f64; 4], [f64; 3])>,
}

/// An affine map, as SVG and PDF write it: `x' = a x + c y + e`, `y' = b x + d y + f`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix(pub [f64; 6]);

impl Matrix {
    pub const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub fn translation(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    pub fn scaling(x: f64, y: f64) -> Self {
        Self([x, 0.0, 0.0, y, 0.0, 0.0])
    }

    /// Clockwise on a page whose `y` grows downwards.
    pub fn rotation(degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self([cos, sin, -sin, cos, 0.0, 0.0])
    }

    /// First `inner`, then this one.
    pub fn after(self, inner: Self) -> Self {
        let ([a, b, c, d, e, f], [ia, ib, ic, id, ie, iff]) = (self.0, inner.0);
        Self([
            a * ia + c * ib,
            b * ia + d * ib,
            a * ic + c * id,
            b * ic + d * id,
            a * ie + c * iff + e,
            b * ie + d * iff + f,
        ])
    }
}
