//! The picture of a [`PlotLayout`]: as a file ([`plot_string`]) or for a page ([`plot_picture`], and above it [`cursor`]).
//!
//! Each series has a colour and a dash of its own, so that curves can be told apart without colours. In a page the colours
//! are the CSS custom properties `--series-0` to `--series-5`, with those of [`SERIES`] where its theme sets none; in a file
//! they are literal.

use std::fmt::Write;

use super::layout::{AxisLayout, DrawnLevel, DrawnPoint, DrawnSeries, LegendItem, PlotLayout, SAMPLE, Tick};
use super::request::Cursor;
use crate::geometry::{Point, Rect, TextAlign, TextSpot};
use crate::svg::{Element, Root, background, document, group, px, text};
use crate::theme::Theme;

/// The look of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesStyle {
    /// Its colour on a light ground.
    pub light: &'static str,
    /// Its colour on a dark ground.
    pub dark: &'static str,
    /// SVG's `stroke-dasharray`.
    pub dashes: &'static str,
}

/// The looks of series, by their `style`.
pub const SERIES: [SeriesStyle; 6] = [
    SeriesStyle { light: "#2f6fd6", dark: "#6aa5ff", dashes: "none" },
    SeriesStyle { light: "#c2620a", dark: "#ffa94d", dashes: "7 3" },
    SeriesStyle { light: "#0b7f62", dark: "#4fd1a5", dashes: "2 3" },
    SeriesStyle { light: "#a63d8f", dark: "#e68fd2", dashes: "9 3 2 3" },
    SeriesStyle { light: "#7a5c2e", dark: "#cbb07f", dashes: "12 4" },
    SeriesStyle { light: "#5b5f73", dark: "#b3b8cc", dashes: "4 2 1 2" },
];

/// A page's style of a plot.
const STYLE: &str = include_str!("plot.css");

/// The plot as a file: a standalone SVG document with literal colours.
pub fn plot_string(layout: &PlotLayout, theme: Theme) -> String {
    document(root(layout, theme).child(background(layout.size, theme)).children(layers(layout, theme)))
}

/// For a page: the whole plot, with its style.
pub fn plot_picture(layout: &PlotLayout) -> Element {
    let theme = Theme::Light;
    root(layout, theme).child(Element::new("style").text(style())).children(layers(layout, theme))
}

/// For a page: a line over the frame at the cursor, with a handle on the first curve where that has been measured.
pub fn cursor(layout: &PlotLayout, cursor: Cursor) -> Element {
    let (x, Rect { y, height, .. }) = (layout.x.px(cursor.x), layout.frame);
    let line = Element::new("path").with("d", format!("M{} {}V{}", px(x), px(y), px(y + height)));
    let handle =
        |value: f64| Element::new("circle").with("cx", px(x)).with("cy", px(layout.y.px(value))).with("r", "6");
    let measured = cursor.y.filter(|value| value.is_finite());
    group("handle").child(line).children(measured.map(handle))
}

fn root(layout: &PlotLayout, theme: Theme) -> Element {
    let names: Vec<_> = layout.series.iter().map(|series| series.name.as_str()).collect();
    let description = format!("{} against {}: {}", layout.y.label, layout.x.label, names.join(", "));
    Root { class: "plot", size: layout.size, font_size: "11", description, theme }.element()
}

/// Everything from the axes up.
fn layers(layout: &PlotLayout, theme: Theme) -> Vec<Element> {
    // The first series is the one that is shown now: it lies above the others.
    let series = || layout.series.iter().rev();
    let levels = layout.levels.iter().map(|level| self::level(level, layout.frame, theme));
    let mut layers = vec![axes(layout, theme)];
    layers.extend(layout.diagonal.then(|| diagonal(layout.frame, theme)));
    layers.push(group("bands").children(series().filter(|s| s.band.len() > 2).map(|s| band(s, theme))));
    layers.push(group("curves").children(series().map(|s| curve(s, theme))));
    layers.push(group("levels").children(levels));
    layers.extend((!layout.legend.is_empty()).then(|| legend(&layout.legend, theme)));
    layers
}

fn axes(layout: &PlotLayout, theme: Theme) -> Element {
    let Rect { x, y, width, height } = layout.frame;
    let bottom = y + height;
    let mut axis = format!("M{} {}V{}H{}", px(x), px(y), px(bottom), px(x + width));
    let mut grid = String::new();
    for Tick { at, label } in &layout.x.ticks {
        let length = if label.is_some() { 5.0 } else { 3.0 };
        let _ = write!(axis, "M{} {}v{}", px(*at), px(bottom), px(length));
        if label.is_some() {
            let _ = write!(grid, "M{} {}V{}", px(*at), px(y), px(bottom));
        }
    }
    for Tick { at, label } in &layout.y.ticks {
        let length = if label.is_some() { 4.0 } else { 2.0 };
        let _ = write!(axis, "M{} {}h{}", px(x), px(*at), px(-length));
        if label.is_some() {
            let _ = write!(grid, "M{} {}H{}", px(x), px(*at), px(x + width));
        }
    }
    group("axes")
        .child(line("grid", theme.text(), grid).with("stroke-opacity", "0.09"))
        .child(axis_line(theme, axis))
        .children(layout.axis_break.into_iter().flat_map(|at| axis_break(at, bottom, theme)))
        .child(tick_labels(layout))
        .child(axis_label(&layout.x))
        .child(axis_label(&layout.y))
}

/// A gap in the x axis, between two slashes.
fn axis_break(at: f64, bottom: f64, theme: Theme) -> [Element; 2] {
    let gap = format!("M{} {}h4", px(at - 2.0), px(bottom));
    let slash = |at: f64| format!("M{} {}l4 -8", px(at - 2.0), px(bottom + 4.0));
    [
        line("break", theme.background(), gap).with("stroke-width", "3"),
        axis_line(theme, slash(at - 2.0) + &slash(at + 2.0)),
    ]
}

fn tick_labels(layout: &PlotLayout) -> Element {
    let labels = layout.x.ticks.iter().chain(&layout.y.ticks).filter_map(|tick| tick.label.as_ref());
    group("ticks").with("fill-opacity", "0.75").children(labels.map(|label| text(&label.text, label.spot)))
}

fn axis_label(axis: &AxisLayout) -> Element {
    text(&axis.label, axis.label_spot).with("class", "label").with("font-weight", "600")
}

fn axis_line(theme: Theme, d: String) -> Element {
    line("axis", theme.text(), d).with("stroke-opacity", "0.45")
}

fn line(class: &str, stroke: &str, d: String) -> Element {
    Element::new("path").with("class", class).with("fill", "none").with("stroke", stroke).with("d", d)
}

/// The ROC curve of chance.
fn diagonal(Rect { x, y, width, height }: Rect, theme: Theme) -> Element {
    let d = format!("M{} {}L{} {}", px(x), px(y + height), px(x + width), px(y));
    line("diagonal", theme.text(), d).with("stroke-opacity", "0.35").with("stroke-dasharray", "4 4")
}

fn level(DrawnLevel { name, at, spot }: &DrawnLevel, frame: Rect, theme: Theme) -> Element {
    let line = Element::new("path")
        .with("d", format!("M{} {}H{}", px(frame.x), px(*at), px(frame.x + frame.width)))
        .with("stroke", theme.text())
        .with("stroke-opacity", "0.5")
        .with("stroke-dasharray", "1 3")
        .with("stroke-linecap", "round");
    group("level").child(line).child(text(name, *spot).with("fill-opacity", "0.75").halo(theme))
}

fn band(series: &DrawnSeries, theme: Theme) -> Element {
    Element::new("path")
        .with("class", series_class("band", series.style))
        .with("fill", colour(series.style, theme))
        .with("fill-opacity", "0.15")
        .with("d", path(series.band.iter()) + "Z")
}

/// A line with a mark at every point.
fn curve(series: &DrawnSeries, theme: Theme) -> Element {
    let d = path(series.points.iter().map(|point| &point.at));
    let marks = series.points.iter().filter(|_| series.marked).map(|point| {
        let title = Element::title(&format!("{}\n{}", series.name, point.hover));
        mark(point, series.style, theme).child(title)
    });
    Element::new("g").child(series_line(series.style, theme, d)).children(marks)
}

/// A dot, or at the axis's floor an arrowhead that points below.
fn mark(point: &DrawnPoint, style: usize, theme: Theme) -> Element {
    let Point { x, y } = point.at;
    let (shape, kind) = if point.at_floor {
        (Element::new("path").with("d", format!("M{} {}h9l-4.5 7Z", px(x - 4.5), px(y - 7.0))), "clipped mark")
    } else {
        (Element::new("circle").with("cx", px(x)).with("cy", px(y)).with("r", "3"), "mark")
    };
    shape.with("class", series_class(kind, style)).with("fill", colour(style, theme)).with("stroke", theme.background())
}

fn series_line(style: usize, theme: Theme, d: String) -> Element {
    let line = line(&series_class("line", style), colour(style, theme), d)
        .with("stroke-width", "2")
        .with("stroke-linejoin", "round");
    match SERIES[style % SERIES.len()].dashes {
        "none" => line,
        dashes => line.with("stroke-dasharray", dashes),
    }
}

fn series_class(kind: &str, style: usize) -> String {
    format!("{kind} series-{}", style % SERIES.len())
}

fn colour(style: usize, theme: Theme) -> &'static str {
    let SeriesStyle { light, dark, .. } = SERIES[style % SERIES.len()];
    match theme {
        Theme::Light => light,
        Theme::Dark => dark,
    }
}

fn legend(items: &[LegendItem], theme: Theme) -> Element {
    group("legend").children(items.iter().flat_map(|item| {
        let sample = format!("M{} {}h{SAMPLE}", px(item.at.x), px(item.at.y));
        let at = Point { x: item.at.x + SAMPLE + 6.0, y: item.at.y + 4.0 };
        let name = text(&item.name, TextSpot { at, align: TextAlign::Start });
        [series_line(item.style, theme, sample), name.halo(theme)]
    }))
}

fn path<'a>(points: impl Iterator<Item = &'a Point>) -> String {
    let mut d = String::new();
    for (i, point) in points.enumerate() {
        let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, px(point.x), px(point.y));
    }
    d
}

/// A page's style with the series' colours.
fn style() -> String {
    let mut style = STYLE.to_owned();
    for (i, SeriesStyle { light, .. }) in SERIES.iter().enumerate() {
        let colour = format!("var(--series-{i},{light})");
        let _ = write!(style, ".plot .line.series-{i}{{stroke:{colour}}}");
        let _ = write!(style, ".plot .band.series-{i},.plot .mark.series-{i}{{fill:{colour}}}");
    }
    style
}
