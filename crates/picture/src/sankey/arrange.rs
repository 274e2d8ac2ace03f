//! Step 3: lanes are put between the boxes so that few ribbons cross.
//!
//! Barycentre sweeps give every item a wish: the mean place of what it is linked to. The wishes of boxes are made to agree with
//! their order (isotonic regression), and all items of a column are sorted by them. Then single items are moved (`sift`), and all
//! lanes of a group at once (`reroute`). Small drawings are begun several times, and the best is kept. The cost of a crossing is the
//! strength of the weaker segment, and something for each. Only scores count, never pixels, so that a change of size keeps the order.

use circuitscope_core::sort::sort_by;

use super::flow::{Flow, ItemKind, Segment};
use super::isotonic::Isotonic;
use super::reroute::{Router, n_steps, reroute};
use super::sift::sift;
use crate::drawn::Nodes;

/// Sweeps in each direction, where there are few items. From the tenth on both sides count.
const MAX_SWEEPS: usize = 14;
const MIN_SWEEPS: usize = 3;
const BOTH_SIDES_FROM: usize = 9;
/// The most beginnings.
const MAX_STARTS: usize = 16;
/// Ways hardly change after this many passes.
const MAX_ROUTE_PASSES: usize = 4;

/// How much is tried. Large drawings get fewer of everything.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Visits of items, in the sweeps of all beginnings together.
    visits: usize,
    /// Comparisons of segments when sifting, for each beginning.
    compares: usize,
    /// Steps that are compared when ways are sought.
    steps: usize,
}

/// At every step of the cursor: some milliseconds.
const AT_ONCE: Effort = Effort { visits: 16_000, compares: 40_000, steps: 150_000 };
/// Once for a graph: some ten milliseconds.
const ONCE: Effort = Effort { visits: 60_000, compares: 250_000, steps: 2_000_000 };

/// Whether boxes keep the order of their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BoxOrder {
    Fixed,
    Free,
}

impl BoxOrder {
    /// The cost of a crossing of the thinnest ribbons, as a share of the widest. Where all crossings of a drawing are seen at once
    /// each counts; where the order is sought that serves all drawings, the strengths alone say how often one is seen.
    fn base_cost(self) -> f64 {
        match self {
            Self::Fixed => 0.1,
            Self::Free => 1e-6,
        }
    }

    fn effort(self) -> Effort {
        match self {
            Self::Fixed => AT_ONCE,
            Self::Free => ONCE,
        }
    }
}

pub(super) fn arrange(flow: &mut Flow, nodes: &Nodes, boxes: BoxOrder) {
    flow.base_cost = boxes.base_cost();
    let effort = boxes.effort();
    let n_items = flow.items.len().max(1);
    let n_sweeps = (effort.visits / n_items).clamp(MIN_SWEEPS, MAX_SWEEPS);
    let n_starts = (effort.visits / (n_items * n_sweeps)).clamp(1, MAX_STARTS);
    let mut best: Option<(f64, Vec<Vec<usize>>)> = None;
    for start in 0..n_starts {
        let mut ranks = Ranks::start(flow, nodes, boxes, start);
        for sweep in 0..n_sweeps {
            ranks.sweep(flow, sweep, n_sweeps);
        }
        sift(flow, &mut ranks.index, boxes, effort.compares);
        let cost = if n_starts > 1 { cost(flow, &ranks.index) } else { 0.0 };
        if best.as_ref().is_none_or(|(lowest, _)| cost < lowest - 1e-9) {
            best = Some((cost, flow.columns.clone()));
        }
    }
    flow.columns = best.map(|(_, columns)| columns).unwrap_or_default();
    improve(flow, boxes, effort);
}

/// Finds better ways for lanes, and then better places for single items, in turn.
fn improve(flow: &mut Flow, boxes: BoxOrder, effort: Effort) {
    let mut index = vec![0; flow.items.len()];
    for items in &flow.columns {
        items.iter().enumerate().for_each(|(i, &item)| index[item] = i as u32);
    }
    let mut steps = effort.steps;
    for _ in 0..MAX_ROUTE_PASSES {
        if !route(flow, &mut index, &mut steps) {
            return;
        }
        sift(flow, &mut index, boxes, effort.compares);
    }
}

/// Leads every group on its best way, the strongest first; gives whether anything changed.
fn route(flow: &mut Flow, index: &mut [u32], steps: &mut usize) -> bool {
    let mut groups: Vec<(f64, usize)> = Vec::with_capacity(flow.groups.len());
    for (i, group) in flow.groups.iter().enumerate() {
        groups.push((flow.links[group.links.clone()].iter().map(|link| link.strength).sum(), i));
    }
    sort_by(&mut groups, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (mut router, mut changed) = (Router::default(), false);
    for (_, group) in groups {
        let n = n_steps(flow, &flow.groups[group]);
        if n > *steps {
            break;
        }
        *steps -= n;
        changed |= reroute(flow, index, group, &mut router);
    }
    changed
}

/// Where items are in their columns.
struct Ranks {
    /// By item: its index in its column.
    index: Vec<u32>,
    /// By item: the same as a share of the column, from 0 to 1.
    share: Vec<f64>,
    wanted: Vec<f64>,
    boxes: BoxOrder,
    isotonic: Isotonic,
    /// The items of a column with their wishes, while they are sorted.
    sorted: Vec<(f64, usize)>,
}

impl Ranks {
    /// Boxes at their places, lanes on the straight way to where their links end; in a later beginning, some way off.
    fn start(flow: &mut Flow, nodes: &Nodes, boxes: BoxOrder, start: usize) -> Self {
        let n_items = flow.items.len();
        let mut ranks = Self {
            index: vec![0; n_items],
            share: vec![0.5; n_items],
            wanted: vec![0.5; n_items],
            boxes,
            isotonic: Isotonic::default(),
            sorted: Vec::new(),
        };
        ranks.wish_straight(flow, nodes);
        if start > 0 {
            let spread = start as f64 / MAX_STARTS as f64;
            for (i, item) in flow.items.iter().enumerate() {
                if boxes == BoxOrder::Free || !item.is_box() {
                    ranks.wanted[i] += spread * (2.0 * scatter(i, start) - 1.0);
                }
            }
        }
        (0..flow.columns.len()).for_each(|column| ranks.sort(flow, column));
        ranks
    }

    fn wish_straight(&mut self, flow: &Flow, nodes: &Nodes) {
        for (i, item) in flow.items[..flow.n_boxes].iter().enumerate() {
            if let ItemKind::Box(node) = item.kind {
                self.wanted[i] = nodes.nodes[node].place;
            }
        }
        for group in &flow.groups {
            let links = &flow.links[group.links.clone()];
            let total: f64 = links.iter().map(|link| link.strength + f64::MIN_POSITIVE).sum();
            let mean = |value: &dyn Fn(usize) -> f64| {
                links.iter().map(|link| (link.strength + f64::MIN_POSITIVE) * value(link.dest)).sum::<f64>() / total
            };
            let (from, to) = (self.wanted[group.src], mean(&|dest| self.wanted[dest]));
            let start = flow.items[group.src].column as f64;
            let length = mean(&|dest| flow.items[dest].column as f64) - start;
            for lane in group.lanes.clone() {
                let way = (flow.items[lane].column as f64 - start) / length.max(1.0);
                self.wanted[lane] = from + (to - from) * way.min(1.0);
            }
        }
    }

    fn sweep(&mut self, flow: &mut Flow, sweep: usize, n_sweeps: usize) {
        let forward = sweep.is_multiple_of(2);
        let both_sides = sweep >= BOTH_SIDES_FROM.min(n_sweeps - 1);
        for i in 0..flow.columns.len() {
            let column = if forward { i } else { flow.columns.len() - 1 - i };
            for &item in &flow.columns[column] {
                self.wanted[item] = self.wish(flow, item, [forward || both_sides, !forward || both_sides]);
            }
            self.sort(flow, column);
        }
    }

    /// The mean rank of an item's neighbours before and after it.
    fn wish(&self, flow: &Flow, item: usize, [before, after]: [bool; 2]) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        let mut add = |segment: u32, other: fn(&Segment) -> usize| {
            let segment = &flow.segments[segment as usize];
            let weight = segment.strength + flow.base_cost;
            sum += weight * self.share[other(segment)];
            total += weight;
        };
        if before {
            flow.segments_into.of(item).iter().for_each(|&segment| add(segment, |s| s.from));
        }
        if after {
            flow.segments_from.of(item).iter().for_each(|&segment| add(segment, |s| s.to));
        }
        if total > 0.0 { sum / total } else { self.share[item] }
    }

    /// Sorts a column by the wishes of its items, boxes in their order where that is fixed.
    fn sort(&mut self, flow: &mut Flow, column: usize) {
        let items = &mut flow.columns[column];
        self.sorted.clear();
        let mut n_fixed = 0;
        if self.boxes == BoxOrder::Fixed {
            // Boxes come first, as they do among all items.
            items.sort_unstable();
            n_fixed = items.iter().take_while(|&&item| flow.items[item].is_box()).count();
            self.isotonic.clear();
            for &item in &items[..n_fixed] {
                self.isotonic.push(self.wanted[item], flow.items[item].strength + f64::MIN_POSITIVE);
            }
            self.sorted.extend(self.isotonic.values().zip(&items[..n_fixed]).map(|(wish, &item)| (wish, item)));
        }
        self.sorted.extend(items[n_fixed..].iter().map(|&item| (self.wanted[item], item)));
        self.sorted.sort_unstable_by(|(a, a_item), (b, b_item)| a.total_cmp(b).then(a_item.cmp(b_item)));
        items.clear();
        items.extend(self.sorted.iter().map(|&(_, item)| item));
        for (i, &item) in items.iter().enumerate() {
            self.index[item] = i as u32;
            self.share[item] = (i as f64 + 0.5) / items.len() as f64;
        }
    }
}

/// A number from 0 to 1 that looks random, for an item in a beginning (the mixing of splitmix64).
fn scatter(item: usize, start: usize) -> f64 {
    let mut z = (item as u64 ^ (start as u64) << 32).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

/// The summed cost of all crossings.
fn cost(flow: &Flow, index: &[u32]) -> f64 {
    let mut ends: Vec<(u32, u32, f64)> = Vec::new();
    let mut total = 0.0;
    for column in 0..flow.columns.len() {
        ends.clear();
        let segments = flow.segments_at.of(column).iter().map(|&segment| &flow.segments[segment as usize]);
        ends.extend(segments.map(|segment| (index[segment.from], index[segment.to], segment.strength)));
        for (i, a) in ends.iter().enumerate() {
            for b in &ends[i + 1..] {
                if (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1) {
                    total += a.2.min(b.2) + flow.base_cost;
                }
            }
        }
    }
    total
}
