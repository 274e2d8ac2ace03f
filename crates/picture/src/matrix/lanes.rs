//! Step 2: the rows, or the columns: a lane for each node in use, in layer order.

use std::collections::{BTreeMap, BTreeSet};

use super::Lane;
use crate::drawn::{Layer, LayerPart, NodeKind, Nodes};

/// Between the lanes of a block and those of the next, in pixels: as in the design …
pub(super) const BLOCK_GAP: f64 = 2.5;
/// … but no more of the room than this in all.
const GAPS_SHARE: f64 = 0.25;
/// Narrower lanes are made fewer, where heads can share one.
const LEAST_PITCH: f64 = 3.0;
/// Rows and columns of a small circuit leave room empty rather than be wider: about a box of the flow with its ribbons.
const LARGEST_PITCH: f64 = 64.0;

/// All rows, or all columns.
pub(super) struct Lanes {
    pub lanes: Vec<Lane>,
    /// For each node its lane.
    pub of: BTreeMap<usize, usize>,
    /// The lanes of each block, from the first.
    pub blocks: Vec<Block>,
    /// Between one block and the next.
    pub gap: f64,
}

/// The lanes of a block.
pub(super) struct Block {
    pub label: String,
    pub start: f64,
    pub end: f64,
    /// The index of its first lane.
    pub first: usize,
}

/// The lanes of some nodes, each with its strength, in a room that begins at `start`.
pub(super) fn lanes(nodes: &Nodes, used: &BTreeMap<usize, f64>, start: f64, room: f64) -> Lanes {
    let gap = gap(nodes, used, room);
    let n_gaps = blocks_of(nodes, used).saturating_sub(1);
    let room = room - gap * n_gaps as f64;
    let members = members(nodes, used, room);
    let mut lanes: Vec<Lane> = members.into_iter().map(|members| lane(nodes, members)).collect();
    let pitch = (room / lanes.len().max(1) as f64).min(LARGEST_PITCH);
    let blocks = place(nodes, &mut lanes, Pitch { start, pitch, gap });
    let of = lanes.iter().enumerate().flat_map(|(i, lane)| lane.nodes.iter().map(move |&node| (node, i))).collect();
    Lanes { lanes, of, blocks, gap }
}

impl Lanes {
    /// Where a lane begins; of the first of a block the middle of the gap before it.
    pub fn edge(&self, i: usize) -> f64 {
        let is_after_gap = i > 0 && self.blocks.iter().any(|block| block.first == i);
        self.lanes[i].start - if is_after_gap { self.gap / 2.0 } else { 0.0 }
    }

    /// All of them further to the right, or down.
    pub fn move_by(&mut self, way: f64) {
        self.lanes.iter_mut().for_each(|lane| lane.start += way);
        for block in &mut self.blocks {
            block.start += way;
            block.end += way;
        }
    }

    /// Where the last lane ends; where it would begin, if there is none.
    pub fn end(&self, start: f64) -> f64 {
        self.lanes.last().map_or(start, |lane| lane.start + lane.breadth)
    }
}

/// Between one block and the next.
fn gap(nodes: &Nodes, used: &BTreeMap<usize, f64>, room: f64) -> f64 {
    (room * GAPS_SHARE / blocks_of(nodes, used).max(1) as f64).min(BLOCK_GAP)
}

/// The nodes of each lane. As long as there are more lanes than there is room for, the weakest head that is still apart joins
/// those of its layer that share a lane.
fn members(nodes: &Nodes, used: &BTreeMap<usize, f64>, room: f64) -> Vec<Vec<usize>> {
    let most = (room / LEAST_PITCH) as usize;
    let mut heads: Vec<usize> = used.keys().copied().filter(|&node| nodes.nodes[node].kind == NodeKind::Head).collect();
    heads.sort_by(|a, b| used[a].total_cmp(&used[b]).then(b.cmp(a)));
    let mut shared: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut n_lanes = used.len();
    for head in heads {
        if n_lanes <= most {
            break;
        }
        let sharing = shared.entry(nodes.nodes[head].layer).or_default();
        n_lanes -= usize::from(!sharing.is_empty());
        sharing.push(head);
    }
    let sharing: BTreeSet<usize> = shared.values().flatten().copied().collect();
    let alone = used.keys().filter(|node| !sharing.contains(node)).map(|&node| vec![node]);
    let mut members: Vec<Vec<usize>> = alone.chain(shared.into_values()).collect();
    members.iter_mut().for_each(|members| members.sort_unstable());
    members.sort_by(|a, b| order(nodes, a, b));
    members
}

/// By layer, then by place; several heads at the mean of their places.
fn order(nodes: &Nodes, a: &[usize], b: &[usize]) -> std::cmp::Ordering {
    let layer = |members: &[usize]| nodes.nodes[members[0]].layer;
    let place = |members: &[usize]| {
        let places = members.iter().map(|&node| nodes.nodes[node].place);
        places.sum::<f64>() / members.len() as f64
    };
    layer(a).cmp(&layer(b)).then(place(a).total_cmp(&place(b))).then(a[0].cmp(&b[0]))
}

/// A lane of one node or of several heads.
fn lane(nodes: &Nodes, members: Vec<usize>) -> Lane {
    let first = &nodes.nodes[members[0]];
    let (name, label, short_label) = match members.len() {
        1 => (first.name.clone(), first.label.clone(), first.short_label.clone()),
        _ => {
            let (name, label) = names_of_heads(nodes, &members);
            (name, label.clone(), label)
        }
    };
    Lane { name, label, short_label, kind: first.kind, layer: first.layer, nodes: members, start: 0.0, breadth: 0.0 }
}

/// `A3` and `3 ×5` for five heads of block 3; in a column beside a window, of several blocks, `A3+A5` and `×9`.
fn names_of_heads(nodes: &Nodes, members: &[usize]) -> (String, String) {
    let name_of_block = |&node: &usize| nodes.nodes[node].name.split('.').next().unwrap_or_default().to_owned();
    let blocks: BTreeSet<String> = members.iter().map(name_of_block).collect();
    let n_heads: usize = members.iter().map(|&node| nodes.nodes[node].n_members).sum();
    let name = blocks.iter().cloned().collect::<Vec<_>>().join("+");
    let block = if blocks.len() == 1 { format!("{} ", name.trim_start_matches('A')) } else { String::new() };
    (name, format!("{block}\u{d7}{n_heads}"))
}

/// Where the lanes begin, how broad each is, and what lies between two blocks.
struct Pitch {
    start: f64,
    pitch: f64,
    gap: f64,
}

/// Gives each lane its room, and says where the blocks are.
fn place(nodes: &Nodes, lanes: &mut [Lane], Pitch { start, pitch, gap }: Pitch) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut at = start;
    for (first, lane) in lanes.iter_mut().enumerate() {
        let label = block_label(nodes.layers[lane.layer]);
        if blocks.last().is_none_or(|block| block.label != label) {
            at += if first == 0 { 0.0 } else { gap };
            blocks.push(Block { label, start: at, end: at, first });
        }
        (lane.start, lane.breadth) = (at, pitch);
        at += pitch;
        blocks.last_mut().into_iter().for_each(|block| block.end = at);
    }
    blocks
}

/// How many blocks some nodes are in, the embedding and the end counting as one each.
fn blocks_of(nodes: &Nodes, used: &BTreeMap<usize, f64>) -> usize {
    used.keys().map(|&node| block_label(nodes.layers[nodes.nodes[node].layer])).collect::<BTreeSet<_>>().len()
}

/// The block's number; `E` and `U` for the embedding and the end; `≤3` and `≥6` beside a window.
fn block_label(layer: Layer) -> String {
    match (layer.part, layer.block) {
        (LayerPart::Earlier, Some(block)) => format!("\u{2264}{block}"),
        (LayerPart::Later, Some(block)) => format!("\u{2265}{block}"),
        (LayerPart::Embed | LayerPart::Earlier, _) => "E".to_owned(),
        (_, Some(block)) => block.to_string(),
        (_, None) => "U".to_owned(),
    }
}
