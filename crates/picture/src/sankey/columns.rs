//! Step 1: which layers get a column, and where it is along the flow.
//!
//! Where there is room for all layers each has a column, so that columns stay where they are as the circuit grows. Else only used
//! layers have one, wider where many boxes are, and a run of unused blocks is a narrow break.

use super::request::Request;
use crate::auto_circuit::Orientation;
use crate::drawn::{LayerPart, NodeKind, Nodes};

/// A layer needs this much room, in pixels, for all layers to have a column: a box of full size and a label of six letters.
const ROOMY_PITCH: f64 = 54.0;
/// A column is this much wider for each further box, up to [`MAX_FURTHER`]: its ribbons need room to part.
const WIDER: f64 = 0.16;
const MAX_FURTHER: usize = 5;
/// The widest break: two strokes, and a number below them.
const BREAK: f64 = 17.0;
/// All breaks together take at most this share of the length.
const MAX_BREAKS: f64 = 0.3;
/// The thickness of a box along the flow, at most: that of the letters Q, K and V and some room.
const THICK: f64 = 20.0;
/// The same when vertical, where thickness is height.
const THICK_VERTICAL: f64 = 14.0;
/// Between the embedding's column and the first block, and before the end.
const END_PAD: f64 = 14.0;
/// The same where there is room for all layers, as a share of the length.
const ROOMY_END_PAD: f64 = 0.055;

/// The columns, along the flow.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// By column: the layer.
    pub layers: Vec<usize>,
    /// By layer.
    pub column_of: Vec<Option<usize>>,
    /// By column: its middle.
    pub centres: Vec<f64>,
    pub blocks: Vec<BlockSpan>,
    pub breaks: Vec<BreakSpan>,
    /// The width of a column of one box.
    pub pitch: f64,
    /// The thickness of boxes.
    pub thickness: f64,
}

/// A block with a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockSpan {
    pub block: usize,
    pub span: [f64; 2],
}

/// Blocks without a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct BreakSpan {
    pub first: usize,
    pub last: usize,
    pub at: f64,
}

/// For each layer, the most boxes that a band has there.
fn n_boxes(request: &Request) -> Vec<usize> {
    let nodes = &request.drawn.nodes;
    let (mut most, mut seen) = (vec![0; nodes.layers.len()], vec![usize::MAX; nodes.nodes.len()]);
    for (b, band) in request.drawn.bands.iter().enumerate() {
        let mut here = vec![0; nodes.layers.len()];
        for node in band.links.iter().flat_map(|link| [link.src, link.dest]) {
            if std::mem::replace(&mut seen[node], b) != b {
                here[nodes.nodes[node].layer] += 1;
            }
        }
        most.iter_mut().zip(here).for_each(|(most, here)| *most = here.max(*most));
    }
    most
}

/// Whether a layer is the first or the last column: the embedding or the end, or all that is before or after a window.
fn is_end(nodes: &Nodes, layer: usize) -> bool {
    is_first(nodes, layer) || is_last(nodes, layer)
}

fn is_first(nodes: &Nodes, layer: usize) -> bool {
    matches!(nodes.layers[layer].part, LayerPart::Embed | LayerPart::Earlier)
}

fn is_last(nodes: &Nodes, layer: usize) -> bool {
    matches!(nodes.layers[layer].part, LayerPart::Unembed | LayerPart::Later)
}

/// The blocks that have columns of their own: all, or those of a window.
fn blocks_shown(nodes: &Nodes) -> std::ops::Range<usize> {
    let block_of = |part| nodes.layers.iter().find(|layer| layer.part == part).and_then(|layer| layer.block);
    let first = block_of(LayerPart::Earlier).map_or(0, |last_before| last_before + 1);
    first..block_of(LayerPart::Later).unwrap_or(nodes.n_blocks)
}

/// The columns between `start` and `end`, the middles of the embedding's and the end's.
pub(super) fn columns(request: &Request, start: f64, end: f64) -> Columns {
    let nodes = &request.drawn.nodes;
    let n_boxes = n_boxes(request);
    let vertical = request.orientation == Orientation::Vertical;
    let n_inner = (0..nodes.layers.len()).filter(|&layer| !is_end(nodes, layer)).count();
    let roomy = !vertical && (end - start) / (n_inner + 1) as f64 >= ROOMY_PITCH;
    let all = roomy || request.options.layer_spacing;
    let is_used = |layer: usize| all || n_boxes[layer] > 0 || is_end(nodes, layer);
    let layers: Vec<usize> = (0..nodes.layers.len()).filter(|&layer| is_used(layer)).collect();
    let weight = |layer: usize| {
        let even = vertical || all;
        if even { 1.0 } else { 1.0 + WIDER * n_boxes[layer].saturating_sub(1).min(MAX_FURTHER) as f64 }
    };
    let runs = runs(nodes, &layers);
    let n_breaks = if vertical { 0 } else { runs.iter().filter(|run| matches!(run, Run::Break { .. })).count() };
    let total: f64 = layers.iter().filter(|&&layer| !is_end(nodes, layer)).map(|&layer| weight(layer)).sum();
    let break_width = BREAK.min(MAX_BREAKS * (end - start) / n_breaks.max(1) as f64);
    let free = end - start - n_breaks as f64 * break_width;
    // When vertical the ends are as far from their neighbours as the others are from each other.
    let end_pad = match (vertical, all) {
        (true, _) => free / (total + 1.0) / 2.0,
        (false, true) => (ROOMY_END_PAD * free).min(free / 8.0),
        (false, false) => END_PAD.min(free / 16.0),
    };
    // Without a layer between the ends there is all the room for their boxes.
    let pitch = if total > 0.0 { (free - 2.0 * end_pad) / total } else { free };
    let mut placed = Columns {
        column_of: vec![None; nodes.layers.len()],
        centres: vec![start; layers.len()],
        blocks: Vec::new(),
        breaks: Vec::new(),
        thickness: (0.5 * pitch).min(if vertical { THICK_VERTICAL } else { THICK }),
        pitch,
        layers,
    };
    placed.layers.iter().enumerate().for_each(|(column, &layer)| placed.column_of[layer] = Some(column));
    place(&mut placed, &Placing { nodes, runs: &runs, start, end, end_pad, break_width, vertical }, weight);
    placed
}

/// What is next to each other along the flow, between the ends.
enum Run {
    /// The columns of a block: `first..last`.
    Block {
        block: usize,
        first: usize,
        last: usize,
    },
    Break {
        first: usize,
        last: usize,
    },
}

fn runs(nodes: &Nodes, layers: &[usize]) -> Vec<Run> {
    let shown = blocks_shown(nodes);
    let (mut runs, mut next_block) = (Vec::new(), shown.start);
    for (column, &layer) in layers.iter().enumerate() {
        let Some(block) = nodes.layers[layer].block.filter(|_| !is_end(nodes, layer)) else { continue };
        match runs.last_mut() {
            Some(Run::Block { block: same, last, .. }) if *same == block => *last = column + 1,
            _ => {
                runs.extend(
                    (block > next_block).then_some(Run::Break { first: next_block, last: block.saturating_sub(1) }),
                );
                runs.push(Run::Block { block, first: column, last: column + 1 });
            }
        }
        next_block = block + 1;
    }
    let n_blocks = shown.end;
    runs.extend((next_block < n_blocks).then_some(Run::Break { first: next_block, last: n_blocks.saturating_sub(1) }));
    runs
}

struct Placing<'a> {
    nodes: &'a Nodes,
    runs: &'a [Run],
    start: f64,
    end: f64,
    end_pad: f64,
    break_width: f64,
    vertical: bool,
}

fn place(columns: &mut Columns, placing: &Placing, weight: impl Fn(usize) -> f64) {
    let &Placing { nodes, runs, start, end, end_pad, break_width, vertical } = placing;
    let mut at = start + end_pad;
    for run in runs {
        match *run {
            Run::Block { block, first, last } => {
                let from = at;
                for column in first..last {
                    let width = columns.pitch * weight(columns.layers[column]);
                    columns.centres[column] = at + width / 2.0;
                    at += width;
                }
                columns.blocks.push(BlockSpan { block, span: [from, at] });
            }
            Run::Break { .. } if vertical => {}
            Run::Break { first, last } => {
                columns.breaks.push(BreakSpan { first, last, at: at + break_width / 2.0 });
                at += break_width;
            }
        }
    }
    for (column, &layer) in columns.layers.iter().enumerate() {
        if is_last(nodes, layer) {
            columns.centres[column] = end;
        }
    }
}

/// Whether the names of the boxes of the first and of the last column go beside them, out of the flow: there are others than the
/// embedding or the end.
pub(super) fn has_side_labels(request: &Request) -> [bool; 2] {
    let nodes = &request.drawn.nodes;
    let has = |is_side: fn(&Nodes, usize) -> bool| {
        let mut linked = request.drawn.links().flat_map(|link| [link.src, link.dest]).map(|node| &nodes.nodes[node]);
        linked.any(|n| is_side(nodes, n.layer) && !matches!(n.kind, NodeKind::Embed | NodeKind::Unembed))
    };
    [has(is_first), has(is_last)]
}

/// The widest of the names of the first and of the last column.
pub(super) fn side_widths(request: &Request, width: impl Fn(&str) -> f64) -> [f64; 2] {
    let nodes = &request.drawn.nodes;
    let widest = |is_side: fn(&Nodes, usize) -> bool| {
        let linked = request.drawn.links().flat_map(|link| [link.src, link.dest]).map(|node| &nodes.nodes[node]);
        linked.filter(|node| is_side(nodes, node.layer)).map(|node| width(&node.label)).fold(0.0, f64::max)
    };
    [widest(is_first), widest(is_last)]
}
