//! What is around the flow: the axis, the bands of token positions, attention, and what is not drawn.

use super::pen::Pen;
use super::tones::{BAND, CONTROL, INK, MUTED};
use crate::auto_circuit::Orientation;
use crate::geometry::{Point, Rect, TextAlign, TextSpot};
use crate::sankey::layout::{Axis, Layout};

/// Half the height of a break's strokes.
const BREAK: f64 = 4.5;

/// Below the ribbons: the tints of blocks, or the bands, and the lines of breaks and folds.
pub(super) fn ground(pen: &mut Pen, layout: &Layout) {
    let axis = &layout.axis;
    if layout.bands.is_empty() {
        for block in axis.blocks.iter().filter(|block| block.is_tinted) {
            pen.raw("<rect class=\"band\"").rect(rect(layout, block.span, axis.across)).paint("fill", BAND).raw("/>");
        }
    }
    for band in &layout.bands {
        pen.raw("<rect class=\"band\" rx=\"4\"").rect(band.rect).paint("fill", BAND).raw("/>");
    }
    let breaks = axis.breaks.iter().map(|run| line(layout, run.at, [2.0, axis.at - 6.0]));
    let dividers = axis.blocks.iter().skip(1).filter(|_| !layout.bands.is_empty());
    let dividers = dividers.map(|block| line(layout, block.span[0], [axis.across[0] + 2.0, axis.across[1] - 2.0]));
    let folds = layout.folds.iter().map(|fold| line_across(layout, fold.at, axis.span));
    let dotted: Vec<_> = breaks.chain(dividers).chain(folds).collect();
    if dotted.is_empty() {
        return;
    }
    pen.raw("<path class=\"brk\" fill=\"none\"").paint("stroke", CONTROL);
    pen.raw(" stroke-dasharray=\"1 4\" stroke-opacity=\"0.7\" d=\"");
    for [from, to] in dotted {
        pen.raw("M").number(from.x).raw(" ").number(from.y).raw("L").number(to.x).raw(" ").number(to.y);
    }
    pen.raw("\"/>");
}

fn rect(layout: &Layout, along: [f64; 2], across: [f64; 2]) -> Rect {
    let [from, to] = [0, 1].map(|i| point(layout, along[i], across[i]));
    Rect { x: from.x, y: from.y, width: to.x - from.x, height: to.y - from.y }
}

fn point(layout: &Layout, along: f64, across: f64) -> Point {
    match layout.orientation {
        Orientation::Horizontal => Point { x: along, y: across },
        Orientation::Vertical => Point { x: across, y: along },
    }
}

fn line(layout: &Layout, along: f64, across: [f64; 2]) -> [Point; 2] {
    across.map(|across| point(layout, along, across))
}

fn line_across(layout: &Layout, across: f64, along: [f64; 2]) -> [Point; 2] {
    along.map(|along| point(layout, along, across))
}

/// What is not drawn.
pub(super) fn rest(pen: &mut Pen, layout: &Layout) {
    let Some(rest) = &layout.rest else { return };
    pen.raw("<g class=\"rest\"><path").paint("fill", CONTROL);
    pen.raw(if rest.is_stream { " fill-opacity=\"0.3\"" } else { " fill-opacity=\"0.16\"" }).raw(" d=\"");
    for (i, point) in rest.outline.iter().enumerate() {
        pen.raw(if i == 0 { "M" } else { "L" }).number(point.x).raw(" ").number(point.y);
    }
    pen.raw("z\"/>");
    let attributes = format!(" class=\"restl\" fill=\"{}\" font-size=\"11\"", MUTED.of(pen.look.theme));
    if rest.is_stream {
        pen.haloed(&attributes, &rest.text, rest.spot);
    } else {
        pen.label(&attributes, &rest.text, rest.spot);
    }
    pen.raw("</g>");
}

pub(super) fn axis(pen: &mut Pen, layout: &Layout) {
    pen.raw("<g class=\"ax\" font-size=\"11\"")
        .paint("fill", MUTED)
        .raw("><path fill=\"none\"")
        .paint("stroke", CONTROL);
    pen.raw(" d=\"");
    match layout.orientation {
        Orientation::Horizontal => horizontal(pen, &layout.axis),
        Orientation::Vertical => vertical(pen, &layout.axis),
    }
    pen.raw("\"/>");
    numbers(pen, &layout.axis);
    pen.raw("</g>");
}

fn horizontal(pen: &mut Pen, axis: &Axis) {
    pen.raw("M").number(axis.span[0]).raw(" ").number(axis.at);
    for run in &axis.breaks {
        pen.raw("H").number(run.at - 3.0).raw("m6 0");
    }
    pen.raw("H").number(axis.span[1]);
    for run in &axis.breaks {
        for x in [run.at - 5.5, run.at + 0.5] {
            pen.raw("M").number(x).raw(" ").number(axis.at + BREAK).raw("l5-9");
        }
    }
    let mut last = f64::NEG_INFINITY;
    for x in axis.blocks.iter().flat_map(|block| block.span) {
        if x > last + 0.5 {
            pen.raw("M").number(x).raw(" ").number(axis.at).raw("v5");
        }
        last = x;
    }
    for tick in axis.sub_ticks.iter().filter(|tick| tick.label.is_some()) {
        pen.raw("M").number(tick.at).raw(" ").number(axis.at).raw("v3");
    }
}

fn vertical(pen: &mut Pen, axis: &Axis) {
    pen.raw("M").number(axis.at).raw(" ").number(axis.span[0]).raw("V").number(axis.span[1]);
    for tick in &axis.sub_ticks {
        pen.raw("M").number(axis.at - 3.0).raw(" ").number(tick.at).raw("h3");
    }
}

fn numbers(pen: &mut Pen, axis: &Axis) {
    for (text, spot) in axis.blocks.iter().filter_map(|block| block.label.as_ref()) {
        pen.label(" font-weight=\"600\"", text, *spot);
    }
    for (text, spot) in axis.breaks.iter().filter_map(|run| run.label.as_ref()) {
        pen.label(" class=\"sub\" font-size=\"10\"", text, *spot);
    }
    for (name, block, spot) in axis.sub_ticks.iter().filter_map(|tick| tick.label) {
        let text = block.map(|block| format!("{name} {block}"));
        pen.label(" class=\"sub\" font-size=\"10\"", text.as_deref().unwrap_or(name), spot);
    }
}

/// The names of token positions, and how many are left out between two.
pub(super) fn positions(pen: &mut Pen, layout: &Layout) {
    if layout.bands.is_empty() {
        return;
    }
    pen.raw("<g class=\"positions\"").paint("fill", INK).raw(">");
    for band in &layout.bands {
        pen.raw("<g>");
        if let Some(label) = &layout.drawn.bands[band.band].label {
            pen.raw("<title>").text(label).raw("</title>");
        }
        pen.label(" font-size=\"13\" font-weight=\"600\"", &band.label, band.label_spot);
        if let Some((seq_idx, spot)) = band.number {
            let muted = format!(" class=\"sub\" font-size=\"10\" fill=\"{}\"", MUTED.of(pen.look.theme));
            pen.label(&muted, &seq_idx.to_string(), spot);
        }
        pen.raw("</g>");
    }
    for fold in &layout.folds {
        pen.raw("<g class=\"fold\"><title>positions ").number(fold.first as f64).raw(" to ").number(fold.last as f64);
        pen.raw(" without edges</title><path fill=\"none\"").paint("stroke", CONTROL).raw(" d=\"");
        for shift in [0.0, 5.0] {
            let at = match layout.orientation {
                Orientation::Horizontal => Point { x: 72.0 + shift, y: fold.at + 4.0 },
                Orientation::Vertical => Point { x: fold.at - 5.0 + shift, y: 16.0 },
            };
            pen.raw("M").number(at.x).raw(" ").number(at.y).raw("l5-8");
        }
        pen.raw("\"/></g>");
    }
    pen.raw("</g>");
}

/// What heads look back at, above the ribbons.
pub(super) fn arcs(pen: &mut Pen, layout: &Layout) {
    for arc in &layout.arcs {
        let [from, to] = [arc.from_box, arc.to_box].map(|i| &layout.boxes[i]);
        let position = |node_box: &crate::sankey::layout::NodeBox| {
            let band = &layout.drawn.bands[node_box.band];
            band.label.clone().or(band.seq_idx.map(|seq_idx| format!("position {seq_idx}"))).unwrap_or_default()
        };
        let node = layout.node(to);
        pen.raw("<g class=\"arc\"").attribute("data-arc", &node.name).raw("><title>");
        pen.text(&format!("{} at {} looks back at {}", node.label, position(to), position(from)));
        pen.raw("</title><path fill=\"none\" stroke-width=\"1.2\"").paint("stroke", CONTROL);
        pen.raw(" d=\"").line(&[arc.curve]).raw("\"/><path class=\"hd\"").paint("fill", CONTROL).raw(" d=\"M");
        let end = arc.curve.end;
        pen.number(end.x).raw(" ").number(end.y).raw(match layout.orientation {
            Orientation::Horizontal => "l5-4.2v6z",
            Orientation::Vertical => "l-4.2 5h6z",
        });
        pen.raw("\"/></g>");
    }
}

/// Where nothing is drawn.
pub(super) fn no_edges(pen: &mut Pen, layout: &Layout) {
    if !layout.ribbons.is_empty() {
        return;
    }
    let at = Point { x: layout.size.width / 2.0, y: layout.size.height / 2.0 };
    let attributes = format!(" class=\"empty\" fill=\"{}\" font-size=\"13\"", MUTED.of(pen.look.theme));
    pen.label(&attributes, "no edges", TextSpot { at, align: TextAlign::Middle });
}
