//! Step 6: from the flow's directions to the page's: boxes, labels and the curves of the ribbons.

use super::breadths::Band;
use super::diagram::{Diagram, FlowNode, Segment};
use super::layout::{Layout, NodeBox, PositionLabel, Ribbon};
use super::margins::{LABEL_OFFSET, LEGEND_ROOM, MARGIN, Margins};
use super::page::{BOX_LENGTH, FlowRect, Page};
use super::request::{LayoutRequest, Orientation, SubDiagram};
use super::text::shown_label;
use crate::geometry::{Curve, Point, Rect, Size, TextAlign, TextSpot};
use circuitscope_core::count_label;

/// How far a ribbon reaches into its boxes, so that no seam shows.
const OVERLAP: f64 = 1.0;
/// Of its width a ribbon leaves this share free, so that ribbons beside each other can be told apart …
const SEAM_SHARE: f64 = 0.15;
/// … and at most this much.
const MAX_SEAM: f64 = 1.2;
/// A 12-pixel font's digits reach about this far above the baseline: twice what centres them on a line.
const CAP_HEIGHT: f64 = 8.6;

/// The finished layout.
pub(super) fn draw(request: &LayoutRequest, diagrams: &[Diagram], bands: &[Band]) -> Layout {
    let page = Page::new(request, diagrams, bands);
    let (mut boxes, mut ribbons, mut position_labels) = (Vec::new(), Vec::new(), Vec::new());
    for (sub_diagram, (diagram, band)) in diagrams.iter().zip(bands).enumerate() {
        let placed = PlacedDiagram { page: &page, request, sub_diagram, diagram, band };
        // For each node the index of its box; a lane has none, and no ribbon ends at one.
        let mut box_of = vec![0; diagram.nodes.len()];
        for &node in diagram.columns.iter().flatten() {
            box_of[node] = boxes.len();
            boxes.extend(placed.node_box(&diagram.nodes[node]));
        }
        let firsts = diagram.segments.iter().filter(|segment| !diagram.nodes[segment.src].is_lane());
        ribbons.extend(firsts.map(|first| placed.ribbon(first, &box_of)));
        position_labels.extend(placed.position_label());
    }
    ribbons.sort_by(|a, b| b.width.total_cmp(&a.width).then(a.edge_idx.cmp(&b.edge_idx)));
    Layout { size: page.size, orientation: page.orientation, boxes, ribbons, position_labels, by_mask: request.by_mask }
}

/// A sub-diagram on its page.
struct PlacedDiagram<'a> {
    page: &'a Page,
    request: &'a LayoutRequest,
    /// The index in the request's `sub_diagrams`.
    sub_diagram: usize,
    diagram: &'a Diagram<'a>,
    band: &'a Band,
}

impl PlacedDiagram<'_> {
    fn sub(&self) -> &SubDiagram {
        &self.request.sub_diagrams[self.sub_diagram]
    }

    /// The box of a node; none for a lane.
    fn node_box(&self, node: &FlowNode) -> Option<NodeBox> {
        let label = node.label(self.request).to_owned();
        let along = self.page.column_start(node.column);
        let across = self.band.start + node.centre;
        let edges = |n: usize| count_label(n, "edge", "edges");
        Some(NodeBox {
            sub_diagram: self.sub_diagram,
            node_idx: node.node_idx?,
            hover: format!("{label}\n{} in, {} out", edges(node.incoming.len()), edges(node.outgoing.len())),
            column: node.column,
            rect: self.page.rect(&FlowRect {
                along,
                across: across - node.breadth / 2.0,
                length: BOX_LENGTH,
                breadth: node.breadth,
            }),
            label_spot: self.label_spot(node.column, along, across),
            label,
        })
    }

    /// Labels stand behind their box, where ribbons leave; those of the first column before it, where nothing is.
    fn label_spot(&self, column: usize, along: f64, across: f64) -> TextSpot {
        let (before, behind) = (along - LABEL_OFFSET, along + BOX_LENGTH + LABEL_OFFSET);
        let (along, across, align) = match (self.page.orientation, column) {
            (Orientation::Horizontal, 0) => (before, across + CAP_HEIGHT / 2.0, TextAlign::End),
            (Orientation::Horizontal, _) => (behind, across + CAP_HEIGHT / 2.0, TextAlign::Start),
            (Orientation::Vertical, 0) => (before, across, TextAlign::Middle),
            (Orientation::Vertical, _) => (behind + CAP_HEIGHT, across, TextAlign::Middle),
        };
        TextSpot { at: self.page.point(along, across), align }
    }

    /// The ribbon of the link that starts with a segment.
    fn ribbon(&self, first: &Segment, box_of: &[usize]) -> Ribbon {
        let next = |segment: &&Segment| segment.next.map(|i| &self.diagram.segments[i]);
        let segments: Vec<&Segment> = std::iter::successors(Some(first), next).collect();
        let sub = self.sub();
        let at = sub.label().filter(|_| sub.seq_idx.is_some()).map(|label| format!("\nat {}", shown_label(&label)));
        let link = first.link;
        Ribbon {
            src_box: box_of[first.src],
            dest_box: box_of[segments[segments.len() - 1].dest],
            edge_idx: link.edge_idx,
            edge_name: link.edge_name.clone(),
            hover: link.hover_label(self.request.by_mask) + &at.unwrap_or_default(),
            score: link.score,
            curves: segments.iter().map(|segment| self.curve(segment)).collect(),
            width: first.width - (first.width * SEAM_SHARE).min(MAX_SEAM),
        }
    }

    /// A curve that leaves and arrives in the direction of the flow. At a lane that is at the middle of the column.
    fn curve(&self, segment: &Segment) -> Curve {
        let along = |node: usize, at_box: f64| {
            let node = &self.diagram.nodes[node];
            self.page.column_start(node.column) + if node.is_lane() { BOX_LENGTH / 2.0 } else { at_box }
        };
        let (start, end) = (along(segment.src, BOX_LENGTH - OVERLAP), along(segment.dest, OVERLAP));
        let (src_at, dest_at) = (self.band.start + segment.src_at, self.band.start + segment.dest_at);
        let middle = (start + end) / 2.0;
        Curve {
            start: self.page.point(start, src_at),
            start_control: self.page.point(middle, src_at),
            end_control: self.page.point(middle, dest_at),
            end: self.page.point(end, dest_at),
        }
    }

    /// The label of the token position, if there is one.
    fn position_label(&self) -> Option<PositionLabel> {
        let full_text = self.sub().label()?;
        let Margins { left, top, .. } = self.page.margins;
        let Size { width, height } = self.page.size;
        let &Band { start, breadth } = self.band;
        let (middle, edge) = (start + breadth / 2.0, MARGIN / 2.0);
        let (band, spot) = match self.page.orientation {
            Orientation::Horizontal => (
                Rect { x: edge, y: top + start, width: width - 2.0 * edge, height: breadth },
                TextSpot { at: Point { x: MARGIN, y: top + middle + CAP_HEIGHT / 2.0 }, align: TextAlign::Start },
            ),
            Orientation::Vertical => (
                Rect { x: left + start, y: edge, width: breadth, height: height - LEGEND_ROOM - edge },
                TextSpot { at: Point { x: left + middle, y: MARGIN + CAP_HEIGHT }, align: TextAlign::Middle },
            ),
        };
        Some(PositionLabel { text: shown_label(&full_text), full_text, spot, band })
    }
}
