//! The order of boxes, and how often ribbons cross, here and as auto-circuit's look has it.

use std::rc::Rc;

use circuitscope_picture::drawn::{Drawn, Layer, LayerPart, Node, NodeKind, Nodes};
use circuitscope_picture::sankey::{WeightedEdge, compact_order, layout, n_crossings, order};
use circuitscope_picture::{DrawOptions, LayoutRequest, Orientation};

use crate::support::{Scored, WIDE, cases, model_graph, power_law, request, weighted};

/// As auto-circuit's look draws a circuit.
fn auto_circuit_crossings(g: &Scored, n: usize) -> usize {
    let circuit = g.scores.circuit(n).unwrap();
    let request = LayoutRequest::for_circuit(&g.graph, &g.scores, &circuit, None, DrawOptions::default());
    let drawn = circuitscope_picture::layout(&request);
    n_crossings(drawn.ribbons.iter().map(|ribbon| &ribbon.curves[..]), Orientation::Horizontal)
}

/// With the inputs of heads merged, as they are there.
fn crossings(drawn: Drawn) -> usize {
    let mut request = request(drawn, WIDE, Orientation::Horizontal);
    request.options.merge_ports = true;
    let drawn = layout(&request);
    n_crossings(drawn.ribbons.iter().map(|ribbon| drawn.line(ribbon)), Orientation::Horizontal)
}

fn compacted(mut drawn: Drawn) -> Drawn {
    let mut nodes = (*drawn.nodes).clone();
    nodes.nodes.iter_mut().zip(compact_order(&drawn)).for_each(|(node, place)| node.place = place);
    drawn.nodes = Rc::new(nodes);
    drawn
}

#[test]
fn ribbons_of_the_reference_cases_cross_no_more_than_before() {
    for n in [14, 30, 60] {
        let (mut kept, mut compact, mut before) = (0, 0, 0);
        for g in cases().iter().filter(|g| g.scores.n_edges() > n) {
            kept += crossings(g.top(n));
            compact += crossings(compacted(g.top(n)));
            before += auto_circuit_crossings(g, n);
        }
        println!("{n} edges: {kept} in the kept order, {compact} compact, {before} before");
        assert!(kept <= before, "{n} edges: {kept} in the kept order, {before} before");
        assert!(compact <= before, "{n} edges: {compact} compact, {before} before");
    }
}

#[test]
fn ribbons_of_deep_models_cross_less_than_before() {
    for seed in [29, 1, 2] {
        let g = power_law(model_graph(30, 9, None), seed);
        for n in [20, 50, 100, 200] {
            let (kept, before) = (crossings(g.top(n)), auto_circuit_crossings(&g, n));
            println!("{n} edges of model {seed}: {kept}, {before} before");
            assert!(kept < before, "{n} edges of model {seed}: {kept}, {before} before");
        }
    }
}

/// Nodes by their layers.
fn nodes(layers: &[usize]) -> Nodes {
    let node = |&layer: &usize| Node {
        name: String::new(),
        label: String::new(),
        short_label: String::new(),
        kind: NodeKind::Mlp,
        layer,
        n_members: 1,
        place: 0.5,
        group: None,
        is_renamed: false,
    };
    let n_layers = layers.iter().max().map_or(0, |last| last + 1);
    let layer = |block| Layer { part: LayerPart::Mlp, block: Some(block) };
    Nodes {
        nodes: layers.iter().map(node).collect(),
        layers: (0..n_layers).map(layer).collect(),
        n_blocks: n_layers,
        groups: Vec::new(),
    }
}

fn edge(src: u32, dest: u32, weight: f32) -> WeightedEdge {
    WeightedEdge { src, dest, weight }
}

#[test]
fn crossed_pairs_are_uncrossed() {
    // Two nodes in each of two layers; 0 and 3, 1 and 2 belong together, but for a weak edge.
    let places = order(&nodes(&[0, 0, 1, 1]), &[edge(0, 3, 1.0), edge(1, 2, 1.0), edge(0, 2, 0.1)]);
    assert_eq!(places[0] < places[1], places[3] < places[2]);
    let mut sorted = [places[0], places[1]];
    sorted.sort_by(f64::total_cmp);
    assert_eq!(sorted, [0.25, 0.75]);
}

#[test]
fn ties_keep_the_order_of_the_graph() {
    let g = power_law(model_graph(3, 4, None), 1);
    let zero = vec![0.0; g.scores.n_edges()];
    let zero = circuitscope_core::PruneScores::new(zero);
    let places = order(&g.nodes, &weighted(&g.graph, &zero, &g.nodes));
    let placed: Vec<_> = g.nodes.nodes.iter().zip(&places).collect();
    for pair in placed.windows(2) {
        assert!(pair[0].0.layer != pair[1].0.layer || pair[0].1 < pair[1].1);
    }
}

#[test]
fn infinite_weights_are_an_order_like_any_other() {
    let places = order(&nodes(&[0, 0, 1, 1]), &[edge(0, 3, f32::INFINITY), edge(1, 2, f32::INFINITY)]);
    assert_eq!(places[0] < places[1], places[3] < places[2]);
    assert!(places.iter().all(|place| (0.0..=1.0).contains(place)));
    assert!(order(&Nodes::default(), &[]).is_empty());
}

#[test]
fn the_order_of_a_large_graph_has_a_place_for_every_node() {
    let g = power_law(model_graph(24, 16, None), 3);
    let mut of_layer: Vec<Vec<f64>> = vec![Vec::new(); g.nodes.layers.len()];
    g.nodes.nodes.iter().for_each(|node| of_layer[node.layer].push(node.place));
    for places in &mut of_layer {
        places.sort_by(f64::total_cmp);
        let n = places.len() as f64;
        let expected: Vec<_> = (0..places.len()).map(|i| (i as f64 + 0.5) / n).collect();
        assert_eq!(places, &expected);
    }
}
