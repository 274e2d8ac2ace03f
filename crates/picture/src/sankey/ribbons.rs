//! Step 7: the middle lines of ribbons: flat beside a box or its label, a monotone cubic elsewhere (Fritsch and Carlson 1980,
//! "Monotone Piecewise Cubic Interpolation"), so that a ribbon never swings past the points that it is led through.

use super::flow::{Flow, FlowLink, ItemKind};
use super::frame::Frame;
use super::layout::Ribbon;
use super::ports::Ports;
use super::scene::Scene;
use super::text::text_width;
use crate::geometry::{Curve, Point};

/// A ribbon is flat where it passes a box or its label within this distance.
const NEAR: f64 = 12.0;
const NEAR_MANY: f64 = 2.0;
/// Lanes nearer to each other than this lie side by side.
const SIDE_BY_SIDE: f64 = 4.5;
/// How far a ribbon is straight where it leaves a box.
const LEAD: f64 = 1.5;
/// A ribbon is flat over at most this share of the way to the next column.
const MAX_FLAT: f64 = 0.3;
/// Points that are so near to the line between their neighbours are left out; in large drawings fewer points are kept.
const STRAIGHT: f64 = 0.3;
const STRAIGHT_MANY: f64 = 1.0;
const MANY_LINKS: usize = 400;
/// A cubic between two flat ends leaves the straight line by a tenth of its height: here by less than 2 pixels.
const GENTLE: f64 = 20.0;
/// The length of a control line, as a share of the curve: between flat ends, and elsewhere.
const FLAT_CONTROL: f64 = 0.5;
const CONTROL: f64 = 0.38;

/// The lines of a band's links, drawn one after the other.
pub(super) struct Lines<'a> {
    pub ribbons: &'a mut Vec<Ribbon>,
    pub curves: &'a mut Vec<Curve>,
    pub start: BandStart,
}

/// Where a band is, and its first box.
#[derive(Debug, Clone, Copy)]
pub(super) struct BandStart {
    pub band: usize,
    pub across: f64,
    pub first_box: usize,
}

/// A point of a line, along the flow and across it, and whether the line is led through it flat.
#[derive(Debug, Clone, Copy)]
struct Knot {
    along: f64,
    across: f64,
    flat: bool,
}

pub(super) fn ribbons(scene: &Scene, flow: &Flow, ports: &Ports, lines: &mut Lines) {
    let start = lines.start;
    let flats = flats(scene, flow);
    let has_box = |items: &Vec<usize>| items.iter().any(|&item| flow.items[item].is_box());
    let has_boxes: Vec<bool> = flow.columns.iter().map(has_box).collect();
    let tolerance = if scene.n_links > MANY_LINKS { STRAIGHT_MANY } else { STRAIGHT };
    let (mut knots, mut slopes) = (Vec::new(), Vec::new());
    for group in &flow.groups {
        for link in &flow.links[group.links.clone()] {
            knots.clear();
            let passed = Passed { ports, flats: &flats, has_boxes: &has_boxes, lanes: flow.lanes(link, group) };
            lead(scene, flow, link, passed, &mut knots);
            thin_out(&mut knots, tolerance);
            knots.iter_mut().for_each(|knot| knot.across += start.across);
            let first = lines.curves.len();
            draw(&scene.frame, &knots, &mut slopes, lines.curves);
            let curves = first..lines.curves.len();
            lines.ribbons.push(Ribbon {
                band: start.band,
                link: link.link,
                src_box: start.first_box + link.src,
                dest_box: start.first_box + link.dest,
                width: link.width,
                middle: middle(&lines.curves[curves.clone()], &scene.frame),
                curves,
            });
        }
    }
}

/// By item: how far a ribbon is flat on either side of the column's middle; 0 where no box is near.
fn flats(scene: &Scene, flow: &Flow) -> Vec<f64> {
    let mut flats = vec![0.0; flow.items.len()];
    let half = scene.columns.thickness / 2.0;
    let near = if scene.n_links > MANY_LINKS { NEAR_MANY } else { NEAR };
    for (column, items) in flow.columns.iter().enumerate() {
        let reach = MAX_FLAT * nearest(&scene.columns.centres, column);
        let mut box_end = f64::NEG_INFINITY;
        for &item in items {
            let of = &flow.items[item];
            if of.is_box() {
                box_end = of.end() + of.after;
            } else if of.at - box_end < near {
                flats[item] = (half + 1.0).min(reach);
            }
        }
        let mut next: Option<(f64, f64)> = None;
        for &item in items.iter().rev() {
            let of = &flow.items[item];
            if let ItemKind::Box(node) = of.kind {
                let label = if of.before > 0.0 { text_width(&scene.nodes.nodes[node].label) / 2.0 + 2.0 } else { 0.0 };
                next = Some((of.at - of.before, label.max(half + 1.0)));
            } else if let Some((start, flat)) = next
                && start - of.end() < near
            {
                flats[item] = flats[item].max(flat.min(reach));
            }
        }
        let pairs = items.windows(2).filter(|_| scene.n_links <= MANY_LINKS);
        for pair in pairs.clone().chain(pairs.rev()) {
            share_flat(flow, &mut flats, pair[0], pair[1]);
        }
    }
    flats
}

/// Lanes side by side are flat over the same way, or they would cross where they bend.
fn share_flat(flow: &Flow, flats: &mut [f64], upper: usize, lower: usize) {
    let [a, b] = [upper, lower].map(|item| &flow.items[item]);
    if !a.is_box() && !b.is_box() && b.at - a.end() < SIDE_BY_SIDE {
        let flat = flats[upper].max(flats[lower]);
        (flats[upper], flats[lower]) = (flat, flat);
    }
}

/// The distance to the nearer of the two neighbouring columns.
fn nearest(centres: &[f64], column: usize) -> f64 {
    let before = column.checked_sub(1).map(|before| centres[column] - centres[before]);
    let after = centres.get(column + 1).map(|after| after - centres[column]);
    before.into_iter().chain(after).fold(f64::INFINITY, f64::min)
}

/// What a ribbon passes on its way.
struct Passed<'a> {
    ports: &'a Ports,
    /// By item.
    flats: &'a [f64],
    /// By column. A ribbon need not be led through a column without boxes.
    has_boxes: &'a [bool],
    lanes: std::ops::Range<usize>,
}

/// The points that a ribbon is led through.
fn lead(scene: &Scene, flow: &Flow, link: &FlowLink, passed: Passed, knots: &mut Vec<Knot>) {
    let (columns, Passed { ports, flats, has_boxes, lanes }) = (&scene.columns, passed);
    let half = columns.thickness / 2.0;
    let straight = LEAD.min(0.15 * columns.pitch);
    let mut knot = |along, across, flat| knots.push(Knot { along, across, flat });
    let src = &flow.items[link.src];
    let (along, across) = (columns.centres[src.column] + half, src.at + link.src_offset);
    knot(along, across, true);
    knot(along + straight, across, true);
    for (i, lane) in lanes.enumerate() {
        let item = &flow.items[lane];
        if !has_boxes[item.column] {
            continue;
        }
        let (along, across) = (columns.centres[item.column], item.at + ports.offsets[link.first_offset + i]);
        if flats[lane] > 0.0 {
            knot(along - flats[lane], across, true);
            knot(along + flats[lane], across, true);
        } else {
            knot(along, across, false);
        }
    }
    let dest = &flow.items[link.dest];
    let (along, across) = (columns.centres[dest.column] - half, dest.at + link.dest_offset);
    knot(along - straight, across, true);
    knot(along, across, true);
}

/// Leaves out points on an about straight line between their neighbours.
fn thin_out(knots: &mut Vec<Knot>, tolerance: f64) {
    let mut kept = 1;
    for i in 1..knots.len() - 1 {
        let (before, here, after) = (knots[kept - 1], knots[i], knots[i + 1]);
        let way = (here.along - before.along) / (after.along - before.along);
        let line = before.across + way * (after.across - before.across);
        let level = (before.across - here.across).abs() < tolerance && (after.across - here.across).abs() < tolerance;
        let gentle = (after.across - before.across).abs() < GENTLE;
        let spare = level || (!here.flat && gentle && (line - here.across).abs() < tolerance);
        if !spare {
            knots[kept] = here;
            kept += 1;
        }
    }
    knots[kept] = knots[knots.len() - 1];
    knots.truncate(kept + 1);
}

/// Appends the curves through the points.
fn draw(frame: &Frame, knots: &[Knot], slopes: &mut Vec<f64>, curves: &mut Vec<Curve>) {
    slopes.clear();
    slopes.extend(knots.windows(2).map(|pair| (pair[1].across - pair[0].across) / (pair[1].along - pair[0].along)));
    let slope = |i: usize| {
        if i == 0 || i + 1 == knots.len() {
            return 0.0;
        }
        let (before, after) = (slopes[i - 1], slopes[i]);
        // The harmonic mean keeps the line monotone; 0 at a turn, and where it is led flat.
        if before * after <= 4e-4 { 0.0 } else { 2.0 * before * after / (before + after) }
    };
    let mut start_slope = 0.0;
    for (i, pair) in knots.windows(2).enumerate() {
        let end_slope = slope(i + 1);
        let control = if start_slope != 0.0 || end_slope != 0.0 { CONTROL } else { FLAT_CONTROL };
        let reach = (pair[1].along - pair[0].along) * control;
        curves.push(Curve {
            start: frame.point(pair[0].along, pair[0].across),
            start_control: frame.point(pair[0].along + reach, pair[0].across + start_slope * reach),
            end_control: frame.point(pair[1].along - reach, pair[1].across - end_slope * reach),
            end: frame.point(pair[1].along, pair[1].across),
        });
        start_slope = end_slope;
    }
}

/// About the middle of a line, along the flow.
fn middle(curves: &[Curve], frame: &Frame) -> Point {
    let along = |point: Point| if frame.is_vertical() { point.y } else { point.x };
    let (start, end) = (along(curves[0].start), along(curves[curves.len() - 1].end));
    let wanted = (start + end) / 2.0;
    let curve = curves.iter().find(|curve| along(curve.end) >= wanted).unwrap_or(&curves[0]);
    let (from, to) = (along(curve.start), along(curve.end));
    curve.at(if to > from { (wanted - from) / (to - from) } else { 0.5 })
}
