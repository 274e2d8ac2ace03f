//! The geometry of the drawing: a Sankey diagram that fits its room, whose boxes never change their order.
//!
//! [`Request`] holds everything that a drawing depends on, [`Layout`] everything that is drawn. [`layout`] computes one from the
//! other in named steps, and is pure; neither the order of the links nor that of ties reaches the drawing. Before any of it, and
//! once for a graph, [`order`](order::order) gives every node its place from the scores of all edges.
//!
//! 1. `columns`: which layers get a column, and where.
//! 2. `flow`: boxes and lanes as the items of columns; all links of one source and sign share a lane in a column that they pass.
//! 3. `arrange`: lanes are put between the boxes so that few ribbons cross.
//! 4. `sizes`: one unit from score to pixels, so that the fullest column fits.
//! 5. `coordinates` and `ports`: items move to where ribbons are straight; ends are sorted within boxes and lanes.
//! 6. `boxes`: boxes and their cells as rectangles.
//! 7. `ribbons`: the middle lines.
//! 8. `labels`: the names that have room.
//!
//! and, beside the flow, the `axis`, the `bands` of token positions with their `arcs`, the `tags` of compared circuits, and the
//! `rest`, which is not drawn but counted. `frame` has the room for each.
//!
//! In all steps *along* is the direction of the flow, from the embedding to the end, and *across* the other one: `frame` turns them
//! into a page's. All lengths are CSS pixels.

mod arcs;
mod arrange;
mod axis;
mod bands;
mod boxes;
mod columns;
mod coordinates;
mod crossings;
mod csr;
mod flow;
mod frame;
mod isotonic;
mod labels;
mod layout;
pub mod order;
mod ports;
mod request;
mod reroute;
mod rest;
mod ribbons;
mod sizes;
pub mod svg;
mod tags;
pub(crate) mod text;

use std::rc::Rc;

pub use crossings::n_crossings;
pub use layout::{
    ArcPath, Axis, AxisBlock, AxisBreak, Cell, Fold, Label, LabelPlace, Layout, NodeBox, PositionBand, RestBar, Ribbon,
    SubTick, Tag,
};
pub use order::{WeightedEdge, compact_order, order};
pub use request::{AttentionArc, Options, Request};
pub use tags::TAG_RADIUS;

use self::arrange::BoxOrder;
use self::boxes::BoxInput;
use self::columns::Columns;
use self::flow::{Flow, FlowInput};
use self::frame::Frame;
use self::labels::LabelInput;
use self::ports::{CellRule, Ports};
use self::ribbons::{BandStart, Lines, RibbonInput};
use self::sizes::{Sized, Sizing};

/// The least widths of ribbons: of few, of some, and of many.
const MIN_WIDTH: f64 = 1.4;
const MIN_WIDTH_SOME: f64 = 1.2;
const MIN_WIDTH_MANY: f64 = 0.9;
const FEW: usize = 60;
const SOME: usize = 120;

/// The positions of everything in a drawing. The same request gives the same layout.
pub fn layout(request: &Request) -> Layout {
    let frame = frame::frame(request);
    let columns = columns::columns(request, frame.along[0], frame.along[1]);
    let largest = largest(request);
    let mut flows = flows(request, &columns, largest);
    let gaps = bands::gaps(request);
    let sized = size(request, &frame, &mut flows, &gaps, largest);
    let spans = spans(request, &frame, &gaps, &sized);
    let mut layout = empty(request, &frame, &columns, &sized);
    if frame::is_token_wise(request) {
        (layout.bands, layout.folds) = bands::bands(request, &frame, &spans);
    }
    draw(request, &frame, &columns, &mut flows, &sized, &spans, &mut layout);
    layout
}

/// The largest finite |score| that is drawn; 1 where there is none above 0.
fn largest(request: &Request) -> f32 {
    let sizes = request.drawn.links().map(|link| link.score.abs()).filter(|size| size.is_finite());
    let largest = sizes.fold(0.0, f32::max);
    if largest > 0.0 { largest } else { 1.0 }
}

fn flows(request: &Request, columns: &Columns, largest: f32) -> Vec<Flow> {
    let (nodes, merge_ports) = (&*request.drawn.nodes, request.options.merge_ports);
    let (column_of, n_columns) = (&*columns.column_of, columns.layers.len());
    let flow = |band| {
        let mut flow = flow::flow(&FlowInput { nodes, band, column_of, n_columns, merge_ports, largest });
        arrange::arrange(&mut flow, nodes, BoxOrder::Fixed);
        flow
    };
    request.drawn.bands.iter().map(flow).collect()
}

fn size(request: &Request, frame: &Frame, flows: &mut [Flow], gaps: &[f64], largest: f32) -> Sized {
    let token_wise = frame::is_token_wise(request);
    let nodes = &request.drawn.nodes;
    let n_links = request.drawn.links().count();
    let label_width = |node: usize| text::text_width(&nodes.nodes[node].label) + 8.0;
    let free = frame.across[1] - frame.across[0] - gaps.iter().sum::<f64>();
    let (band_pad, min_band) = if token_wise { (bands::PAD, bands::min_band(free, flows.len())) } else { (0.0, 0.0) };
    sizes::size(
        flows,
        &Sizing {
            nodes,
            room: free.max(1.0),
            largest: f64::from(largest),
            vertical: frame.is_vertical(),
            token_wise,
            sides: columns::has_side_labels(request),
            min_width: match n_links {
                n if n <= FEW => MIN_WIDTH,
                n if n <= SOME => MIN_WIDTH_SOME,
                _ => MIN_WIDTH_MANY,
            },
            label_width: &label_width,
            band_pad,
            min_band,
        },
    )
}

/// By band: its room, across the flow.
fn spans(request: &Request, frame: &Frame, gaps: &[f64], sized: &Sized) -> Vec<[f64; 2]> {
    if frame::is_token_wise(request) {
        bands::spans(frame, gaps, &sized.needs)
    } else {
        vec![frame.across; request.drawn.bands.len()]
    }
}

/// A layout without boxes and ribbons.
fn empty(request: &Request, frame: &Frame, columns: &Columns, sized: &Sized) -> Layout {
    Layout {
        drawn: Rc::clone(&request.drawn),
        size: crate::geometry::Size { width: frame.width, height: frame.height },
        orientation: request.orientation,
        unit: sized.unit,
        boxes: Vec::new(),
        ribbons: Vec::new(),
        curves: Vec::new(),
        axis: axis::axis(frame, columns, &request.drawn.nodes, frame::is_token_wise(request)),
        bands: Vec::new(),
        folds: Vec::new(),
        rest: rest::rest(request, frame, columns),
        arcs: Vec::new(),
        tags: Vec::new(),
    }
}

/// Places the items of all bands, and draws them.
fn draw(
    request: &Request,
    frame: &Frame,
    columns: &Columns,
    flows: &mut [Flow],
    sized: &Sized,
    spans: &[[f64; 2]],
    layout: &mut Layout,
) {
    let (nodes, token_wise) = (&*request.drawn.nodes, frame::is_token_wise(request));
    let pad = if token_wise { bands::PAD } else { 0.0 };
    let n_links = flows.iter().map(|flow| flow.links.len()).sum();
    let mut labels = LabelInput { request, frame, columns, strengths: Vec::new(), has_room: Vec::new(), token_wise };
    for (band, (flow, span)) in flows.iter_mut().zip(spans).enumerate() {
        let rule = CellRule { cells: sized.furniture.cells, hollow: !token_wise, least: 12.0 };
        let mut ports = Ports::new(flow, rule);
        coordinates::coordinates(flow, &mut ports, &sized.gaps, span[1] - span[0] - 2.0 * pad);
        let start = BandStart { band, across: span[0] + pad, first_box: layout.boxes.len() };
        let input = BoxInput { frame, columns, nodes, token_wise };
        layout.boxes.extend(boxes::boxes(&input, flow, &ports, band, start.across));
        let mut lines = Lines { ribbons: &mut layout.ribbons, curves: &mut layout.curves };
        ribbons::ribbons(&RibbonInput { frame, columns, nodes, n_links }, flow, &ports, start, &mut lines);
        labels.add(flow);
    }
    let edge = |ribbon: &Ribbon| request.drawn.bands[ribbon.band].links[ribbon.link].edge_idx;
    layout.ribbons.sort_by(|a, b| b.width.total_cmp(&a.width).then_with(|| edge(a).cmp(&edge(b))));
    labels::labels(&labels, layout);
    layout.arcs = arcs::arcs(request, frame, layout);
    layout.tags = tags::tags(layout);
}
