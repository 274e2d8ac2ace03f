//! The picture of a [`StripLayout`]: for a page without the cursor ([`markup`]), as a file with it ([`svg_string`]).
//!
//! Colours are literal attributes, which any program reads. In a page [`STYLE`] goes before them, and takes them from the
//! page's custom properties.

use std::fmt::Write;

use super::curves::DrawnCurve;
use super::frame::{CursorShape, GROOVE_Y, KNOB_FOOT, NamedLine, StripLayout};
use super::request::Cursor;
use super::text::{count_text, value_text};
use crate::geometry::{Point, Rect, TextAlign, TextSpot};
use crate::plot::{SeriesStyle, TickLabel};
use crate::svg::{Element, Root, background, document, group, px, text, write_element};
use crate::theme::Theme;

/// A page's style of a strip. It reads `--ink`, `--muted`, `--line`, `--ctl`, `--pos`, `--pin`, `--bg` and `--sans`.
pub const STYLE: &str = include_str!("strip.css");

/// The looks of pinned series, by their `style`. The first is the page's `--pin`.
pub const PINNED: [SeriesStyle; 4] = [
    SeriesStyle { light: "#6a6f1a", dark: "#c8cc6a", dashes: "6 3" },
    SeriesStyle { light: "#a63d8f", dark: "#e68fd2", dashes: "9 3 2 3" },
    SeriesStyle { light: "#0b7f62", dark: "#4fd1a5", dashes: "12 4" },
    SeriesStyle { light: "#7a5c2e", dark: "#cbb07f", dashes: "4 2 1 2" },
];

/// A colour on a light and on a dark ground; those of the design's `cs.css`.
struct Colour(&'static str, &'static str);

const MUTED: Colour = Colour("#57616e", "#a1acba");
const INK: Colour = Colour("#1a2029", "#e7ebf0");
const LINE: Colour = Colour("#e1e5ea", "#29313c");
const CONTROL: Colour = Colour("#868f9b", "#6d7988");
const POSITIVE: Colour = Colour("#2a66b4", "#5c9bec");
const ACCENT: Colour = Colour("#1f5db8", "#82b3f7");
const ON_ACCENT: Colour = Colour("#ffffff", "#0d1826");

/// The knob's height, as the page's (NOTES.md of the design).
const KNOB_HEIGHT: f64 = 24.0;

impl Colour {
    fn on(&self, theme: Theme) -> &'static str {
        match theme {
            Theme::Light => self.0,
            Theme::Dark => self.1,
        }
    }
}

/// For a page: everything but the cursor, as one piece of markup.
pub fn markup(layout: &StripLayout) -> String {
    let mut text = String::with_capacity(8192);
    write_element(&mut text, &root(layout, Theme::Light).children(layers(layout, Theme::Light)));
    text
}

/// The strip as a file: a standalone SVG document with literal colours, and with the cursor.
pub fn svg_string(layout: &StripLayout, cursor: &Cursor, theme: Theme) -> String {
    let picture = root(layout, theme).child(background(layout.size, theme)).children(layers(layout, theme));
    document(picture.children([groove(layout, theme), self::cursor(layout, cursor, theme)]))
}

/// The outline of a diamond around a point, for edited circuits.
pub fn diamond(Point { x, y }: Point) -> String {
    format!("M{} {}l6 6l-6 6l-6 -6Z", px(x), px(y - 6.0))
}

fn root(layout: &StripLayout, theme: Theme) -> Element {
    let class = if layout.stale { "strip stale" } else { "strip" };
    Root { class, size: layout.size, font_size: "11", description: layout.description(), theme }.element()
}

/// From the grid up to the chosen curve.
fn layers(layout: &StripLayout, theme: Theme) -> Vec<Element> {
    let mut layers = vec![grid(layout, theme), count_axis(layout, theme)];
    layers.extend((!layout.distribution.is_empty()).then(|| distribution(layout, theme)));
    let levels = layout.levels.iter().map(|level| level_line(level, layout.frame, theme));
    layers.push(group("levels").children(levels));
    let curves = layout.chosen.iter().chain(&layout.pinned);
    layers.push(group("bands").children(curves.flat_map(|curve| bands(curve, layout.chosen.as_ref(), theme))));
    layers.extend(layout.random.as_ref().map(|curve| random(curve, theme)));
    layers.push(group("pinned").children(layout.pinned.iter().map(|curve| pinned(curve, theme))));
    layers.extend(layout.chosen.as_ref().map(|curve| chosen(layout, curve, theme)));
    let names = layout.levels.iter().filter_map(|level| Some(name(&level.name, level.spot?, theme)));
    let curve_names = layout.names.iter().map(|label| name(&label.text, label.spot, theme));
    layers.push(group("names").children(names.chain(curve_names)));
    layers.extend(layout.stale.then(|| stale_frame(layout.frame, theme)));
    layers
}

/// A line at every labelled value.
fn grid(layout: &StripLayout, theme: Theme) -> Element {
    let Rect { x, width, .. } = layout.frame;
    let labelled = || layout.value_ticks.iter().filter_map(|tick| Some((tick.at, tick.label.as_ref()?)));
    let d = labelled().fold(String::new(), |mut d, (at, _)| {
        let _ = write!(d, "M{} {}h{}", px(x), px(at), px(width));
        d
    });
    let labels = labelled().map(|(_, label)| muted(label, theme));
    group("grid").child(line("rule", &LINE, d, theme)).children(labels)
}

fn count_axis(layout: &StripLayout, theme: Theme) -> Element {
    let Rect { x, y, width, height } = layout.frame;
    let (bottom, gap) = (y + height, layout.counts.axis_break());
    // Two strokes on both sides of the gap say that the axis is broken.
    let mut axis = format!(
        "M{} {b}H{}M{} {b}H{}M{} {s}l4 -8M{} {s}l4 -8",
        px(x),
        px(gap - 2.0),
        px(gap + 2.0),
        px(x + width),
        px(gap - 4.0),
        px(gap),
        b = px(bottom),
        s = px(bottom + 4.0)
    );
    let mut small = String::new();
    for tick in &layout.count_ticks {
        let (d, length) = if tick.is_power_of_ten { (&mut axis, 5) } else { (&mut small, 3) };
        let _ = write!(d, "M{} {}v{length}", px(tick.at), px(bottom));
    }
    let labels = layout.count_ticks.iter().filter_map(|tick| tick.label.as_ref()).chain(&layout.notes);
    group("counts")
        .child(line("axis", &CONTROL, axis, theme))
        .child(line("axis", &CONTROL, small, theme).with("stroke-width", "0.6"))
        .children(labels.map(|label| muted(label, theme)))
}

/// |score| over the rank, as an area.
fn distribution(layout: &StripLayout, theme: Theme) -> Element {
    let outline = path(&layout.distribution);
    let bottom = px(layout.frame.y + layout.frame.height);
    let ends = layout.distribution.first().zip(layout.distribution.last());
    let area = ends.map(|(first, last)| format!("{outline}L{} {bottom}L{} {bottom}Z", px(last.x), px(first.x)));
    let area = area.map(|d| fill("band", POSITIVE.on(theme), d));
    group("distribution").children(area).child(line("line", &POSITIVE, outline, theme).with("stroke-width", "1.5"))
}

fn level_line(level: &NamedLine, Rect { x, width, .. }: Rect, theme: Theme) -> Element {
    let d = format!("M{} {}h{}", px(x), px(level.y), px(width));
    line("level", &CONTROL, d, theme).with("stroke-dasharray", "1 3").with("stroke-linecap", "round")
}

/// The bands of the chosen series, in its colour; pinned ones would hide it.
fn bands(curve: &DrawnCurve, chosen: Option<&DrawnCurve>, theme: Theme) -> Vec<Element> {
    let is_chosen = chosen.is_some_and(|chosen| std::ptr::eq(chosen, curve));
    let outlines = curve.bands.iter().filter(|_| is_chosen);
    outlines.map(|outline| fill("band", POSITIVE.on(theme), path(outline) + "Z")).collect()
}

fn random(curve: &DrawnCurve, theme: Theme) -> Element {
    line("random", &CONTROL, path(&curve.line()), theme)
        .with("stroke-width", "1.2")
        .with("stroke-dasharray", "1.5 2.5")
        .child(Element::title(&curve.name))
}

fn pinned(curve: &DrawnCurve, theme: Theme) -> Element {
    let style = curve.style % PINNED.len();
    let SeriesStyle { light, dark, dashes } = PINNED[style];
    line(&format!("pinned-{style}"), &Colour(light, dark), path(&curve.line()), theme)
        .with("stroke-width", "1.5")
        .with("stroke-dasharray", dashes)
        .child(Element::title(&curve.name))
}

/// The curve with its dots. While points are still to come the line between them is thin.
fn chosen(layout: &StripLayout, curve: &DrawnCurve, theme: Theme) -> Element {
    let width = if curve.partial { "1" } else { "2" };
    let dots = curve.dots.iter().filter(|_| curve.marked || curve.partial).map(|dot| {
        let edges = if dot.k == 1 { "edge" } else { "edges" };
        let value = value_text(layout.measure.scale, dot.value);
        Element::new("circle")
            .with("class", "dot")
            .with("cx", px(dot.at.x))
            .with("cy", px(dot.at.y))
            .with("r", "1.9")
            .with("fill", POSITIVE.on(theme))
            .child(Element::title(&format!("{}, {} {edges}: {value}", curve.name, count_text(dot.k))))
    });
    group(if curve.partial { "chosen partial" } else { "chosen" })
        .child(line("line", &POSITIVE, path(&curve.line()), theme).with("stroke-width", width))
        .children(dots)
}

/// Says that the values belong to other settings.
fn stale_frame(Rect { x, y, width, height }: Rect, theme: Theme) -> Element {
    let d = format!("M{} {}h{}v{}h{}Z", px(x), px(y), px(width), px(height), px(-width));
    line("frame", &CONTROL, d, theme).with("stroke-dasharray", "4 3")
}

fn groove(layout: &StripLayout, theme: Theme) -> Element {
    let d = format!("M{} {}H{}", px(layout.counts.zero), px(GROOVE_Y), px(layout.counts.end));
    line("groove", &LINE, d, theme).with("stroke-width", "4").with("stroke-linecap", "round")
}

fn cursor(layout: &StripLayout, cursor: &Cursor, theme: Theme) -> Element {
    let at = layout.cursor(cursor);
    let fall = format!("M{} {}V{}", px(at.x), px(KNOB_FOOT), px(layout.frame.y + layout.frame.height));
    let done = format!("M{} {}H{}", px(layout.counts.zero), px(GROOVE_Y), px(at.x));
    let knob = Element::new("rect")
        .with("x", px(at.knob_x - at.knob_width / 2.0))
        .with("y", px(GROOVE_Y - KNOB_HEIGHT / 2.0))
        .with("width", px(at.knob_width))
        .with("height", px(KNOB_HEIGHT))
        .with("rx", px(KNOB_HEIGHT / 2.0))
        .with("fill", ACCENT.on(theme));
    let spot = TextSpot { at: Point { x: at.knob_x, y: GROOVE_Y + 4.3 }, align: TextAlign::Middle };
    let count = text(&count_text(cursor.k), spot)
        .with("fill", ON_ACCENT.on(theme))
        .with("font-size", "12")
        .with("font-weight", "600");
    group("cursor")
        .child(line("done", &ACCENT, done, theme).with("stroke-width", "4").with("stroke-linecap", "round"))
        .child(line("fall", &INK, fall, theme).with("stroke-width", "1.25"))
        .children(at.mark.map(|(at, shape)| mark(at, shape, theme)))
        .children([knob, count])
}

fn mark(at: Point, shape: CursorShape, theme: Theme) -> Element {
    let stroke = if shape == CursorShape::Interpolated { &CONTROL } else { &POSITIVE };
    let outline = match shape {
        CursorShape::Edited => Element::new("path").with("d", diamond(at)),
        CursorShape::Measured | CursorShape::Interpolated => {
            Element::new("circle").with("cx", px(at.x)).with("cy", px(at.y)).with("r", "4.5")
        }
    };
    outline.with("fill", theme.background()).with("stroke", stroke.on(theme)).with("stroke-width", "2")
}

fn name(shown: &str, spot: TextSpot, theme: Theme) -> Element {
    text(shown, spot).with("class", "name").with("fill", MUTED.on(theme)).halo(theme)
}

fn muted(label: &TickLabel, theme: Theme) -> Element {
    text(&label.text, label.spot).with("class", "tick").with("fill", MUTED.on(theme))
}

fn line(class: &str, colour: &Colour, d: String, theme: Theme) -> Element {
    let path = Element::new("path").with("class", class).with("fill", "none").with("stroke", colour.on(theme));
    path.with("stroke-linejoin", "round").with("d", d)
}

fn fill(class: &str, colour: &str, d: String) -> Element {
    Element::new("path").with("class", class).with("fill", colour).with("fill-opacity", "0.16").with("d", d)
}

fn path(points: &[Point]) -> String {
    let mut d = String::new();
    for (i, point) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, px(point.x), px(point.y));
    }
    d
}
