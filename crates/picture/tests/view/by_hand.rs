//! What is drawn of small circuits, worked out by hand.

use std::collections::{BTreeMap, BTreeSet};

use circuitscope_core::{AttentionDir, EdgeIndex, Graph, GraphConfig, ModelConfig, PruneScores};
use circuitscope_picture::drawn::{Drawn, LayerPart, Nodes, Port, Side};
use circuitscope_picture::view::{
    BlockStrength, Compared, Edits, Focus, Heads, Limits, Shown, ViewOptions, ViewRequest, compared, edges_of,
    find_edge, name_of, scale_to, strength_by_block, strongest, used, view,
};

use crate::support::{Case, apart, model, names};

#[test]
fn the_boxes_of_a_graph_are_named_and_placed_as_it_has_them() {
    let nodes = Nodes::of(&Graph::new(&model(2, 2), GraphConfig::default()));
    let described: Vec<_> = nodes.nodes.iter().map(|n| format!("{} {} {}", n.label, n.short_label, n.layer)).collect();
    let expected = "Embed E 0|A0.0 A0.0 1|A0.1 A0.1 1|MLP 0 M0 2|A1.0 A1.0 3|A1.1 A1.1 3|MLP 1 M1 4|Unembed U 5";
    assert_eq!(described.join("|"), expected);
    let layers: Vec<_> = nodes.layers.iter().map(|layer| (layer.part, layer.block)).collect();
    let (attn, mlp) = (LayerPart::Attn, LayerPart::Mlp);
    let ends = [(LayerPart::Embed, None), (LayerPart::Unembed, None)];
    let inner = [(attn, Some(0)), (mlp, Some(0)), (attn, Some(1)), (mlp, Some(1))];
    assert_eq!(layers, [&ends[..1], &inner, &ends[1..]].concat());

    let beside = ModelConfig { parallel_attn_mlp: true, ..model(1, 2) };
    let nodes = Nodes::of(&Graph::new(&beside, GraphConfig::default()));
    assert_eq!(nodes.nodes.iter().map(|node| node.layer).collect::<Vec<_>>(), [0, 1, 1, 1, 2]);
    assert_eq!(nodes.nodes.iter().map(|node| node.place).collect::<Vec<_>>(), [0.0, 0.0, 1.0, 2.0, 0.0]);
    assert_eq!((nodes.layers[1].part, nodes.layers[1].block), (attn, Some(0)));

    let node_graph = Graph::new(&model(2, 1), GraphConfig { factorized: false, ..GraphConfig::default() });
    let nodes = Nodes::of(&node_graph);
    let of_layer = |layer| nodes.nodes.iter().filter(|n| n.layer == layer).map(|n| n.name.clone()).collect::<Vec<_>>();
    let layers: Vec<_> = (0..nodes.layers.len()).map(|layer| of_layer(layer).join(", ")).collect();
    let expected = ["Resid Start, A0.0", "Resid Mid 0, MLP 0", "Resid Post 0, A1.0", "Resid Mid 1, MLP 1", "Resid End"];
    assert_eq!(layers, expected);
    let blocks: Vec<_> = nodes.layers.iter().map(|layer| layer.block).collect();
    assert_eq!(blocks, [None, Some(0), Some(1), Some(1), None]);
}

#[test]
fn a_head_is_one_box_with_three_inputs_which_can_be_merged() {
    let edges = [("Resid Start->A0.1.Q", 1.0), ("Resid Start->A0.1.K", 2.0), ("Resid Start->A0.1.V", -4.0)];
    let case = Case::named(Graph::new(&model(1, 2), GraphConfig::default()), &edges);
    let drawn = case.draw(3, &apart());
    let ports: Vec<_> = drawn.links().map(|link| (link.dest, link.port, link.score)).collect();
    assert_eq!(ports, [(2, Some(Port::Q), 1.0), (2, Some(Port::K), 2.0), (2, Some(Port::V), -4.0)]);
    let merged = case.draw(3, &ViewOptions { merge_ports: true, ..apart() });
    let links: Vec<_> = merged.links().map(|link| (link.name.as_str(), link.port, link.n_edges, link.score)).collect();
    assert_eq!(links, [("Resid Start->A0.1", None, 2, 3.0), ("Resid Start->A0.1.V", None, 1, -4.0)]);
    let of_head =
        |name: &str| case.draw(3, &ViewOptions { merged_heads: BTreeSet::from([name.to_owned()]), ..apart() });
    assert_eq!((of_head("A0.1").bands, of_head("A0.0").bands), (merged.bands, drawn.bands));
}

#[test]
fn an_edge_taken_out_stays_as_a_ghost_and_one_put_in_is_added() {
    let edges = [("Resid Start->A0.0.V", 1.0), ("A0.0->Resid End", 2.0), ("Resid Start->MLP 0", 0.5)];
    let case = Case::named(Graph::new(&model(1, 1), GraphConfig::default()), &edges);
    let index = EdgeIndex::new(&case.graph);
    let idx = |name: &str| index.find_named(name).unwrap().edge_idx;
    let [out, put_in] = [idx("A0.0->Resid End"), idx("Resid Start->MLP 0")];
    let drawn = case.view(&case.shown(2, &Edits::from([(out, 0.0), (put_in, 0.25)])), &apart());
    let links: Vec<_> = drawn.links().map(|link| (link.name.as_str(), link.mask, link.on_path)).collect();
    let expected =
        [("Resid Start->A0.0.V", 1.0, false), ("Resid Start->MLP 0", 0.25, false), ("A0.0->Resid End", 0.0, false)];
    assert_eq!(links, expected);
    // Nothing is taken out where nothing was, and only numbers are masks.
    assert_eq!(case.shown(1, &Edits::from([(put_in, 0.0), (out, f32::NAN)])), case.shown(1, &Edits::new()));
    let only = case.view(&case.shown(2, &Edits::from([(out, 0.0)])), &ViewOptions { on_path_only: true, ..apart() });
    assert_eq!(names(&only), ["A0.0->Resid End"]);
}

#[test]
fn two_circuits_are_drawn_as_their_union_with_the_mean_of_their_scores() {
    let graph = Graph::new(&model(2, 2), GraphConfig::default());
    let [a, b] = [1, 2].map(|seed| Case::random(graph.clone(), seed));
    let [of_a, of_b] = [&a, &b].map(|case| case.shown(20, &Edits::new()));
    let sides = [(&a, &of_a), (&b, &of_b)].map(|(case, shown)| Compared { scores: &case.scores, scale: 1.0, shown });
    let both = compared(sides[0], sides[1]);
    let has = |shown: &[Shown], edge_idx| shown.iter().any(|shown| shown.edge_idx == edge_idx);
    let mut seen = BTreeMap::new();
    for shown in &both {
        let side = match (has(&of_a, shown.edge_idx), has(&of_b, shown.edge_idx)) {
            (true, true) => Side::Both,
            (true, false) => Side::OnlyA,
            (false, true) => Side::OnlyB,
            (false, false) => panic!("an edge of neither"),
        };
        assert_eq!(shown.side, side);
        let [a, b] = [&a, &b].map(|case| case.scores.values()[shown.edge_idx]);
        assert_eq!(shown.score, f32::midpoint(a, b));
        *seen.entry(format!("{side:?}")).or_insert(0) += 1;
    }
    assert!(seen.len() == 3, "{seen:?}");
    assert_eq!(seen["Both"] * 2 + seen["OnlyA"] + seen["OnlyB"], of_a.len() + of_b.len());
    // Sides are not summed with each other.
    let grouped = a.view(&both, &ViewOptions { heads: Heads::ByLayer, ..ViewOptions::default() });
    assert_eq!(grouped.n_edges() + grouped.rest.n_in_circuit, both.len());
    // What both have is counted, not drawn.
    let differences = a.view(&both, &ViewOptions { differences_only: true, ..apart() });
    assert!(differences.links().all(|link| link.side != Side::Both));
    assert_eq!(differences.n_edges(), seen["OnlyA"] + seen["OnlyB"]);
    assert_eq!(differences.rest.n_in_circuit, seen["Both"]);
    // It says nothing of paths: those of all edges of both count.
    let all = a.view(&both, &apart());
    let on_path = |drawn: &Drawn, name: &str| drawn.links().find(|link| link.name == name).map(|link| link.on_path);
    assert!(differences.links().all(|link| on_path(&all, &link.name) == Some(link.on_path)));
    // Infinite scores of opposite signs have no mean.
    let infinite = |score: f32| PruneScores::new(vec![score; graph.n_edges()]);
    let (up, down) = (infinite(f32::INFINITY), infinite(f32::NEG_INFINITY));
    let [up, down] = [&up, &down].map(|scores| Compared { scores, scale: 1.0, shown: &of_a });
    let both = compared(up, down);
    assert!(both.len() == of_a.len() && both.iter().all(|shown| shown.score == 0.0));
}

#[test]
fn scores_of_another_unit_are_drawn_as_wide_as_the_first() {
    let graph = Graph::new(&model(2, 3), GraphConfig::default());
    let a = Case::random(graph, 1);
    let shown = a.shown(20, &Edits::new());
    let smaller = PruneScores::new(a.scores.values().iter().map(|score| score / 16.0).collect());
    let scale = scale_to(&a.scores, &smaller);
    assert_eq!(scale, 16.0);
    let of_a = Compared { scores: &a.scores, scale: 1.0, shown: &shown };
    let both = compared(of_a, Compared { scores: &smaller, scale, shown: &shown });
    let widths: Vec<_> = both.iter().map(|shown| shown.score).collect();
    assert_eq!(widths, shown.iter().map(|shown| shown.score).collect::<Vec<_>>());
    // Nothing to go by: no edge has a strength, or an infinite one.
    for value in [0.0, f32::INFINITY] {
        let none = PruneScores::new(vec![value; a.scores.n_edges()]);
        assert_eq!([scale_to(&a.scores, &none), scale_to(&none, &a.scores)], [1.0, 1.0]);
    }
}

#[test]
fn the_heads_of_a_layer_share_a_box_and_their_edges_a_link() {
    let edges = [
        ("Resid Start->A0.0.Q", 1.0),
        ("Resid Start->A0.2.V", 2.0),
        ("Resid Start->A0.2.K", -0.5),
        ("A0.0->A1.1.K", 3.0),
        ("A0.2->A1.1.V", 5.0),
    ];
    let case = Case::named(Graph::new(&model(2, 3), GraphConfig::default()), &edges);
    let by_layer = ViewOptions { heads: Heads::ByLayer, ..ViewOptions::default() };
    let drawn = case.draw(5, &by_layer);
    let links: Vec<_> = drawn.links().map(|link| (link.n_edges, link.score)).collect();
    assert_eq!(links, [(1, -0.5), (2, 3.0), (1, 3.0), (1, 5.0)]);
    // One edge has its own name, several those of the boxes.
    assert_eq!(names(&drawn), ["Resid Start->A0.2.K", "Resid Start->A0", "A0.0->A1.1.K", "A0.2->A1.1.V"]);
    assert_eq!((used(&drawn).n_nodes, used(&drawn).n_blocks), (4, 2));
    let heads = &drawn.nodes.nodes[drawn.links().nth(1).unwrap().dest];
    assert_eq!((heads.label.as_str(), heads.n_members, heads.layer, heads.place), ("0 \u{d7}2", 2, 1, 1.0));
    let single = &drawn.nodes.nodes[drawn.links().last().unwrap().dest];
    assert_eq!((single.label.as_str(), single.n_members), ("A1.1", 1));
    // Opened, all is as it was.
    let opened = case.draw(5, &ViewOptions { opened: BTreeSet::from([0]), ..by_layer });
    assert_eq!(opened.bands, case.draw(5, &apart()).bands);
    let closed = case.draw(5, &ViewOptions { closed: BTreeSet::from([0]), ..apart() });
    assert_eq!(closed.bands, drawn.bands);
}

#[test]
fn an_overview_draws_the_strongest_pairs_and_lets_the_others_flow() {
    let edges = [
        ("Resid Start->Resid End", 9.0),
        ("Resid Start->MLP 0", -1.0),
        ("MLP 0->MLP 1", 2.0),
        ("MLP 0->Resid End", 0.5),
    ];
    let case = Case::named(Graph::new(&model(2, 1), GraphConfig::default()), &edges);
    let limits = Limits { overview_above: 3, by_layer: 2, apart: 1, in_window: 1 };
    let drawn = case.draw(4, &ViewOptions { limits, ..ViewOptions::default() });
    assert_eq!(names(&drawn), ["MLP 0->MLP 1", "Resid Start->Resid End"]);
    // Embed, attention 0, MLP 0, attention 1, MLP 1, end: 1 flows up to MLP 0, 0.5 on from there.
    assert_eq!(drawn.rest.stream, [1.0, 1.0, 0.5, 0.5, 0.5]);
    assert_eq!((drawn.rest.n_in_circuit, drawn.rest.n_weaker, drawn.rest.n_weaker_links), (2, 2, 2));
    let apart = case.draw(4, &ViewOptions { limits, ..apart() });
    assert_eq!(names(&apart), ["Resid Start->Resid End"]);
    assert_eq!(case.draw(3, &ViewOptions { limits, ..ViewOptions::default() }).n_edges(), 1);
}

#[test]
fn a_focus_has_the_edges_up_and_down_from_a_node_within_some_hops() {
    let edges = [
        ("Resid Start->MLP 0", 1.0),
        ("Resid Start->A2.0.Q", 1.0),
        ("MLP 0->A1.0.K", 1.0),
        ("MLP 0->MLP 1", 1.0),
        ("A1.0->A2.0.V", 1.0),
        ("A1.0->Resid End", 1.0),
        ("A2.0->MLP 2", 1.0),
        ("MLP 1->Resid End", 1.0),
    ];
    let case = Case::named(Graph::new(&model(3, 1), GraphConfig::default()), &edges);
    let around = |name: &str, hops| {
        let focus = Some(Focus { name: name.to_owned(), hops });
        let drawn = case.draw(8, &ViewOptions { focus, ..apart() });
        assert_eq!(drawn.rest.n_in_circuit, 8 - drawn.n_edges());
        names(&drawn).join(" ").replace("Resid ", "").replace("MLP ", "M")
    };
    assert_eq!(around("A1.0", Some(1)), "M0->A1.0.K A1.0->A2.0.V A1.0->End");
    assert_eq!(around("A1.0", Some(2)), "Start->M0 M0->A1.0.K A1.0->A2.0.V A2.0->M2 A1.0->End");
    assert_eq!(around("A1", None), around("A1.0", Some(2)));
    assert_eq!(around("A1.0", Some(0)), "");
    assert_eq!(around("MLP 1", None), "Start->M0 M0->M1 M1->End");
    assert_eq!(around("Resid End", Some(1)), "A1.0->End M1->End");
}

/// In a node graph what reads the residual stream does so without an edge; in a token-wise one attention goes on to later
/// positions.
#[test]
fn a_focus_follows_what_is_read_without_an_edge() {
    let graph = Graph::new(&model(2, 1), GraphConfig { factorized: false, ..GraphConfig::default() });
    let n_edges = graph.n_edges();
    let case = Case::new(graph, PruneScores::new(vec![1.0; n_edges]));
    let around = |case: &Case, name: &str, hops| {
        let focus = Some(Focus { name: name.to_owned(), hops });
        names(&case.draw(case.graph.n_edges(), &ViewOptions { focus, ..apart() })).join(" ").replace("Resid ", "")
    };
    assert_eq!(around(&case, "MLP 0", Some(1)), "Start->Mid 0 A0.0->Mid 0 MLP 0->Post 0");
    assert_eq!(around(&case, "Resid Mid 0", Some(1)), "Start->Mid 0 A0.0->Mid 0 Mid 0->Post 0 MLP 0->Post 0");
    let config = GraphConfig { seq_len: Some(3), ..GraphConfig::default() };
    let edges =
        [("0:A0.0->A1.0.K", 1.0), ("1:A0.0->A1.0.Q", 1.0), ("2:A1.0->Resid End", 1.0), ("0:A1.0->Resid End", 1.0)];
    let case = Case::named(Graph::new(&model(2, 1), config), &edges);
    let focus = Some(Focus { name: "A0.0".to_owned(), hops: Some(2) });
    let drawn = case.draw(4, &ViewOptions { focus, ..apart() });
    assert_eq!(names(&drawn), ["0:A0.0->A1.0.K", "0:A1.0->Resid End", "1:A0.0->A1.0.Q", "2:A1.0->Resid End"]);
}

#[test]
fn a_window_keeps_its_layers_and_folds_the_others_into_two_columns() {
    let graph = Graph::new(&model(4, 3), GraphConfig::default());
    let case = Case::random(graph, 3);
    let k = 300;
    let window = ViewOptions { window: Some(1..3), ..ViewOptions::default() };
    let drawn = case.draw(k, &window);
    let layers: Vec<_> = drawn.nodes.layers.iter().map(|layer| (layer.part, layer.block)).collect();
    let (attn, mlp) = (LayerPart::Attn, LayerPart::Mlp);
    let inner = [(attn, Some(1)), (mlp, Some(1)), (attn, Some(2)), (mlp, Some(2))];
    let sides = [(LayerPart::Earlier, Some(0)), (LayerPart::Later, Some(3))];
    assert_eq!(layers, [&sides[..1], &inner, &sides[1..]].concat());
    assert!(drawn.links().all(|link| (1..=4).contains(&drawn.nodes.nodes[link.src].layer)
        || (1..=4).contains(&drawn.nodes.nodes[link.dest].layer)));
    assert_eq!(drawn.links().count(), 80);
    // Heads are apart inside and by layer outside.
    let of_layer = |layers: std::ops::RangeInclusive<usize>| {
        let ends = drawn.links().flat_map(|link| [link.src, link.dest]).map(|node| &drawn.nodes.nodes[node]);
        ends.filter(|node| layers.contains(&node.layer)).map(|node| node.n_members).max()
    };
    assert_eq!((of_layer(0..=0), of_layer(1..=4), of_layer(5..=5)), (Some(3), Some(1), Some(3)));
    // Edges that pass the window or touch none of it are left out, and not because they are weak.
    let touching = case.draw(k, &ViewOptions { limits: Limits { in_window: 10_000, ..Limits::default() }, ..window });
    assert!(touching.rest.n_in_circuit > 0 && touching.rest.n_weaker == 0);
    assert_eq!(touching.rest.n_in_circuit + drawn.rest.n_weaker, drawn.rest.n_in_circuit);
    // At the model's ends a column that holds nothing else keeps its name.
    let first = case.draw(k, &ViewOptions { window: Some(0..2), ..ViewOptions::default() });
    let parts: Vec<_> = first.nodes.layers.iter().map(|layer| (layer.part, layer.block)).collect();
    assert_eq!((parts[0], parts[5]), ((LayerPart::Embed, None), (LayerPart::Later, Some(2))));
}

/// The stream before a block's heads is of the layer that they are in: after it the block's own stream is outside.
#[test]
fn a_window_of_a_node_graph_has_its_heads_apart() {
    let graph = Graph::new(&model(3, 2), GraphConfig { factorized: false, ..GraphConfig::default() });
    let n_edges = graph.n_edges();
    let case = Case::new(graph, PruneScores::new(vec![1.0; n_edges]));
    let drawn = case.draw(n_edges, &ViewOptions { window: Some(1..2), ..apart() });
    let expected = "Resid Mid 0->Resid Post 0 MLP 0->Resid Post 0 Resid Post 0->Resid Mid 1 \
                    A1.0->Resid Mid 1 A1.1->Resid Mid 1 Resid Mid 1->Resid Post 1 MLP 1->Resid Post 1";
    assert_eq!(names(&drawn).join(" "), expected);
    let of_layer =
        |layer| drawn.nodes.nodes.iter().filter(|n| n.layer == layer).map(|n| n.name.as_str()).collect::<Vec<_>>();
    assert_eq!(of_layer(1), ["Resid Post 0", "A1.0", "A1.1", "A1"]);
}

#[test]
fn positions_without_links_have_a_band_where_it_is_asked_for() {
    let config = GraphConfig { seq_len: Some(3), ..GraphConfig::default() };
    let case = Case::named(Graph::new(&model(1, 1), config), &[("1:Resid Start->MLP 0", 1.0)]);
    let labels = ["a", "<b>", "c"].map(str::to_owned);
    let bands = |all_positions| {
        let options = ViewOptions { all_positions, ..apart() };
        let (graph, nodes, shown) = (&case.graph, &case.nodes, &case.shown(1, &Edits::new()));
        let dir = AttentionDir::Causal;
        let drawn = view(&ViewRequest { graph, nodes, shown, dir, seq_labels: &labels, options: &options });
        drawn.bands.into_iter().map(|band| (band.seq_idx, band.label, band.links.len())).collect::<Vec<_>>()
    };
    let label = |label: &str| Some(label.to_owned());
    assert_eq!(bands(false), [(Some(1), label("<b>"), 1)]);
    assert_eq!(bands(true), [(Some(0), label("a"), 0), (Some(1), label("<b>"), 1), (Some(2), label("c"), 0)]);
    let without = Case::random(Graph::new(&model(1, 1), GraphConfig::default()), 0).draw(0, &apart());
    assert_eq!((without.bands.len(), without.bands[0].seq_idx, without.n_edges()), (1, None, 0));
}

#[test]
fn the_strongest_edges_those_of_a_node_and_of_a_block_are_named() {
    let edges = [
        ("Resid Start->A0.0.V", -1.0),
        ("Resid Start->A0.1.V", 1.0),
        ("A0.1->MLP 0", 3.0),
        ("A0.0->A1.1.K", -2.0),
        ("MLP 0->Resid End", 4.0),
    ];
    let case = Case::named(Graph::new(&model(2, 2), GraphConfig::default()), &edges);
    let out = find_edge(&case.graph, "MLP 0->Resid End").unwrap();
    let shown = case.shown(5, &Edits::from([(out, 0.0)]));
    let name = |shown: &Shown| name_of(&case.graph, shown.edge_idx).unwrap();
    let names = |edges: &[Shown]| edges.iter().map(name).collect::<Vec<_>>().join(" ").replace("Resid ", "");
    assert_eq!(names(&strongest(&shown, 3)), "MLP 0->End A0.1->MLP 0 A0.0->A1.1.K");
    assert_eq!(names(&strongest(&shown, 4)), "MLP 0->End A0.1->MLP 0 A0.0->A1.1.K Start->A0.0.V");
    assert_eq!(strongest(&shown, 9).len(), 5);
    let of = |node: &str| edges_of(&case.graph, &case.nodes, &shown, node);
    assert_eq!(
        (names(&of("MLP 0").into), names(&of("MLP 0").out_of)),
        ("A0.1->MLP 0".to_owned(), "MLP 0->End".to_owned())
    );
    assert_eq!(names(&of("A0").into), "Start->A0.0.V Start->A0.1.V");
    assert_eq!(names(&of("A0").out_of), "A0.1->MLP 0 A0.0->A1.1.K");
    assert_eq!(names(&of("A1.1").into), "A0.0->A1.1.K");
    // Block 0: its heads have 1 + 1 in, 3 + 2 out; its MLP 3 in, and 4 out that were taken out.
    let strengths = strength_by_block(&case.graph, &case.nodes, &shown);
    assert_eq!(strengths, [BlockStrength { attn: 7.0, mlp: 3.0 }, BlockStrength { attn: 2.0, mlp: 0.0 }]);
}
