//! The texts beside the matrix: names of nodes where they have room, else numbers of blocks.

use super::frame::NODE_MARGIN;
use super::lanes::Lanes;
use super::{Label, LabelRole, Lane};
use crate::geometry::{Point, Rect, Size, TextAlign, TextSpot};

/// How long a node's name may be, in pixels: what the margin has beside the title.
const LABEL_ROOM: f64 = 46.0;
/// From the end of a node's name to its row or column.
const LABEL_GAP: f64 = 6.0;
/// From the middle of a line of 11-pixel type to its baseline.
const BASELINE: f64 = 3.8;
/// Numbers of blocks nearer to each other are left out: two digits of 11-pixel type; a line of it.
const TICK_PITCH: (f64, f64) = (16.0, 11.5);
/// About the width of a character of 11-pixel type.
const CHAR_WIDTH: f64 = 6.2;
/// What the stairs are, where there is room below them.
const NOTE: [&str; 3] = [
    "Nothing lies below the stairs: an edge runs from",
    "an earlier layer to a later one. A number is a layer;",
    "its width is the number of its nodes in use.",
];
/// The distance of the note's lines.
const NOTE_PITCH: f64 = 15.0;

/// `source` and `destination`. `corner` is where the margins begin, here and below.
pub(super) fn titles(inside: Rect, size: Size, corner: Point) -> Vec<Label> {
    let middle = |x: f64, y: f64| TextSpot { at: Point { x, y }, align: TextAlign::Middle };
    let title =
        |text: &str, spot, is_upright| Label { text: text.to_owned(), spot, is_upright, role: LabelRole::Title };
    let across = (inside.x + inside.width / 2.0).clamp(inside.x.min(40.0), (size.width - 40.0).max(40.0));
    let down = (inside.y + inside.height / 2.0).clamp(30.0, (size.height - 30.0).max(30.0));
    let [source, destination] = [middle(corner.x + 13.0, down), middle(across, corner.y + 10.0)];
    vec![title("source", source, true), title("destination", destination, false)]
}

pub(super) fn row_names(rows: &Lanes, corner: Point) -> Vec<Label> {
    let label = |row: &Lane| {
        let at = Point { x: corner.x + NODE_MARGIN.0 - LABEL_GAP, y: row.start + row.breadth / 2.0 + BASELINE };
        name_label(row, TextSpot { at, align: TextAlign::End }, false)
    };
    rows.lanes.iter().map(label).collect()
}

pub(super) fn column_names(columns: &Lanes, corner: Point) -> Vec<Label> {
    let label = |column: &Lane| {
        let at = Point { x: column.start + column.breadth / 2.0 + BASELINE, y: corner.y + NODE_MARGIN.1 - LABEL_GAP };
        name_label(column, TextSpot { at, align: TextAlign::Start }, true)
    };
    columns.lanes.iter().map(label).collect()
}

fn name_label(lane: &Lane, spot: TextSpot, is_upright: bool) -> Label {
    let fits = |text: &str| text.chars().count() as f64 * CHAR_WIDTH <= LABEL_ROOM;
    let text = if fits(&lane.label) { &lane.label } else { &lane.short_label };
    Label { text: text.clone(), spot, is_upright, role: LabelRole::Node(lane.name.clone()) }
}

pub(super) fn row_blocks(rows: &Lanes, corner: Point) -> Vec<Label> {
    let spot = |middle: f64| TextSpot { at: Point { x: corner.x + 40.0, y: middle + BASELINE }, align: TextAlign::End };
    blocks(rows, TICK_PITCH.1, spot)
}

pub(super) fn column_blocks(columns: &Lanes, corner: Point) -> Vec<Label> {
    let spot = |middle: f64| TextSpot { at: Point { x: middle, y: corner.y + 23.0 }, align: TextAlign::Middle };
    blocks(columns, TICK_PITCH.0, spot)
}

/// The numbers of the blocks, as far as they have room.
fn blocks(lanes: &Lanes, pitch: f64, spot: impl Fn(f64) -> TextSpot) -> Vec<Label> {
    let mut last = f64::NEG_INFINITY;
    let mut labels = Vec::new();
    for block in &lanes.blocks {
        let middle = f64::midpoint(block.start, block.end);
        if middle - last >= pitch {
            last = middle;
            let text = block.label.clone();
            labels.push(Label { text, spot: spot(middle), is_upright: false, role: LabelRole::Block });
        }
    }
    labels
}

/// In the lower left corner, where the stairs leave it free.
pub(super) fn note(stairs: &[Point], inside: Rect) -> Vec<Label> {
    let bottom = inside.y + inside.height;
    let top = bottom - NOTE_PITCH * (NOTE.len() as f64 + 0.5);
    let longest = NOTE.iter().map(|line| line.chars().count()).max().unwrap_or(0) as f64 * CHAR_WIDTH;
    let is_free = stairs.iter().rfind(|point| point.y <= top).is_some_and(|point| point.x > inside.x + longest + 12.0);
    let line = |(i, text): (usize, &&str)| {
        let y = bottom - 4.0 - NOTE_PITCH * (NOTE.len() - 1 - i) as f64;
        let spot = TextSpot { at: Point { x: inside.x + 4.0, y }, align: TextAlign::Start };
        Label { text: (*text).to_owned(), spot, is_upright: false, role: LabelRole::Note }
    };
    NOTE.iter().enumerate().filter(|_| is_free).map(line).collect()
}
