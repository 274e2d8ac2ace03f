//! Step 6: from the flow's directions to the page's, with margins, labels and the curves of the ribbons.

use super::breadths::Band;
use super::diagram::{Diagram, FlowNode, Segment};
use super::geometry::{Curve, Layout, NodeBox, Point, PositionLabel, Rect, Ribbon, Size, TextAlign, TextSpot};
use super::request::{LayoutRequest, Orientation, SubDiagram};
use super::text::{LABEL_PITCH, label_width, shown_label};
use circuitscope_core::sorting;

/// A box's length along the flow, in pixels.
const BOX_LENGTH: f64 = 12.0;
/// How far a ribbon reaches into its boxes, so that no seam shows.
const OVERLAP: f64 = 1.0;
/// Of its width a ribbon leaves this share free, so that ribbons beside each other can be told apart …
const SEAM_SHARE: f64 = 0.15;
/// … and at most this much.
const MAX_SEAM: f64 = 1.2;
/// Between a box and its label.
const LABEL_OFFSET: f64 = 5.0;
/// Between a label and the next column: enough for a ribbon to turn.
const RUN: f64 = 14.0;
/// Around everything.
const MARGIN: f64 = 16.0;
/// Below everything, for the view's legend.
const LEGEND: f64 = 36.0;
/// A 12-pixel font's digits reach about this far above the baseline: twice what centres them on a line.
const CAP_HEIGHT: f64 = 8.6;

/// What lies around the bands and columns.
struct Margins {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// The room across that the reference's size leaves to the bands.
pub(super) fn across_room(request: &LayoutRequest) -> f64 {
    // The margins across do not depend on the labels.
    match request.options.orientation {
        Orientation::Horizontal => request.reference_size.height - MARGIN - LEGEND,
        Orientation::Vertical => request.reference_size.width - 2.0 * MARGIN,
    }
}

/// The finished layout.
pub(super) fn place(request: &LayoutRequest, diagrams: &[Diagram], bands: &[Band]) -> Layout {
    let page = Page::new(request, diagrams, bands);
    let (mut boxes, mut ribbons, mut position_labels) = (Vec::new(), Vec::new(), Vec::new());
    for (sub_diagram, (diagram, band)) in diagrams.iter().zip(bands).enumerate() {
        let mut box_of = vec![0; diagram.nodes.len()];
        for &place in diagram.columns.iter().flatten() {
            box_of[place] = boxes.len();
            boxes.extend(page.node_box(request, sub_diagram, &diagram.nodes[place], band));
        }
        let sub = &request.sub_diagrams[sub_diagram];
        let firsts = diagram.segments.iter().filter(|segment| !diagram.nodes[segment.src].is_lane());
        ribbons.extend(firsts.map(|first| page.ribbon(sub, diagram, first, &box_of, band)));
        position_labels.extend(sub.label().map(|label| page.position_label(label, band)));
    }
    sorting::sort_by(&mut ribbons, |a, b| b.width.total_cmp(&a.width).then(a.edge_idx.cmp(&b.edge_idx)));
    Layout { size: page.size, orientation: page.orientation, boxes, ribbons, position_labels }
}

/// The page that the bands and columns are set on.
struct Page {
    size: Size,
    orientation: Orientation,
    margins: Margins,
    /// From the start of a column to that of the next.
    column_pitch: f64,
}

impl Page {
    fn new(request: &LayoutRequest, diagrams: &[Diagram], bands: &[Band]) -> Self {
        let orientation = request.options.orientation;
        let labels = column_labels(request, diagrams);
        let margins = margins(request, &labels);
        let across = bands.last().map_or(0.0, |band| band.start + band.breadth);
        let n_runs = labels.len().saturating_sub(1) as f64;
        let pitch = least_pitch(orientation, &labels);
        let Size { width, height } = request.reference_size;
        let (sides, ends) = (margins.left + margins.right, margins.top + margins.bottom);
        let along = BOX_LENGTH + pitch * n_runs;
        let (needed_x, needed_y) = match orientation {
            Orientation::Horizontal => (along, across),
            Orientation::Vertical => (across, along),
        };
        let size = Size { width: width.max((sides + needed_x).ceil()), height: height.max((ends + needed_y).ceil()) };
        let along = match orientation {
            Orientation::Horizontal => size.width - sides,
            Orientation::Vertical => size.height - ends,
        };
        let column_pitch = if n_runs > 0.0 { (along - BOX_LENGTH) / n_runs } else { 0.0 };
        Self { size, orientation, margins, column_pitch }
    }

    /// The point at a distance along and across the flow.
    fn point(&self, along: f64, across: f64) -> Point {
        let Margins { left, top, .. } = self.margins;
        match self.orientation {
            Orientation::Horizontal => Point { x: left + along, y: top + across },
            Orientation::Vertical => Point { x: left + across, y: top + along },
        }
    }

    fn rect(&self, along: f64, across: f64, length: f64, breadth: f64) -> Rect {
        let Point { x, y } = self.point(along, across);
        match self.orientation {
            Orientation::Horizontal => Rect { x, y, width: length, height: breadth },
            Orientation::Vertical => Rect { x, y, width: breadth, height: length },
        }
    }

    /// The box of a node; none for a lane.
    fn node_box(&self, request: &LayoutRequest, sub_diagram: usize, node: &FlowNode, band: &Band) -> Option<NodeBox> {
        let label = node.label(request).to_owned();
        let along = self.column_pitch * node.column as f64;
        let across = band.start + node.centre;
        let edges = |n: usize| if n == 1 { "1 edge".to_owned() } else { format!("{n} edges") };
        Some(NodeBox {
            sub_diagram,
            node_idx: node.node_idx?,
            hover: format!("{label}\n{} in, {} out", edges(node.incoming.len()), edges(node.outgoing.len())),
            column: node.column,
            rect: self.rect(along, across - node.breadth / 2.0, BOX_LENGTH, node.breadth),
            label_spot: self.label_spot(node.column, along, across),
            label,
        })
    }

    /// Labels stand behind their box, where ribbons leave; those of the first column before it, where nothing is.
    fn label_spot(&self, column: usize, along: f64, across: f64) -> TextSpot {
        let (before, behind) = (along - LABEL_OFFSET, along + BOX_LENGTH + LABEL_OFFSET);
        match (self.orientation, column) {
            (Orientation::Horizontal, 0) => {
                TextSpot { at: self.point(before, across + CAP_HEIGHT / 2.0), align: TextAlign::End }
            }
            (Orientation::Horizontal, _) => {
                TextSpot { at: self.point(behind, across + CAP_HEIGHT / 2.0), align: TextAlign::Start }
            }
            (Orientation::Vertical, 0) => TextSpot { at: self.point(before, across), align: TextAlign::Middle },
            (Orientation::Vertical, _) => {
                TextSpot { at: self.point(behind + CAP_HEIGHT, across), align: TextAlign::Middle }
            }
        }
    }

    /// The ribbon of the link that starts with a segment.
    fn ribbon(&self, sub: &SubDiagram, diagram: &Diagram, first: &Segment, box_of: &[usize], band: &Band) -> Ribbon {
        let next = |segment: &&Segment| segment.next.map(|i| &diagram.segments[i]);
        let segments: Vec<&Segment> = std::iter::successors(Some(first), next).collect();
        let at = sub.label().filter(|_| sub.seq_idx.is_some()).map(|label| format!("\nat {}", shown_label(&label)));
        let link = first.link;
        Ribbon {
            src_box: box_of[first.src],
            dest_box: box_of[segments[segments.len() - 1].dest],
            edge_idx: link.edge_idx,
            edge_name: link.edge_name.clone(),
            hover: link.hover_label() + &at.unwrap_or_default(),
            score: link.score,
            curves: segments.iter().map(|segment| self.curve(diagram, segment, band)).collect(),
            width: first.width - (first.width * SEAM_SHARE).min(MAX_SEAM),
        }
    }

    /// A curve that leaves and arrives in the direction of the flow. At a lane that is at the middle of the column.
    fn curve(&self, diagram: &Diagram, segment: &Segment, band: &Band) -> Curve {
        let along = |place: usize, at_box: f64| {
            let node = &diagram.nodes[place];
            self.column_pitch * node.column as f64 + if node.is_lane() { BOX_LENGTH / 2.0 } else { at_box }
        };
        let (start, end) = (along(segment.src, BOX_LENGTH - OVERLAP), along(segment.dest, OVERLAP));
        let (src_at, dest_at) = (band.start + segment.src_at, band.start + segment.dest_at);
        let middle = (start + end) / 2.0;
        Curve {
            start: self.point(start, src_at),
            start_control: self.point(middle, src_at),
            end_control: self.point(middle, dest_at),
            end: self.point(end, dest_at),
        }
    }

    fn position_label(&self, full_text: String, band: &Band) -> PositionLabel {
        let Margins { left, top, .. } = self.margins;
        let Size { width, height } = self.size;
        let (start, middle) = (band.start, band.start + band.breadth / 2.0);
        let edge = MARGIN / 2.0;
        let (rect, spot) = match self.orientation {
            Orientation::Horizontal => (
                Rect { x: edge, y: top + start, width: width - 2.0 * edge, height: band.breadth },
                TextSpot { at: Point { x: MARGIN, y: top + middle + CAP_HEIGHT / 2.0 }, align: TextAlign::Start },
            ),
            Orientation::Vertical => (
                Rect { x: left + start, y: edge, width: band.breadth, height: height - LEGEND - edge },
                TextSpot { at: Point { x: left + middle, y: MARGIN + CAP_HEIGHT }, align: TextAlign::Middle },
            ),
        };
        PositionLabel { text: shown_label(&full_text), full_text, spot, band: rect }
    }
}

/// For each column the width of its widest label.
fn column_labels(request: &LayoutRequest, diagrams: &[Diagram]) -> Vec<f64> {
    let mut widths = vec![0.0_f64; diagrams.first().map_or(0, |diagram| diagram.columns.len())];
    for node in diagrams.iter().flat_map(|diagram| &diagram.nodes) {
        let width = label_width(&shown_label(node.label(request)));
        widths[node.column] = widths[node.column].max(width);
    }
    widths
}

/// The least distance between columns at which no label reaches the next one.
fn least_pitch(orientation: Orientation, labels: &[f64]) -> f64 {
    let label = match orientation {
        Orientation::Horizontal => labels.iter().skip(1).rev().skip(1).copied().fold(0.0, f64::max),
        Orientation::Vertical => LABEL_PITCH,
    };
    BOX_LENGTH + LABEL_OFFSET + label + RUN
}

fn margins(request: &LayoutRequest, column_labels: &[f64]) -> Margins {
    let position_labels = request.sub_diagrams.iter().filter_map(SubDiagram::label);
    let widest = position_labels.map(|label| label_width(&shown_label(&label))).fold(0.0, f64::max);
    let label_room = |column: Option<&f64>| column.map_or(0.0, |width| width + LABEL_OFFSET);
    match request.options.orientation {
        Orientation::Horizontal => Margins {
            left: MARGIN + if widest > 0.0 { widest + MARGIN } else { 0.0 } + label_room(column_labels.first()),
            right: MARGIN + label_room(column_labels.get(1..).and_then(<[f64]>::last)),
            top: MARGIN,
            bottom: LEGEND,
        },
        Orientation::Vertical => Margins {
            left: MARGIN,
            right: MARGIN,
            top: MARGIN + LABEL_PITCH * if widest > 0.0 { 2.5 } else { 1.0 },
            bottom: LEGEND + 1.5 * LABEL_PITCH,
        },
    }
}
