//! The picture of a [`Layout`]: as a file ([`svg_string`]), or as the markup of a page ([`markup`]).
//!
//! In a page colours are CSS custom properties that its theme may set: `--circuit-positive`, `--circuit-negative`,
//! `--circuit-zero`, `--circuit-text`, `--circuit-outline`, `--circuit-background` (the halo of labels) and `--circuit-node-0`
//! to `--circuit-node-7`. In a file they are literal.

mod signs;

use std::fmt::Write;

use super::layout::{Layout, NodeBox, PositionLabel, Ribbon};
use crate::geometry::{Curve, Point, TextAlign, TextSpot};
use crate::svg::{Element, Root, background, document, group, push_px, px, text, write_element};
use crate::theme::Theme;
use signs::Sign;

/// The colours of nodes, by their index in the graph. Chosen so that any two differ for normal sight and for the three kinds
/// of colour blindness: by at least 0.11 in OKLab as Machado et al. (2009) simulate them (Okabe and Ito's palette: 0.08).
pub const NODE_COLOURS: [&str; 8] =
    ["#8f72d6", "#b7ae23", "#72d8e3", "#745835", "#96a5f9", "#41a477", "#efbe8e", "#ab498b"];

/// A page's style of a picture: custom properties, and what the pointer changes.
const STYLE: &str = include_str!("circuit.css");

/// How a picture is drawn.
#[derive(Clone, Copy)]
struct Look<'a> {
    theme: Theme,
    /// Part of the id of the hatching, which differs between the pictures of a page.
    id: &'a str,
    medium: Medium,
}

/// Where a picture is shown.
#[derive(Clone, Copy)]
enum Medium {
    Page,
    File,
}

impl<'a> Look<'a> {
    /// In a page, whose style sets the theme's colours.
    fn in_page(id: &'a str) -> Self {
        Self { theme: Theme::Light, id, medium: Medium::Page }
    }
}

/// The picture as a file: a standalone SVG document with literal colours.
pub fn svg_string(layout: &Layout, theme: Theme) -> String {
    let look = Look { theme, id: "circuit", medium: Medium::File };
    let picture = root(layout, look)
        .child(background(layout.size, theme))
        .children(lower_layers(layout, look))
        .child(file_ribbons(layout, look))
        .child(box_layer(layout, look));
    document(picture)
}

/// For a page: what is in the `<svg>` element, with its style. Ribbons carry their edge's name as `data-edge`, boxes their
/// node's as `data-node`. `id` differs between the pictures of a page.
pub fn markup(layout: &Layout, id: &str) -> String {
    let look = Look::in_page(id);
    let mut markup = String::with_capacity(256 * layout.ribbons.len());
    write_element(&mut markup, &Element::new("style").text(style()));
    lower_layers(layout, look).iter().for_each(|layer| write_element(&mut markup, layer));
    let ribbons = layout
        .ribbons
        .iter()
        .map(|r| ribbon(r, look).with("data-edge", r.edge_name.as_str()).child(Element::title(&r.hover)));
    write_element(&mut markup, &group("ribbons").with("fill", "none").children(ribbons));
    write_element(&mut markup, &box_layer(layout, look));
    markup
}

fn root(layout: &Layout, look: Look) -> Element {
    let description = description(layout);
    Root { class: "circuit", size: layout.size, font_size: "12", description, theme: look.theme }.element()
}

/// The hatching, and the labels of token positions.
fn lower_layers(layout: &Layout, look: Look) -> [Element; 2] {
    let positions = group("positions").with("font-weight", "600");
    [
        Element::new("defs").child(signs::hatching(look)),
        positions.children(layout.position_labels.iter().flat_map(|label| position(label, look))),
    ]
}

/// For a file: all ribbons, each with its title.
fn file_ribbons(layout: &Layout, look: Look) -> Element {
    let strokes = |r: &Ribbon| {
        let strokes = signs::stroked_in_file(Sign::of(r.score), look, path(&r.curves), px(r.width));
        let title = Element::title(&r.hover);
        strokes.into_iter().map(move |stroke| stroke.child(title.clone()))
    };
    group("ribbons").with("fill", "none").children(layout.ribbons.iter().flat_map(strokes))
}

fn box_layer(layout: &Layout, look: Look) -> Element {
    let boxes = group("boxes").with("stroke", look.theme.text()).with("stroke-opacity", "0.35");
    let labels = layout.boxes.iter().map(|b| text(&b.label, b.label_spot));
    let legend = if layout.ribbons.is_empty() {
        no_edges(layout)
    } else {
        signs::legend(layout.size, look, layout.by_mask, |sign| {
            layout.ribbons.iter().any(|ribbon| Sign::of(ribbon.score) == sign)
        })
    };
    Element::new("g")
        .child(boxes.children(layout.boxes.iter().enumerate().map(|(i, b)| node_box(i, b))))
        .child(group("labels").halo(look.theme).children(labels))
        .child(legend)
}

fn ribbon(ribbon: &Ribbon, look: Look) -> Element {
    signs::stroked(Sign::of(ribbon.score), look, path(&ribbon.curves), px(ribbon.width))
}

/// The `d` of a path of curves of which each starts where the one before it ends.
fn path(curves: &[Curve]) -> String {
    let mut d = String::with_capacity(64 * curves.len());
    let mut push = |lead: char, point: &Point| {
        d.push(lead);
        push_px(&mut d, point.x);
        d.push(' ');
        push_px(&mut d, point.y);
    };
    curves.first().into_iter().for_each(|first| push('M', &first.start));
    for curve in curves {
        push('C', &curve.start_control);
        push(' ', &curve.end_control);
        push(' ', &curve.end);
    }
    d
}

fn node_box(i: usize, node: &NodeBox) -> Element {
    let colour = node.node_idx % NODE_COLOURS.len();
    Element::new("rect")
        .with("x", px(node.rect.x))
        .with("y", px(node.rect.y))
        .with("width", px(node.rect.width))
        .with("height", px(node.rect.height))
        .with("rx", "2")
        .with("class", format!("node-{colour}"))
        .with("fill", NODE_COLOURS[colour])
        .with("data-box", i.to_string())
        .child(Element::title(&node.hover))
}

/// The band of a token position, and its label.
fn position(label: &PositionLabel, look: Look) -> [Element; 2] {
    let band = Element::new("rect")
        .with("class", "band")
        .with("x", px(label.band.x))
        .with("y", px(label.band.y))
        .with("width", px(label.band.width))
        .with("height", px(label.band.height))
        .with("rx", "6")
        .with("fill", look.theme.text())
        .with("fill-opacity", "0.035");
    // Beside the text and not in it: svglib would write the title out.
    let titled = Element::new("g").child(Element::title(&label.full_text)).child(text(&label.text, label.spot));
    [band, titled]
}

/// Instead of the legend where there is nothing to see.
fn no_edges(layout: &Layout) -> Element {
    let at = Point { x: layout.size.width / 2.0, y: layout.size.height / 2.0 };
    let note = text("no edges", TextSpot { at, align: TextAlign::Middle });
    group("legend").child(note.with("class", "empty").with("font-size", "13").with("fill-opacity", "0.65"))
}

/// The picture in a sentence, for readers who do not see it.
fn description(layout: &Layout) -> String {
    let count = |n: usize, noun: &str| if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") };
    let edges = count(layout.ribbons.len(), "edge");
    if layout.ribbons.is_empty() {
        return "Circuit with no edges".to_owned();
    }
    let mut nodes: Vec<_> = layout.boxes.iter().map(|b| b.node_idx).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let positions = match layout.position_labels.len() {
        0 | 1 => String::new(),
        n => format!(", at {n} token positions"),
    };
    format!("Circuit of {edges} between {}{positions}", count(nodes.len(), "node"))
}

/// A page's style with the colours of signs and nodes.
fn style() -> String {
    let mut style = STYLE.to_owned() + &signs::rules();
    for (i, colour) in NODE_COLOURS.iter().enumerate() {
        let _ = write!(style, ".circuit .node-{i}{{fill:var(--circuit-node-{i},{colour})}}");
    }
    style
}
