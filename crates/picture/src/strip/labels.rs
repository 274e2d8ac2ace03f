//! Names beside lines, where they cover least.
//!
//! A name may stand above or below its line at any of a number of places. It takes the place that is furthest from the other
//! lines and names, up to a distance beyond which nothing is gained, and where its own line is level; of places as good, the
//! rightmost.

use crate::geometry::{Point, Rect, TextAlign, TextSpot};

/// A letter at 11 pixels, in the mean (DejaVu Sans).
const LETTER: f64 = 6.7;
/// The height of letters at 11 pixels with their descenders, and the part of it above the base line.
const HEIGHT: f64 = 12.0;
const ASCENT: f64 = 9.0;
/// From a line to its name.
const GAP: f64 = 3.0;
/// Further away from everything else than this, nothing is gained.
const FAR: f64 = 10.0;
/// A line may rise so much along its name; so much more costs as much as a pixel of distance.
const FREE_RISE: f64 = 5.0;
const RISE: f64 = 2.0;
/// Places along the frame that are tried.
const PLACES: usize = 32;

/// What names must stand clear of.
pub(super) struct Obstacles {
    pub frame: Rect,
    pub lines: Vec<Vec<Point>>,
    pub names: Vec<Rect>,
}

impl Obstacles {
    /// The place of a name beside the line with an index; it is an obstacle from then on. `None` where the frame has no room.
    pub fn place(&mut self, name: &str, line: usize) -> Option<TextSpot> {
        let width = LETTER * name.chars().count() as f64;
        let mut best: Option<(f64, Rect)> = None;
        for (rect, rise) in self.places(width, line) {
            let merit = self.clearance(rect, line).min(FAR) - (rise - FREE_RISE).max(0.0) / RISE;
            // Places come from left to right.
            if best.is_none_or(|(most, _)| merit >= most) {
                best = Some((merit, rect));
            }
        }
        let (_, rect) = best?;
        self.names.push(rect);
        Some(TextSpot { at: Point { x: rect.x, y: rect.y + ASCENT }, align: TextAlign::Start })
    }

    /// Places above and below a line, inside the frame, and how much the line rises or falls along each.
    fn places(&self, width: f64, line: usize) -> Vec<(Rect, f64)> {
        let Rect { x, y, width: room, height } = self.frame;
        let step = ((room - width - 2.0 * GAP) / PLACES as f64).max(0.0);
        let inside =
            |(rect, _): &(Rect, f64)| rect.y >= y && rect.y + HEIGHT <= y + height && width + 2.0 * GAP <= room;
        let places = (0..=PLACES).flat_map(|i| {
            let left = x + GAP + step * i as f64;
            // A name beyond the end of its line would not be seen to belong to it.
            y_at(&self.lines[line], left).and(y_at(&self.lines[line], left + width))?;
            let (top, bottom) = extent(&self.lines[line], left - GAP, left + width + GAP)?;
            let at = |y: f64| (Rect { x: left, y, width, height: HEIGHT }, bottom - top);
            Some([at(bottom + GAP), at(top - GAP - HEIGHT)])
        });
        places.flatten().filter(inside).collect()
    }

    /// The distance to the nearest of the other lines, upright; 0 where a line or a name is covered.
    fn clearance(&self, rect: Rect, own: usize) -> f64 {
        let covers = |other: &Rect| {
            rect.x < other.x + other.width
                && other.x < rect.x + rect.width
                && rect.y < other.y + other.height
                && other.y < rect.y + rect.height
        };
        if self.names.iter().any(covers) {
            return 0.0;
        }
        let others = self.lines.iter().enumerate().filter(|(i, _)| *i != own);
        let extents = others.filter_map(|(_, line)| extent(line, rect.x, rect.x + rect.width));
        let distances = extents.map(|(top, bottom)| (top - rect.y - HEIGHT).max(rect.y - bottom).max(0.0));
        distances.fold(f64::INFINITY, f64::min)
    }
}

/// The least and the largest y of a line between two x; `None` where it does not reach.
fn extent(line: &[Point], from: f64, to: f64) -> Option<(f64, f64)> {
    let inner = line.iter().filter(|point| (from..=to).contains(&point.x)).map(|point| point.y);
    let ys = inner.chain([from, to].into_iter().filter_map(|x| y_at(line, x)));
    ys.fold(None, |ends: Option<(f64, f64)>, y| Some(ends.map_or((y, y), |(top, bottom)| (top.min(y), bottom.max(y)))))
}

fn y_at(line: &[Point], x: f64) -> Option<f64> {
    let next = line.partition_point(|point| point.x < x);
    let (before, after) = (line.get(next.checked_sub(1)?)?, line.get(next)?);
    Some(before.y + (after.y - before.y) * (x - before.x) / (after.x - before.x))
}
