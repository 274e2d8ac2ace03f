//! Which part of a drawing is seen: all of it, or a part that is larger.

use circuitscope_picture::{Point, Size};
use yew::prelude::*;

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

    /// The same magnification in another room, with the same part of the drawing in the middle.
    pub fn resized(self, from: Size, to: Size) -> Self {
        let centre = self.at(Point { x: from.width / 2.0, y: from.height / 2.0 });
        let (x, y) = (centre.x / from.width * to.width, centre.y / from.height * to.height);
        let corner = Point { x: x - to.width / 2.0 / self.scale, y: y - to.height / 2.0 / self.scale };
        Self { corner, ..self }.within(to)
    }

    /// No part of the room is beside the drawing.
    fn within(self, room: Size) -> Self {
        let most = |length: f64| (length - length / self.scale).max(0.0);
        let Point { x, y } = self.corner;
        let corner = Point { x: x.clamp(0.0, most(room.width)), y: y.clamp(0.0, most(room.height)) };
        Self { corner, ..self }
    }
}

/// The zoom of a drawing in a room, and what sets it. It lasts while the room changes, and ends where `shown` is another.
#[hook]
pub fn use_zoom<T: PartialEq + 'static>(room: Option<Size>, shown: T) -> (Zoom, Callback<Zoom>) {
    let zoom = use_state_eq(Zoom::default);
    let before = use_mut_ref(|| None::<Size>);
    use_effect_with(shown, {
        let zoom = zoom.clone();
        move |_| zoom.set(Zoom::default())
    });
    use_effect_with(room, {
        let zoom = zoom.clone();
        move |&room| {
            let before = before.replace(room);
            if let Some((from, to)) = before.zip(room) {
                zoom.set(zoom.resized(from, to));
            }
        }
    });
    let set = {
        let zoom = zoom.clone();
        Callback::from(move |to| zoom.set(to))
    };
    (*zoom, set)
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

    #[test]
    fn another_room_shows_the_same_middle_as_large() {
        let zoom = Zoom::default().by(4.0, Point { x: 400.0, y: 100.0 }, ROOM);
        let larger = Size { width: 1600.0, height: 300.0 };
        let there = zoom.resized(ROOM, larger);
        let [middle, was] = [(there, larger), (zoom, ROOM)].map(|(zoom, room)| {
            let at = zoom.at(Point { x: room.width / 2.0, y: room.height / 2.0 });
            (at.x / room.width, at.y / room.height)
        });
        assert!(there.scale == 4.0 && (middle.0 - was.0).abs() < 1e-9 && (middle.1 - was.1).abs() < 1e-9);
        assert_eq!(Zoom::default().resized(ROOM, larger), Zoom::default());
    }
}
