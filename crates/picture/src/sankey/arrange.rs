//! Step 3: lanes are put between the boxes so that few ribbons cross.
//!
//! Boxes keep the order of their places. Barycentre sweeps give every item a wish; the wishes of boxes are made to agree with
//! their order (isotonic regression), and all items of a column are sorted by them. The sweep of the lowest cost is kept, and then
//! neighbours are swapped as long as that lowers it, never two boxes. The cost of a crossing is the strength of the weaker
//! segment. Only scores count, never pixels, so that a change of size keeps the order.

use super::flow::{Flow, ItemKind};
use super::isotonic::Isotonic;
use crate::drawn::Nodes;

/// Sweeps in each direction, where there are few items. From the tenth on both sides count.
const MAX_SWEEPS: usize = 14;
const BOTH_SIDES_FROM: usize = 9;
/// Sweeps are fewer in large drawings: about this many visits of items in all, a millisecond's worth.
const SWEEP_BUDGET: usize = 60_000;
/// Costs are counted less often in large drawings, and swaps end: about this many comparisons of segments in all.
const COMPARE_BUDGET: usize = 400_000;
/// The cost of a crossing of the thinnest ribbons, as a share of the widest.
const BASE_COST: f64 = 0.03;
/// Swaps hardly find anything after this many passes.
const MAX_SWAP_PASSES: usize = 6;

pub(super) fn arrange(flow: &mut Flow, nodes: &Nodes) {
    let mut ranks = Ranks::start(flow, nodes);
    let n_sweeps = (SWEEP_BUDGET / flow.items.len().max(1)).clamp(3, MAX_SWEEPS);
    let n_pairs: usize = (0..flow.columns.len()).map(|column| flow.segments_at.of(column).len().pow(2) / 2).sum();
    let n_counts = COMPARE_BUDGET / n_pairs.max(1);
    let mut best: Option<(f64, Vec<Vec<usize>>)> = None;
    for sweep in 0..n_sweeps {
        ranks.sweep(flow, sweep, n_sweeps);
        if n_sweeps - sweep <= n_counts {
            let cost = cost(flow, &ranks.index);
            if best.as_ref().is_none_or(|(lowest, _)| cost < *lowest) {
                best = Some((cost, flow.columns.clone()));
            }
        }
    }
    if let Some((_, columns)) = best {
        flow.columns = columns;
        (0..flow.columns.len()).for_each(|column| ranks.renumber(flow, column));
    }
    swap(flow, &mut ranks.index);
}

/// Where items are in their columns.
struct Ranks {
    /// By item: its index in its column.
    index: Vec<u32>,
    /// By item: the same as a share of the column, from 0 to 1.
    share: Vec<f64>,
    wanted: Vec<f64>,
    isotonic: Isotonic,
    /// The items of a column with their wishes, while they are sorted.
    sorted: Vec<(f64, usize)>,
}

impl Ranks {
    /// Boxes at their places, lanes on the straight way to where their links end.
    fn start(flow: &mut Flow, nodes: &Nodes) -> Self {
        let n_items = flow.items.len();
        let mut ranks = Self {
            index: vec![0; n_items],
            share: vec![0.5; n_items],
            wanted: vec![0.5; n_items],
            isotonic: Isotonic::default(),
            sorted: Vec::new(),
        };
        for (i, item) in flow.items[..flow.n_boxes].iter().enumerate() {
            if let ItemKind::Box(node) = item.kind {
                ranks.wanted[i] = nodes.nodes[node].place;
            }
        }
        for group in &flow.groups {
            let links = &flow.links[group.links.clone()];
            let total: f64 = links.iter().map(|link| link.strength + f64::MIN_POSITIVE).sum();
            let mean = |value: &dyn Fn(usize) -> f64| {
                links.iter().map(|link| (link.strength + f64::MIN_POSITIVE) * value(link.dest)).sum::<f64>() / total
            };
            let (from, to) = (ranks.wanted[group.src], mean(&|dest| ranks.wanted[dest]));
            let start = flow.items[group.src].column as f64;
            let length = mean(&|dest| flow.items[dest].column as f64) - start;
            for lane in group.lanes.clone() {
                let way = (flow.items[lane].column as f64 - start) / length.max(1.0);
                ranks.wanted[lane] = from + (to - from) * way.min(1.0);
            }
        }
        (0..flow.columns.len()).for_each(|column| ranks.sort(flow, column));
        ranks
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
        let mut add = |segment: u32, other: fn(&super::flow::Segment) -> usize| {
            let segment = &flow.segments[segment as usize];
            let weight = segment.strength + BASE_COST;
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

    /// Sorts a column by the wishes of its items, boxes in their order.
    fn sort(&mut self, flow: &mut Flow, column: usize) {
        let items = &mut flow.columns[column];
        items.sort_unstable_by_key(|&item| (!flow.items[item].is_box(), item));
        let n_boxes = items.iter().take_while(|&&item| flow.items[item].is_box()).count();
        self.isotonic.clear();
        for &item in &items[..n_boxes] {
            self.isotonic.push(self.wanted[item], flow.items[item].strength + f64::MIN_POSITIVE);
        }
        self.sorted.clear();
        self.sorted.extend(self.isotonic.values().zip(&items[..n_boxes]).map(|(wish, &item)| (wish, item)));
        self.sorted.extend(items[n_boxes..].iter().map(|&item| (self.wanted[item], item)));
        self.sorted.sort_unstable_by(|(a, a_item), (b, b_item)| a.total_cmp(b).then(a_item.cmp(b_item)));
        items.clear();
        items.extend(self.sorted.iter().map(|&(_, item)| item));
        self.renumber(flow, column);
    }

    fn renumber(&mut self, flow: &Flow, column: usize) {
        let items = &flow.columns[column];
        for (i, &item) in items.iter().enumerate() {
            self.index[item] = i as u32;
            self.share[item] = (i as f64 + 0.5) / items.len() as f64;
        }
    }
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
                    total += a.2.min(b.2) + BASE_COST;
                }
            }
        }
    }
    total
}

/// Swaps neighbours in their columns as long as that lowers the cost.
fn swap(flow: &mut Flow, index: &mut [u32]) {
    let mut left = COMPARE_BUDGET;
    for _ in 0..MAX_SWAP_PASSES {
        let mut improved = false;
        for column in 0..flow.columns.len() {
            for i in 1..flow.columns[column].len() {
                let (upper, lower) = (flow.columns[column][i - 1], flow.columns[column][i]);
                if flow.items[upper].is_box() && flow.items[lower].is_box() {
                    continue;
                }
                let n_compared = flow.segments_into.of(upper).len() * flow.segments_into.of(lower).len()
                    + flow.segments_from.of(upper).len() * flow.segments_from.of(lower).len();
                if n_compared > left {
                    return;
                }
                left -= n_compared;
                if swap_gain(flow, index, upper, lower) > 1e-9 {
                    flow.columns[column].swap(i - 1, i);
                    index.swap(upper, lower);
                    improved = true;
                }
            }
        }
        if !improved {
            return;
        }
    }
}

/// By how much a swap of two neighbours lowers the cost.
fn swap_gain(flow: &Flow, index: &[u32], upper: usize, lower: usize) -> f64 {
    let sides: [(&super::csr::Lists, fn(&super::flow::Segment) -> usize); 2] =
        [(&flow.segments_into, |s| s.from), (&flow.segments_from, |s| s.to)];
    let mut gain = 0.0;
    for (lists, other) in sides {
        for &a in lists.of(upper) {
            let a = &flow.segments[a as usize];
            for &b in lists.of(lower) {
                let b = &flow.segments[b as usize];
                let (a_index, b_index) = (index[other(a)], index[other(b)]);
                let cost = a.strength.min(b.strength) + BASE_COST;
                gain += if a_index > b_index {
                    cost
                } else if a_index < b_index {
                    -cost
                } else {
                    0.0
                };
            }
        }
    }
    gain
}
