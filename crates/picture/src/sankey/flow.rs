//! Step 2: the items of each column, which are boxes and lanes, and the segments between them.
//!
//! In every column that it passes, all links of one source and sign share one lane. So the ordering problem has sources times
//! columns items rather than links times columns, and links of different sources are never taken for each other.

use std::ops::Range;

use circuitscope_core::sort::{sort_by, sort_by_key};

use super::csr::Lists;
use super::order::finite;
use crate::drawn::{Band, Nodes, Port};

/// So few links have lanes of their own: they cross less where those of one source may part on their way.
const MAX_APART: usize = 72;

/// The links of a band as a layered graph.
#[derive(Debug, Clone, Default)]
pub(super) struct Flow {
    /// Boxes first, by column and place; then lanes, by group and column.
    pub items: Vec<Item>,
    pub n_boxes: usize,
    /// By column: the items from the top, or from the left when vertical. Boxes always keep their order.
    pub columns: Vec<Vec<usize>>,
    /// By group; within a group by where they end.
    pub links: Vec<FlowLink>,
    /// The links of one source and sign.
    pub groups: Vec<Group>,
    /// By box: its groups, next to each other.
    pub groups_of: Vec<Range<usize>>,
    /// By box: the links that end there, in their order.
    pub links_into: Lists,
    pub segments: Vec<Segment>,
    /// What a crossing costs beside the strength of its weaker segment.
    pub base_cost: f64,
    /// By item: the segments that end there.
    pub segments_into: Lists,
    /// By item: the segments that start there.
    pub segments_from: Lists,
    /// By column: the segments that end there.
    pub segments_at: Lists,
}

/// What takes room in a column.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub column: usize,
    pub kind: ItemKind,
    /// The room across the flow, and room for a label before and after it.
    pub size: f64,
    pub before: f64,
    pub after: f64,
    /// Where it starts, across the flow.
    pub at: f64,
    /// Summed |score|; of boxes only.
    pub strength: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemKind {
    /// The index of the node.
    Box(usize),
    /// The index of the group.
    Lane(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Group {
    /// The item of the source.
    pub src: usize,
    pub links: Range<usize>,
    /// One for each column after the source's, as far as there are links.
    pub lanes: Range<usize>,
    /// The first of the segments that end at a lane, one a lane.
    pub first_segment: usize,
}

#[derive(Debug, Clone)]
pub(super) struct FlowLink {
    /// The index in the band.
    pub link: usize,
    /// Ties are broken by it, so that the order of the input does not count.
    pub edge_idx: usize,
    /// Items.
    pub src: usize,
    pub dest: usize,
    pub port: Option<Port>,
    pub negative: bool,
    /// |score|, finite.
    pub strength: f64,
    /// The segment that ends at the dest.
    pub end_segment: usize,
    pub width: f64,
    /// The middle of the ribbon, from the start of the box.
    pub src_offset: f64,
    pub dest_offset: f64,
    /// The same for each lane on the way: the first of them in [`Ports`](super::ports::Ports).
    pub first_offset: usize,
}

/// What goes from an item to one of the next column.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub from: usize,
    pub to: usize,
    /// Summed |score| of its links, as a share of the largest score of all.
    pub strength: f64,
    /// How strongly it pulls its items together.
    pub pull: f64,
    /// How much further down than `from` would `to` be, were the segment straight.
    pub shift: f64,
}

impl Item {
    pub fn is_box(&self) -> bool {
        matches!(self.kind, ItemKind::Box(_))
    }

    pub fn end(&self) -> f64 {
        self.at + self.size
    }
}

impl Flow {
    /// The lanes that a link passes.
    pub fn lanes(&self, link: &FlowLink, group: &Group) -> Range<usize> {
        let n = self.items[link.dest].column - self.items[link.src].column - 1;
        group.lanes.start..group.lanes.start + n
    }

    /// The links that start at a box.
    pub fn links_from(&self, item: usize) -> Range<usize> {
        let groups = &self.groups[self.groups_of[item].clone()];
        match (groups.first(), groups.last()) {
            (Some(first), Some(last)) => first.links.start..last.links.end,
            _ => 0..0,
        }
    }
}

/// What of a request a flow is made of.
pub(super) struct FlowInput<'a> {
    pub nodes: &'a Nodes,
    pub band: &'a Band,
    /// By layer: its column.
    pub column_of: &'a [Option<usize>],
    pub n_columns: usize,
    pub merge_ports: bool,
    /// The largest finite |score| of the drawing.
    pub largest: f32,
}

pub(super) fn flow(input: &FlowInput) -> Flow {
    let boxes = boxes(input);
    let mut flow = Flow { n_boxes: boxes.items.len(), items: boxes.items, ..Flow::default() };
    flow.links = links(input, &boxes.item_of, &flow.items);
    flow.links_into = Lists::new(flow.n_boxes, flow.links.iter().map(|link| link.dest));
    for link in &flow.links {
        flow.items[link.src].strength += link.strength;
        flow.items[link.dest].strength += link.strength;
    }
    flow.columns = vec![Vec::new(); input.n_columns];
    let apart = flow.links.len() <= MAX_APART;
    group(&mut flow, apart);
    connect(&mut flow, f64::from(input.largest).max(f64::MIN_POSITIVE));
    for (i, item) in flow.items.iter().enumerate() {
        flow.columns[item.column].push(i);
    }
    flow
}

struct Boxes {
    items: Vec<Item>,
    /// By node.
    item_of: Vec<usize>,
}

/// An item for every linked node, by column and place.
fn boxes(input: &FlowInput) -> Boxes {
    let nodes = &input.nodes.nodes;
    let mut is_linked = vec![false; nodes.len()];
    input.band.links.iter().for_each(|link| {
        is_linked[link.src] = true;
        is_linked[link.dest] = true;
    });
    let column = |node: usize| input.column_of[nodes[node].layer];
    let mut linked: Vec<_> =
        (0..nodes.len()).filter(|&node| is_linked[node]).filter_map(|node| Some((column(node)?, node))).collect();
    sort_by(&mut linked, |&(a_column, a), &(b_column, b)| {
        a_column.cmp(&b_column).then(nodes[a].place.total_cmp(&nodes[b].place)).then(a.cmp(&b))
    });
    let mut item_of = vec![usize::MAX; nodes.len()];
    linked.iter().enumerate().for_each(|(item, &(_, node))| item_of[node] = item);
    let items = linked.into_iter().map(|(column, node)| item(column, ItemKind::Box(node))).collect();
    Boxes { items, item_of }
}

fn item(column: usize, kind: ItemKind) -> Item {
    Item { column, kind, size: 0.0, before: 0.0, after: 0.0, at: 0.0, strength: 0.0 }
}

/// The links that lead to a later column, by source, sign and where they end.
fn links(input: &FlowInput, item_of: &[usize], items: &[Item]) -> Vec<FlowLink> {
    let links = input.band.links.iter().enumerate().map(|(i, link)| FlowLink {
        link: i,
        edge_idx: link.edge_idx,
        src: item_of[link.src],
        dest: item_of[link.dest],
        port: link.port.filter(|_| !input.merge_ports),
        negative: link.score < 0.0,
        strength: f64::from(finite(link.score, input.largest)),
        end_segment: 0,
        width: 0.0,
        src_offset: 0.0,
        dest_offset: 0.0,
        first_offset: 0,
    });
    let mut links: Vec<_> = links.filter(|link| items[link.src].column < items[link.dest].column).collect();
    sort_by_key(&mut links, |link| (link.src, link.negative, link.dest, link.port, link.edge_idx));
    links
}

/// The groups of the links, and their lanes as items.
fn group(flow: &mut Flow, apart: bool) {
    flow.groups_of = vec![0..0; flow.n_boxes];
    let (mut start, mut n_offsets) = (0, 0);
    while start < flow.links.len() {
        let (src, negative, dest) = (flow.links[start].src, flow.links[start].negative, flow.links[start].dest);
        let is_other = |link: &FlowLink| link.src != src || link.negative != negative || (apart && link.dest != dest);
        let n = flow.links[start..].iter().position(is_other).unwrap_or(flow.links.len() - start);
        let (first_column, group) = (flow.items[src].column + 1, flow.groups.len());
        // Boxes are items in the order of their columns: the last link goes furthest.
        let last_column = flow.items[flow.links[start + n - 1].dest].column;
        let lanes = flow.items.len()..flow.items.len() + last_column - first_column;
        flow.items.extend((first_column..last_column).map(|column| item(column, ItemKind::Lane(group))));
        for link in &mut flow.links[start..start + n] {
            link.first_offset = n_offsets;
            n_offsets += flow.items[link.dest].column - first_column;
        }
        let of_src = &mut flow.groups_of[src];
        *of_src = if of_src.start == of_src.end { group..group + 1 } else { of_src.start..group + 1 };
        flow.groups.push(Group { src, links: start..start + n, lanes, first_segment: 0 });
        start += n;
    }
}

/// The segments of every group: from lane to lane, and to the boxes where links end.
fn connect(flow: &mut Flow, largest: f64) {
    let mut segments: Vec<Segment> = Vec::with_capacity(flow.items.len() + flow.links.len());
    let segment = |from, to, strength: f64| Segment { from, to, strength: strength / largest, pull: 0.0, shift: 0.0 };
    for group in &mut flow.groups {
        group.first_segment = segments.len();
        let links = &mut flow.links[group.links.clone()];
        let mut alive: f64 = links.iter().map(|link| link.strength).sum();
        let first_column = flow.items[group.src].column + 1;
        let mut ended = 0;
        let item_before = |column: usize| {
            if column == first_column { group.src } else { group.lanes.start + column - first_column - 1 }
        };
        for (i, lane) in group.lanes.clone().enumerate() {
            while flow.items[links[ended].dest].column <= first_column + i {
                alive -= links[ended].strength;
                ended += 1;
            }
            segments.push(segment(item_before(first_column + i), lane, alive.max(0.0)));
        }
        let mut last_dest = None;
        for link in links {
            if last_dest != Some(link.dest) {
                segments.push(segment(item_before(flow.items[link.dest].column), link.dest, 0.0));
                last_dest = Some(link.dest);
            }
            link.end_segment = segments.len() - 1;
            segments[link.end_segment].strength += link.strength / largest;
        }
    }
    let n_items = flow.items.len();
    flow.segments_into = Lists::new(n_items, segments.iter().map(|segment| segment.to));
    flow.segments_from = Lists::new(n_items, segments.iter().map(|segment| segment.from));
    flow.segments_at = Lists::new(flow.columns.len(), segments.iter().map(|segment| flow.items[segment.to].column));
    flow.segments = segments;
}
