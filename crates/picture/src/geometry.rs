//! Points, rectangles and curves. All lengths are CSS pixels, from the top left corner.

/// A point; `y` grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// The size of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

/// A rectangle, by its top left corner and its size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// A cubic Bézier curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    pub start: Point,
    pub start_control: Point,
    pub end_control: Point,
    pub end: Point,
}

/// The position of a text: a point on its baseline, and which part of the text is at that point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextSpot {
    pub at: Point,
    pub align: TextAlign,
}

/// Which part of a text is at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextAlign {
    Start,
    Middle,
    End,
}
