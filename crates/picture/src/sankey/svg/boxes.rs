//! Boxes: a colour for each kind, cells for the inputs of heads, names.

use super::pen::Pen;
use super::tones::{GROUND, INK, MUTED, ON_KIND, kind_tone};
use crate::auto_circuit::Orientation;
use crate::drawn::NodeKind;
use crate::geometry::{Rect, TextAlign, TextSpot};
use crate::sankey::layout::{Cell, LabelPlace, Layout, NodeBox};

/// The corners of boxes: MLPs are rounder, to be told apart without colour.
const CORNER: f64 = 3.0;
const MLP_CORNER: f64 = 6.0;
/// The line around a box of a group is so far from it, in pixels.
const GROUP_GAP: f64 = 1.6;
/// A box this long and thick has room for the plus of several heads.
const PLUS_ROOM: f64 = 8.0;

pub(super) fn boxes(pen: &mut Pen, layout: &Layout) {
    pen.raw("<g class=\"nodes\" font-size=\"11\">");
    for node_box in &layout.boxes {
        draw(pen, layout, node_box);
    }
    pen.raw("</g>");
}

fn draw(pen: &mut Pen, layout: &Layout, node_box: &NodeBox) {
    let node = layout.node(node_box);
    pen.raw("<g class=\"nd ").raw(node_box.kind.key()).raw("\"").attribute("data-node", &node.name);
    if let Some(seq_idx) = layout.seq_idx(node_box) {
        pen.raw(" data-seq=\"").number(seq_idx as f64).raw("\"");
    }
    if pen.is_file() {
        pen.raw("><title>").text(&name(layout, node_box)).raw("</title>");
    } else {
        pen.raw(" role=\"button\" tabindex=\"-1\"").attribute("aria-label", &name(layout, node_box)).raw(">");
    }
    let rect = node_box.rect;
    let round = if matches!(node_box.kind, NodeKind::Mlp | NodeKind::Resid) { MLP_CORNER } else { CORNER };
    let radius = round.min(rect.width / 2.0).min(rect.height / 2.0);
    pen.raw("<rect class=\"box\"").rect(rect).length("rx", radius).paint("fill", kind_tone(node_box.kind)).raw("/>");
    cells(pen, layout, node_box);
    if node.n_members > 1 && rect.width >= PLUS_ROOM && rect.height >= PLUS_ROOM {
        plus(pen, rect);
    }
    label(pen, layout, node_box);
    if let Some(group) = node.group {
        outline(pen, group, rect, radius);
    }
    pen.raw("</g>");
}

/// The dashes of a group's outline: told apart without colour.
pub fn group_dashes(group: usize) -> &'static str {
    ["none", "4 2", "1.5 1.5", "5 1.5 1.5 1.5"][group % 4]
}

/// The line around a box of a reader's group.
pub(super) fn outline(pen: &mut Pen, group: usize, rect: Rect, radius: f64) {
    let around = Rect {
        x: rect.x - GROUP_GAP,
        y: rect.y - GROUP_GAP,
        width: rect.width + 2.0 * GROUP_GAP,
        height: rect.height + 2.0 * GROUP_GAP,
    };
    pen.raw("<rect class=\"group\"").rect(around).length("rx", radius + GROUP_GAP).raw(" fill=\"none\"");
    pen.paint("stroke", INK).raw(" stroke-width=\"1.2\" stroke-dasharray=\"").raw(group_dashes(group)).raw("\"/>");
}

/// `A0.1, 3 edges in, 2 out`, with the token position and the group where there is one.
fn name(layout: &Layout, node_box: &NodeBox) -> String {
    let node = layout.node(node_box);
    let at = layout.seq_idx(node_box).map(|seq_idx| format!(" at position {seq_idx}")).unwrap_or_default();
    let edges = |n: usize| if n == 1 { "edge" } else { "edges" };
    let group = node.group.map_or_else(String::new, |group| format!(", of {}", layout.drawn.nodes.groups[group]));
    format!("{}{at}{group}, {} {} in, {} out", node.label, node_box.n_in, edges(node_box.n_in), node_box.n_out)
}

fn cells(pen: &mut Pen, layout: &Layout, node_box: &NodeBox) {
    for (i, cell) in node_box.cells.iter().enumerate() {
        let hollow = cell.n_in == 0;
        pen.raw("<rect class=\"cell").raw(if hollow { " hollow" } else { "" }).raw("\"");
        pen.raw(" data-port=\"").raw(cell.port.letter()).raw("\"");
        if hollow {
            pen.rect(inset(cell.rect)).raw(" rx=\"2\"").paint("fill", GROUND).raw(" fill-opacity=\"0.82\"/>");
        } else {
            pen.rect(cell.rect).raw(" fill=\"none\"/>");
        }
        if i > 0 {
            divider(pen, layout, cell);
        }
        if node_box.has_letters {
            let mut at = cell.rect.centre();
            at.y += 3.2;
            let spot = TextSpot { at, align: TextAlign::Middle };
            let tone = if hollow { MUTED } else { ON_KIND }.of(pen.look.theme);
            let class = if hollow { "port hollow" } else { "port" };
            let attributes = format!(" class=\"{class}\" fill=\"{tone}\" font-size=\"9\" font-weight=\"600\"");
            pen.label(&attributes, cell.port.letter(), spot);
        }
    }
}

fn inset(rect: Rect) -> Rect {
    let by = |length: f64| 1.1_f64.min(length / 4.0);
    let (x, y) = (by(rect.width), by(rect.height));
    Rect { x: rect.x + x, y: rect.y + y, width: rect.width - 2.0 * x, height: rect.height - 2.0 * y }
}

/// The line between a cell and the one before it.
fn divider(pen: &mut Pen, layout: &Layout, cell: &Cell) {
    pen.raw("<path class=\"divider\" d=\"M").number(cell.rect.x).raw(" ").number(cell.rect.y);
    match layout.orientation {
        Orientation::Horizontal => pen.raw("h").number(cell.rect.width),
        Orientation::Vertical => pen.raw("v").number(cell.rect.height),
    };
    pen.raw("\"").paint("stroke", GROUND).raw("/>");
}

/// The sign that a box stands for several heads and can be opened.
fn plus(pen: &mut Pen, rect: Rect) {
    let centre = rect.centre();
    pen.raw("<path class=\"plus\" d=\"M").number(centre.x - 2.2).raw(" ").number(centre.y).raw("h4.4M");
    pen.number(centre.x).raw(" ").number(centre.y - 2.2).raw("v4.4\"").paint("stroke", ON_KIND);
    pen.raw(" stroke-width=\"1.2\"/>");
}

fn label(pen: &mut Pen, layout: &Layout, node_box: &NodeBox) {
    let (text, spot) = (layout.label(node_box), node_box.label.spot);
    let ink = INK.of(pen.look.theme);
    match node_box.label.place {
        LabelPlace::Beside => {
            pen.haloed(&format!(" class=\"nl\" fill=\"{ink}\" font-weight=\"500\""), text, spot);
        }
        LabelPlace::Late if pen.is_file() => {}
        LabelPlace::Late => {
            // Without the page's style it stays unseen, as in a file.
            pen.haloed(&format!(" class=\"nl late\" fill=\"{ink}\" font-weight=\"500\" opacity=\"0\""), text, spot);
        }
        LabelPlace::Inside => {
            let fill = ON_KIND.of(pen.look.theme);
            pen.label(&format!(" class=\"endl\" fill=\"{fill}\" font-weight=\"600\""), text, spot);
        }
        LabelPlace::InsideTurned => {
            let centre = node_box.rect.centre();
            pen.raw("<text class=\"endl\"").paint("fill", ON_KIND).raw(" font-weight=\"600\" text-anchor=\"middle\"");
            pen.raw(" transform=\"translate(").number(centre.x + 3.8).raw(" ").number(centre.y).raw(") rotate(-90)\">");
            pen.text(text).raw("</text>");
        }
    }
}
