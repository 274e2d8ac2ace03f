//! The picture of a [`Layout`]: as a file ([`svg_string`]), or for a page ([`picture`], [`markup`]).
//!
//! A file's root carries `data-figure="circuit"` (in a page the element around it does), every cell `data-cell="A0.1->MLP 1"`
//! and, of its strongest edge, `data-edge`; rows and columns have `data-node` at their heads, also where they are too narrow for
//! names. In a page the custom properties `--pos`, `--neg`, `--cs`, `--ca`, `--cb` (shared, only A, only B), `--bg`, `--ink`,
//! `--muted`, `--ctl` and `--wash` set the colours. In a file they are literal.

use std::fmt::Write;

use super::SHARES;
use super::colours::{Hue, line, muted, wash};
use super::{Cell, Label, LabelRole, Lane, Layout};
use crate::auto_circuit::score_text;
use crate::drawn::Side;
use crate::geometry::{Point, Rect, Size, TextAlign, TextSpot};
use crate::svg::{Element, Root, background, document, group, push_px, px, text, write_element};
use crate::theme::Theme;
use circuitscope_core::count_label;

/// A page's style of the picture.
const STYLE: &str = include_str!("matrix.css");
/// The height of a file's legend, in pixels: a line of text and its margins.
const LEGEND: f64 = 28.0;
/// From a line of it to the next, and its left margin.
const LEGEND_LINE: f64 = 17.0;
const LEGEND_START: f64 = 12.0;
/// From the left edge of a step of colour to that of the next.
const SWATCH_PITCH: f64 = 14.0;
/// How far into the margin the head of a row or a column reaches.
const HEAD: f64 = 8.0;
/// The least opacity of a cell whose edges are partly in the circuit.
const LEAST_OPACITY: f64 = 0.15;
/// About the width of a character of 11-pixel type.
const CHAR_WIDTH: f64 = 6.2;

/// The picture as a file: a standalone SVG document with literal colours, titles and a legend.
pub fn svg_string(layout: &Layout, theme: Theme) -> String {
    let size = Size { height: layout.size.height + LEGEND + notes_spot(layout).y, ..layout.size };
    document(file(layout, size, theme).child(legend(layout, theme)))
}

/// The same without a legend.
pub fn bare_svg_string(layout: &Layout, theme: Theme) -> String {
    document(file(layout, layout.size, theme))
}

fn file(layout: &Layout, size: Size, theme: Theme) -> Element {
    let titled = |cell: &Cell| cell_element(cell, theme).child(Element::title(&cell_text(cell)));
    root(layout, size, theme)
        .with("data-figure", "circuit")
        .child(background(size, theme))
        .children(ground(layout, theme))
        .child(group("cells").children(layout.cells.iter().map(titled)))
        .child(labels(layout, theme))
}

/// The picture for a page, with its style.
pub fn picture(layout: &Layout) -> Element {
    let theme = Theme::Light;
    root(layout, layout.size, theme)
        .child(Element::new("style").text(style()))
        .children(ground(layout, theme))
        .child(group("cells").children(layout.cells.iter().map(|cell| cell_element(cell, theme))))
        .child(heads(layout))
        .child(labels(layout, theme))
}

/// [`picture`] as text.
pub fn markup(layout: &Layout) -> String {
    let mut markup = String::with_capacity(192 * layout.cells.len() + 8192);
    write_element(&mut markup, &picture(layout));
    markup
}

/// For a page: lines from the heads of its row and its column to a cell, and an outline.
pub fn cross(layout: &Layout, cell: &Cell) -> Element {
    let (Rect { x, y, .. }, [row, column]) = (layout.inside, [&layout.rows[cell.row], &layout.columns[cell.column]]);
    let [across, down] = [row, column].map(|lane| lane.start + lane.breadth / 2.0);
    let d = format!(
        "M{} {}H{}M{} {}V{}",
        px(x - 4.0),
        px(across),
        px(column.start - 3.0),
        px(down),
        px(y - 4.0),
        px(row.start - 3.0)
    );
    let lines = Element::new("path").with("d", d).with("stroke-width", "0.8").with("stroke-dasharray", "2 2");
    let around =
        Rect { x: column.start - 2.0, y: row.start - 2.0, width: column.breadth + 4.0, height: row.breadth + 4.0 };
    group("cross").with("fill", "none").child(lines).child(rect(around).with("stroke-width", "1.4"))
}

/// What a cell says: its ends, its score and how many edges it has.
pub fn cell_text(cell: &Cell) -> String {
    let edges = count_label(cell.n_edges, "edge", "edges");
    format!("{}\nscore {}, {edges}", cell.name, score_text(cell.score as f32))
}

/// The steps of colour in words: where they begin, in the scores' own unit.
pub fn steps_text(layout: &Layout) -> String {
    let [a, b, c] = layout.steps.map(|step| score_text(step as f32));
    format!("steps at |score| {a}, {b}, {c}")
}

fn root(layout: &Layout, size: Size, theme: Theme) -> Element {
    let description = description(layout);
    Root { class: "matrix", size, font_size: "11", description, theme }.element()
}

fn description(layout: &Layout) -> String {
    let (n_edges, n_cells) = (layout.cells.iter().map(|cell| cell.n_edges).sum::<usize>(), layout.cells.len());
    let (rows, columns) = (layout.rows.len(), layout.columns.len());
    let (edges, cells) = (count_label(n_edges, "edge", "edges"), count_label(n_cells, "cell", "cells"));
    let (rows, columns) = (count_label(rows, "source", "sources"), count_label(columns, "destination", "destinations"));
    format!("Circuit as a matrix: {edges} in {cells} of {rows} by {columns}")
}

/// What lies below the cells.
fn ground(layout: &Layout, theme: Theme) -> [Element; 2] {
    let band = |&band: &Rect| rect(band).with("fill", wash(theme)).with("fill-opacity", "0.55");
    let mut d = String::with_capacity(16 * layout.stairs.len());
    for (i, point) in layout.stairs.iter().enumerate() {
        d.push(if i == 0 { 'M' } else { 'L' });
        push_px(&mut d, point.x);
        d.push(' ');
        push_px(&mut d, point.y);
    }
    let stairs = Element::new("path").with("class", "stairs").with("d", d).with("fill", "none");
    [
        group("bands").children(layout.bands.iter().map(band)),
        stairs.with("stroke", line(theme)).with("stroke-width", "0.8"),
    ]
}

fn cell_element(cell: &Cell, theme: Theme) -> Element {
    let hue = Hue::of(cell);
    let (key, colour) = (hue.key(), hue.at(cell.step, theme));
    let element = rect(cell.rect).with("data-cell", cell.name.as_str()).with("data-edge", cell.edge.as_str());
    if cell.mask == 0.0 {
        // Taken out by the reader: an outline that can be put in again.
        return element
            .with("class", format!("cell out {key}"))
            .with("fill", colour.clone())
            .with("fill-opacity", "0")
            .with("stroke", colour)
            .with("stroke-width", "0.8")
            .with("stroke-dasharray", "2 1.5");
    }
    let path = if cell.on_path { "" } else { " off-path" };
    let element = element.with("class", format!("cell {key} s{}{path}", cell.step)).with("fill", colour);
    if cell.mask < 1.0 { element.with("fill-opacity", px(cell.mask.max(LEAST_OPACITY))) } else { element }
}

/// Where the pointer finds rows and columns.
fn heads(layout: &Layout) -> Element {
    let Rect { x, y, .. } = layout.inside;
    let row = |row: &Lane| head(row, Rect { x: x - HEAD, y: row.start, width: HEAD, height: row.breadth });
    let column =
        |column: &Lane| head(column, Rect { x: column.start, y: y - HEAD, width: column.breadth, height: HEAD });
    let heads = group("heads").with("fill", "none");
    heads.children(layout.rows.iter().map(row)).children(layout.columns.iter().map(column))
}

fn head(lane: &Lane, area: Rect) -> Element {
    rect(area).with("data-node", lane.name.as_str()).child(Element::title(&lane.label))
}

fn labels(layout: &Layout, theme: Theme) -> Element {
    let element = |label: &Label| {
        let mut element = text(&label.text, label.spot);
        if label.is_upright {
            let Point { x, y } = label.spot.at;
            element = element.with("transform", format!("rotate(-90 {} {})", px(x), px(y)));
        }
        match &label.role {
            LabelRole::Node(name) => element.with("data-node", name.as_str()),
            LabelRole::Title => element.with("font-weight", "600"),
            LabelRole::Block | LabelRole::Note => element,
        }
    };
    group("axis").with("fill", muted(theme)).children(layout.labels.iter().map(element))
}

/// For a file: what the colours mean, below the matrix.
fn legend(layout: &Layout, theme: Theme) -> Element {
    let baseline = layout.size.height + LEGEND - 11.0;
    let mut legend = group("legend").with("fill", muted(theme));
    let mut x = LEGEND_START;
    for hue in hues(layout) {
        let width = if hue == Hue::Negative { 6.5 } else { 13.0 };
        let at = |step: usize| x + SWATCH_PITCH * step as f64;
        for step in 0..SHARES.len() {
            let swatch = Rect { x: at(step) + (13.0 - width) / 2.0, y: baseline - 9.0, width, height: 11.0 };
            legend = legend.child(rect(swatch).with("fill", hue.at(step, theme)));
        }
        legend = legend.child(text(hue.label(), start(at(SHARES.len()) + 4.0, baseline)));
        x += hue_width(hue);
    }
    let Point { x, y } = notes_spot(layout);
    legend.child(text(&notes(layout), start(x, baseline + y)))
}

fn hues(layout: &Layout) -> impl Iterator<Item = Hue> {
    Hue::ALL.into_iter().filter(|&hue| layout.cells.iter().any(|cell| Hue::of(cell) == hue))
}

/// The width of a colour's steps with its name, up to what is beside them.
fn hue_width(hue: Hue) -> f64 {
    SWATCH_PITCH * SHARES.len() as f64 + 20.0 + CHAR_WIDTH * hue.label().len() as f64
}

/// Where the notes begin, from the first baseline: beside the colours, or on a line of their own where they have no room there.
fn notes_spot(layout: &Layout) -> Point {
    let x = LEGEND_START + hues(layout).map(hue_width).sum::<f64>();
    let fits = x + CHAR_WIDTH * notes(layout).chars().count() as f64 <= layout.size.width;
    if fits { Point { x, y: 0.0 } } else { Point { x: LEGEND_START, y: LEGEND_LINE } }
}

/// What the legend says beside the colours.
fn notes(layout: &Layout) -> String {
    if layout.cells.is_empty() {
        return "no edges".to_owned();
    }
    let has = |is: fn(&Cell) -> bool| layout.cells.iter().any(is);
    let mut notes = steps_text(layout);
    if has(|cell| cell.side != Side::One && cell.score < 0.0) {
        notes += "; half as wide: negative";
    }
    if has(|cell| !cell.on_path && cell.mask > 0.0) {
        notes += "; low: on no path";
    }
    if has(|cell| cell.mask == 0.0) {
        notes += "; dashed: taken out";
    }
    notes
}

fn start(x: f64, y: f64) -> TextSpot {
    TextSpot { at: Point { x, y }, align: TextAlign::Start }
}

fn rect(Rect { x, y, width, height }: Rect) -> Element {
    Element::new("rect").with("x", px(x)).with("y", px(y)).with("width", px(width)).with("height", px(height))
}

/// A page's style with the colours of cells.
fn style() -> String {
    let mut style = STYLE.to_owned();
    for hue in Hue::ALL {
        let (key, colour) = (hue.key(), hue.at(SHARES.len() - 1, Theme::Light));
        for (step, share) in SHARES.iter().enumerate() {
            let mixed = format!("color-mix(in srgb,var(--{key},{colour}) {share}%,var(--bg,#fff))");
            let _ = write!(style, ".matrix .{key}.s{step}{{fill:{mixed}}}");
        }
        let _ = write!(style, ".matrix .out.{key}{{stroke:var(--{key},{colour})}}");
    }
    style
}
