//! Moves each item up and down its column to where its ribbons cross the least, a box never past another where that is fixed
//! (sifting; Matuszewski, Schönfeld and Molitor 1999, "Using Sifting for k-Layer Straightline Crossing Minimization").

use super::arrange::BoxOrder;
use super::flow::{Flow, Segment};

/// Sifting hardly finds anything after this many passes.
const MAX_SIFT_PASSES: usize = 6;

/// Moves items within their columns, until that gains nothing or so many segments were compared.
pub(super) fn sift(flow: &mut Flow, index: &mut [u32], boxes: BoxOrder, compares: usize) {
    let mut budget = compares;
    let mut items = Vec::new();
    for _ in 0..MAX_SIFT_PASSES {
        let mut improved = false;
        for column in 0..flow.columns.len() {
            items.clone_from(&flow.columns[column]);
            for &item in &items {
                improved |= sift_item(flow, index, &Sifting { item, column, boxes }, &mut budget);
                if budget == 0 {
                    return;
                }
            }
        }
        if !improved {
            return;
        }
    }
}

struct Sifting {
    item: usize,
    column: usize,
    boxes: BoxOrder,
}

/// Moves an item to the best place of its column; gives whether that lowered the cost.
fn sift_item(flow: &mut Flow, index: &mut [u32], of: &Sifting, budget: &mut usize) -> bool {
    let items = &flow.columns[of.column];
    let here = index[of.item] as usize;
    let is_held = of.boxes == BoxOrder::Fixed && flow.items[of.item].is_box();
    let (mut best, mut best_gain) = (here, 1e-9);
    for down in [false, true] {
        let (mut gain, mut at) = (0.0, here);
        loop {
            let next = if down { at + 1 } else { at.wrapping_sub(1) };
            let Some(&other) = items.get(next) else { break };
            if is_held && flow.items[other].is_box() {
                break;
            }
            let (upper, lower) = if down { (of.item, other) } else { (other, of.item) };
            let (n, swap_gain) = swap_gain(flow, index, upper, lower);
            gain += swap_gain;
            *budget = budget.saturating_sub(n + 1);
            at = next;
            if gain > best_gain {
                (best, best_gain) = (at, gain);
            }
        }
    }
    if best == here {
        return false;
    }
    let items = &mut flow.columns[of.column];
    let range = here.min(best)..here.max(best) + 1;
    if best < here {
        items[range.clone()].rotate_right(1);
    } else {
        items[range.clone()].rotate_left(1);
    }
    for i in range {
        index[items[i]] = i as u32;
    }
    true
}

/// An end of a segment.
type End = fn(&Segment) -> usize;

fn src(segment: &Segment) -> usize {
    segment.from
}

fn dest(segment: &Segment) -> usize {
    segment.to
}

/// How many segments were compared, and by how much the cost falls when `lower` goes above `upper`.
fn swap_gain(flow: &Flow, index: &[u32], upper: usize, lower: usize) -> (usize, f64) {
    let (mut n, mut gain) = (0, 0.0);
    for (lists, other) in [(&flow.segments_into, src as End), (&flow.segments_from, dest)] {
        for &a in lists.of(upper) {
            let a = &flow.segments[a as usize];
            for &b in lists.of(lower) {
                let b = &flow.segments[b as usize];
                let (a_index, b_index) = (index[other(a)], index[other(b)]);
                let cost = a.strength.min(b.strength) + flow.base_cost;
                gain += if a_index > b_index {
                    cost
                } else if a_index < b_index {
                    -cost
                } else {
                    0.0
                };
                n += 1;
            }
        }
    }
    (n, gain)
}
