//! The picture of a [`Layout`] as an SVG document.
//!
//! A picture is first a small tree of [`Element`]s, which is then written as text (here) or as a page's nodes
//! (`circuit_svg`), so that both are the same. Colours are CSS custom properties that a page's theme may set, with values
//! of their own where it does not: `--circuit-positive`, `--circuit-negative`, `--circuit-zero`, `--circuit-text`,
//! `--circuit-outline`, `--circuit-background` (the halo of labels) and `--circuit-node-0` to `--circuit-node-7`.
//!
//! The sign of a score is told by the colour and, for eyes that do not tell these apart, by hatching.

use std::fmt::Write;

use super::layout::{Layout, NodeBox, PositionLabel, Ribbon};
use crate::geometry::{Curve, Point, TextAlign, TextSpot};
use crate::svg::{Element, group, push_px, px, text, write_element};

/// The colours of nodes, by their place in the graph. Chosen so that any two differ for normal sight and for the three kinds
/// of colour blindness: by at least 0.11 in OKLab as Machado et al. (2009) simulate them (Okabe and Ito's palette: 0.08).
pub const NODE_COLOURS: [&str; 8] =
    ["#8f72d6", "#b7ae23", "#72d8e3", "#745835", "#96a5f9", "#41a477", "#efbe8e", "#ab498b"];

// For programs that know no CSS variables; the style has the same.
const POSITIVE: &str = "#2f6fd6";
const NEGATIVE: &str = "#d2452c";
const ZERO: &str = "#8b919c";

/// The style of a picture, in the document itself so that a saved file is complete.
const STYLE: &str = include_str!("circuit.css");

/// The legend's distance from the lower left corner, and its sizes, in pixels.
const LEGEND_RISE: f64 = 14.0;
const SWATCH: f64 = 20.0;
/// A character of 11-pixel type, about.
const LEGEND_CHAR: f64 = 6.2;

/// The picture as a file: a standalone SVG document.
pub fn svg_string(layout: &Layout) -> String {
    let mut text = String::with_capacity(4096 + 512 * layout.ribbons.len());
    write_element(&mut text, &picture(layout, "circuit"));
    text
}

/// The whole picture. `id` tells its hatching apart from that of other pictures on a page.
pub fn picture(layout: &Layout, id: &str) -> Element {
    frame(layout, id).child(ribbons(layout, id)).child(boxes(layout, id))
}

/// The `<svg>` element with all that lies below the ribbons.
pub fn frame(layout: &Layout, id: &str) -> Element {
    let (width, height) = (px(layout.size.width), px(layout.size.height));
    Element::new("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .with("class", "circuit")
        .with("viewBox", format!("0 0 {width} {height}"))
        .with("width", width)
        .with("height", height)
        .with("role", "img")
        .with("aria-label", description(layout))
        .child(Element::new("style").text(style()))
        .child(Element::new("defs").child(hatching(id)))
        .child(group("positions").children(layout.position_labels.iter().flat_map(position)))
}

/// All ribbons.
pub fn ribbons(layout: &Layout, id: &str) -> Element {
    let ribbons = layout.ribbons.iter().enumerate();
    group("ribbons").with("fill", "none").children(
        ribbons.map(|(i, r)| ribbon(r, id).with("data-ribbon", i.to_string()).child(Element::title(&r.hover))),
    )
}

/// All ribbons without their titles, as the text of what is in their group.
pub fn ribbon_markup(layout: &Layout, id: &str) -> String {
    let mut markup = String::with_capacity(256 * layout.ribbons.len());
    for (i, ribbon) in layout.ribbons.iter().enumerate() {
        write_element(&mut markup, &self::ribbon(ribbon, id).with("data-ribbon", i.to_string()));
    }
    markup
}

/// Some ribbons again, to be drawn above the others.
pub fn highlight<'a>(ribbons: impl Iterator<Item = &'a Ribbon>, id: &str) -> Element {
    group("highlight").with("fill", "none").children(ribbons.map(|r| ribbon(r, id)))
}

/// The boxes, their labels and the legend: all that lies above the ribbons.
pub fn boxes(layout: &Layout, id: &str) -> Element {
    let boxes = layout.boxes.iter().enumerate().map(|(i, b)| node_box(i, b));
    let labels = layout.boxes.iter().map(|b| text(&b.label, b.label_spot));
    Element::new("g")
        .child(group("boxes").children(boxes))
        .child(group("labels").children(labels))
        .child(legend(layout, id))
}

fn ribbon(ribbon: &Ribbon, id: &str) -> Element {
    let (class, stroke) = stroke(Sign::of(ribbon.score), id);
    stroked(class, stroke, path(&ribbon.curves), px(ribbon.width))
}

fn stroked(class: &'static str, stroke: String, d: String, width: String) -> Element {
    Element::new("path").with("class", class).with("stroke", stroke).with("d", d).with("stroke-width", width)
}

/// The class and the colour of a sign.
fn stroke(sign: Sign, id: &str) -> (&'static str, String) {
    match sign {
        Sign::Positive => ("positive", POSITIVE.to_owned()),
        Sign::Negative => ("negative", format!("url(#{id}-negative)")),
        Sign::Zero => ("zero", ZERO.to_owned()),
    }
}

/// The `d` of a path of curves that go on in each other.
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

fn position(label: &PositionLabel) -> [Element; 2] {
    let band = Element::new("rect")
        .with("class", "band")
        .with("x", px(label.band.x))
        .with("y", px(label.band.y))
        .with("width", px(label.band.width))
        .with("height", px(label.band.height))
        .with("rx", "6");
    [band, text(&label.text, label.spot).child(Element::title(&label.full_text))]
}

/// The stripes that negative ribbons are filled with.
fn hatching(id: &str) -> Element {
    let stripe = |width: &str, opacity: &str| {
        Element::new("rect")
            .with("class", "negative-mark")
            .with("width", width)
            .with("height", "6")
            .with("fill", NEGATIVE)
            .with("fill-opacity", opacity)
    };
    Element::new("pattern")
        .with("id", format!("{id}-negative"))
        .with("patternUnits", "userSpaceOnUse")
        .with("width", "6")
        .with("height", "6")
        .with("patternTransform", "rotate(45)")
        .child(stripe("6", "0.45"))
        .child(stripe("2.5", "0.6"))
}

/// What colours mean, below the picture; or that there is nothing to see.
fn legend(layout: &Layout, id: &str) -> Element {
    let (middle, y) = (layout.size.width / 2.0, layout.size.height - LEGEND_RISE);
    if layout.ribbons.is_empty() {
        let at = Point { x: middle, y: layout.size.height / 2.0 };
        let none = text("no edges", TextSpot { at, align: TextAlign::Middle }).with("class", "empty");
        return group("legend").child(none);
    }
    let mut legend = group("legend");
    let mut x = LEGEND_RISE;
    for (sign, meaning) in [(Sign::Positive, "positive"), (Sign::Negative, "negative"), (Sign::Zero, "zero")] {
        if layout.ribbons.iter().any(|ribbon| Sign::of(ribbon.score) == sign) {
            let swatch = format!("M{} {}h{SWATCH}", px(x), px(y - 4.0));
            let at = Point { x: x + SWATCH + 6.0, y };
            let (class, stroke) = stroke(sign, id);
            legend = legend
                .child(stroked(class, stroke, swatch, "8".to_owned()))
                .child(text(meaning, TextSpot { at, align: TextAlign::Start }));
            x += SWATCH + 24.0 + LEGEND_CHAR * meaning.len() as f64;
        }
    }
    legend.child(text("width: |score|", TextSpot { at: Point { x, y }, align: TextAlign::Start }))
}

/// The sentence that stands for the picture where it cannot be seen.
fn description(layout: &Layout) -> String {
    let count = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
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

/// The style with the nodes' colours.
fn style() -> String {
    let mut style = STYLE.to_owned();
    for (i, colour) in NODE_COLOURS.iter().enumerate() {
        let _ = write!(style, ".circuit .node-{i}{{fill:var(--circuit-node-{i},{colour})}}");
    }
    style
}

#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Positive,
    Negative,
    Zero,
}

impl Sign {
    fn of(score: f32) -> Self {
        if score == 0.0 {
            Self::Zero
        } else if score > 0.0 {
            Self::Positive
        } else {
            Self::Negative
        }
    }
}
