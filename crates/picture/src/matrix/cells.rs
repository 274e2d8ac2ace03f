//! Step 4: where each sum lies, and its step of colour.

use super::frame::Frame;
use super::pairs::Pair;
use super::{Cell, Lane};
use crate::geometry::Rect;

/// Between two cells, in pixels, where they are wide enough: across and down as in the design.
const SPACE: (f64, f64) = (0.4, 0.35);
/// A negative cell is half as wide, so that its sign is more than a colour.
const NEGATIVE_WIDTH: f64 = 0.5;

/// The cells, row after row. `steps` are the sizes at which the second, third and fourth colour begin.
pub(super) fn cells(frame: &Frame, steps: [f64; 3]) -> Vec<Cell> {
    frame.pairs.iter().map(|(&[row, column], pair)| cell(frame, [row, column], pair, steps)).collect()
}

fn cell(frame: &Frame, [row, column]: [usize; 2], pair: &Pair, steps: [f64; 3]) -> Cell {
    let lanes = [&frame.rows.lanes[row], &frame.columns.lanes[column]];
    let score = pair.score();
    Cell {
        row,
        column,
        name: format!("{}->{}", lanes[0].name, lanes[1].name),
        edge: pair.strongest().map_or(String::new(), |link| link.name.clone()),
        rect: rect(lanes, score < 0.0),
        score,
        step: steps.iter().filter(|&&step| score.abs() >= step && step > 0.0).count(),
        n_edges: pair.n_edges(),
        side: pair.side(),
        on_path: pair.links.iter().any(|link| link.on_path),
        mask: pair.mask(),
    }
}

fn rect([row, column]: [&Lane; 2], is_negative: bool) -> Rect {
    let spaced = |breadth: f64, space: f64| (breadth - space).max(breadth.min(1.0));
    let (full, height) = (spaced(column.breadth, SPACE.0), spaced(row.breadth, SPACE.1));
    let width = if is_negative { full * NEGATIVE_WIDTH } else { full };
    Rect { x: column.start + (full - width) / 2.0, y: row.start, width, height }
}
