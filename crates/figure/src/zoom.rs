//! Which part of a drawing is seen: all of it, or a part that is larger.

use circuitscope_picture::{Point, Size};

/// A drawing is magnified at most so many times: a ribbon of a pixel is then as wide as a finger.
const MOST: f64 = 12.0;

/// The magnification, and the point of the drawing that is at the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zoom {
    pub scale: f64,
    pub corner: Point,
}

impl Default for Zoom {
    fn default() -> Self {
        Self { scale: 1.0, corner: Point { x: 0.0, y: 0.0 } }
    }
}

impl Zoom {
    /// Magnified by a factor more around a point of the room, in pixels.
    pub fn by(self, factor: f64, around: Point, room: Size) -> Self {
        let scale = (self.scale * factor).clamp(1.0, MOST);
        let at = self.at(around);
        let corner = Point { x: at.x - around.x / scale, y: at.y - around.y / scale };
        Self { scale, corner }.within(room)
    }

    /// Moved with the pointer, by pixels of the room.
    pub fn moved(self, dx: f64, dy: f64, room: Size) -> Self {
        let corner = Point { x: self.corner.x - dx / self.scale, y: self.corner.y - dy / self.scale };
        Self { corner, ..self }.within(room)
    }

    /// The point of the drawing at a point of the room.
    pub fn at(self, point: Point) -> Point {
        Point { x: self.corner.x + point.x / self.scale, y: self.corner.y + point.y / self.scale }
    }

    /// As an `<svg>` element's `viewBox`.
    pub fn view_box(self, room: Size) -> String {
        let Point { x, y } = self.corner;
        format!("{x:.2} {y:.2} {:.2} {:.2}", room.width / self.scale, room.height / self.scale)
    }

    pub fn is_whole(self) -> bool {
        self.scale <= 1.0
    }

    /// No part of the room is beside the drawing.
    fn within(self, room: Size) -> Self {
        let most = |length: f64| (length - length / self.scale).max(0.0);
        let Point { x, y } = self.corner;
        let corner = Point { x: x.clamp(0.0, most(room.width)), y: y.clamp(0.0, most(room.height)) };
        Self { corner, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Size = Size { width: 800.0, height: 400.0 };

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let pointer = Point { x: 600.0, y: 100.0 };
        let zoom = Zoom::default().by(2.0, pointer, ROOM).by(1.5, pointer, ROOM);
        let at = zoom.at(pointer);
        assert!((at.x - 600.0).abs() < 1e-9 && (at.y - 100.0).abs() < 1e-9 && zoom.scale == 3.0);
        assert_eq!(zoom.by(0.01, pointer, ROOM), Zoom::default(), "it is never smaller than its room");
    }

    #[test]
    fn a_drawing_is_moved_no_further_than_its_edge() {
        let zoom = Zoom::default().by(2.0, Point { x: 0.0, y: 0.0 }, ROOM);
        assert_eq!(zoom.moved(50.0, -100.0, ROOM).corner, Point { x: 0.0, y: 50.0 });
        assert_eq!(zoom.moved(-1e6, -1e6, ROOM).corner, Point { x: 400.0, y: 200.0 });
        assert_eq!(zoom.view_box(ROOM), "0.00 0.00 400.00 200.00");
    }
}
