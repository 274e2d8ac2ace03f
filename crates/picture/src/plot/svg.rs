//! The picture of a [`PlotLayout`] as an SVG document or as a page's nodes: axes, bands, curves, and above them the cursor.
//!
//! Each series has a colour (`--series-0` to `--series-5`, with values of their own where a page's theme sets none) and a
//! dash of its own, so that curves are told apart without colours.

use std::fmt::Write;

use super::layout::{AxisLayout, DrawnLevel, DrawnPoint, DrawnSeries, PlotLayout, SAMPLE, Tick, TickLabel};
use crate::geometry::{Point, Rect, TextAlign, TextSpot};
use crate::svg::{Element, group, px, text, write_element};

/// A series' colour on white and its dashes.
pub const SERIES: [(&str, &str); 6] = [
    ("#2f6fd6", "none"),
    ("#c2620a", "7 3"),
    ("#0b7f62", "2 3"),
    ("#a63d8f", "9 3 2 3"),
    ("#7a5c2e", "12 4"),
    ("#5b5f73", "4 2 1 2"),
];

const STYLE: &str = include_str!("plot.css");

/// The plot as a file: a standalone SVG document.
pub fn plot_string(layout: &PlotLayout) -> String {
    let mut text = String::with_capacity(8192);
    write_element(&mut text, &plot_picture(layout));
    text
}

/// The whole plot.
pub fn plot_picture(layout: &PlotLayout) -> Element {
    let (width, height) = (px(layout.size.width), px(layout.size.height));
    let names: Vec<_> = layout.series.iter().map(|series| series.name.as_str()).collect();
    let mut picture = Element::new("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .with("class", "plot")
        .with("viewBox", format!("0 0 {width} {height}"))
        .with("width", width)
        .with("height", height)
        .with("role", "img")
        .with("aria-label", format!("{} against {}: {}", layout.y.label, layout.x.label, names.join(", ")))
        .child(Element::new("style").text(style()))
        .child(axes(layout));
    if layout.diagonal {
        let Rect { x, y, width, height } = layout.frame;
        let d = format!("M{} {}L{} {}", px(x), px(y + height), px(x + width), px(y));
        picture = picture.child(Element::new("path").with("class", "diagonal").with("d", d));
    }
    // The first series is what is shown now: it lies above the others.
    picture = picture
        .child(group("bands").children(layout.series.iter().rev().filter(|s| s.band.len() > 2).map(band)))
        .child(group("curves").children(layout.series.iter().rev().map(curve)))
        .child(group("levels").children(layout.levels.iter().map(|level| self::level(level, layout.frame))));
    if !layout.legend.is_empty() {
        picture = picture.child(legend(layout));
    }
    picture
}

/// The cursor at a value of the x axis: a line over the frame with a handle on the first curve, or at its foot where that has
/// no point there.
pub fn cursor(layout: &PlotLayout, x: f64) -> Element {
    let x = layout.x.px(x);
    let Rect { y, height, .. } = layout.frame;
    let bottom = y + height;
    let on_curve = layout.nearest(0, x).map(|i| layout.series[0].points[i].at).filter(|at| (at.x - x).abs() < 0.5);
    let at = on_curve.unwrap_or(Point { x, y: bottom });
    let line = Element::new("path").with("d", format!("M{} {}V{}", px(x), px(y), px(bottom)));
    let handle = Element::new("circle").with("cx", px(at.x)).with("cy", px(at.y)).with("r", "6");
    group("handle").child(line).child(handle)
}

fn axes(layout: &PlotLayout) -> Element {
    let Rect { x, y, width, height } = layout.frame;
    let (bottom, mut grid, mut ticks) = (y + height, String::new(), group("ticks"));
    let mut axis = format!("M{} {}V{}H{}", px(x), px(y), px(bottom), px(x + width));
    for Tick { at, label } in &layout.x.ticks {
        let length = if label.is_some() { 5.0 } else { 3.0 };
        let _ = write!(axis, "M{} {}v{}", px(*at), px(bottom), px(length));
        if let Some(TickLabel { text: shown, spot }) = label {
            let _ = write!(grid, "M{} {}V{}", px(*at), px(y), px(bottom));
            ticks = ticks.child(text(shown, *spot));
        }
    }
    for Tick { at, label } in &layout.y.ticks {
        let length = if label.is_some() { 4.0 } else { 2.0 };
        let _ = write!(axis, "M{} {}h{}", px(x), px(*at), px(-length));
        if let Some(TickLabel { text: shown, spot }) = label {
            let _ = write!(grid, "M{} {}H{}", px(x), px(*at), px(x + width));
            ticks = ticks.child(text(shown, *spot));
        }
    }
    let mut axes = group("axes")
        .child(Element::new("path").with("class", "grid").with("d", grid))
        .child(Element::new("path").with("class", "axis").with("d", axis));
    if let Some(at) = layout.axis_break {
        let slash = |at: f64| format!("M{} {}l4 -8", px(at - 2.0), px(bottom + 4.0));
        axes = axes
            .child(Element::new("path").with("class", "break").with("d", format!("M{} {}h4", px(at - 2.0), px(bottom))))
            .child(Element::new("path").with("class", "axis").with("d", slash(at - 2.0) + &slash(at + 2.0)));
    }
    let label = |axis: &AxisLayout| text(&axis.label, axis.label_spot).with("class", "label");
    axes.child(ticks).child(label(&layout.x)).child(label(&layout.y))
}

fn level(DrawnLevel { name, at, spot }: &DrawnLevel, frame: Rect) -> Element {
    let line = format!("M{} {}H{}", px(frame.x), px(*at), px(frame.x + frame.width));
    group("level").child(Element::new("path").with("d", line)).child(text(name, *spot))
}

fn band(series: &DrawnSeries) -> Element {
    let style = series.style % SERIES.len();
    Element::new("path")
        .with("class", format!("band series-{style}"))
        .with("fill", SERIES[style].0)
        .with("d", path(series.band.iter()) + "Z")
}

fn curve(series: &DrawnSeries) -> Element {
    let style = series.style % SERIES.len();
    let points = series.points.iter();
    let line = stroked(style).with("d", path(points.clone().map(|point| &point.at)));
    let mark = |point: &DrawnPoint| {
        Element::new("circle")
            .with("class", format!("mark series-{style}"))
            .with("fill", SERIES[style].0)
            .with("cx", px(point.at.x))
            .with("cy", px(point.at.y))
            .with("r", "3")
            .child(Element::title(&format!("{}\n{}", series.name, point.hover)))
    };
    let marks = points.filter(|_| series.marked).map(mark);
    Element::new("g").child(line).children(marks)
}

fn stroked(style: usize) -> Element {
    let (colour, dashes) = SERIES[style];
    Element::new("path")
        .with("class", format!("line series-{style}"))
        .with("fill", "none")
        .with("stroke", colour)
        .with("stroke-dasharray", dashes)
}

fn legend(layout: &PlotLayout) -> Element {
    group("legend").children(layout.legend.iter().flat_map(|item| {
        let sample =
            stroked(item.style % SERIES.len()).with("d", format!("M{} {}h{SAMPLE}", px(item.at.x), px(item.at.y)));
        let at = Point { x: item.at.x + SAMPLE + 6.0, y: item.at.y + 4.0 };
        [sample, text(&item.name, TextSpot { at, align: TextAlign::Start })]
    }))
}

fn path<'a>(points: impl Iterator<Item = &'a Point>) -> String {
    let mut d = String::new();
    for (i, point) in points.enumerate() {
        let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, px(point.x), px(point.y));
    }
    d
}

/// The style with the series' colours.
fn style() -> String {
    let mut style = STYLE.to_owned();
    for (i, (colour, _)) in SERIES.iter().enumerate() {
        let colour = format!("var(--series-{i},{colour})");
        let _ = write!(style, ".plot .line.series-{i}{{stroke:{colour}}}");
        let _ = write!(style, ".plot .band.series-{i},.plot .mark.series-{i}{{fill:{colour}}}");
    }
    style
}
