//! Attention patterns as heat maps: queries down, keys across, the patterns of several runs one below or beside the other.
//!
//! Cells of about the same value are one path, so that three patterns of a long prompt are a few dozen elements.

mod svg;

use std::rc::Rc;

use super::text::decimal_text;
use super::tokens::shown;
use crate::geometry::{Point, Rect, Size, TextAlign, TextSpot};
use crate::plot::TickLabel;
pub use svg::markup;

/// The room of the tokens at the left and, at most, below, of the 9-pixel tokens of the design.
const TOKENS: f64 = 50.0;
const FOOT: f64 = 48.0;
/// About the width of a character of 9-pixel type, and what is above and below the tokens.
const CHAR_WIDTH: f64 = 5.4;
const FOOT_MARGIN: f64 = 9.0;
/// A cell is at most so large, and one row of 9-pixel tokens high where there is room (`page.html` of the design).
const MOST_CELL_WIDTH: f64 = 13.2;
const CELL_HEIGHT: f64 = 9.0;
/// A long prompt has lower cells, so that a map stays about as high as one of 30 tokens, but not so low that they vanish.
const MOST_MAP_HEIGHT: f64 = 270.0;
const LEAST_CELL: f64 = 1.0;
/// The least distance of tokens of 9 pixels.
const TOKEN_PITCH: f64 = 9.0;
/// A map needs so much room beside another one.
const LEAST_MAP_WIDTH: f64 = 220.0;
const GAP: f64 = 12.0;
/// The line above a map, with its name and a reading.
const TITLE: f64 = 16.0;
/// Characters of a token that have room in [`TOKENS`] at 9 pixels.
const TOKEN_CHARS: usize = 9;
/// All that the maps depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatRequest {
    pub width: f64,
    pub maps: Vec<HeatMapData>,
}

/// A pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMapData {
    /// `Clean`, `Corrupt`, `Patched`.
    pub name: String,
    pub tokens: Vec<String>,
    /// `[query, key]`, a query after the other. Values that are missing or not finite have no cell.
    pub pattern: Rc<[f32]>,
}

/// Everything that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatLayout {
    pub size: Size,
    pub maps: Vec<DrawnHeatMap>,
}

/// A pattern as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnHeatMap {
    pub name: TickLabel,
    /// Where a cell is read, beside the name.
    pub reading_spot: TextSpot,
    /// The room of the cells.
    pub frame: Rect,
    /// The size of a cell.
    pub cell: Size,
    /// As many queries and keys as there are tokens.
    pub n_tokens: usize,
    pub queries: Vec<TickLabel>,
    /// To be written upwards.
    pub keys: Vec<TickLabel>,
    tokens: Vec<String>,
    pattern: Rc<[f32]>,
}

/// A cell of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeatCell {
    /// The index of the map.
    pub map: usize,
    pub query: usize,
    pub key: usize,
}

/// The positions of everything in the maps.
pub fn heat(request: &HeatRequest) -> HeatLayout {
    let n_maps = request.maps.len().max(1);
    let fits = |n: usize| (request.width - GAP * (n - 1) as f64) / n as f64 >= LEAST_MAP_WIDTH;
    let n_columns = if fits(n_maps) { n_maps } else { 1 };
    let width = ((request.width - GAP * (n_columns - 1) as f64) / n_columns as f64).max(TOKENS + 10.0);
    let mut maps: Vec<DrawnHeatMap> = Vec::new();
    let mut bottom: f64 = 0.0;
    for (i, data) in request.maps.iter().enumerate() {
        let corner = Point {
            x: (i % n_columns) as f64 * (width + GAP),
            y: if n_columns == 1 && i > 0 { bottom + GAP } else { 0.0 },
        };
        // Below each other, the keys of the last map stand for all of the same tokens.
        let shared = n_columns == 1 && request.maps.get(i + 1).is_some_and(|next| next.tokens == data.tokens);
        let map = drawn(data, corner, width, !shared);
        bottom = bottom.max(map.frame.y + map.frame.height + foot(&map.keys));
        maps.push(map);
    }
    HeatLayout { size: Size { width: request.width, height: bottom }, maps }
}

/// The room of the keys below a map.
fn foot(keys: &[TickLabel]) -> f64 {
    let longest = keys.iter().map(|key| key.text.chars().count()).max();
    longest.map_or(0.0, |n_chars| (FOOT_MARGIN + CHAR_WIDTH * n_chars as f64).min(FOOT))
}

impl HeatLayout {
    /// The cell at a point, if it has a value.
    pub fn cell_at(&self, at: Point) -> Option<HeatCell> {
        self.maps.iter().enumerate().find_map(|(map, drawn)| {
            let (query, key) = drawn.place_at(at)?;
            drawn.value(query, key).map(|_| HeatCell { map, query, key })
        })
    }

    /// One cell of each map: the given query and key, or else what the query of interest attends to most, which is the last
    /// one where none is given.
    pub fn cells(&self, pointed: Option<(usize, usize)>, query: Option<usize>) -> Vec<HeatCell> {
        let cell = |(map, drawn): (usize, &DrawnHeatMap)| match pointed {
            Some((query, key)) => drawn.value(query, key).map(|_| HeatCell { map, query, key }),
            None => {
                let query = query.or(drawn.n_tokens.checked_sub(1))?;
                drawn.strongest(query).map(|key| HeatCell { map, query, key })
            }
        };
        self.maps.iter().enumerate().filter_map(cell).collect()
    }

    /// The query and key that an arrow key leads to; `None` where no map has a value there.
    pub fn step(&self, (query, key): (usize, usize), arrow: &str) -> Option<(usize, usize)> {
        let (query, key) = match arrow {
            "ArrowLeft" => (query, key.checked_sub(1)?),
            "ArrowRight" => (query, key + 1),
            "ArrowUp" => (query.checked_sub(1)?, key),
            "ArrowDown" => (query + 1, key),
            _ => return None,
        };
        self.maps.iter().any(|map| map.value(query, key).is_some()).then_some((query, key))
    }

    /// `to → Mary 0.71`.
    pub fn cell_text(&self, cell: HeatCell) -> Option<String> {
        let map = self.maps.get(cell.map)?;
        let value = map.value(cell.query, cell.key)?;
        let token = |i: usize| map.tokens.get(i).map_or_else(String::new, |token| short(&shown(token, false).text));
        Some(format!("{} → {} {}", token(cell.query), token(cell.key), decimal_text(f64::from(value))))
    }

    /// The room of a cell.
    pub fn cell_rect(&self, cell: HeatCell) -> Option<Rect> {
        self.maps.get(cell.map).map(|map| map.rect(cell.query, cell.key))
    }
}

impl DrawnHeatMap {
    /// The attention of a query to a key; `None` for keys after the query that get none, and for values that are not finite.
    pub fn value(&self, query: usize, key: usize) -> Option<f32> {
        let in_range = query < self.n_tokens && key < self.n_tokens;
        let value =
            self.pattern.get(query * self.n_tokens + key).copied().filter(|value| in_range && value.is_finite())?;
        (key <= query || value != 0.0).then_some(value)
    }

    /// The key that a query attends to most; of two alike, the first.
    pub fn strongest(&self, query: usize) -> Option<usize> {
        let keys = (0..self.n_tokens).filter_map(|key| Some((key, self.value(query, key)?)));
        keys.reduce(|best, other| if other.1 > best.1 { other } else { best }).map(|(key, _)| key)
    }

    fn rect(&self, query: usize, key: usize) -> Rect {
        let Size { width, height } = self.cell;
        Rect { x: self.frame.x + width * key as f64, y: self.frame.y + height * query as f64, width, height }
    }

    fn place_at(&self, at: Point) -> Option<(usize, usize)> {
        let (x, y) = (at.x - self.frame.x, at.y - self.frame.y);
        let inside = x >= 0.0 && y >= 0.0 && x < self.frame.width && y < self.frame.height;
        inside.then(|| ((y / self.cell.height) as usize, (x / self.cell.width) as usize))
    }
}

fn drawn(data: &HeatMapData, corner: Point, width: f64, with_keys: bool) -> DrawnHeatMap {
    let n_tokens = data.tokens.len();
    let n = n_tokens.max(1) as f64;
    let cell = Size {
        width: ((width - TOKENS) / n).min(MOST_CELL_WIDTH),
        height: (MOST_MAP_HEIGHT / n).clamp(LEAST_CELL, CELL_HEIGHT),
    };
    let frame = Rect {
        x: corner.x + TOKENS,
        y: corner.y + TITLE,
        width: cell.width * n_tokens as f64,
        height: cell.height * n_tokens as f64,
    };
    let title = |x: f64, align: TextAlign| TextSpot { at: Point { x, y: corner.y + 11.0 }, align };
    let query =
        |i: usize| (Point { x: frame.x - 5.0, y: frame.y + cell.height * (i as f64 + 0.5) + 3.0 }, TextAlign::End);
    let key = |i: usize| {
        (Point { x: frame.x + cell.width * (i as f64 + 0.5) + 3.0, y: frame.y + frame.height + 4.0 }, TextAlign::End)
    };
    DrawnHeatMap {
        name: TickLabel { text: data.name.clone(), spot: title(frame.x, TextAlign::Start) },
        reading_spot: title(corner.x + width, TextAlign::End),
        frame,
        cell,
        n_tokens,
        queries: token_labels(&data.tokens, cell.height, query),
        keys: if with_keys { token_labels(&data.tokens, cell.width, key) } else { Vec::new() },
        tokens: data.tokens.clone(),
        pattern: data.pattern.clone(),
    }
}

/// Every token, or where they are near every n-th; always the last, which predicts the answer.
fn token_labels(tokens: &[String], pitch: f64, spot: impl Fn(usize) -> (Point, TextAlign)) -> Vec<TickLabel> {
    let stride = (TOKEN_PITCH / pitch).ceil().max(1.0) as usize;
    let from_last = |i: usize| tokens.len() - 1 - i;
    let labelled = (0..tokens.len()).step_by(stride).map(from_last);
    let label = |i: usize| {
        let (at, align) = spot(i);
        TickLabel { text: short(&shown(&tokens[i], false).text), spot: TextSpot { at, align } }
    };
    labelled.map(label).collect()
}

fn short(token: &str) -> String {
    if token.chars().count() <= TOKEN_CHARS {
        return token.to_owned();
    }
    token.chars().take(TOKEN_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(name: &str, tokens: &[&str], pattern: &[f32]) -> HeatMapData {
        let tokens = tokens.iter().map(|&token| token.to_owned()).collect();
        HeatMapData { name: name.to_owned(), tokens, pattern: pattern.into() }
    }

    fn small() -> HeatLayout {
        let clean = data("Clean", &["bos", " a", " b"], &[1.0, 0.0, 0.0, 0.3, 0.7, 0.0, 0.25, 0.25, 0.5]);
        let corrupt = data("Corrupt", &["bos", " a", " c"], &[1.0, 0.0, 0.0, f32::NAN, 1.0]);
        heat(&HeatRequest { width: 256.0, maps: vec![clean, corrupt] })
    }

    #[test]
    fn the_cell_at_the_middle_of_a_cell_is_that_cell() {
        let layout = small();
        for (query, key) in [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)] {
            let cell = HeatCell { map: 0, query, key };
            let rect = layout.cell_rect(cell).unwrap();
            let middle = Point { x: rect.x + rect.width / 2.0, y: rect.y + rect.height / 2.0 };
            assert_eq!(layout.cell_at(middle), Some(cell));
        }
        assert_eq!(layout.cell_text(HeatCell { map: 0, query: 2, key: 1 }).as_deref(), Some("b → a 0.25"));
    }

    #[test]
    fn keys_after_the_query_and_missing_values_have_no_cell() {
        let layout = small();
        let value = |map: usize, query, key| layout.maps[map].value(query, key);
        assert_eq!([value(0, 0, 1), value(0, 1, 2), value(1, 1, 0), value(1, 2, 0), value(0, 3, 0)], [None; 5]);
        assert_eq!(layout.maps[0].strongest(2), Some(2));
        assert_eq!(layout.maps[1].strongest(2), None);
        assert!(!markup(&layout).contains("NaN"));
    }

    #[test]
    fn the_same_cell_is_read_in_every_map_that_has_it() {
        let layout = small();
        let cell = |map, query, key| HeatCell { map, query, key };
        assert_eq!(layout.cells(None, None), [cell(0, 2, 2)]);
        assert_eq!(layout.cells(None, Some(1)), [cell(0, 1, 1), cell(1, 1, 1)]);
        assert_eq!(layout.cells(Some((0, 0)), None), [cell(0, 0, 0), cell(1, 0, 0)]);
        assert_eq!(layout.cells(Some((1, 0)), None), [cell(0, 1, 0)]);
    }

    #[test]
    fn arrows_go_from_cell_to_cell() {
        let layout = small();
        let arrows = ["ArrowLeft", "ArrowUp", "ArrowDown", "ArrowRight", "Tab"];
        assert_eq!(arrows.map(|arrow| layout.step((1, 1), arrow)), [Some((1, 0)), None, Some((2, 1)), None, None]);
        assert_eq!(layout.step((0, 0), "ArrowLeft"), None);
        assert_eq!(layout.step((2, 2), "ArrowDown"), None);
    }

    #[test]
    fn maps_stand_side_by_side_where_there_is_room() {
        let map = || data("Clean", &["a", "b"], &[1.0, 0.0, 0.5, 0.5]);
        let corners = |width| {
            let layout = heat(&HeatRequest { width, maps: vec![map(), map(), map()] });
            layout.maps.iter().map(|map| (map.frame.x, map.frame.y)).collect::<Vec<_>>()
        };
        let wide = corners(800.0);
        assert!(wide[0].0 < wide[1].0 && wide[0].1 == wide[1].1);
        let narrow = corners(256.0);
        assert!(narrow[0].0 == narrow[1].0 && narrow[0].1 < narrow[1].1 && narrow[1].1 < narrow[2].1);
    }

    #[test]
    fn tokens_of_a_long_prompt_do_not_overlap_and_the_last_is_named() {
        let tokens: Vec<String> = (0..400).map(|i| format!(" t{i}")).collect();
        let pattern: Rc<[f32]> = vec![0.0025; 160_000].into();
        let layout =
            heat(&HeatRequest { width: 256.0, maps: vec![HeatMapData { name: "Clean".to_owned(), tokens, pattern }] });
        let queries = &layout.maps[0].queries;
        assert_eq!(queries[0].text, "t399");
        assert!(queries.windows(2).all(|pair| pair[0].spot.at.y - pair[1].spot.at.y >= 8.9));
        let keys = &layout.maps[0].keys;
        assert!(keys.windows(2).all(|pair| pair[0].spot.at.x - pair[1].spot.at.x >= 8.9));
        // All cells are alike: a rectangle a query, of about 30 characters, and not one a cell.
        assert!(markup(&layout).len() < 400 * 100);
    }
}
