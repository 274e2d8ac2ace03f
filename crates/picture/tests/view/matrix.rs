//! The circuit as a matrix: laws that hold for every circuit and size, what it is by hand, and a golden file.

use std::collections::BTreeSet;
use std::path::PathBuf;

use circuitscope_core::{Graph, GraphConfig};
use circuitscope_picture::drawn::{Band, Drawn, NodeKind, Side};
use circuitscope_picture::matrix::{Cell, LabelRole, Layout, Request, STEPS, layout, svg};
use circuitscope_picture::view::{Compared, Edits, Heads, ViewOptions, compared, find_edge};
use circuitscope_picture::{Rect, Size, TextAlign, Theme};

use crate::support::{Case, apart, deep, graphs, model};

fn of(drawn: &Drawn, width: f64, height: f64) -> Layout {
    layout(&Request { drawn, size: Size { width, height }, steps: STEPS })
}

/// Circuits of every kind of graph, and of a deep model.
fn circuits() -> Vec<Drawn> {
    let by_layer = ViewOptions { heads: Heads::ByLayer, ..ViewOptions::default() };
    let window = ViewOptions { window: Some(1..2), ..ViewOptions::default() };
    let mut circuits = Vec::new();
    for (seed, graph) in graphs(3, 3).into_iter().enumerate() {
        let case = Case::random(graph, seed as u32);
        for k in [0, 1, 12] {
            circuits.extend([&apart(), &by_layer, &window].map(|options| case.draw(k, options)));
        }
        circuits.push(case.draw(case.graph.n_edges(), &apart()));
    }
    let deep = deep();
    circuits.extend([50, 1000, 2000].map(|k| deep.draw(k, &apart())));
    circuits
}

const SIZES: [(f64, f64); 4] = [(770.0, 414.0), (360.0, 344.0), (1600.0, 900.0), (90.0, 60.0)];

fn overlap(a: Rect, b: Rect) -> bool {
    let apart = 1e-6;
    let [x, y] =
        [(a.x + a.width).min(b.x + b.width) - a.x.max(b.x), (a.y + a.height).min(b.y + b.height) - a.y.max(b.y)];
    x > apart && y > apart
}

#[test]
fn cells_lie_inside_the_frame_and_above_the_stairs_and_do_not_overlap() {
    for drawn in circuits() {
        for (width, height) in SIZES {
            let layout = of(&drawn, width, height);
            let Rect { x, y, width: inner, height: high } = layout.inside;
            assert!(x + inner <= width.max(x + 1.0) + 1e-6 && y + high <= height.max(y + 1.0) + 1e-6);
            for cell in &layout.cells {
                let r = cell.rect;
                assert!(r.width > 0.0 && r.height > 0.0);
                assert!(r.x >= x - 1e-6 && r.x + r.width <= x + inner + 1e-6);
                assert!(r.y >= y - 1e-6 && r.y + r.height <= y + high + 1e-6);
                let middle = r.y + r.height / 2.0;
                let stairs = layout.stairs.windows(2).find(|two| two[0].y <= middle && middle <= two[1].y).unwrap();
                assert!(r.x >= stairs[0].x - 1e-6, "{}", cell.name);
            }
            // Rows and columns do not overlap, so that only cells of the same one could.
            for lanes in [&layout.rows, &layout.columns] {
                assert!(lanes.windows(2).all(|two| two[0].start + two[0].breadth <= two[1].start + 1e-6));
                assert!(lanes.windows(2).all(|two| two[0].layer <= two[1].layer));
            }
            let places: BTreeSet<_> = layout.cells.iter().map(|cell| (cell.row, cell.column)).collect();
            assert_eq!(places.len(), layout.cells.len());
        }
    }
    let few = Case::random(Graph::new(&model(2, 2), GraphConfig::default()), 1).draw(30, &apart());
    let cells = of(&few, 300.0, 200.0).cells;
    for (i, a) in cells.iter().enumerate() {
        assert!(cells[..i].iter().all(|b| !overlap(a.rect, b.rect)));
    }
}

#[test]
fn every_edge_is_in_exactly_one_cell() {
    for drawn in circuits() {
        for (width, height) in SIZES {
            let layout = of(&drawn, width, height);
            let mut n_edges = vec![0; layout.cells.len()];
            for link in drawn.links() {
                let lane = |lanes: &[circuitscope_picture::matrix::Lane], node| {
                    let mut found = lanes.iter().enumerate().filter(|(_, lane)| lane.nodes.contains(&node));
                    let (i, _) = found.next().unwrap();
                    assert!(found.next().is_none());
                    i
                };
                let at = (lane(&layout.rows, link.src), lane(&layout.columns, link.dest));
                let cell = layout.cells.iter().position(|cell| (cell.row, cell.column) == at).unwrap();
                n_edges[cell] += link.n_edges;
            }
            assert!(layout.cells.iter().zip(&n_edges).all(|(cell, &n)| cell.n_edges == n && n > 0));
        }
    }
}

#[test]
fn the_order_of_the_links_does_not_matter() {
    for drawn in circuits() {
        let reversed = |band: &Band| Band { links: band.links.iter().rev().cloned().collect(), ..band.clone() };
        let other = Drawn { bands: drawn.bands.iter().rev().map(reversed).collect(), ..drawn.clone() };
        assert_eq!(of(&drawn, 770.0, 414.0), of(&other, 770.0, 414.0));
    }
}

/// About the room of a text, as no font can be measured here.
fn room(label: &circuitscope_picture::matrix::Label) -> Rect {
    let (at, length) = (label.spot.at, 6.2 * label.text.chars().count() as f64);
    let before = match label.spot.align {
        TextAlign::Start => 0.0,
        TextAlign::Middle => length / 2.0,
        TextAlign::End => length,
    };
    if label.is_upright {
        Rect { x: at.x - 8.0, y: at.y + before - length, width: 10.0, height: length }
    } else {
        Rect { x: at.x - before, y: at.y - 8.0, width: length, height: 10.0 }
    }
}

#[test]
fn labels_lie_inside_the_picture_and_neither_on_each_other_nor_on_cells() {
    for drawn in circuits() {
        for (width, height) in &SIZES[..3] {
            let layout = of(&drawn, *width, *height);
            for (i, label) in layout.labels.iter().enumerate() {
                let r = room(label);
                let text = &label.text;
                assert!(
                    r.x >= 0.0 && r.y >= 0.0 && r.x + r.width <= *width && r.y + r.height <= *height,
                    "{text} {r:?}"
                );
                let other = layout.labels[..i].iter().find(|other| overlap(r, room(other)));
                assert!(other.is_none(), "{label:?} on {other:?}");
                assert!(layout.cells.iter().all(|cell| !overlap(r, cell.rect)), "{text} on a cell");
            }
        }
    }
}

/// Embed to a head's K and V: 1 - 3; the head to the end: -0.1; the MLP, taken out.
fn small() -> Drawn {
    let edges = [
        ("Resid Start->A0.1.K", 1.0),
        ("Resid Start->A0.1.V", -3.0),
        ("Resid Start->MLP 0", 0.5),
        ("A0.1->Resid End", -0.1),
        ("Resid Start->Resid End", 0.4),
    ];
    let case = Case::named(Graph::new(&model(1, 2), GraphConfig::default()), &edges);
    let out = find_edge(&case.graph, "Resid Start->MLP 0").unwrap();
    case.view(&case.shown(5, &Edits::from([(out, 0.0)])), &apart())
}

#[test]
fn a_cell_is_the_sum_of_its_edges_in_four_steps_of_the_largest() {
    let layout = of(&small(), 770.0, 414.0);
    let cells: Vec<_> = layout.cells.iter().map(|c| (c.name.as_str(), c.edge.as_str(), c.step, c.n_edges)).collect();
    let expected = [
        ("Resid Start->A0.1", "Resid Start->A0.1.V", 3, 2),
        ("Resid Start->MLP 0", "Resid Start->MLP 0", 2, 1),
        ("Resid Start->Resid End", "Resid Start->Resid End", 2, 1),
        ("A0.1->Resid End", "A0.1->Resid End", 1, 1),
    ];
    assert_eq!(cells, expected);
    assert_eq!((layout.cells[0].score, layout.strongest), (-2.0, 2.0));
    let masks: Vec<_> = layout.cells.iter().map(|cell| (cell.mask, cell.on_path)).collect();
    assert_eq!(masks, [(1.0, true), (0.0, false), (1.0, true), (1.0, true)]);
    // Of edges on no path a cell is low; without the head's inputs its edge to the end is such.
    let off = Case::named(Graph::new(&model(1, 2), GraphConfig::default()), &[("A0.1->Resid End", -0.1)]);
    let [off, on] =
        [&of(&off.draw(1, &apart()), 770.0, 414.0), &layout].map(|layout| layout.cells.last().unwrap().clone());
    assert!(!off.on_path && off.rect.height < 0.6 * on.rect.height);
    // A negative cell is half as wide as a positive one.
    let width = |i: usize| layout.cells[i].rect.width;
    assert_eq!((width(0) * 2.0, width(3) * 2.0), (width(2), width(2)));
    let names: Vec<_> =
        layout.labels.iter().filter(|l| matches!(l.role, LabelRole::Node(_))).map(|l| &l.text).collect();
    assert_eq!(names, ["Embed", "A0.1", "A0.1", "MLP 0", "Unembed"]);
}

#[test]
fn a_small_matrix_stands_in_the_middle() {
    let layout = of(&small(), 770.0, 414.0);
    let Rect { x, y, width, height } = layout.inside;
    // Three columns and two rows of 64 pixels with the gaps between their blocks. Left 70 and right 14 pixels, above 66 and below
    // 12, are margins.
    assert!(
        (x - 70.0 - (770.0 - 14.0 - x - width)).abs() < 1e-6 && (y - 66.0 - (414.0 - 12.0 - y - height)).abs() < 1e-6
    );
    assert!(width >= 3.0 * 64.0 && height >= 2.0 * 64.0 && x > 200.0 && y > 100.0);
}

#[test]
fn where_rows_get_too_narrow_the_weakest_heads_of_a_layer_share_one() {
    let drawn = deep().draw(2000, &apart());
    let [high, low] = [1400.0, 344.0].map(|height| of(&drawn, 770.0, height));
    assert!(high.rows.iter().all(|row| row.nodes.len() == 1 && row.breadth >= 3.0));
    assert!(low.rows.iter().all(|row| row.breadth >= 3.0) && low.rows.len() < high.rows.len());
    let shared: Vec<_> = low.rows.iter().filter(|row| row.nodes.len() > 1).collect();
    assert!(!shared.is_empty());
    let strength = |node: usize| -> f64 {
        let cells = high.cells.iter().filter(|cell| high.rows[cell.row].nodes == [node]);
        cells.map(|cell| cell.score.abs()).sum()
    };
    for row in &shared {
        assert_eq!((row.kind, row.label.ends_with(&format!("\u{d7}{}", row.nodes.len()))), (NodeKind::Head, true));
        let strongest = row.nodes.iter().map(|&node| strength(node)).fold(0.0, f64::max);
        let apart = low.rows.iter().filter(|other| other.layer == row.layer && other.nodes.len() == 1);
        assert!(apart.filter(|other| other.kind == NodeKind::Head).all(|other| strength(other.nodes[0]) >= strongest));
    }
    let n_edges = |cells: &[Cell]| cells.iter().map(|cell| cell.n_edges).sum::<usize>();
    assert_eq!(n_edges(&low.cells), n_edges(&high.cells));
}

#[test]
fn of_two_circuits_a_cell_says_which_it_is_in() {
    let graph = Graph::new(&model(2, 2), GraphConfig::default());
    let [a, b] = [1, 2].map(|seed| Case::random(graph.clone(), seed));
    let [of_a, of_b] = [&a, &b].map(|case| case.shown(12, &Edits::new()));
    let [one, other] =
        [(&a, &of_a), (&b, &of_b)].map(|(case, shown)| Compared { scores: &case.scores, scale: 1.0, shown });
    let drawn = a.view(&compared(one, other), &apart());
    let layout = of(&drawn, 770.0, 414.0);
    for cell in &layout.cells {
        let sides: BTreeSet<_> = drawn
            .links()
            .filter(|link| {
                layout.rows[cell.row].nodes == [link.src] && layout.columns[cell.column].nodes == [link.dest]
            })
            .map(|link| format!("{:?}", link.side))
            .collect();
        let expected = if sides.len() == 1 { sides.first().unwrap().clone() } else { format!("{:?}", Side::Both) };
        assert_eq!(format!("{:?}", cell.side), expected);
    }
    let svg = svg::svg_string(&layout, Theme::Light);
    assert!(svg.contains("only in A") && svg.contains("only in B") && svg.contains("half as wide: negative"));
}

#[test]
fn a_page_finds_cells_and_nodes_and_a_file_has_literal_colours() {
    let layout = of(&small(), 770.0, 414.0);
    let page = svg::markup(&layout);
    assert!(page.starts_with("<svg") && !page.contains("data-figure"));
    assert!(page.contains("data-cell=\"Resid Start-&gt;A0.1\" data-edge=\"Resid Start-&gt;A0.1.V\""));
    assert!(page.contains("data-node=\"A0.1\"") && page.contains("var(--pos,#2a66b4) 36%"));
    for theme in [Theme::Light, Theme::Dark] {
        let file = svg::svg_string(&layout, theme);
        assert!(!file.contains("var(") && !file.contains("<style"));
        assert_eq!(file.matches("data-figure=\"circuit\"").count(), 1);
        assert!(resvg::usvg::Tree::from_str(&file, &resvg::usvg::Options::default()).is_ok());
    }
    let empty = Case::random(Graph::new(&model(1, 1), GraphConfig::default()), 0).draw(0, &apart());
    assert!(svg::svg_string(&of(&empty, 300.0, 200.0), Theme::Light).contains("no edges"));
}

/// The golden file, or a new one where `CIRCUITSCOPE_UPDATE_GOLDEN` is set.
#[test]
fn the_picture_is_the_golden_one() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/matrix.svg");
    let case = Case::random(Graph::new(&model(3, 2), GraphConfig::default()), 5);
    let svg = svg::svg_string(&of(&case.draw(40, &apart()), 600.0, 400.0), Theme::Light).replace("><", ">\n<") + "\n";
    if std::env::var_os("CIRCUITSCOPE_UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &svg).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(svg == golden, "matrix.svg has changed: set CIRCUITSCOPE_UPDATE_GOLDEN=1 to accept it, and look at it");
}

#[test]
fn a_cross_goes_from_the_heads_of_row_and_column_to_the_cell() {
    let layout = of(&small(), 770.0, 414.0);
    let cell = &layout.cells[0];
    let mut lines = svg::cross(&layout, cell).children.into_iter();
    let d = lines.next().unwrap().attributes.into_iter().find(|(name, _)| *name == "d").unwrap().1;
    let [row, column] = [&layout.rows[cell.row], &layout.columns[cell.column]];
    // From 4 left of the inside at the row's middle to 3 left of the column.
    let (x, y) = (layout.inside.x - 4.0, row.start + row.breadth / 2.0);
    assert!(d.starts_with(&format!("M{x} {y}H{}M", column.start - 3.0)), "{d}");
    assert_eq!(lines.next().unwrap().tag, "rect");
}
