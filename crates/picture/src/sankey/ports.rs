//! Where links start and end at their boxes, and where they lie within lanes: sorted by their far ends, so that links at a box or
//! in a lane do not cross each other.

use super::flow::Flow;
use super::sizes::RIBBON_GAP;
use crate::drawn::Port;

/// The offsets of links within the lanes that they pass, and the cells of boxes.
#[derive(Debug, Default)]
pub(super) struct Ports {
    /// By link, from [`FlowLink::first_offset`](super::flow::FlowLink) on: the middle of the ribbon, from the start of the lane.
    pub offsets: Vec<f64>,
    /// By box: the lengths of its cells; all 0 where it has none.
    pub cells: Vec<[f64; 3]>,
    /// The links of a group, or of a side of a box.
    sorted: Vec<Far>,
}

/// The far end of a link, which the link is sorted by.
#[derive(Debug)]
struct Far {
    /// Which way the link leaves its group: upwards, the next to leave first; to the end, which is 0; or downwards.
    side: i32,
    at: f64,
    edge_idx: usize,
    /// The link's index; in its group where those of a group are sorted.
    link: usize,
}

/// How boxes have cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellRule {
    /// Whether there are any.
    pub cells: bool,
    /// Whether a cell that nothing enters is drawn.
    pub hollow: bool,
    /// The least length of a cell, where there is room.
    pub least: f64,
}

impl Ports {
    pub fn new(flow: &Flow, rule: CellRule) -> Self {
        let n_offsets =
            flow.links.iter().map(|link| flow.items[link.dest].column - flow.items[link.src].column - 1).sum();
        let cells = (0..flow.n_boxes).map(|item| cells(flow, item, rule)).collect();
        Self { offsets: vec![0.0; n_offsets], cells, sorted: Vec::new() }
    }

    /// Sorts all ends, by where items are now.
    pub fn sort(&mut self, flow: &mut Flow) {
        self.sort_lanes(flow);
        for item in 0..flow.n_boxes {
            self.sort_outgoing(flow, item);
            self.sort_incoming(flow, item);
        }
    }

    /// Within a lane links lie so that none crosses another where it leaves the lane: those that leave upwards first, the next
    /// to leave outermost; then those that go to the end of the lane; then those that leave downwards.
    fn sort_lanes(&mut self, flow: &Flow) {
        for group in &flow.groups {
            let links = &flow.links[group.links.clone()];
            let first_column = flow.items[group.src].column + 1;
            self.sorted.clear();
            self.sorted.extend(links.iter().enumerate().map(|(i, link)| {
                let (dest, at) = (&flow.items[link.dest], flow.items[link.dest].at + link.dest_offset);
                let column = dest.column as i32;
                let side = match group.lanes.clone().nth(dest.column - first_column).map(|lane| &flow.items[lane]) {
                    None => 0,
                    Some(lane) if at < lane.at + lane.size / 2.0 => column - i32::MAX,
                    Some(_) => i32::MAX - column,
                };
                Far { side, at, edge_idx: link.edge_idx, link: i }
            }));
            sort(&mut self.sorted);
            for (n_passed, lane) in group.lanes.clone().enumerate() {
                let (column, mut at) = (flow.items[lane].column, 0.0);
                for far in &self.sorted {
                    let link = &links[far.link];
                    if flow.items[link.dest].column > column {
                        self.offsets[link.first_offset + n_passed] = at + link.width / 2.0;
                        at += link.width;
                    }
                }
            }
        }
    }

    fn sort_outgoing(&mut self, flow: &mut Flow, item: usize) {
        self.sorted.clear();
        for group in &flow.groups[flow.groups_of[item].clone()] {
            for i in group.links.clone() {
                let link = &flow.links[i];
                let at = match flow.lanes(link, group).next() {
                    Some(lane) => flow.items[lane].at + self.offsets[link.first_offset],
                    None => flow.items[link.dest].at + link.dest_offset,
                };
                self.sorted.push(Far { side: 0, at, edge_idx: link.edge_idx, link: i });
            }
        }
        sort(&mut self.sorted);
        let room = [0.0, flow.items[item].size];
        place(flow, &self.sorted, room, |link, at| link.src_offset = at);
    }

    fn sort_incoming(&mut self, flow: &mut Flow, item: usize) {
        let size = flow.items[item].size;
        let cells = self.cells[item];
        let mut start = 0.0;
        for (port, room) in parts(&cells, size) {
            self.sorted.clear();
            for &i in flow.links_into.of(item) {
                let link = &flow.links[i as usize];
                if port.is_none_or(|port| link.port == Some(port)) {
                    let at = self.before_end(flow, i as usize);
                    self.sorted.push(Far { side: 0, at, edge_idx: link.edge_idx, link: i as usize });
                }
            }
            sort(&mut self.sorted);
            place(flow, &self.sorted, [start, room], |link, at| link.dest_offset = at);
            start += room;
        }
    }

    /// Where a link is in the column before its end.
    fn before_end(&self, flow: &Flow, i: usize) -> f64 {
        let link = &flow.links[i];
        let n = flow.items[link.dest].column - flow.items[link.src].column - 1;
        let from = flow.segments[link.end_segment].from;
        let offset = if n == 0 { link.src_offset } else { self.offsets[link.first_offset + n - 1] };
        flow.items[from].at + offset
    }
}

/// The parts of a box's near side: its cells, or one for all links.
fn parts(cells: &[f64; 3], size: f64) -> impl Iterator<Item = (Option<Port>, f64)> {
    let has_cells = cells.iter().any(|&cell| cell > 0.0);
    let of_cells = Port::ALL.into_iter().zip(*cells).map(|(port, cell)| (Some(port), cell));
    let whole = (!has_cells).then_some((None, size));
    of_cells.filter(move |_| has_cells).chain(whole)
}

fn sort(links: &mut [Far]) {
    links.sort_unstable_by(|a, b| a.side.cmp(&b.side).then(a.at.total_cmp(&b.at)).then(a.edge_idx.cmp(&b.edge_idx)));
}

/// Puts ribbons next to each other in the middle of some room.
fn place(
    flow: &mut Flow,
    sorted: &[Far],
    [start, room]: [f64; 2],
    mut write: impl FnMut(&mut super::flow::FlowLink, f64),
) {
    let total: f64 = sorted.iter().map(|far| flow.links[far.link].width).sum();
    let n_gaps = sorted.len().saturating_sub(1) as f64;
    let gap = if n_gaps > 0.0 { ((room - total) / n_gaps).clamp(0.0, RIBBON_GAP) } else { 0.0 };
    let mut at = start + (room - total - gap * n_gaps) / 2.0;
    for far in sorted {
        let link = &mut flow.links[far.link];
        write(link, at + link.width / 2.0);
        at += link.width + gap;
    }
}

/// The cells of a box: each as long as its ribbons need, and all together as long as the box.
fn cells(flow: &Flow, item: usize, rule: CellRule) -> [f64; 3] {
    let links = flow.links_into.of(item).iter().map(|&link| &flow.links[link as usize]);
    let (mut n_links, mut widths) = ([0; 3], [0.0; 3]);
    for link in links.clone() {
        let Some(port) = link.port else { return [0.0; 3] };
        n_links[port as usize] += 1;
        widths[port as usize] += link.width;
    }
    let is_drawn = n_links.map(|n| n > 0 || rule.hollow);
    let n_cells = is_drawn.iter().filter(|&&is_drawn| is_drawn).count() as f64;
    if !rule.cells || links.len() == 0 {
        return [0.0; 3];
    }
    let size = flow.items[item].size;
    let lengths = [0, 1, 2].map(|port| {
        let needed = widths[port] + RIBBON_GAP * f64::from(n_links[port]);
        if is_drawn[port] { needed.max(rule.least.min(size / n_cells)) } else { 0.0 }
    });
    let (total, needed): (f64, f64) = (lengths.iter().sum(), widths.iter().sum());
    if total <= size {
        return [0, 1, 2].map(|i| if is_drawn[i] { lengths[i] + (size - total) / n_cells } else { 0.0 });
    }
    // They give up free room until they fit, and are never less than their ribbons.
    let share = ((size - needed) / (total - needed)).clamp(0.0, 1.0);
    [0, 1, 2].map(|i| widths[i] + (lengths[i] - widths[i]) * share)
}
