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

impl Curve {
    /// The point at `t` from 0 (the start) to 1 (the end).
    pub fn at(&self, t: f64) -> Point {
        let s = 1.0 - t;
        let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
        let points = [self.start, self.start_control, self.end_control, self.end];
        let sum = |of: fn(&Point) -> f64| points.iter().zip(weights).map(|(point, weight)| weight * of(point)).sum();
        Point { x: sum(|point| point.x), y: sum(|point| point.y) }
    }
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The middle.
    pub fn centre(&self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height / 2.0 }
    }

    /// Whether two rectangles are less than `gap` apart; with a gap of 0, whether they overlap.
    pub fn is_near(&self, other: &Rect, gap: f64) -> bool {
        self.x < other.right() + gap
            && other.x < self.right() + gap
            && self.y < other.bottom() + gap
            && other.y < self.bottom() + gap
    }
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
