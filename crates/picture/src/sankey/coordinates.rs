//! Step 5: where items are across the flow.
//!
//! Column after column, there and back, each item moves to where its ribbons are straightest: the least squares of their bends,
//! under the order and the gaps of the column (isotonic regression). Long ribbons are stiffer than short ones, so that they run
//! straight and the bends are beside boxes, as in Brandes and Köpf 2001, "Fast and Simple Horizontal Coordinate Assignment".

use super::flow::Flow;
use super::isotonic::Isotonic;
use super::ports::Ports;
use super::sizes::Gaps;

/// Passes over all columns, where there are few items.
const MAX_PASSES: usize = 60;
/// Fewer in large drawings: about this many visits of segments in all.
const PASS_BUDGET: usize = 100_000;
/// How much stiffer a ribbon is between two lanes than between two boxes, and between a lane and a box.
const LANE_STIFFNESS: f64 = 8.0;
const END_STIFFNESS: f64 = 2.5;
/// The pull to the middle: a constant, and a share of all other pulls.
const TO_MIDDLE: f64 = 0.6;
const TO_MIDDLE_SHARE: f64 = 0.02;
/// After these passes the ends of links are sorted again; then after every eighth.
const SORT_AFTER: [usize; 4] = [0, 1, 3, 6];

/// Writes where items are, within `room`, and sorts the ends of links.
pub(super) fn coordinates(flow: &mut Flow, ports: &mut Ports, gaps: &Gaps, room: f64) {
    stack(flow, gaps, room);
    for link in &mut flow.links {
        (link.src_offset, link.dest_offset) = (flow.items[link.src].size / 2.0, flow.items[link.dest].size / 2.0);
    }
    let n_passes = (PASS_BUDGET / (flow.items.len() + 2 * flow.segments.len()).max(1)).clamp(4, MAX_PASSES);
    let mut isotonic = Isotonic::default();
    for pass in 0..n_passes {
        if SORT_AFTER.contains(&pass) || pass.is_multiple_of(8) {
            ports.sort(flow);
            pull(flow, ports);
        }
        for i in 0..flow.columns.len() {
            let column = if pass.is_multiple_of(2) { i } else { flow.columns.len() - 1 - i };
            place(flow, column, &Placing { gaps, room }, &mut isotonic);
        }
    }
    ports.sort(flow);
}

/// To begin with: every column in the middle, as tight as it may be.
fn stack(flow: &mut Flow, gaps: &Gaps, room: f64) {
    for column in 0..flow.columns.len() {
        let mut at = 0.0;
        for i in 0..flow.columns[column].len() {
            let item = flow.columns[column][i];
            if i > 0 {
                at += gaps.between(flow, flow.columns[column][i - 1], item);
            }
            let item = &mut flow.items[item];
            item.at = at + item.before;
            at += item.before + item.size + item.after;
        }
        for &item in &flow.columns[column] {
            flow.items[item].at += (room - at) / 2.0;
        }
    }
}

/// Writes how strongly each segment pulls, and where to.
fn pull(flow: &mut Flow, ports: &Ports) {
    for segment in &mut flow.segments {
        (segment.pull, segment.shift) = (0.0, 0.0);
    }
    for group in &flow.groups {
        for link in &flow.links[group.links.clone()] {
            let n = flow.items[link.dest].column - flow.items[link.src].column - 1;
            let mut before = link.src_offset;
            for i in 0..=n {
                let (after, segment) = match i {
                    i if i == n => (link.dest_offset, link.end_segment),
                    i => (ports.offsets[link.first_offset + i], group.first_segment + i),
                };
                let stiffness = match (i > 0, i < n) {
                    (true, true) => LANE_STIFFNESS,
                    (false, false) => 1.0,
                    _ => END_STIFFNESS,
                };
                let weight = (link.width + 1.0) * stiffness;
                flow.segments[segment].pull += weight;
                flow.segments[segment].shift += weight * (before - after);
                before = after;
            }
        }
    }
    for segment in &mut flow.segments {
        segment.shift /= segment.pull;
    }
}

struct Placing<'a> {
    gaps: &'a Gaps,
    room: f64,
}

/// Moves the items of a column to where their segments pull them.
fn place(flow: &mut Flow, column: usize, &Placing { gaps, room }: &Placing, isotonic: &mut Isotonic) {
    isotonic.clear();
    // Where an item starts less the room of all above it never decreases from one to the next.
    let (mut above, mut last) = (0.0, None);
    for i in 0..flow.columns[column].len() {
        let item = flow.columns[column][i];
        above += last.map_or(0.0, |last| gaps.between(flow, last, item));
        let (wanted, weight) = wanted(flow, item, room);
        isotonic.push(wanted - flow.items[item].before - above, weight);
        let Size { before, size, after } = Size::of(flow, item);
        above += before + size + after;
        last = Some(item);
    }
    let free = (room - above).max(0.0);
    let (mut above, mut last) = (0.0, None);
    for (i, value) in isotonic.values().enumerate() {
        let item = flow.columns[column][i];
        above += last.map_or(0.0, |last| gaps.between(flow, last, item));
        let Size { before, size, after } = Size::of(flow, item);
        flow.items[item].at = value.clamp(0.0, free) + above + before;
        above += before + size + after;
        last = Some(item);
    }
}

struct Size {
    before: f64,
    size: f64,
    after: f64,
}

impl Size {
    fn of(flow: &Flow, item: usize) -> Self {
        let item = &flow.items[item];
        Self { before: item.before, size: item.size, after: item.after }
    }
}

/// Where an item would like to start, and how much.
fn wanted(flow: &Flow, item: usize, room: f64) -> (f64, f64) {
    let (mut sum, mut weight) = (0.0, 0.0);
    for &segment in flow.segments_into.of(item) {
        let segment = &flow.segments[segment as usize];
        sum += segment.pull * (flow.items[segment.from].at + segment.shift);
        weight += segment.pull;
    }
    for &segment in flow.segments_from.of(item) {
        let segment = &flow.segments[segment as usize];
        sum += segment.pull * (flow.items[segment.to].at - segment.shift);
        weight += segment.pull;
    }
    let to_middle = TO_MIDDLE + TO_MIDDLE_SHARE * weight;
    sum += to_middle * (room - flow.items[item].size) / 2.0;
    weight += to_middle;
    (sum / weight, weight)
}
