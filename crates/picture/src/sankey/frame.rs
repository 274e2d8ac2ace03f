//! The room within a drawing: for the flow, the axis, the labels of token positions, and what is not drawn.

use super::columns::{has_side_labels, side_widths};
use super::request::Request;
use super::text::text_width;
use crate::auto_circuit::Orientation;
use crate::geometry::{Point, Rect};

/// Between the edge of the drawing and the middle of the embedding's column, and of the end's: half a box and some room.
const END_MARGIN: f64 = 22.0;
/// Above the flow.
const TOP: f64 = 8.0;
/// Below the flow: the axis with two rows of numbers, …
const AXIS_ROOM: f64 = 36.0;
/// … some room above it, …
const AXIS_GAP: f64 = 10.0;
/// … and what is not drawn, as a bar or as a stream.
const BAR_ROOM: f64 = 30.0;
const STREAM_ROOM: f64 = 58.0;
/// The names of token positions, when horizontal.
const POSITIONS_WIDTH: f64 = 92.0;
/// The same above the bands, when vertical.
const POSITIONS_HEIGHT: f64 = 20.0;
/// The axis when vertical: `attn 12` and a tick.
const AXIS_WIDTH: f64 = 58.0;
/// The bar of what is not drawn, when vertical.
const BAR_ROOM_VERTICAL: f64 = 24.0;
/// The height of the bar.
pub(super) const BAR: f64 = 15.0;

/// The room within a drawing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub orientation: Orientation,
    /// The middles of the first and the last column, along the flow.
    pub along: [f64; 2],
    /// Across the flow.
    pub across: [f64; 2],
    /// The axis' line, across the flow.
    pub axis_at: f64,
    /// The least that a page's width and height are taken for.
    pub width: f64,
    pub height: f64,
}

/// A drawing has at least this width and height, so that every length is above 0.
const LEAST: f64 = 120.0;

pub(super) fn frame(request: &Request) -> Frame {
    let (width, height) = (request.size.width.max(LEAST), request.size.height.max(LEAST));
    let token_wise = is_token_wise(request);
    let has_rest = super::rest::is_drawn(request);
    let orientation = request.orientation;
    match orientation {
        Orientation::Horizontal => {
            let side = side_margins(request);
            let start = if token_wise { POSITIONS_WIDTH } else { side[0] };
            let rest = match (has_rest, super::rest::is_stream(request)) {
                (false, _) => AXIS_GAP,
                (true, false) => BAR_ROOM,
                (true, true) => STREAM_ROOM,
            };
            let axis_at = height - AXIS_ROOM;
            let (top, gap) = if token_wise { (2.0, if has_rest { BAR_ROOM - 2.0 } else { 3.0 }) } else { (TOP, rest) };
            Frame { orientation, along: [start, width - side[1]], across: [top, axis_at - gap], axis_at, width, height }
        }
        Orientation::Vertical => {
            let top = 16.0 + if token_wise { POSITIONS_HEIGHT } else { 0.0 };
            let bottom = height - 16.0 - if has_rest { BAR_ROOM_VERTICAL } else { 0.0 };
            let (along, across) = ([top, bottom], [AXIS_WIDTH, width - 6.0]);
            Frame { orientation, along, across, axis_at: AXIS_WIDTH - 12.0, width, height }
        }
    }
}

/// Left and right of the flow: wider where the names of boxes are there.
fn side_margins(request: &Request) -> [f64; 2] {
    let (has_labels, widths) = (has_side_labels(request), side_widths(request, text_width));
    [0, 1].map(|i| END_MARGIN + if has_labels[i] { widths[i] } else { 0.0 })
}

/// Whether there is a band for each token position.
pub(super) fn is_token_wise(request: &Request) -> bool {
    request.drawn.bands.len() > 1 || request.drawn.bands.iter().any(|band| band.seq_idx.is_some())
}

impl Frame {
    /// The point at a distance along the flow and across it.
    pub fn point(&self, along: f64, across: f64) -> Point {
        match self.orientation {
            Orientation::Horizontal => Point { x: along, y: across },
            Orientation::Vertical => Point { x: across, y: along },
        }
    }

    /// The rectangle between two distances along the flow and two across it.
    pub fn rect(&self, along: [f64; 2], across: [f64; 2]) -> Rect {
        let (start, end) = (self.point(along[0], across[0]), self.point(along[1], across[1]));
        Rect { x: start.x, y: start.y, width: end.x - start.x, height: end.y - start.y }
    }

    pub fn is_vertical(&self) -> bool {
        self.orientation == Orientation::Vertical
    }
}
