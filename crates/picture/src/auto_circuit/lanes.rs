//! Step 3: lanes, so that a ribbon passes between boxes and not behind them.
//!
//! A link that passes columns is cut at each of them, and a lane of its width stands there like a box: the dummy nodes of
//! layered graph drawing (Sugiyama et al. 1981, "Methods for Visual Understanding of Hierarchical System Structures"). A
//! narrow ribbon hides nothing and is hidden by little: it runs straight on, which keeps large circuits calm.

use super::diagram::{Diagram, FlowNode, Segment};

/// From this width on, in pixels, a ribbon gets lanes.
const MIN_LANE_WIDTH: f64 = 2.5;
/// The room beside a ribbon in its lane.
const LANE_GAP: f64 = 3.0;

/// Cuts the wide links of a diagram where they pass a column.
pub(super) fn lanes(diagram: &mut Diagram) {
    for i in 0..diagram.segments.len() {
        let (width, passed) = (diagram.segments[i].width, diagram.passed(&diagram.segments[i]));
        if width >= MIN_LANE_WIDTH {
            passed.fold(i, |last, column| cut(diagram, last, column));
        }
    }
}

/// Ends a segment at a new lane of a column; returns the segment that goes on from there.
fn cut(diagram: &mut Diagram, i: usize, column: usize) -> usize {
    let Diagram { nodes, columns, segments } = diagram;
    let (lane, rest) = (nodes.len(), segments.len());
    let Segment { link, dest, width, .. } = segments[i];
    nodes.push(FlowNode {
        incoming: vec![i],
        outgoing: vec![rest],
        breadth: width,
        slot: width + LANE_GAP,
        ..FlowNode::new(None, column)
    });
    columns[column].push(lane);
    segments.push(Segment { width, ..Segment::new(link, lane, dest) });
    (segments[i].dest, segments[i].next) = (lane, Some(rest));
    nodes[dest].incoming.iter_mut().filter(|incoming| **incoming == i).for_each(|incoming| *incoming = rest);
    rest
}
