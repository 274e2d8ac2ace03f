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
mod scene;
mod sift;
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

use circuitscope_core::sort::sort_by;

use self::arrange::BoxOrder;
use self::flow::{Flow, FlowInput};
use self::labels::LabelInput;
use self::ports::{CellRule, Ports};
use self::ribbons::{BandStart, Lines};
use self::scene::Scene;
use self::sizes::{Sized, Sizing};
use crate::geometry::Size;

/// The least widths of ribbons: of few, of some, and of many.
const MIN_WIDTH: f64 = 1.4;
const MIN_WIDTH_SOME: f64 = 1.2;
const MIN_WIDTH_MANY: f64 = 0.9;
const FEW: usize = 60;
const SOME: usize = 120;
/// Cells are at least so long where their boxes are: a letter and some room.
const LEAST_CELL: f64 = 12.0;

/// The positions of everything in a drawing. The same request gives the same layout.
pub fn layout(request: &Request) -> Layout {
    let scene = scene::scene(request);
    let mut flows = flows(&scene);
    let gaps = bands::gaps(request);
    let sized = size(&scene, &mut flows, &gaps);
    let mut layout = empty(&scene, &sized);
    let spans = if scene.token_wise {
        let spans = bands::spans(&scene.frame, &gaps, &sized.needs);
        (layout.bands, layout.folds) = bands::bands(request, &scene.frame, &spans);
        spans
    } else {
        vec![scene.frame.across; flows.len()]
    };
    draw(&scene, flows.iter_mut().zip(spans), &sized, &mut layout);
    layout
}

fn flows(scene: &Scene) -> Vec<Flow> {
    let &Scene { request, nodes, ref columns, largest, .. } = scene;
    let (column_of, n_columns) = (&*columns.column_of, columns.layers.len());
    let merge_ports = request.options.merge_ports;
    let flow = |band| {
        let mut flow = flow::flow(&FlowInput { nodes, band, column_of, n_columns, merge_ports, largest });
        arrange::arrange(&mut flow, nodes, BoxOrder::Fixed);
        flow
    };
    request.drawn.bands.iter().map(flow).collect()
}

fn size(scene: &Scene, flows: &mut [Flow], gaps: &[f64]) -> Sized {
    let &Scene { nodes, ref frame, token_wise, sides, largest, .. } = scene;
    let label_width = |node: usize| text::text_width(&nodes.nodes[node].label) + 8.0;
    let room = (frame.across[1] - frame.across[0] - gaps.iter().sum::<f64>()).max(1.0);
    let (band_pad, min_band) = if token_wise { (bands::PAD, bands::min_band(room, flows.len())) } else { (0.0, 0.0) };
    let min_width = match scene.n_links {
        n if n <= FEW => MIN_WIDTH,
        n if n <= SOME => MIN_WIDTH_SOME,
        _ => MIN_WIDTH_MANY,
    };
    let sizing = Sizing {
        nodes,
        room,
        pitch: scene.columns.pitch,
        largest: f64::from(largest),
        vertical: frame.is_vertical(),
        token_wise,
        sides,
        min_width,
        label_width: &label_width,
        band_pad,
        min_band,
    };
    sizes::size(flows, &sizing)
}

/// A layout without boxes and ribbons.
fn empty(scene: &Scene, sized: &Sized) -> Layout {
    Layout {
        drawn: Rc::clone(&scene.request.drawn),
        size: Size { width: scene.frame.width, height: scene.frame.height },
        orientation: scene.request.orientation,
        unit: sized.unit,
        boxes: Vec::new(),
        ribbons: Vec::new(),
        curves: Vec::new(),
        axis: axis::axis(scene),
        bands: Vec::new(),
        folds: Vec::new(),
        rest: rest::rest(scene),
        arcs: Vec::new(),
        tags: Vec::new(),
    }
}

/// Places the items of all bands in their rooms, and draws them.
fn draw<'a>(scene: &Scene, flows: impl Iterator<Item = (&'a mut Flow, [f64; 2])>, sized: &Sized, layout: &mut Layout) {
    let pad = if scene.token_wise { bands::PAD } else { 0.0 };
    let rule = CellRule { cells: sized.furniture.cells, hollow: !scene.token_wise, least: LEAST_CELL };
    let mut labels = LabelInput::new(scene);
    for (band, (flow, span)) in flows.enumerate() {
        let mut ports = Ports::new(flow, rule);
        coordinates::coordinates(flow, &mut ports, &sized.gaps, span[1] - span[0] - 2.0 * pad);
        let start = BandStart { band, across: span[0] + pad, first_box: layout.boxes.len() };
        layout.boxes.extend(boxes::boxes(scene, flow, &ports, start));
        let mut lines = Lines { ribbons: &mut layout.ribbons, curves: &mut layout.curves, start };
        ribbons::ribbons(scene, flow, &ports, &mut lines);
        labels.add(flow);
    }
    let bands = &scene.request.drawn.bands;
    let edge = |ribbon: &Ribbon| bands[ribbon.band].links[ribbon.link].edge_idx;
    sort_by(&mut layout.ribbons, |a, b| b.width.total_cmp(&a.width).then_with(|| edge(a).cmp(&edge(b))));
    labels::labels(&labels, layout);
    layout.arcs = arcs::arcs(scene.request, &scene.frame, layout);
    layout.tags = tags::tags(layout);
}
