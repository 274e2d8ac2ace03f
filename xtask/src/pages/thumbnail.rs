//! A circuit as a small picture without names: its ribbons and boxes, in the colours of the page that it stands in.

use std::fmt::Write;
use std::rc::Rc;

use circuitscope_core::{Circuit as Cut, Graph, ModelConfig, PruneScores};
use circuitscope_picture::drawn::{NodeKind, Rest};
use circuitscope_picture::sankey::{self, Layout, NodeBox, Request, Ribbon};
use circuitscope_picture::view::{self, Edits, Heads, ViewOptions, ViewRequest};
use circuitscope_picture::{Curve, Point, Rect, Size, placed_nodes};

/// The room of a drawing before it is cut to what is drawn, in pixels: that of a card of the gallery, with the axis below.
const ROOM: Size = Size { width: 340.0, height: 170.0 };
/// What is left free around it, in pixels.
const MARGIN: f64 = 3.0;
/// A box without a name needs no more than this width, in pixels.
const BOX: f64 = 8.0;
/// From this width on negative ribbons are hatched, and dashed below: as in the drawing.
const HATCHED_FROM: f64 = sankey::svg::HATCHED_FROM;

/// What a thumbnail is of.
pub struct Circuit<'a> {
    pub model: &'a ModelConfig,
    pub graph: &'a Graph,
    pub scores: &'a PruneScores,
    pub cut: Cut,
}

/// The picture as an `<svg>` element whose classes the page's style knows; `title` is what it is called.
pub fn thumbnail(circuit: &Circuit, title: &str) -> String {
    let layout = layout(circuit);
    let mut shapes = String::new();
    for ribbon in &layout.ribbons {
        let is_negative = layout.drawn.bands[ribbon.band].links[ribbon.link].score < 0.0;
        let class = match (is_negative, ribbon.width >= HATCHED_FROM) {
            (false, _) => "t-pos",
            (true, true) => "t-neg t-wide",
            (true, false) => "t-neg",
        };
        let line = line(&layout, ribbon);
        _ = write!(shapes, "<path class=\"{class}\" stroke-width=\"{:.1}\" d=\"{line}\"/>", ribbon.width);
    }
    for node in &layout.boxes {
        let Rect { x, y, width, height } = narrow(node);
        let class = kind_class(node.kind);
        _ = write!(
            shapes,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\"/>"
        );
    }
    let Rect { x, y, width, height } = bounds(&layout);
    let title = super::template::escaped(title);
    format!(
        "<svg class=\"thumb\" viewBox=\"{x:.1} {y:.1} {width:.1} {height:.1}\" role=\"img\" aria-label=\"{title}\">{shapes}</svg>"
    )
}

/// As the figure is drawn, all heads apart, without what is left out.
fn layout(circuit: &Circuit) -> Layout {
    let Circuit { model, graph, scores, cut } = *circuit;
    let edges = view::shown(scores, &view::edges_in_circuit(scores, &cut), &Edits::new());
    let options = ViewOptions { heads: Heads::Apart, merge_ports: true, ..ViewOptions::default() };
    let mut drawn = view::view(&ViewRequest {
        graph,
        nodes: &Rc::new(placed_nodes(graph, scores.values())),
        shown: &edges,
        dir: model.attention_dir,
        seq_labels: &[],
        options: &options,
    });
    drawn.rest = Rest::default();
    let options = sankey::Options { merge_ports: true, ..sankey::Options::default() };
    sankey::layout(&Request { options, ..Request::new(Rc::new(drawn), ROOM) })
}

fn kind_class(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Embed => "t-embed",
        NodeKind::Head => "t-head",
        NodeKind::Mlp => "t-mlp",
        NodeKind::Resid => "t-resid",
        NodeKind::Unembed => "t-unembed",
    }
}

/// A box as wide as one without a name, where the ribbons of one end meet it if all of them are at one side.
fn narrow(node: &NodeBox) -> Rect {
    let Rect { x, width, .. } = node.rect;
    let x = match node.kind {
        NodeKind::Embed => x + width - BOX,
        NodeKind::Unembed => x,
        NodeKind::Head | NodeKind::Mlp | NodeKind::Resid => x + (width - BOX) / 2.0,
    };
    Rect { x, width: BOX, ..node.rect }
}

/// A ribbon's middle line as the data of a path, from box to box.
fn line(layout: &Layout, ribbon: &Ribbon) -> String {
    let curves = &layout.curves[ribbon.curves.clone()];
    let (Some(first), Some(last)) = (curves.first(), curves.last()) else { return String::new() };
    let [src, dest] = [ribbon.src_box, ribbon.dest_box].map(|i| narrow(&layout.boxes[i]));
    let mut line = format!("M{:.1} {:.1}H{:.1}", src.right(), first.start.y, first.start.x);
    for Curve { start_control: a, end_control: b, end, .. } in curves {
        _ = write!(line, "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}", a.x, a.y, b.x, b.y, end.x, end.y);
    }
    _ = write!(line, "H{:.1}", dest.x.max(last.end.x));
    line
}

/// The room that boxes and ribbons take.
fn bounds(layout: &Layout) -> Rect {
    let boxes = layout.boxes.iter().flat_map(|node| {
        let rect = narrow(node);
        [(Point { x: rect.x, y: rect.y }, 0.0), (Point { x: rect.right(), y: rect.bottom() }, 0.0)]
    });
    let ribbons = layout.ribbons.iter().flat_map(|ribbon| {
        let curves = layout.curves[ribbon.curves.clone()].iter();
        curves.flat_map(|curve| [0.0, 0.25, 0.5, 0.75, 1.0].map(|t| (curve.at(t), ribbon.width / 2.0)))
    });
    let mut points = boxes.chain(ribbons).peekable();
    if points.peek().is_none() {
        return Rect { x: 0.0, y: 0.0, width: ROOM.width, height: ROOM.height };
    }
    let mut ends = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for (Point { x, y }, half) in points {
        ends = [ends[0].min(x), ends[1].min(y - half), ends[2].max(x), ends[3].max(y + half)];
    }
    let [left, top, right, bottom] = ends;
    let (x, y) = (left - MARGIN, top - MARGIN);
    Rect { x, y, width: right + MARGIN - x, height: bottom + MARGIN - y }
}
