//! Step 4: where each sum lies, and its step of colour.

use super::frame::Frame;
use super::pairs::Pair;
use super::{Cell, Lane};
use crate::geometry::Rect;

/// Between two cells, in pixels, where they are wide enough: across and down as in the design.
const SPACE: (f64, f64) = (0.4, 0.35);
/// A negative cell is half as wide, so that its sign is more than a colour.
const NEGATIVE_WIDTH: f64 = 0.5;
/// A cell whose edges lie on no path is less high. Fainter it would look like one of a smaller score.
const OFF_PATH_HEIGHT: f64 = 0.55;

/// The cells, row after row. `steps` are the sizes at which the second, third and fourth colour begin.
pub(super) fn cells(frame: &Frame, steps: [f64; 3]) -> Vec<Cell> {
    frame.pairs.iter().map(|(&[row, column], pair)| cell(frame, [row, column], pair, steps)).collect()
}

fn cell(frame: &Frame, [row, column]: [usize; 2], pair: &Pair, steps: [f64; 3]) -> Cell {
    let lanes = [&frame.rows.lanes[row], &frame.columns.lanes[column]];
    let (score, mask) = (pair.score(), pair.mask());
    let on_path = pair.links.iter().any(|link| link.on_path);
    Cell {
        row,
        column,
        name: format!("{}->{}", lanes[0].name, lanes[1].name),
        edge: pair.strongest().map_or(String::new(), |link| link.name.clone()),
        rect: rect(lanes, score < 0.0, on_path || mask == 0.0),
        score,
        step: steps.iter().filter(|&&step| score.abs() >= step && step > 0.0).count(),
        n_edges: pair.n_edges(),
        side: pair.side(),
        on_path,
        mask,
    }
}

fn rect([row, column]: [&Lane; 2], is_negative: bool, is_high: bool) -> Rect {
    let spaced = |breadth: f64, space: f64| (breadth - space).max(breadth.min(1.0));
    let (full, high) = (spaced(column.breadth, SPACE.0), spaced(row.breadth, SPACE.1));
    let width = if is_negative { full * NEGATIVE_WIDTH } else { full };
    let height = if is_high { high } else { high * OFF_PATH_HEIGHT };
    Rect { x: column.start + (full - width) / 2.0, y: row.start + (high - height) / 2.0, width, height }
}
