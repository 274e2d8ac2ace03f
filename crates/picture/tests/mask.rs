//! Drawings of a patch mask, against auto-circuit's `draw_seq_graph` without scores (`visualize.py`).
//!
//! The expected values are what auto-circuit 1.0.1 drew of the case gpt2, graph 2: the edges of the six largest scores patched,
//! `A0.1->MLP 0` at position 2 by half, the corrupt prompt run with clean activations.

use circuitscope_core::{Graph, GraphConfig, ModelConfig, PruneScores};
use circuitscope_picture::auto_circuit::{Activation, Activations, PatchMask};
use circuitscope_picture::{DrawOptions, LayoutRequest, SeqPositions, Theme, layout, svg_string};

const SEQ: usize = 6;
/// The threshold of the drawing, auto-circuit's default.
const THRESHOLD: f32 = 1e-2;

/// Edges, the lower and upper end of their positions' parts of the height, and their masks.
const EXPECTED: [(&str, [f64; 2], f32); 7] = [
    ("A0.2->A1.2.Q", [0.888024883443131, 0.999999], 1.0),
    ("A0.1->MLP 0", [0.6297186480456578, 0.7971157925340401], 0.5),
    ("A0.0->A1.0.Q", [0.6297186480456578, 0.7971157925340401], 1.0),
    ("A0.1->MLP 1", [0.42683444057969794, 0.538809557136567], 1.0),
    ("Resid Start->A1.2.K", [1e-06, 0.335925349670607], 1.0),
    ("A1.0->Resid End", [1e-06, 0.335925349670607], 1.0),
    ("A0.3->A1.3.K", [1e-06, 0.335925349670607], 1.0),
];

fn case() -> (Graph, PruneScores) {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/cases/gpt2");
    let config = std::fs::read_to_string(format!("{dir}/config.json")).unwrap();
    let model = ModelConfig::from_json("config.json", &config).unwrap();
    let graph = Graph::new(&model, GraphConfig { factorized: true, separate_qkv: true, seq_len: Some(SEQ) });
    let bytes = std::fs::read(format!("{dir}/graph2.scores.safetensors")).unwrap();
    let scores = PruneScores::from_bytes("scores", &bytes, &graph).unwrap();
    (graph, scores)
}

/// The mask of the six largest scores, with one edge by half.
fn mask(graph: &Graph, scores: &PruneScores) -> PruneScores {
    let circuit = scores.circuit(6).unwrap();
    let mut values: Vec<f32> =
        scores.values().iter().map(|&score| f32::from(u8::from(circuit.contains(score)))).collect();
    let edge = circuitscope_picture::view::find_edge(graph, "2:A0.1->MLP 0").unwrap();
    values[edge] = 0.5;
    PruneScores::new(values)
}

fn options(seq_positions: SeqPositions) -> DrawOptions {
    DrawOptions { seq_positions, ..DrawOptions::default() }
}

#[test]
fn a_mask_is_drawn_as_auto_circuit_draws_it() {
    let (graph, scores) = case();
    let mask = mask(&graph, &scores);
    let patch = PatchMask { values: &mask, edges: None, activations: None };
    let request = LayoutRequest::of_mask(&graph, &patch, THRESHOLD, None, options(SeqPositions::AboveThreshold));
    let mut found = Vec::new();
    for sub in &request.sub_diagrams {
        for link in &sub.links {
            assert_eq!(link.weight(request.by_mask), 0.8, "all are as wide");
            found.push((link.edge_name.as_str(), sub.domain, link.score));
        }
    }
    let key = |(name, domain, _): &(&str, [f64; 2], f32)| ((-domain[1] * 1e6) as i64, (*name).to_owned());
    let mut expected = EXPECTED.to_vec();
    expected.sort_by_key(key);
    found.sort_by_key(key);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!((found.0, found.2), (expected.0, expected.2));
        assert!(found.1.iter().zip(expected.1).all(|(f, e)| (f - e).abs() < 1e-6), "{found:?}, {expected:?}");
    }
    let drawn = layout(&request);
    assert!(drawn.ribbons.iter().all(|ribbon| (ribbon.width - drawn.ribbons[0].width).abs() < 1e-9));
}

#[test]
fn without_a_threshold_unpatched_edges_are_drawn_in_another_colour() {
    let (graph, scores) = case();
    let mask = mask(&graph, &scores);
    let patch = PatchMask { values: &mask, edges: None, activations: None };
    let request = LayoutRequest::of_mask(&graph, &patch, 0.0, None, options(SeqPositions::All));
    assert_eq!(request.n_links(), 660, "all edges, as in auto-circuit");
    // The same of nine edges, so that the legend is that of few.
    let few = EXPECTED.len();
    let only = (0..graph.n_edges()).filter(|&edge| mask.values()[edge] > 0.0 || edge < 2).collect();
    let patch = PatchMask { edges: Some(&only), ..patch };
    let request = LayoutRequest::of_mask(&graph, &patch, 0.0, None, options(SeqPositions::Drawn));
    assert_eq!(request.n_links(), few + 2);
    let svg = svg_string(&layout(&request), Theme::Light);
    for text in [">patched<", ">not patched<", "mask 0.50, patched", "mask 0.00, not patched"] {
        assert!(svg.contains(text), "{text}");
    }
    assert!(!svg.contains("score"), "there are none");
    let strokes = |colour: &str| svg.matches(&format!("stroke=\"{colour}\"")).count();
    // With a sample each in the legend.
    assert_eq!((strokes("#2f6fd6"), strokes("#8b919c")), (few + 1, 3));
}

#[test]
fn a_patched_edge_shows_what_it_is_patched_with() {
    let (graph, scores) = case();
    let mask = mask(&graph, &scores);
    let activations =
        |first: f32| vec![vec![Activation { first: [first, -0.5], norm: 2.0 * first }; graph.srcs.len()]; SEQ];
    let both = Activations { current: activations(1.0), patched: activations(3.0) };
    let patch = PatchMask { values: &mask, edges: None, activations: Some(&both) };
    let request = LayoutRequest::of_mask(&graph, &patch, THRESHOLD, None, DrawOptions::default());
    let hovers: Vec<String> = layout(&request).ribbons.into_iter().map(|ribbon| ribbon.hover).collect();
    let has = |text: &str| hovers.iter().any(|hover| hover.starts_with(text));
    assert!(has("A1.0->Resid End\n[3.00, -0.50 …] norm 6.00\nmask 1.00, patched"), "{hovers:?}");
    // As in auto-circuit, an edge that is patched in part shows the current activation.
    assert!(has("A0.1->MLP 0\n[1.00, -0.50 …] norm 2.00\nmask 0.50, patched"), "{hovers:?}");
}
