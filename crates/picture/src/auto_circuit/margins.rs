//! What lies around the bands and the columns: labels, and the room for the legend.

use super::diagram::Diagram;
use super::request::{LayoutRequest, Orientation, SubDiagram};
use super::text::{LABEL_PITCH, label_width, shown_label};

/// Around everything.
pub(super) const MARGIN: f64 = 16.0;
/// Below everything, for the legend.
pub(super) const LEGEND_ROOM: f64 = 36.0;
/// Between a box and its label.
pub(super) const LABEL_OFFSET: f64 = 5.0;

/// The distances from the picture's edges to the bands and the columns.
pub(super) struct Margins {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// The room across that the reference's size leaves to the bands. It does not depend on the labels.
pub(super) fn across_room(request: &LayoutRequest) -> f64 {
    match request.options.orientation {
        Orientation::Horizontal => request.reference_size.height - MARGIN - LEGEND_ROOM,
        Orientation::Vertical => request.reference_size.width - 2.0 * MARGIN,
    }
}

/// For each column the width of its widest label.
pub(super) fn column_labels(request: &LayoutRequest, diagrams: &[Diagram]) -> Vec<f64> {
    let mut widths = vec![0.0_f64; diagrams.first().map_or(0, |diagram| diagram.columns.len())];
    for node in diagrams.iter().flat_map(|diagram| &diagram.nodes) {
        let width = label_width(&shown_label(node.label(request)));
        widths[node.column] = widths[node.column].max(width);
    }
    widths
}

impl Margins {
    /// `column_labels` is the width of each column's widest label.
    pub fn new(request: &LayoutRequest, column_labels: &[f64]) -> Self {
        let position_labels = request.sub_diagrams.iter().filter_map(SubDiagram::label);
        let widest = position_labels.map(|label| label_width(&shown_label(&label))).fold(0.0, f64::max);
        let label_room = |column: Option<&f64>| column.map_or(0.0, |width| width + LABEL_OFFSET);
        match request.options.orientation {
            Orientation::Horizontal => Self {
                left: MARGIN + if widest > 0.0 { widest + MARGIN } else { 0.0 } + label_room(column_labels.first()),
                right: MARGIN + label_room(column_labels.get(1..).and_then(<[f64]>::last)),
                top: MARGIN,
                bottom: LEGEND_ROOM,
            },
            Orientation::Vertical => Self {
                left: MARGIN,
                right: MARGIN,
                top: MARGIN + LABEL_PITCH * if widest > 0.0 { 2.5 } else { 1.0 },
                bottom: LEGEND_ROOM + 1.5 * LABEL_PITCH,
            },
        }
    }
}
