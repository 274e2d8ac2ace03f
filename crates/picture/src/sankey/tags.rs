//! The letters of two compared circuits: on each ribbon of only one of them, away from boxes and other letters.

use super::layout::{Layout, Tag};
use crate::drawn::Side;
use crate::geometry::Point;

/// The radius of a letter's disc.
pub const TAG_RADIUS: f64 = 7.0;
/// Letters of more ribbons would cover the drawing.
const MAX_TAGS: usize = 60;
/// Where along a ribbon a letter may be, the best first.
const WAYS: [f64; 7] = [0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.8];
/// A later place has to be that much further from everything.
const BETTER: f64 = 4.0;
/// Further is no better than this.
const FAR: f64 = 60.0;

pub(super) fn tags(layout: &Layout) -> Vec<Tag> {
    let is_single = |side: Side| matches!(side, Side::OnlyA | Side::OnlyB);
    let mut tags: Vec<Tag> = Vec::new();
    for (ribbon, of) in layout.ribbons.iter().enumerate() {
        let side = layout.link(of).side;
        if !is_single(side) || tags.len() == MAX_TAGS {
            continue;
        }
        let line = layout.line(of);
        let at = |way: f64| {
            let along = way * line.len() as f64;
            let curve = (along as usize).min(line.len() - 1);
            line[curve].at(along - curve as f64)
        };
        let mut best: Option<(f64, Point)> = None;
        for point in WAYS.map(at) {
            let room = room(layout, &tags, point);
            if best.is_none_or(|(most, _)| room > most + BETTER) {
                best = Some((room, point));
            }
        }
        tags.extend(best.map(|(_, at)| Tag { ribbon, at, side }));
    }
    tags
}

/// The distance to the nearest letter, box or name.
fn room(layout: &Layout, tags: &[Tag], at: Point) -> f64 {
    let to_tags = tags.iter().map(|tag| (tag.at.x - at.x).hypot(tag.at.y - at.y));
    let rects = layout.boxes.iter().flat_map(|b| [b.rect, b.label.rect]);
    let to_boxes = rects.map(|rect| {
        let beside = (rect.x - at.x).max(at.x - rect.right()).max(0.0);
        let above = (rect.y - at.y).max(at.y - rect.bottom()).max(0.0);
        1.4 * (beside.hypot(above) - TAG_RADIUS)
    });
    to_tags.chain(to_boxes).fold(FAR, f64::min)
}
