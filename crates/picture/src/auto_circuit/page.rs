//! The page that bands and columns are set on: its size, and from the flow's directions to its own.

use super::breadths::Band;
use super::diagram::Diagram;
use super::margins::{LABEL_OFFSET, Margins, column_labels};
use super::request::{LayoutRequest, Orientation};
use super::text::LABEL_PITCH;
use crate::geometry::{Point, Rect, Size};

/// A box's length along the flow, in pixels.
pub(super) const BOX_LENGTH: f64 = 12.0;
/// Between a label and the next column: enough for a ribbon to turn.
const RUN: f64 = 14.0;

pub(super) struct Page {
    pub size: Size,
    pub orientation: Orientation,
    pub margins: Margins,
    /// From the start of a column to that of the next.
    pub column_pitch: f64,
}

/// A rectangle in the flow's directions.
pub(super) struct FlowRect {
    pub along: f64,
    pub across: f64,
    pub length: f64,
    pub breadth: f64,
}

impl Page {
    /// As large as the reference's figure, or larger where labels or bands need more room.
    pub fn new(request: &LayoutRequest, diagrams: &[Diagram], bands: &[Band]) -> Self {
        let orientation = request.options.orientation;
        let labels = column_labels(request, diagrams);
        let margins = Margins::new(request, &labels);
        let n_runs = labels.len().saturating_sub(1) as f64;
        let along = BOX_LENGTH + least_pitch(orientation, &labels) * n_runs;
        let across = bands.last().map_or(0.0, |band| band.start + band.breadth);
        let size = fitting_size(request, &margins, along, across);
        let along = match orientation {
            Orientation::Horizontal => size.width - margins.left - margins.right,
            Orientation::Vertical => size.height - margins.top - margins.bottom,
        };
        let column_pitch = if n_runs > 0.0 { (along - BOX_LENGTH) / n_runs } else { 0.0 };
        Self { size, orientation, margins, column_pitch }
    }

    /// The point at a distance along and across the flow.
    pub fn point(&self, along: f64, across: f64) -> Point {
        let Margins { left, top, .. } = self.margins;
        match self.orientation {
            Orientation::Horizontal => Point { x: left + along, y: top + across },
            Orientation::Vertical => Point { x: left + across, y: top + along },
        }
    }

    pub fn rect(&self, rect: &FlowRect) -> Rect {
        let &FlowRect { along, across, length, breadth } = rect;
        let Point { x, y } = self.point(along, across);
        match self.orientation {
            Orientation::Horizontal => Rect { x, y, width: length, height: breadth },
            Orientation::Vertical => Rect { x, y, width: breadth, height: length },
        }
    }

    /// The start of a column, along the flow.
    pub fn column_start(&self, column: usize) -> f64 {
        self.column_pitch * column as f64
    }
}

/// The reference's size, enlarged to what is needed along and across within the margins.
fn fitting_size(request: &LayoutRequest, margins: &Margins, along: f64, across: f64) -> Size {
    let (x, y) = match request.options.orientation {
        Orientation::Horizontal => (along, across),
        Orientation::Vertical => (across, along),
    };
    let Size { width, height } = request.reference_size;
    Size {
        width: width.max((margins.left + margins.right + x).ceil()),
        height: height.max((margins.top + margins.bottom + y).ceil()),
    }
}

/// The least distance between columns at which no label reaches the next one.
fn least_pitch(orientation: Orientation, labels: &[f64]) -> f64 {
    let label = match orientation {
        Orientation::Horizontal => labels.iter().skip(1).rev().skip(1).copied().fold(0.0, f64::max),
        Orientation::Vertical => LABEL_PITCH,
    };
    BOX_LENGTH + LABEL_OFFSET + label + RUN
}
