//! The picture of attention patterns.

use std::fmt::Write;

use super::{DrawnHeatMap, HeatLayout};
use crate::geometry::Rect;
use crate::svg::{Element, Root, group, px, text, write_element};
use crate::theme::Theme;

/// As many shades as are told apart.
const N_SHADES: usize = 24;
/// The palest shade, and how much paler than its value a weak attention is drawn (`page.html` of the design).
const PALEST: f64 = 0.04;
const GAMMA: f64 = 0.6;
/// The gap between cells, and the least cells that have one.
const GAP: f64 = 0.7;
const LEAST_GAPPED: f64 = 4.0;

/// For a page: the maps as one piece of markup.
pub fn markup(layout: &HeatLayout) -> String {
    let names: Vec<&str> = layout.maps.iter().map(|map| map.name.text.as_str()).collect();
    let description = format!("Attention, queries down and keys across: {}", names.join(", "));
    let root = Root { class: "heat", size: layout.size, font_size: "9", description, theme: Theme::Light };
    let mut out = String::with_capacity(16384);
    write_element(&mut out, &root.element().children(layout.maps.iter().map(map)));
    out
}

fn map(map: &DrawnHeatMap) -> Element {
    let cells = shades(map).into_iter().enumerate().filter(|(_, d)| !d.is_empty()).map(|(shade, d)| {
        let opacity = PALEST + (1.0 - PALEST) * shade as f64 / (N_SHADES - 1) as f64;
        Element::new("path").with("fill-opacity", format!("{opacity:.3}")).with("d", d)
    });
    let keys = map.keys.iter().map(|label| {
        let turn = format!("rotate(-90 {} {})", px(label.spot.at.x), px(label.spot.at.y));
        text(&label.text, label.spot).with("class", "token").with("transform", turn)
    });
    let name = text(&map.name.text, map.name.spot).with("font-size", "12").with("font-weight", "600");
    group("map")
        .child(group("cells").children(cells))
        .children(map.queries.iter().map(|label| text(&label.text, label.spot).with("class", "token")))
        .children(keys)
        .child(name)
}

/// The cells of each shade, from the palest on.
fn shades(map: &DrawnHeatMap) -> Vec<String> {
    let mut shades = vec![String::new(); N_SHADES];
    // Small cells touch, so that gaps do not outweigh them; neighbours of the same shade are then one rectangle.
    let gap = if map.cell.width.min(map.cell.height) >= LEAST_GAPPED { GAP } else { 0.0 };
    for query in 0..map.n_tokens {
        let mut keys = (0..map.n_tokens).peekable();
        while let Some(key) = keys.next() {
            let Some(shade) = shade(map, query, key) else { continue };
            let mut n_cells = 1.0;
            while gap == 0.0 && keys.next_if(|&next| self::shade(map, query, next) == Some(shade)).is_some() {
                n_cells += 1.0;
            }
            let Rect { x, y, width, height } = map.rect(query, key);
            let (w, h) = (px(width * n_cells - gap), px(height - gap));
            let _ = write!(shades[shade], "M{} {}h{w}v{h}h-{w}Z", px(x), px(y));
        }
    }
    shades
}

/// The shade of a cell, if it has a value.
fn shade(map: &DrawnHeatMap, query: usize, key: usize) -> Option<usize> {
    let share = f64::from(map.value(query, key)?).clamp(0.0, 1.0).powf(GAMMA);
    Some((share * (N_SHADES - 1) as f64).round() as usize)
}
