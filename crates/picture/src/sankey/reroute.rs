//! The best way of a group's lanes through their columns, all other items staying where they are.
//!
//! A shortest path, column by column (dynamic programming): a state is a place among the items of a column, and a step costs the
//! crossings of its segment with all others between the two columns. With F(p, q) the weight of the segments that start above p
//! and end above q, and A(p) and B(q) that of those that start above p, and end above q, a step from p to q costs
//! `A(p) + B(q) - 2 F(p, q)`.

use super::flow::{Flow, Group};

/// Of ways of equal cost the straighter one is taken: a step over a whole column costs this share of a crossing.
const BEND_COST: f64 = 0.02;

/// Tables, kept between calls for their memory.
#[derive(Debug, Default)]
pub(super) struct Router {
    /// The segments between two columns: the indices of their ends, and their weight.
    others: Vec<(usize, usize, f64)>,
    /// F, row by row.
    both_above: Vec<f64>,
    starts_above: Vec<f64>,
    ends_above: Vec<f64>,
    /// By place in the column: the least cost of getting there.
    costs: Vec<f64>,
    /// For each column the same before it, and which place of the column before led there.
    steps: Vec<Vec<u16>>,
}

/// How many steps are compared to find a group's way.
pub(super) fn n_steps(flow: &Flow, group: &Group) -> usize {
    let sizes = group.lanes.clone().map(|lane| flow.columns[flow.items[lane].column].len() + 1);
    sizes.scan(1, |before, size| Some(std::mem::replace(before, size) * size)).sum()
}

/// Leads a group on its best way; gives whether that is another than before.
pub(super) fn reroute(flow: &mut Flow, index: &mut [u32], group_idx: usize, router: &mut Router) -> bool {
    let group = flow.groups[group_idx].clone();
    if group.lanes.is_empty() {
        return false;
    }
    let before: Vec<u32> = group.lanes.clone().map(|lane| index[lane]).collect();
    for lane in group.lanes.clone() {
        let column = flow.items[lane].column;
        flow.columns[column].remove(index[lane] as usize);
        renumber(flow, index, column, index[lane] as usize);
    }
    let places = router.way(flow, index, &group);
    for (lane, &place) in group.lanes.clone().zip(&places) {
        let column = flow.items[lane].column;
        flow.columns[column].insert(place, lane);
        renumber(flow, index, column, place);
    }
    group.lanes.zip(before).any(|(lane, before)| index[lane] != before)
}

fn renumber(flow: &Flow, index: &mut [u32], column: usize, from: usize) {
    for (i, &item) in flow.columns[column].iter().enumerate().skip(from) {
        index[item] = i as u32;
    }
}

impl Router {
    /// By lane: its place among the other items of its column.
    fn way(&mut self, flow: &Flow, index: &[u32], group: &Group) -> Vec<usize> {
        let first_column = flow.items[group.src].column + 1;
        self.steps.resize_with(self.steps.len().max(group.lanes.len()), Vec::new);
        for k in 0..group.lanes.len() {
            let column = first_column + k;
            let strength = flow.segments[group.first_segment + k].strength;
            self.gather(flow, index, group, column, strength);
            let n = flow.columns[column].len() + 1;
            if k == 0 {
                let from = index[group.src] as usize;
                self.costs = (0..n).map(|to| self.cost_from_box(from, to)).collect();
            } else {
                self.step(flow.columns[column - 1].len() + 1, n, k, flow.base_cost);
            }
            self.add_ends(flow, index, group, k);
        }
        self.backtrack(group.lanes.len())
    }

    /// The segments of others that end in a column, with what crossing them costs.
    fn gather(&mut self, flow: &Flow, index: &[u32], group: &Group, column: usize, strength: f64) {
        self.others.clear();
        for &segment in flow.segments_at.of(column) {
            let segment = &flow.segments[segment as usize];
            if !group.lanes.contains(&segment.from) && !group.lanes.contains(&segment.to) {
                let weight = segment.strength.min(strength) + flow.base_cost;
                self.others.push((index[segment.from] as usize, index[segment.to] as usize, weight));
            }
        }
    }

    /// What it costs to go from a box to a place of the next column.
    fn cost_from_box(&self, from: usize, to: usize) -> f64 {
        let crosses = |&&(a, b, _): &&(usize, usize, f64)| (a < from && b >= to) || (a > from && b < to);
        self.others.iter().filter(crosses).map(|other| other.2).sum()
    }

    /// What it costs to go from a place to a box of the next column.
    fn cost_to_box(&self, from: usize, to: usize) -> f64 {
        let crosses = |&&(a, b, _): &&(usize, usize, f64)| (a < from && b > to) || (a >= from && b < to);
        self.others.iter().filter(crosses).map(|other| other.2).sum()
    }

    /// Adds what the links cost that leave lane `k` for a box.
    fn add_ends(&mut self, flow: &Flow, index: &[u32], group: &Group, k: usize) {
        let lane = group.lanes.start + k;
        for &segment in flow.segments_from.of(lane) {
            let segment = &flow.segments[segment as usize];
            if group.lanes.contains(&segment.to) {
                continue;
            }
            let column = flow.items[segment.to].column;
            self.gather(flow, index, group, column, segment.strength);
            for place in 0..self.costs.len() {
                self.costs[place] += self.cost_to_box(place, index[segment.to] as usize);
            }
        }
    }

    /// The least costs of the places of a column, by those of the column before.
    fn step(&mut self, n_from: usize, n_to: usize, k: usize, base_cost: f64) {
        self.count(n_from, n_to);
        let bend = BEND_COST * base_cost;
        let (from_share, to_share) = (bend / n_from as f64, bend / n_to as f64);
        let mut costs = vec![f64::INFINITY; n_to];
        let steps = &mut self.steps[k];
        steps.clear();
        steps.resize(n_to, 0);
        for (from, &before) in self.costs.iter().enumerate() {
            let start = before + self.starts_above[from];
            let here = (from as f64 + 0.5) * from_share;
            let row = self.both_above[from * n_to..(from + 1) * n_to].iter().zip(&self.ends_above);
            for (to, ((both, ends), best)) in row.zip(costs.iter_mut().zip(&mut *steps)).enumerate() {
                let bent = (here - (to as f64 + 0.5) * to_share).abs();
                let cost = start + ends - 2.0 * both + bent;
                if cost < *best.0 {
                    (*best.0, *best.1) = (cost, from as u16);
                }
            }
        }
        self.costs = costs;
    }

    /// Counts F, A and B.
    fn count(&mut self, n_from: usize, n_to: usize) {
        let Self { others, both_above, starts_above, ends_above, .. } = self;
        for (table, size) in [(&mut *both_above, n_from * n_to), (starts_above, n_from), (ends_above, n_to)] {
            table.clear();
            table.resize(size, 0.0);
        }
        // A segment from a to b is above every place p > a and q > b: it is counted once and summed up. Items are one fewer than
        // places.
        for &(a, b, weight) in others.iter() {
            both_above[(a + 1) * n_to + b + 1] += weight;
            starts_above[a + 1] += weight;
            ends_above[b + 1] += weight;
        }
        for from in 0..n_from {
            for to in 1..n_to {
                both_above[from * n_to + to] += both_above[from * n_to + to - 1];
            }
            for to in 0..n_to * usize::from(from > 0) {
                both_above[from * n_to + to] += both_above[(from - 1) * n_to + to];
            }
        }
        (1..n_from).for_each(|from| starts_above[from] += starts_above[from - 1]);
        (1..n_to).for_each(|to| ends_above[to] += ends_above[to - 1]);
    }

    fn backtrack(&self, n: usize) -> Vec<usize> {
        let least = (0..self.costs.len()).min_by(|&a, &b| self.costs[a].total_cmp(&self.costs[b]));
        let mut place = least.unwrap_or(0);
        let mut places = vec![place; n];
        for k in (1..n).rev() {
            place = usize::from(self.steps[k][place]);
            places[k - 1] = place;
        }
        places
    }
}
