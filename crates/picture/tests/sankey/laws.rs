//! Laws of the geometry: everything is inside, nothing overlaps, and the input's order does not count.

use std::rc::Rc;

use circuitscope_picture::drawn::{Drawn, Layer, LayerPart, NodeKind, Rest, Side};
use circuitscope_picture::sankey::{AttentionArc, LabelPlace, Layout, NodeBox, Request, layout};
use circuitscope_picture::{Orientation, Rect, Size};

use crate::support::{Random, Scored, WIDE, case, cases, deep, model_graph, power_law, request, wide};

/// Lengths are sums of many numbers.
const ROUNDING: f64 = 1e-6;

const SIZES: [Size; 5] = [
    Size { width: 320.0, height: 300.0 },
    Size { width: 400.0, height: 344.0 },
    WIDE,
    Size { width: 956.0, height: 414.0 },
    Size { width: 1600.0, height: 900.0 },
];
const ORIENTATIONS: [Orientation; 2] = [Orientation::Horizontal, Orientation::Vertical];

/// Asserts all laws of a layout.
#[track_caller]
fn check(what: &str, drawn: &Layout) {
    let frame = Rect { x: 0.0, y: 0.0, width: drawn.size.width, height: drawn.size.height };
    for node_box in &drawn.boxes {
        assert!(is_inside(&node_box.rect, &frame), "{what}: {} at {:?}", drawn.label(node_box), node_box.rect);
        check_cells(what, node_box);
    }
    check_apart(what, drawn);
    check_labels(what, drawn, &frame);
    check_ends(what, drawn);
    for ribbon in &drawn.ribbons {
        for curve in drawn.line(ribbon) {
            for i in 0..=4 {
                let point = curve.at(f64::from(i) / 4.0);
                let reach = Rect { x: point.x, y: point.y, width: 0.0, height: 0.0 };
                assert!(is_inside(&reach, &frame), "{what}: {} at {point:?}", drawn.link(ribbon).name);
            }
        }
    }
}

fn is_inside(rect: &Rect, frame: &Rect) -> bool {
    let numbers = [rect.x, rect.y, rect.width, rect.height];
    numbers.iter().all(|number| number.is_finite())
        && rect.width >= 0.0
        && rect.height >= 0.0
        && rect.x >= frame.x - ROUNDING
        && rect.y >= frame.y - ROUNDING
        && rect.right() <= frame.right() + ROUNDING
        && rect.bottom() <= frame.bottom() + ROUNDING
}

#[track_caller]
fn check_apart(what: &str, drawn: &Layout) {
    for (i, a) in drawn.boxes.iter().enumerate() {
        for b in &drawn.boxes[i + 1..] {
            let overlap = a.rect.is_near(&b.rect, -ROUNDING);
            assert!(!overlap, "{what}: {} {:?} on {} {:?}", drawn.label(a), a.rect, drawn.label(b), b.rect);
        }
    }
}

#[track_caller]
fn check_labels(what: &str, drawn: &Layout, frame: &Rect) {
    let labels: Vec<_> = drawn.boxes.iter().filter(|b| b.label.place == LabelPlace::Beside).collect();
    for (i, a) in labels.iter().enumerate() {
        let (name, rect) = (drawn.label(a), &a.label.rect);
        assert!(is_inside(rect, frame), "{what}: the name {name} at {rect:?}");
        for b in &labels[i + 1..] {
            assert!(!rect.is_near(&b.label.rect, -ROUNDING), "{what}: the name {name} on {}", drawn.label(b));
        }
        for b in drawn.boxes.iter().filter(|b| !std::ptr::eq(*b, *a)) {
            assert!(!rect.is_near(&b.rect, -ROUNDING), "{what}: the name {name} on the box of {}", drawn.label(b));
        }
    }
}

/// The cells of a head fill its box, in order.
#[track_caller]
fn check_cells(what: &str, node_box: &NodeBox) {
    if node_box.cells.is_empty() {
        return;
    }
    let area = |rect: &Rect| rect.width * rect.height;
    let of_cells: f64 = node_box.cells.iter().map(|cell| area(&cell.rect)).sum();
    assert!((of_cells - area(&node_box.rect)).abs() <= 1e-3 * area(&node_box.rect), "{what}: {node_box:?}");
    assert!(node_box.cells.iter().all(|cell| is_inside(&cell.rect, &node_box.rect)), "{what}: {node_box:?}");
    assert!(node_box.cells.windows(2).all(|pair| pair[0].port < pair[1].port), "{what}: {node_box:?}");
    assert_eq!(node_box.cells.iter().map(|cell| cell.n_in).sum::<usize>(), node_box.n_in, "{what}");
}

/// Links at a box are within it and do not overlap; those of a cell are within the cell.
#[track_caller]
fn check_ends(what: &str, drawn: &Layout) {
    let mut ends: Vec<Vec<[f64; 2]>> = vec![Vec::new(); 2 * drawn.boxes.len()];
    for ribbon in &drawn.ribbons {
        let line = drawn.line(ribbon);
        let (start, end) = (line[0].start, line[line.len() - 1].end);
        for (i, side, point) in [(ribbon.src_box, 0, start), (ribbon.dest_box, 1, end)] {
            let rect = drawn.boxes[i].rect;
            let ([first, last], at, on_edge) = match drawn.orientation {
                Orientation::Horizontal => ([rect.y, rect.bottom()], point.y, [rect.right(), rect.x][side] - point.x),
                Orientation::Vertical => ([rect.x, rect.right()], point.x, [rect.bottom(), rect.y][side] - point.y),
            };
            assert!(on_edge.abs() < ROUNDING, "{what}: {} is off its box by {on_edge}", drawn.link(ribbon).name);
            let span = [at - ribbon.width / 2.0, at + ribbon.width / 2.0];
            let name = &drawn.link(ribbon).name;
            assert!(
                span[0] >= first - ROUNDING && span[1] <= last + ROUNDING,
                "{what}: {name} {span:?} of {first} {last}"
            );
            ends[2 * i + side].push(span);
            let cell = drawn.boxes[i].cells.iter().find(|cell| side == 1 && Some(cell.port) == drawn.link(ribbon).port);
            let is_within = cell.is_none_or(|cell| match drawn.orientation {
                Orientation::Horizontal => at > cell.rect.y && at < cell.rect.bottom(),
                Orientation::Vertical => at > cell.rect.x && at < cell.rect.right(),
            });
            assert!(is_within, "{what}: {name} is not at its cell");
        }
    }
    for spans in &mut ends {
        spans.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert!(spans.windows(2).all(|pair| pair[0][1] <= pair[1][0] + ROUNDING), "{what}: {spans:?}");
    }
}

#[test]
fn reference_cases_are_laid_out_well() {
    for g in cases() {
        for n in [1, 5, 14, 40, 100] {
            for orientation in ORIENTATIONS {
                for size in SIZES {
                    let drawn = layout(&request(g.top(n.min(g.scores.n_edges())), size, orientation));
                    check(&format!("{} {n} {orientation:?} {size:?}", g.name), &drawn);
                }
            }
        }
    }
}

#[test]
fn models_of_any_depth_are_laid_out_well() {
    for (n_layers, n_heads) in [(1, 1), (2, 4), (4, 8), (12, 12), (30, 9), (48, 4)] {
        let g = power_law(model_graph(n_layers, n_heads, None), 5);
        for n in [1, 3, 20, 72, 73, 250, 600] {
            for orientation in ORIENTATIONS {
                for size in SIZES {
                    let drawn = layout(&request(g.top(n.min(g.scores.n_edges())), size, orientation));
                    check(&format!("{n_layers} x {n_heads}, {n} {orientation:?} {size:?}"), &drawn);
                }
            }
        }
    }
}

#[test]
fn token_positions_are_laid_out_well() {
    for seq_len in [2, 6, 14, 30] {
        let g = power_law(model_graph(4, 4, Some(seq_len)), 3);
        for n in [1, 10, 63, 200] {
            for orientation in ORIENTATIONS {
                for size in SIZES {
                    let drawn = layout(&request(g.top(n), size, orientation));
                    check(&format!("{seq_len} positions, {n} {orientation:?} {size:?}"), &drawn);
                    check_bands(&drawn);
                }
            }
        }
    }
}

/// Boxes are in the bands of their positions, and bands do not overlap.
fn check_bands(drawn: &Layout) {
    assert_eq!(drawn.bands.len(), drawn.drawn.bands.len());
    for node_box in &drawn.boxes {
        let band = &drawn.bands[node_box.band].rect;
        assert!(is_inside(&node_box.rect, band), "{:?} of {band:?}", node_box.rect);
    }
    let overlap = |pair: &[circuitscope_picture::sankey::PositionBand]| pair[0].rect.is_near(&pair[1].rect, -ROUNDING);
    assert!(!drawn.bands.windows(2).any(overlap));
}

#[test]
fn positions_without_edges_are_folded_and_bands_share_the_room() {
    let g = case("gpt2", 2);
    let all = g.top(60);
    let mut some = all.clone();
    some.bands.retain(|band| [Some(0), Some(1), Some(5)].contains(&band.seq_idx));
    let drawn = wide(some);
    let folds: Vec<_> = drawn.folds.iter().map(|fold| (fold.first, fold.last)).collect();
    assert_eq!(folds, [(2, 4)]);
    // Bands begin at the top and end above the bar of what is not drawn; between them are gaps of 2 and 7 pixels.
    let (first, last) = (&drawn.bands[0].rect, &drawn.bands[2].rect);
    assert!(first.y < 3.0 && drawn.axis.at - last.bottom() < 30.0, "{first:?} {last:?}");
    assert!((drawn.bands[1].rect.y - first.bottom() - 2.0).abs() < ROUNDING);
    assert!((last.y - drawn.bands[1].rect.bottom() - 7.0).abs() < ROUNDING);
}

#[test]
fn the_order_of_the_input_does_not_count() {
    for (g, n) in [(case("gpt2", 0), 31), (case("gpt2", 2), 40), (case("gpt2-ties", 0), 30), (deep(), 200)] {
        let sorted = g.top(n);
        let mut shuffled = sorted.clone();
        let mut random = Random(4);
        for band in &mut shuffled.bands {
            let mut keyed: Vec<_> = band.links.drain(..).map(|link| (random.next(), link)).collect();
            keyed.sort_by_key(|(key, _)| *key);
            band.links = keyed.into_iter().map(|(_, link)| link).collect();
        }
        let (a, b) = (wide(sorted), wide(shuffled));
        assert_eq!(a.boxes, b.boxes, "{}", g.name);
        assert_eq!(a.curves, b.curves, "{}", g.name);
        let names = |l: &Layout| l.ribbons.iter().map(|r| l.link(r).name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&a), names(&b), "{}", g.name);
    }
}

#[test]
fn an_edge_more_moves_no_box_past_another() {
    for g in [case("gpt2", 0), case("pythia", 0), power_law(model_graph(12, 12, None), 8)] {
        for orientation in ORIENTATIONS {
            let mut before: Vec<(usize, Vec<usize>)> = Vec::new();
            for n in 1..90.min(g.scores.n_edges()) {
                let drawn = layout(&request(g.top(n), WIDE, orientation));
                let after = by_layer(&drawn);
                for (layer, nodes) in &before {
                    let now =
                        after.iter().find(|(l, _)| l == layer).map(|(_, nodes)| nodes.clone()).unwrap_or_default();
                    let kept: Vec<_> = now.into_iter().filter(|node| nodes.contains(node)).collect();
                    assert_eq!(&kept, nodes, "{}: layer {layer} at {n} edges", g.name);
                }
                before = after;
            }
        }
    }
}

/// For each layer that is drawn its nodes, from the top or the left.
fn by_layer(drawn: &Layout) -> Vec<(usize, Vec<usize>)> {
    let mut boxes: Vec<_> = drawn.boxes.iter().map(|b| (drawn.node(b).layer, across(drawn, b), b.node_idx)).collect();
    boxes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut layers: Vec<(usize, Vec<usize>)> = Vec::new();
    for (layer, _, node) in boxes {
        match layers.last_mut() {
            Some((last, nodes)) if *last == layer => nodes.push(node),
            _ => layers.push((layer, vec![node])),
        }
    }
    layers
}

fn across(drawn: &Layout, node_box: &NodeBox) -> f64 {
    if drawn.orientation == Orientation::Vertical { node_box.rect.x } else { node_box.rect.y }
}

#[test]
fn one_unit_serves_all_ribbons() {
    for drawn in [wide(case("gpt2", 0).top(20)), wide(case("gpt2", 2).top(30)), wide(deep().top(50))] {
        let least = drawn.ribbons.iter().map(|ribbon| ribbon.width).fold(f64::INFINITY, f64::min);
        for ribbon in &drawn.ribbons {
            let wanted = f64::from(drawn.link(ribbon).score.abs()) * drawn.unit;
            let is_least = (ribbon.width - least).abs() < ROUNDING && wanted <= least + 1e-6;
            assert!(is_least || (ribbon.width - wanted).abs() < 1e-4, "{} {wanted}", ribbon.width);
        }
        assert!(drawn.ribbons.windows(2).all(|pair| pair[0].width >= pair[1].width), "narrow ones lie on top");
    }
}

#[test]
fn infinite_scores_are_as_wide_as_the_largest_finite_one() {
    let mut drawn = case("gpt2", 0).top(12);
    drawn.bands[0].links[3].score = f32::INFINITY;
    drawn.bands[0].links[5].score = f32::NEG_INFINITY;
    let drawn = wide(drawn);
    check("infinite", &drawn);
    let infinite = drawn.ribbons.iter().filter(|ribbon| drawn.link(ribbon).score.is_infinite());
    assert_eq!(infinite.map(|ribbon| ribbon.width == drawn.ribbons[0].width).collect::<Vec<_>>(), [true, true]);
}

#[test]
fn nothing_drawn_is_an_empty_picture() {
    for orientation in ORIENTATIONS {
        let drawn = layout(&request(case("gpt2", 0).top(0), WIDE, orientation));
        assert!(drawn.boxes.is_empty() && drawn.ribbons.is_empty());
        assert!(drawn.rest.is_some_and(|rest| rest.text.ends_with("weaker edges not drawn")));
    }
    let none = Drawn { nodes: Rc::default(), bands: Vec::new(), rest: Default::default() };
    assert!(wide(none).boxes.is_empty());
}

#[test]
fn ports_can_be_merged_and_layers_spaced() {
    let g = deep();
    let mut request = request(g.top(40), WIDE, Orientation::Horizontal);
    let apart = layout(&request);
    request.options.merge_ports = true;
    let merged = layout(&request);
    assert!(apart.boxes.iter().any(|b| b.cells.len() == 3) && merged.boxes.iter().all(|b| b.cells.is_empty()));
    check("merged", &merged);
    assert!(!merged.axis.breaks.is_empty() && merged.axis.blocks.len() < 30);
    request.options.layer_spacing = true;
    let spaced = layout(&request);
    check("spaced", &spaced);
    assert!(spaced.axis.breaks.is_empty() && spaced.axis.blocks.len() == 30);
}

#[test]
fn shallow_models_keep_their_columns_as_the_circuit_grows() {
    let g = power_law(model_graph(4, 8, None), 7);
    let columns = |n| {
        let drawn = wide(g.top(n));
        let ticks: Vec<_> = drawn.axis.sub_ticks.iter().map(|tick| tick.at).collect();
        ticks
    };
    assert_eq!(columns(3), columns(60));
}

#[test]
fn compared_circuits_have_letters_apart() {
    let mut drawn = power_law(model_graph(4, 8, None), 7).top(30);
    for (i, link) in drawn.bands[0].links.iter_mut().enumerate() {
        link.side = [Side::Both, Side::OnlyA, Side::OnlyB][i % 3];
    }
    let drawn = wide(drawn);
    check("compared", &drawn);
    assert_eq!(drawn.tags.len(), 20);
    let frame = Rect { x: 0.0, y: 0.0, width: drawn.size.width, height: drawn.size.height };
    for tag in &drawn.tags {
        let disc = Rect { x: tag.at.x - 7.0, y: tag.at.y - 7.0, width: 14.0, height: 14.0 };
        assert!(is_inside(&disc, &frame) && drawn.link(&drawn.ribbons[tag.ribbon]).side == tag.side);
    }
    assert!(drawn.rest.is_some_and(|rest| rest.text.ends_with("in neither circuit")));
}

#[test]
fn arcs_join_a_head_where_it_reads_to_where_it_writes() {
    let g = case("gpt2", 2);
    let drawn = g.top(60);
    let heads: Vec<_> = wide(drawn.clone()).boxes.iter().filter(|b| b.kind == NodeKind::Head).cloned().collect();
    let (from, to) = heads
        .iter()
        .flat_map(|a| heads.iter().map(move |b| (a.clone(), b.clone())))
        .find(|(a, b)| a.node_idx == b.node_idx && a.band < b.band)
        .unwrap();
    let name = drawn.nodes.nodes[from.node_idx].name.clone();
    let position = |b: &NodeBox| drawn.bands[b.band].seq_idx.unwrap();
    let arc = |head: &str, from, to| AttentionArc { head: head.to_owned(), from, to, weight: 0.5 };
    let arcs = [arc(&name, position(&from), position(&to)), arc("A9.9", 0, 1)];
    let drawn = layout(&Request { arcs: arcs.into(), ..request(drawn.clone(), WIDE, Orientation::Horizontal) });
    assert_eq!(drawn.arcs.len(), 1, "one of the heads is not drawn");
    let path = &drawn.arcs[0];
    let at_box = |i: usize, point: circuitscope_picture::Point| {
        let rect = drawn.boxes[i].rect;
        point.y >= rect.y && point.y <= rect.bottom() && (point.x - rect.right()).abs() < 1.0
    };
    assert!(at_box(path.from_box, path.curve.start) && at_box(path.to_box, path.curve.end));
}

#[test]
fn what_is_not_drawn_is_counted() {
    let text = |n_in_circuit, n_outside, stream: Vec<f64>| {
        let mut drawn = case("gpt2", 0).top(5);
        drawn.rest = Rest { n_in_circuit, n_outside, n_weaker: n_in_circuit.min(500), stream, ..Rest::default() };
        wide(drawn).rest.map(|rest| rest.text)
    };
    assert_eq!(text(0, 1488, vec![]).as_deref(), Some("1,488 weaker edges not drawn"));
    assert_eq!(text(0, 1, vec![]).as_deref(), Some("1 weaker edge not drawn"));
    assert_eq!(text(3, 0, vec![]).as_deref(), Some("3 more edges of the circuit not drawn"));
    let both = Some("527 more of the circuit and 1,000,000 weaker edges not drawn");
    assert_eq!(text(527, 1_000_000, vec![]).as_deref(), both);
    assert_eq!(text(40, 0, vec![1.0; 5]).as_deref(), Some("40 weaker edges in one grey stream"));
    let all = "500 weaker edges in one grey stream, 27 elsewhere in the circuit, 9 outside it";
    assert_eq!(text(527, 9, vec![1.0; 5]).as_deref(), Some(all));
    assert_eq!(text(0, 0, vec![]), None);
}

#[test]
fn a_window_has_what_is_before_and_after_it_at_its_sides() {
    // Blocks 10 to 13 of 30: two layers each, from layer 21 on; what is before is one column, and what is after is another.
    let g = deep();
    let mut drawn = g.top(300);
    let mut nodes = (*drawn.nodes).clone();
    nodes.nodes.iter_mut().for_each(|node| node.layer = (node.layer + 1).saturating_sub(21).min(9));
    let side = |part, block| [Layer { part, block: Some(block) }];
    let inner = g.nodes.layers[21..29].iter().copied();
    nodes.layers = side(LayerPart::Earlier, 9).into_iter().chain(inner).chain(side(LayerPart::Later, 14)).collect();
    let (layers, n) = (nodes.nodes.clone(), nodes.layers.len() - 1);
    let is_shown = |layer: usize| layer > 0 && layer < n;
    drawn.bands[0].links.retain(|link| {
        let [src, dest] = [link.src, link.dest].map(|node| layers[node].layer);
        src < dest && (is_shown(src) || is_shown(dest))
    });
    drawn.nodes = Rc::new(nodes);
    let drawn = wide(drawn);
    check("window", &drawn);
    assert_eq!(drawn.axis.blocks.iter().map(|block| block.block).collect::<Vec<_>>(), [10, 11, 12, 13]);
    assert!(drawn.axis.breaks.is_empty());
    let names: Vec<_> =
        drawn.axis.sub_ticks.iter().filter_map(|tick| tick.label.as_ref()).map(|label| label.0).collect();
    assert!(names.first() == Some(&"earlier") && names.last() == Some(&"later"), "{names:?}");
    let first = drawn.boxes.iter().filter(|b| b.column == 0 && b.label.place == LabelPlace::Beside);
    let is_left = |b: &NodeBox| b.label.rect.right() <= b.rect.x && b.label.rect.x >= 0.0;
    assert!(first.clone().count() > 3 && first.into_iter().all(is_left));
}

#[test]
fn a_stream_is_as_high_as_what_passes() {
    let g: Scored = case("gpt2", 0);
    let mut drawn = g.top(5);
    let n_gaps = g.nodes.layers.len() - 1;
    drawn.rest.n_in_circuit = 10;
    drawn.rest.stream = (0..n_gaps).map(|gap| gap as f64).collect();
    let rest = wide(drawn).rest.unwrap();
    assert!(rest.is_stream);
    // The first and the last point are on the ground; each gap between has two of its height, and 0 for the first gap.
    let ground = rest.outline[0].y;
    let heights: Vec<_> = rest.outline.iter().map(|point| ground - point.y).collect();
    let expected = |gap: usize| 38.0 * gap as f64 / (n_gaps - 1) as f64;
    for gap in 0..n_gaps {
        assert!((heights[1 + 2 * gap] - expected(gap)).abs() < ROUNDING, "{heights:?}");
        assert!((heights[2 + 2 * gap] - expected(gap)).abs() < ROUNDING, "{heights:?}");
    }
}
