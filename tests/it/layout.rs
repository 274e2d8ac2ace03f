//! The drawn circuit: by hand, then against auto-circuit's `draw_seq_graph`, then laws; the SVG file is in `picture`.

mod picture;

use std::collections::{BTreeMap, BTreeSet};

use circuitscope_core::{Graph, PruneScores};
use circuitscope_picture::*;
use serde_json::Value;

use crate::support::{CASES, Case, CaseGraph, strings};

/// Scores by edge name (`seq:name` when token-wise); 0 elsewhere.
fn scores(graph: &Graph, named: &[(&str, f32)]) -> PruneScores {
    let name = |e| format!("{}{}", e_seq(e), graph.edge_name(e));
    let score = |e| named.iter().find(|(n, _)| *n == name(e)).map_or(0.0, |(_, score)| *score);
    PruneScores::new(graph.edges().map(score).collect())
}

fn e_seq(edge: circuitscope_core::Edge) -> String {
    edge.seq_idx.map(|seq_idx| format!("{seq_idx}:")).unwrap_or_default()
}

fn options(orientation: Orientation, layer_spacing: bool, seq_positions: SeqPositions) -> DrawOptions {
    DrawOptions { orientation, layer_spacing, seq_positions }
}

// By hand.

#[test]
fn a_chain_is_a_straight_line_in_the_middle() {
    let CaseGraph { graph, .. } = Case::open("tracr-reverse").graph(0);
    let scores = scores(&graph, &[("Resid Start->A3.0.V", 1.0), ("A3.0->Resid End", -1.0)]);
    let drawn = layout(&LayoutRequest::new(&graph, &scores, 0.5, None, DrawOptions::default()));
    // 400 pixels of height less margins of 16 and 36 leave 348, with the middle at 16 + 174 = 190. The widest ribbon takes
    // 36 pixels, of which it leaves 1.2 free.
    assert_eq!(drawn.size, Size { width: 600.0, height: 400.0 });
    let boxes: Vec<_> = drawn.boxes.iter().map(|b| (b.label.as_str(), b.column, b.rect.y, b.rect.height)).collect();
    assert_eq!(boxes, [("Embed", 0, 172.0, 36.0), ("A3.0", 1, 172.0, 36.0), ("Unembed", 2, 172.0, 36.0)]);
    for ribbon in &drawn.ribbons {
        assert!((ribbon.width - 34.8).abs() < 1e-9, "{ribbon:?}");
        assert!(ribbon.curves.iter().all(|c| c.start.y == 190.0 && c.end.y == 190.0), "{ribbon:?}");
    }
    let names: Vec<_> = drawn.ribbons.iter().map(|r| (r.edge_name.as_str(), r.hover.as_str())).collect();
    assert_eq!(
        names,
        [
            ("Resid Start->A3.0.V", "Resid Start->A3.0.V\nscore 1.00"),
            ("A3.0->Resid End", "A3.0->Resid End\nscore -1.00")
        ]
    );
}

#[test]
fn scores_are_written_with_the_digits_they_need() {
    for (score, text) in [
        (1.507, "1.51"),
        (-2.0, "-2.00"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.01, "0.01"),
        (-0.00123, "-1.23e-3"),
        (2.5e7, "2.50e7"),
        (f32::INFINITY, "inf"),
    ] {
        assert_eq!(score_text(score), text);
    }
}

#[test]
fn the_empty_circuit_is_an_empty_picture() {
    for case in CASES.map(Case::open) {
        for g in case.graphs() {
            let empty = g.scores.circuit(0).unwrap();
            let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &empty, None, DrawOptions::default());
            let drawn = layout(&request);
            assert_eq!((drawn.boxes.len(), drawn.ribbons.len(), drawn.position_labels.len()), (0, 0, g.n_positions(0)));
            assert_eq!(drawn.size, Size { width: 600.0, height: 400.0 });
            assert!(svg_string(&drawn, Theme::Light).contains("no edges"));
        }
    }
}

impl CaseGraph {
    /// How many position labels are written where `n` token positions have a sub-diagram and no labels are given.
    fn n_positions(&self, n: usize) -> usize {
        self.graph.config.seq_len.map_or(0, |_| n)
    }
}

#[test]
fn an_edge_alone_at_the_threshold_is_drawn_unless_the_reference_rule_is_asked_for() {
    let g = Case::open("gpt2").graph(2);
    let top = g.scores.circuit(1).unwrap();
    let drawn = |seq_positions| {
        let options = options(Orientation::Horizontal, false, seq_positions);
        let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &top, None, options);
        (request.sub_diagrams.len(), request.n_links())
    };
    assert_eq!(drawn(SeqPositions::Drawn), (1, 1));
    assert_eq!(drawn(SeqPositions::AboveThreshold), (0, 0));
    assert_eq!(drawn(SeqPositions::All), (6, 1));
}

#[test]
fn a_position_without_excess_gets_half_a_share() {
    let g = Case::open("gpt2").graph(2);
    let named = [("0:A0.0->MLP 0", 3.0), ("3:A0.0->MLP 0", -1.0)];
    let request = LayoutRequest::new(&g.graph, &scores(&g.graph, &named), 1.0, None, DrawOptions::default());
    let found: Vec<_> = request.sub_diagrams.iter().map(|sub| (sub.seq_idx, sub.domain)).collect();
    // Excess 2 and 0. The second gets 2 / (2 * 6 positions) = 1/6, the margin is 2 / (2 * 2) = 1/2: in all 8/3.
    let expected = [(Some(0), [0.25, 1.0 - 1e-6]), (Some(3), [1e-6, 1.0 / 16.0])];
    for ((seq_idx, domain), (expected_idx, expected)) in found.iter().zip(&expected) {
        assert_eq!(seq_idx, expected_idx);
        assert!((domain[0] - expected[0]).abs() < 1e-9 && (domain[1] - expected[1]).abs() < 1e-9, "{domain:?}");
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn infinite_scores_are_as_wide_as_the_largest_finite_one() {
    let g = Case::open("gpt2").graph(0);
    let named = [("A0.0->MLP 0", f32::INFINITY), ("A0.1->MLP 0", 2.0), ("A0.2->MLP 0", f32::NEG_INFINITY)];
    let drawn = layout(&LayoutRequest::new(&g.graph, &scores(&g.graph, &named), 0.5, None, DrawOptions::default()));
    assert_eq!(drawn.ribbons.len(), 3);
    assert!(drawn.ribbons.iter().all(|r| r.width == drawn.ribbons[0].width && r.width > 1.0), "{:?}", drawn.ribbons);
    check_geometry("infinite", &drawn);
}

// Against the reference.

/// Source label, target label, `|score|`, colour and label, as the reference draws a link.
type ReferenceLink = (String, String, String, String, String);

fn expected_links(sankey: &Value) -> Vec<ReferenceLink> {
    let text = |link: &Value, key: &str| link[key].as_str().unwrap().to_owned();
    let links = sankey["links"].as_array().unwrap().iter().map(|link| {
        let value = link["value"].as_f64().unwrap() as f32;
        (text(link, "source"), text(link, "target"), value.to_string(), text(link, "color"), text(link, "label"))
    });
    sorted(links)
}

fn found_links(request: &LayoutRequest, sub: &SubDiagram) -> Vec<ReferenceLink> {
    let label = |node: usize| request.nodes[node].reference_label(request.options.orientation).to_owned();
    let links = sub.links.iter().map(|link| {
        let colour = match link.score {
            0.0 => "rgba(0,0,0,0.1)",
            score if score > 0.0 => "rgba(0,0,255,0.3)",
            _ => "rgba(255,0,0,0.3)",
        };
        let text = format!("{}<br>None<br>{:.2}", link.edge_name, link.score);
        (label(link.src), label(link.dest), link.score.abs().to_string(), colour.to_owned(), text)
    });
    sorted(links)
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}

#[test]
fn drawings_are_those_of_the_reference() {
    let mut n_figures = 0;
    for case in CASES.map(Case::open) {
        for g in case.graphs().filter(|g| g.json.get("draw").is_some()) {
            check_figure(&case, &g);
            n_figures += 1;
        }
    }
    assert_eq!(n_figures, 26);
}

/// Compares a figure: its size, its position labels, and for each sub-diagram its place, links and node labels.
fn check_figure(case: &Case, g: &CaseGraph) {
    let what = format!("{} graph {}", case.name, g.idx);
    let (threshold, figure) = (&g.json["draw"]["score_threshold"], &g.json["draw"]["figure"]);
    let seq_labels = case.prompts().seq_labels.filter(|_| g.graph.config.seq_len.is_some());
    let threshold = threshold.as_f64().unwrap() as f32;
    let options = options(Orientation::Horizontal, false, SeqPositions::AboveThreshold);
    let request = LayoutRequest::new(&g.graph, &g.scores, threshold, seq_labels.as_deref(), options);
    let drawn = layout(&request);

    let size = |key: &str| figure[key].as_f64().unwrap();
    assert_eq!(request.reference_size, Size { width: size("width"), height: size("height") }, "{what}");
    assert!(drawn.size.width >= size("width") && drawn.size.height >= size("height"), "{what}");
    let labels: Vec<_> = drawn.position_labels.iter().map(|label| format!("<b>{}</b>", label.full_text)).collect();
    assert_eq!(labels, strings(&figure["annotations"]), "{what}");

    let sankeys = figure["sankeys"].as_array().unwrap();
    assert_eq!(request.sub_diagrams.len(), sankeys.len(), "{what}");
    for (i, (sub, sankey)) in request.sub_diagrams.iter().zip(sankeys).enumerate() {
        for (found, expected) in sub.domain.iter().zip(sankey["domain_y"].as_array().unwrap()) {
            assert!((found - expected.as_f64().unwrap()).abs() < 1e-6, "{what}: {:?}", sub.domain);
        }
        assert_eq!(found_links(&request, sub), expected_links(sankey), "{what}");
        let label = |b: &NodeBox| request.nodes[b.node_idx].reference_label(Orientation::Horizontal).to_owned();
        let nodes: BTreeSet<_> = drawn.boxes.iter().filter(|b| b.sub_diagram == i).map(label).collect();
        let expected: BTreeSet<_> = strings(&sankey["nodes"]).into_iter().collect();
        assert_eq!(nodes.into_iter().filter(|label| !label.is_empty()).collect::<BTreeSet<_>>(), expected, "{what}");
    }
    let mut names: Vec<_> = drawn.ribbons.iter().map(|r| r.edge_name.as_str()).collect();
    let mut expected: Vec<_> =
        request.sub_diagrams.iter().flat_map(|s| &s.links).map(|l| l.edge_name.as_str()).collect();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected, "{what}: every link is drawn");
}

#[test]
fn sizes_and_labels_are_the_reference_ones_in_both_orientations() {
    let g = Case::open("gpt2").graph(2);
    let circuit = g.scores.circuit(30).unwrap();
    // 6 positions. The last one has edges in 5 of the graph's 6 layers: fewer than the 12 from which on they count.
    for (orientation, size, resid_end) in
        [(Orientation::Horizontal, (600.0, 1500.0), ""), (Orientation::Vertical, (4200.0, 600.0), "Unembed")]
    {
        let options = options(orientation, false, SeqPositions::AboveThreshold);
        let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &circuit, None, options);
        assert_eq!((request.reference_size.width, request.reference_size.height), size);
        let node = request.nodes.iter().find(|node| node.name == "Resid End").unwrap();
        assert_eq!((node.reference_label(orientation), node.label()), (resid_end, "Unembed"));
    }
}

// Laws.

/// Circuits of several sizes of every case, in every way of drawing.
fn requests() -> Vec<(String, LayoutRequest)> {
    let mut requests = Vec::new();
    for case in CASES.map(Case::open) {
        for g in case.graphs() {
            for n in [1, 5, 30, 100, usize::MAX].map(|n| n.min(g.scores.n_edges())) {
                for orientation in [Orientation::Horizontal, Orientation::Vertical] {
                    for layer_spacing in [false, true] {
                        let options = options(orientation, layer_spacing, SeqPositions::Drawn);
                        let circuit = g.scores.circuit(n).unwrap();
                        let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &circuit, None, options);
                        assert_eq!(request.n_links(), circuit.n_edges);
                        requests.push((format!("{} graph {} {n} {options:?}", case.name, g.idx), request));
                    }
                }
            }
        }
    }
    requests
}

#[test]
fn layouts_follow_the_laws() {
    for (what, request) in requests() {
        let drawn = layout(&request);
        check_geometry(&what, &drawn);
        check_columns(&what, &request, &drawn);
        check_widths(&what, &drawn);
    }
}

#[test]
fn the_order_of_links_does_not_reach_the_picture() {
    for (what, request) in requests() {
        let mut reversed = request.clone();
        reversed.sub_diagrams.iter_mut().for_each(|sub| sub.links.reverse());
        assert!(layout(&reversed) == layout(&request), "{what}");
    }
}

#[test]
fn a_node_keeps_its_colour_in_every_circuit_of_a_graph() {
    for g in Case::open("gpt2").graphs() {
        let mut colours = BTreeMap::new();
        for n in [1, 3, 10, 14] {
            let circuit = g.scores.circuit(n).unwrap();
            let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &circuit, None, DrawOptions::default());
            for b in layout(&request).boxes {
                assert_eq!(*colours.entry(b.label.clone()).or_insert(b.node_idx), b.node_idx, "{}", b.label);
            }
        }
        assert!(colours.len() > 2);
    }
}

/// A rectangle or point in flow directions: from and to, along and across.
struct Extent {
    along: [f64; 2],
    across: [f64; 2],
}

fn extent(orientation: Orientation, rect: &Rect) -> Extent {
    let (x, y) = ([rect.x, rect.x + rect.width], [rect.y, rect.y + rect.height]);
    match orientation {
        Orientation::Horizontal => Extent { along: x, across: y },
        Orientation::Vertical => Extent { along: y, across: x },
    }
}

fn flow(orientation: Orientation, point: Point) -> (f64, f64) {
    match orientation {
        Orientation::Horizontal => (point.x, point.y),
        Orientation::Vertical => (point.y, point.x),
    }
}

/// Boxes lie on the page and apart; ribbons go from box to box, and wide ones around the boxes between.
fn check_geometry(what: &str, drawn: &Layout) {
    let extents: Vec<_> = drawn.boxes.iter().map(|b| extent(drawn.orientation, &b.rect)).collect();
    for b in &drawn.boxes {
        let r = &b.rect;
        assert!(r.x >= 0.0 && r.y >= 0.0 && r.width > 0.0 && r.height > 0.0, "{what}: {b:?}");
        assert!(r.x + r.width <= drawn.size.width && r.y + r.height <= drawn.size.height, "{what}: {b:?}");
    }
    for (i, a) in drawn.boxes.iter().enumerate() {
        for (j, b) in drawn.boxes.iter().enumerate().skip(i + 1).filter(|(_, b)| b.column == a.column) {
            assert!(extents[i].across[1] < extents[j].across[0], "{what}: {a:?} overlaps {b:?}");
        }
    }
    let inside = |range: [f64; 2], from: f64, to: f64| range[0] - 1e-6 <= from && to <= range[1] + 1e-6;
    for r in &drawn.ribbons {
        let ends = [(r.src_box, r.curves[0].start), (r.dest_box, r.curves[r.curves.len() - 1].end)];
        for (place, (along, across)) in ends.map(|(place, point)| (place, flow(drawn.orientation, point))) {
            let (e, half) = (&extents[place], r.width / 2.0);
            assert!(inside(e.along, along, along) && inside(e.across, across - half, across + half), "{what}: {r:?}");
        }
        // A ribbon of 2.5 pixels, of which it leaves 15 percent free, is led around boxes at every column that it passes.
        let passed = drawn.boxes[r.dest_box].column - drawn.boxes[r.src_box].column - 1;
        assert!(r.curves.len() == 1 + passed || (r.curves.len() == 1 && r.width < 2.2), "{what}: {r:?}");
        for pair in r.curves.windows(2) {
            assert_eq!(pair[0].end, pair[1].start, "{what}: {r:?}");
            let (along, across) = flow(drawn.orientation, pair[0].end);
            let pierced = extents.iter().find(|e| {
                inside(e.along, along, along)
                    && e.across[0] < across + r.width / 2.0
                    && across - r.width / 2.0 < e.across[1]
            });
            assert!(pierced.is_none(), "{what}: {r:?} passes through a box");
        }
    }
}

/// Columns are in the order of layers, and are the layers where every layer has one.
fn check_columns(what: &str, request: &LayoutRequest, drawn: &Layout) {
    let mut columns = BTreeMap::new();
    for b in &drawn.boxes {
        let layer = request.nodes[b.node_idx].layer;
        assert_eq!(*columns.entry(layer).or_insert(b.column), b.column, "{what}");
        assert!(!request.options.layer_spacing || b.column == layer, "{what}");
    }
    let places: Vec<_> = columns.values().copied().collect();
    assert!(places.is_sorted_by(|a, b| a < b), "{what}: {columns:?}");
    assert!(request.options.layer_spacing || places == (0..places.len()).collect::<Vec<_>>(), "{what}: {columns:?}");
    assert!(drawn.ribbons.iter().all(|r| drawn.boxes[r.src_box].column < drawn.boxes[r.dest_box].column), "{what}");
}

/// A larger score is never narrower, nothing is too narrow to see, and a box holds what goes in and what comes out.
fn check_widths(what: &str, drawn: &Layout) {
    let mut by_score: Vec<_> = drawn.ribbons.iter().map(|r| (r.score.abs(), r.width)).collect();
    by_score.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert!(by_score.is_sorted_by(|a, b| a.1 <= b.1 + 1e-9), "{what}");
    assert!(drawn.ribbons.iter().all(|r| r.width > 0.5), "{what}");
    assert!(drawn.ribbons.is_sorted_by(|a, b| a.width >= b.width), "{what}: narrow ribbons lie on top");
    for (i, b) in drawn.boxes.iter().enumerate() {
        let [from, to] = extent(drawn.orientation, &b.rect).across;
        for side in [|r: &Ribbon| r.src_box, |r: &Ribbon| r.dest_box] {
            let sum: f64 = drawn.ribbons.iter().filter(|r| side(r) == i).map(|r| r.width).sum();
            assert!(sum <= to - from + 1e-6, "{what}: {b:?} is too short");
        }
    }
}
