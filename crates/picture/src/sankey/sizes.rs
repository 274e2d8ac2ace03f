//! Step 4: one unit from score to pixels for the whole drawing, and from it the size of every item.
//!
//! The unit starts high and falls, and gaps with it, until the fullest column of every band fits its room. Where even the least
//! widths do not fit, everything is scaled down together.

use circuitscope_core::sort::sort_by;

use super::flow::{Flow, ItemKind};
use crate::drawn::{NodeKind, Nodes, Port};

/// The widest ribbon, at most, in pixels and as a share of the room: that of the strongest edge of a small circuit.
const MAX_WIDTH: f64 = 88.0;
const MAX_WIDTH_SHARE: f64 = 0.24;
/// From top to bottom columns are close; a ribbon wider than their distance cannot bend between two of them without a fold.
const MAX_WIDTH_PITCHES: f64 = 0.8;
/// Between two ribbons at a box.
pub(super) const RIBBON_GAP: f64 = 0.4;
/// The length of the embedding's and the end's box: their names are inside it.
const END_LENGTH: [f64; 2] = [46.0, 62.0];
/// Room above a box for its label, and below the label.
pub(super) const LABEL_ROOM: f64 = 14.0;
/// Bisection steps for the tightness: to less than a hundredth.
const N_STEPS: usize = 9;
/// At this tightness the unit is 20 times smaller than at first. If it were smaller still, all ribbons would be of one width:
/// rather everything is scaled down, the least width too.
const MAX_TIGHTNESS: f64 = 3.0;
/// Furniture is given up when the unit would have to be less than about a third of what it starts with.
const FURNITURE_TIGHTNESS: f64 = 1.15;
/// Links beyond which furniture is not weighed: cells and letters are too small to read.
const MANY_LINKS: usize = 400;

/// What boxes have beside their ribbons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Furniture {
    /// Whether the inputs of heads are cells.
    pub cells: bool,
    /// For how many boxes of a band, the strongest, there is room for a label.
    pub n_labels: usize,
}

const BARE: Furniture = Furniture { cells: false, n_labels: 0 };

/// From the richest to the barest.
const FURNITURE: [Furniture; 5] = [
    Furniture { cells: true, n_labels: usize::MAX },
    Furniture { cells: true, n_labels: 26 },
    Furniture { cells: false, n_labels: 26 },
    Furniture { cells: false, n_labels: 12 },
    Furniture { cells: false, n_labels: 0 },
];

/// The same when vertical, where names beside boxes take more room than cells, and at token positions, where cells say what a
/// head reads.
const FURNITURE_CELLS: [Furniture; 5] = [
    Furniture { cells: true, n_labels: usize::MAX },
    Furniture { cells: true, n_labels: 12 },
    Furniture { cells: true, n_labels: 5 },
    Furniture { cells: true, n_labels: 0 },
    Furniture { cells: false, n_labels: 0 },
];

/// What sizes are measured with.
pub(super) struct Sizing<'a> {
    pub nodes: &'a Nodes,
    /// Across the flow, for all bands together.
    pub room: f64,
    /// From column to column, along the flow.
    pub pitch: f64,
    /// The largest |score|.
    pub largest: f64,
    pub vertical: bool,
    /// Whether there is a band for each token position.
    pub token_wise: bool,
    /// Whether the names of the first and of the last column are out of the flow.
    pub sides: [bool; 2],
    /// The least width of a ribbon.
    pub min_width: f64,
    /// By node: the width of its label beside it, when vertical.
    pub label_width: &'a dyn Fn(usize) -> f64,
    /// Above and below the items of a band.
    pub band_pad: f64,
    /// The least height of a band.
    pub min_band: f64,
}

/// The lengths at some tightness.
#[derive(Debug, Clone, Copy)]
struct Measure {
    unit: f64,
    min_width: f64,
    gaps: Gaps,
    /// The least length of a cell.
    cell: f64,
    min_head: f64,
    min_mlp: f64,
    /// All of it is multiplied by this.
    scale: f64,
    furniture: Furniture,
}

/// The least distances between neighbours of a column.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gaps {
    boxes: f64,
    box_lane: f64,
    lanes: f64,
    /// Between the positive and the negative lane of one source.
    same_source: f64,
}

impl Gaps {
    /// The gap between two neighbours.
    pub fn between(&self, flow: &Flow, a: usize, b: usize) -> f64 {
        match (flow.items[a].kind, flow.items[b].kind) {
            (ItemKind::Box(_), ItemKind::Box(_)) => self.boxes,
            (ItemKind::Lane(a), ItemKind::Lane(b)) if flow.groups[a].src == flow.groups[b].src => self.same_source,
            (ItemKind::Lane(_), ItemKind::Lane(_)) => self.lanes,
            _ => self.box_lane,
        }
    }
}

/// What was chosen.
#[derive(Debug, Clone)]
pub(super) struct Sized {
    pub unit: f64,
    pub gaps: Gaps,
    pub furniture: Furniture,
    /// By band: what its fullest column needs.
    pub needs: Vec<f64>,
}

/// Writes the widths of links and the sizes of items.
pub(super) fn size(flows: &mut [Flow], sizing: &Sizing) -> Sized {
    let many = flows.iter().map(|flow| flow.links.len()).sum::<usize>() > MANY_LINKS;
    let choices = match (many, sizing.vertical || sizing.token_wise) {
        (true, _) => &FURNITURE[2..],
        (false, true) => &FURNITURE_CELLS[..],
        (false, false) => &FURNITURE[..],
    };
    let choice = choices.iter().find(|&&furniture| {
        rank_labels(flows, sizing, furniture);
        let measure = measure(sizing, furniture, FURNITURE_TIGHTNESS);
        need(flows, sizing, &measure).0 <= sizing.room
    });
    let furniture = choice.copied().unwrap_or(BARE);
    rank_labels(flows, sizing, furniture);
    let mut chosen = fit(flows, sizing, furniture);
    let (total, _) = need(flows, sizing, &chosen);
    if total > sizing.room {
        let pads = 2.0 * sizing.band_pad * flows.len() as f64;
        let (_, needs) = need(flows, &Sizing { min_band: 0.0, ..*sizing }, &chosen);
        // A hair less, so that sums of rounded numbers fit as well.
        chosen.scale = ((sizing.room - pads).max(1.0) / needs.iter().sum::<f64>().max(1.0)).min(1.0) * 0.9999;
        chosen.gaps = scaled(chosen.gaps, chosen.scale);
    }
    let (_, needs) = need(flows, sizing, &chosen);
    Sized { unit: chosen.unit * chosen.scale, gaps: chosen.gaps, furniture, needs }
}

fn scaled(gaps: Gaps, by: f64) -> Gaps {
    Gaps {
        boxes: gaps.boxes * by,
        box_lane: gaps.box_lane * by,
        lanes: gaps.lanes * by,
        same_source: gaps.same_source * by,
    }
}

/// The least tightness at which everything fits.
fn fit(flows: &mut [Flow], sizing: &Sizing, furniture: Furniture) -> Measure {
    let at = |tightness| measure(sizing, furniture, tightness);
    if need(flows, sizing, &at(0.0)).0 <= sizing.room {
        return at(0.0);
    }
    let (mut tight, mut loose) = (MAX_TIGHTNESS, 0.0);
    for _ in 0..N_STEPS {
        let middle = (tight + loose) / 2.0;
        if need(flows, sizing, &at(middle)).0 <= sizing.room {
            tight = middle;
        } else {
            loose = middle;
        }
    }
    at(tight)
}

/// The lengths at a tightness: the unit falls from the start, gaps after a while.
fn measure(sizing: &Sizing, furniture: Furniture, tightness: f64) -> Measure {
    let bent = if sizing.vertical { MAX_WIDTH_PITCHES * sizing.pitch } else { f64::INFINITY };
    let widest = MAX_WIDTH.min(MAX_WIDTH_SHARE * sizing.room).min(bent) * if sizing.token_wise { 0.45 } else { 1.0 };
    let gaps = (1.15 - 0.6 * tightness).clamp(0.3, 1.0);
    let at = |least: f64, most: f64| least + (most - least) * (gaps - 0.3) / 0.7;
    let (boxes, cell) = if sizing.token_wise { (5.0, at(5.0, 9.0)) } else { (13.0, at(5.0, 12.0)) };
    Measure {
        unit: widest / sizing.largest * (-tightness).exp(),
        min_width: sizing.min_width,
        gaps: Gaps {
            boxes: boxes * gaps,
            box_lane: (if sizing.token_wise { 4.0 } else { 8.0 }) * gaps,
            lanes: 3.2 * gaps,
            same_source: 1.2 * gaps,
        },
        cell,
        min_head: at(5.0, 12.0),
        min_mlp: at(5.0, if sizing.token_wise { 9.0 } else { 16.0 }),
        scale: 1.0,
        furniture,
    }
}

/// Gives the strongest boxes of each band room for a label; the embedding and the end have theirs inside.
fn rank_labels(flows: &mut [Flow], sizing: &Sizing, furniture: Furniture) {
    for flow in flows {
        let mut ranked: Vec<usize> = (0..flow.n_boxes).collect();
        sort_by(&mut ranked, |&a, &b| flow.items[b].strength.total_cmp(&flow.items[a].strength).then(a.cmp(&b)));
        for (rank, item) in ranked.into_iter().enumerate() {
            let ItemKind::Box(node) = flow.items[item].kind else { continue };
            let inside = matches!(sizing.nodes.nodes[node].kind, NodeKind::Embed | NodeKind::Unembed);
            let last = flow.columns.len() - 1;
            let at_side = (sizing.sides[0] && flow.items[item].column == 0)
                || (sizing.sides[1] && flow.items[item].column == last);
            // A head that only reads at a token position has its name on its right.
            let beside = sizing.token_wise && flow.groups_of[item].is_empty();
            let has_room = rank < furniture.n_labels && !inside && (sizing.vertical || !at_side);
            let item = &mut flow.items[item];
            item.before = if has_room && !sizing.vertical && !beside { LABEL_ROOM } else { 0.0 };
            item.after = if has_room && sizing.vertical { (sizing.label_width)(node) } else { 0.0 };
        }
    }
}

/// Writes all sizes, and gives the room that they need together and by band.
fn need(flows: &mut [Flow], sizing: &Sizing, measure: &Measure) -> (f64, Vec<f64>) {
    let needs: Vec<f64> = flows.iter_mut().map(|flow| band_need(flow, sizing, measure)).collect();
    let padded = needs.iter().map(|need| (need + 2.0 * sizing.band_pad).max(sizing.min_band));
    (padded.sum(), needs)
}

fn band_need(flow: &mut Flow, sizing: &Sizing, measure: &Measure) -> f64 {
    write_sizes(flow, sizing, measure);
    let label_scale = measure.scale;
    let column = |items: &Vec<usize>| {
        let sizes: f64 =
            items.iter().map(|&i| &flow.items[i]).map(|i| i.size + label_scale * (i.before + i.after)).sum();
        sizes + items.windows(2).map(|pair| measure.gaps.between(flow, pair[0], pair[1])).sum::<f64>()
    };
    let need = flow.columns.iter().map(column).fold(0.0, f64::max);
    if measure.scale < 1.0 {
        for item in &mut flow.items[..flow.n_boxes] {
            (item.before, item.after) = (item.before * label_scale, item.after * label_scale);
        }
    }
    need
}

fn write_sizes(flow: &mut Flow, sizing: &Sizing, measure: &Measure) {
    for link in &mut flow.links {
        link.width = (link.strength * measure.unit).max(measure.min_width) * measure.scale;
    }
    for group in &flow.groups {
        let links = &flow.links[group.links.clone()];
        let (mut alive, mut next) = (0.0, links.len());
        // From the last lane to the first, more and more links are in it.
        for lane in group.lanes.clone().rev() {
            while next > 0 && flow.items[links[next - 1].dest].column > flow.items[lane].column {
                next -= 1;
                alive += links[next].width;
            }
            flow.items[lane].size = alive;
        }
    }
    for item in 0..flow.n_boxes {
        flow.items[item].size = box_size(flow, sizing, measure, item);
    }
}

/// The length of a box: its ribbons on either side, its cells, and its name where that is inside.
fn box_size(flow: &Flow, sizing: &Sizing, measure: &Measure, item: usize) -> f64 {
    let ItemKind::Box(node) = flow.items[item].kind else { return 0.0 };
    let gap = RIBBON_GAP * measure.scale;
    let out: f64 = flow.links[flow.links_from(item)].iter().map(|link| link.width + gap).sum();
    let (mut parts, mut rest, mut has_ports) = ([0.0_f64; 3], 0.0, false);
    for &link in flow.links_into.of(item) {
        let link = &flow.links[link as usize];
        match link.port {
            Some(port) => parts[port as usize] += link.width + gap,
            None => rest += link.width + gap,
        }
        has_ports |= link.port.is_some();
    }
    let has_name_inside = |side: usize| !sizing.token_wise && (sizing.vertical || !sizing.sides[side]);
    let least = match sizing.nodes.nodes[node].kind {
        NodeKind::Embed if has_name_inside(0) => END_LENGTH[0],
        NodeKind::Unembed if has_name_inside(1) => END_LENGTH[1],
        NodeKind::Mlp | NodeKind::Resid => measure.min_mlp,
        _ => measure.min_head,
    };
    if has_ports && measure.furniture.cells {
        for port in Port::ALL {
            let is_drawn = !sizing.token_wise || parts[port as usize] > 0.0;
            let filled = parts[port as usize] + measure.scale;
            parts[port as usize] = if is_drawn { filled.max(measure.cell * measure.scale) } else { 0.0 };
        }
    }
    (parts.iter().sum::<f64>() + rest).max(out).max(least * measure.scale)
}
