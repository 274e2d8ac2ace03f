//! Step 3: the margins, and the stairs. What stands in the margins is in `labels`.

use std::collections::BTreeMap;

use super::labels::{column_blocks, column_names, note, row_blocks, row_names, titles};
use super::lanes::{self, BLOCK_GAP, Lanes};
use super::pairs::Pair;
use super::{Label, Lane};
use crate::drawn::Nodes;
use crate::geometry::{Point, Rect, Size};

/// Left and above with the numbers of blocks, in pixels: as in the design.
const BLOCK_MARGIN: (f64, f64) = (50.0, 28.0);
/// Left and above with the names of nodes: a title and a name.
pub(super) const NODE_MARGIN: (f64, f64) = (70.0, 66.0);
/// Right and below: half of a number that stands above the last column.
const END_MARGIN: (f64, f64) = (14.0, 12.0);
/// Lanes as wide have their nodes' names beside them: a line of 11-pixel type.
const LABEL_PITCH: f64 = 11.0;

/// Everything but the cells.
pub(super) struct Frame<'a> {
    pub inside: Rect,
    pub rows: Lanes,
    pub columns: Lanes,
    /// By row and column.
    pub pairs: BTreeMap<[usize; 2], Pair<'a>>,
    pub strongest: f64,
    pub bands: Vec<Rect>,
    pub stairs: Vec<Point>,
    pub labels: Vec<Label>,
}

pub(super) fn frame<'a>(nodes: &Nodes, pairs: &'a BTreeMap<[usize; 2], Pair<'a>>, size: Size) -> Frame<'a> {
    let [srcs, dests] = [0, 1].map(|end| used(pairs, end));
    let (left, rows_named) = margin(BLOCK_MARGIN.0, NODE_MARGIN.0, size.height - NODE_MARGIN.1, srcs.len());
    let (top, columns_named) = margin(BLOCK_MARGIN.1, NODE_MARGIN.1, size.width - NODE_MARGIN.0, dests.len());
    let [width, height] =
        [size.width - left - END_MARGIN.0, size.height - top - END_MARGIN.1].map(|room| room.max(1.0));
    let mut rows = lanes::lanes(nodes, &srcs, top, height);
    let mut columns = lanes::lanes(nodes, &dests, left, width);
    // A small matrix stands in the middle of its room, with its margins.
    let spare = |end: f64, most: f64| (most - end).max(0.0) / 2.0;
    let corner = Point { x: spare(columns.end(left), left + width), y: spare(rows.end(top), top + height) };
    columns.move_by(corner.x);
    rows.move_by(corner.y);
    let (left, top) = (left + corner.x, top + corner.y);
    let pairs = by_lane(pairs, &rows, &columns);
    let strongest = pairs.values().map(|pair| pair.score().abs()).fold(0.0, f64::max);
    let inside = Rect { x: left, y: top, width: columns.end(left) - left, height: rows.end(top) - top };
    let stairs = stairs(&rows, &columns, inside);
    let mut labels = titles(inside, size, corner);
    labels.extend(if rows_named { row_names(&rows, corner) } else { row_blocks(&rows, corner) });
    labels.extend(if columns_named { column_names(&columns, corner) } else { column_blocks(&columns, corner) });
    labels.extend(note(&stairs, inside));
    let bands = bands(&rows, &columns, inside);
    Frame { inside, rows, columns, pairs, strongest, bands, stairs, labels }
}

/// The nodes in use at one end of the pairs, each with the strength of its pairs.
fn used(pairs: &BTreeMap<[usize; 2], Pair>, end: usize) -> BTreeMap<usize, f64> {
    let mut used = BTreeMap::new();
    for (ends, pair) in pairs {
        *used.entry(ends[end]).or_insert(0.0) += pair.score().abs();
    }
    used
}

/// The margin, and whether it holds names of nodes: where `n` of them have room.
fn margin(with_blocks: f64, with_names: f64, room: f64, n: usize) -> (f64, bool) {
    let is_named = room >= (LABEL_PITCH + BLOCK_GAP) * n as f64;
    (if is_named { with_names } else { with_blocks }, is_named)
}

fn by_lane<'a>(
    pairs: &'a BTreeMap<[usize; 2], Pair<'a>>,
    rows: &Lanes,
    columns: &Lanes,
) -> BTreeMap<[usize; 2], Pair<'a>> {
    let mut by_lane: BTreeMap<[usize; 2], Vec<&Pair>> = BTreeMap::new();
    for ([src, dest], pair) in pairs {
        by_lane.entry([rows.of[src], columns.of[dest]]).or_default().push(pair);
    }
    by_lane.into_iter().map(|(lanes, pairs)| (lanes, Pair::join(pairs.into_iter()))).collect()
}

/// Along the left edge of the first column that each row can reach.
fn stairs(rows: &Lanes, columns: &Lanes, inside: Rect) -> Vec<Point> {
    let reach = |row: &Lane| {
        let first = columns.lanes.iter().position(|column| column.layer > row.layer);
        first.map_or(inside.x + inside.width, |first| columns.edge(first))
    };
    let steps: Vec<(f64, f64)> = rows.lanes.iter().enumerate().map(|(i, row)| (reach(row), rows.edge(i))).collect();
    let steps: Vec<(f64, f64)> = steps.chunk_by(|a, b| a.0 == b.0).map(|step| step[0]).collect();
    let ends = steps.iter().skip(1).map(|step| step.1).chain([inside.y + inside.height]);
    steps.iter().zip(ends).flat_map(|(&(x, y), end)| [Point { x, y }, Point { x, y: end }]).collect()
}

/// Below the columns of every second block, each layer's down to the last row that reaches it.
fn bands(rows: &Lanes, columns: &Lanes, inside: Rect) -> Vec<Rect> {
    let band = |layer: &[Lane]| {
        let (first, last) = (&layer[0], &layer[layer.len() - 1]);
        let reaching = rows.lanes.iter().rfind(|row| row.layer < first.layer);
        let bottom = reaching.map_or(inside.y, |row| row.start + row.breadth);
        Rect { x: first.start, y: inside.y, width: last.start + last.breadth - first.start, height: bottom - inside.y }
    };
    let blocks = columns.blocks.iter().enumerate().skip(1).step_by(2).map(|(i, block)| {
        let next = columns.blocks.get(i + 1).map_or(columns.lanes.len(), |next| next.first);
        &columns.lanes[block.first..next]
    });
    blocks.flat_map(|block| block.chunk_by(|a, b| a.layer == b.layer)).map(band).collect()
}
