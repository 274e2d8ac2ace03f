//! Laws of what is drawn of a circuit, on graphs of every kind.

use std::collections::{BTreeMap, BTreeSet};

use circuitscope_core::{Graph, GraphConfig, ModelConfig, PruneScores};
use circuitscope_picture::drawn::{Drawn, Link, NodeKind, Nodes, Port};
use circuitscope_picture::view::{Edits, Focus, Heads, Limits, ViewOptions, edges_in_circuit, find_edge, name_of};

use crate::support::{Case, apart, graphs, model, names};

/// Options of every kind, for laws.
fn all_options() -> Vec<ViewOptions> {
    let limits = Limits { overview_above: 20, by_layer: 7, apart: 12, in_window: 9 };
    let few = ViewOptions { limits, ..ViewOptions::default() };
    let focus = |name: &str, hops| Some(Focus { name: name.to_owned(), hops });
    vec![
        ViewOptions::default(),
        apart(),
        few.clone(),
        ViewOptions { heads: Heads::Apart, ..few.clone() },
        ViewOptions { heads: Heads::Apart, closed: BTreeSet::from([1]), ..few.clone() },
        ViewOptions { heads: Heads::ByLayer, opened: BTreeSet::from([0]), ..few.clone() },
        ViewOptions { heads: Heads::ByLayer, merge_ports: true, all_positions: true, ..few.clone() },
        ViewOptions { on_path_only: true, ..apart() },
        ViewOptions { window: Some(1..2), ..few.clone() },
        ViewOptions { window: Some(0..1), merge_ports: true, ..few.clone() },
        ViewOptions { window: Some(7..9), ..few.clone() },
        ViewOptions { focus: focus("A1.0", Some(1)), ..few.clone() },
        ViewOptions { focus: focus("A1", None), ..few.clone() },
        ViewOptions { focus: focus("nothing", None), ..few },
    ]
}

#[test]
fn every_edge_is_drawn_or_counted() {
    for (seed, graph) in graphs(3, 3).into_iter().enumerate() {
        let case = Case::random(graph, seed as u32);
        let n_edges = case.graph.n_edges();
        let strongest = edges_in_circuit(&case.scores, &case.scores.circuit(1).unwrap())[0];
        for k in [0, 1, 10, 40, n_edges].map(|k| k.min(n_edges)) {
            for edits in [Edits::new(), Edits::from([(0, 0.5), (strongest, 0.0), (n_edges - 1, 1.0), (n_edges, 1.0)])] {
                let shown = case.shown(k, &edits);
                let in_circuit = shown.iter().filter(|shown| shown.is_in_circuit()).count();
                for options in all_options() {
                    let drawn = case.view(&shown, &options);
                    let rest = &drawn.rest;
                    assert_eq!(drawn.n_edges() + rest.n_in_circuit, in_circuit, "{options:?}");
                    let outside = drawn.n_taken_out() + rest.n_outside;
                    assert_eq!(in_circuit + outside, n_edges, "{options:?}");
                    assert!(rest.n_weaker <= rest.n_in_circuit && rest.n_weaker_links <= rest.n_weaker);
                    assert_eq!(rest.stream.is_empty(), rest.n_weaker == 0);
                }
            }
        }
    }
}

#[test]
fn links_run_forwards_between_boxes_of_their_layers_and_names_are_those_of_the_boxes() {
    for (seed, graph) in graphs(3, 3).into_iter().enumerate() {
        let case = Case::random(graph, seed as u32);
        for options in all_options() {
            let drawn = case.draw(60.min(case.graph.n_edges()), &options);
            let Nodes { nodes, layers, .. } = &*drawn.nodes;
            assert!(nodes.iter().all(|node| node.layer < layers.len()));
            for band in &drawn.bands {
                assert!(band.links.is_sorted_by(|a, b| a.edge_idx < b.edge_idx));
                for link in &band.links {
                    let [src, dest] = [link.src, link.dest].map(|node| &nodes[node]);
                    assert!(src.layer < dest.layer, "{}", link.name);
                    let name = link.name.split_once(':').map_or(link.name.as_str(), |(_, name)| name);
                    let ends = name.split_once("->").unwrap();
                    // A box of several heads is named after their block.
                    assert!(ends.0.starts_with(&src.name) && ends.1.starts_with(&dest.name), "{}", link.name);
                    let has_head = |port: Port| dest.kind == NodeKind::Head && ends.1.ends_with(port.letter());
                    assert!(link.port.is_none_or(has_head), "{}", link.name);
                }
            }
            let members = |link: &Link| [link.src, link.dest].map(|node| nodes[node].n_members);
            assert!(drawn.links().flat_map(members).all(|n| n >= 1));
        }
    }
}

#[test]
fn the_order_of_the_edges_given_does_not_matter_and_the_same_edge_counts_once() {
    for (seed, graph) in graphs(3, 2).into_iter().enumerate() {
        let case = Case::random(graph, seed as u32);
        let shown = case.shown(50.min(case.graph.n_edges()), &Edits::new());
        let mut shuffled: Vec<_> = shown.iter().rev().chain(&shown).copied().collect();
        let half = shuffled.len() / 3;
        shuffled.rotate_left(half);
        for options in all_options() {
            assert_eq!(case.view(&shown, &options), case.view(&shuffled, &options));
        }
    }
}

/// The same rule, worked out the slow way: edges on no path are taken away until none is left, where a node is reached by an edge
/// into it and leads on by an edge out of it.
#[test]
fn an_edge_lies_on_a_path_where_both_of_its_ends_do() {
    for model in [model(3, 2), ModelConfig { parallel_attn_mlp: true, ..model(3, 2) }] {
        let graph = Graph::new(&model, GraphConfig::default());
        for seed in 0..20 {
            let case = Case::random(graph.clone(), seed);
            let drawn = case.draw(12, &apart());
            let mut left: Vec<&Link> = drawn.links().collect();
            let [start, end] = ["Resid Start", "Resid End"].map(|name| case.nodes.find(name).unwrap());
            loop {
                let is_reached = |link: &Link| link.src == start || left.iter().any(|other| other.dest == link.src);
                let leads_on = |link: &Link| link.dest == end || left.iter().any(|other| other.src == link.dest);
                let kept: Vec<_> = left.iter().copied().filter(|link| is_reached(link) && leads_on(link)).collect();
                if kept.len() == left.len() {
                    break;
                }
                left = kept;
            }
            let on_path: Vec<_> = drawn.links().filter(|link| link.on_path).collect();
            assert_eq!(on_path, left);
            let only = case.draw(12, &ViewOptions { on_path_only: true, ..apart() });
            assert_eq!(names(&only), left.iter().map(|link| link.name.as_str()).collect::<Vec<_>>());
        }
    }
}

#[test]
fn infinite_and_zero_scores_give_numbers() {
    let graph = Graph::new(&model(2, 3), GraphConfig::default());
    let n_edges = graph.n_edges();
    let infinite = Case::new(graph.clone(), PruneScores::new(vec![f32::INFINITY; n_edges]));
    let zero = Case::new(graph, PruneScores::new(vec![0.0; n_edges]));
    for case in [infinite, zero] {
        for options in all_options() {
            let drawn = case.draw(n_edges, &options);
            assert!(drawn.links().all(|link| link.mask == 1.0 && !link.score.is_nan()));
            assert!(drawn.rest.stream.iter().all(|strength| strength.is_finite()));
        }
    }
}

#[test]
fn an_edge_is_found_by_the_name_that_it_has() {
    for graph in graphs(2, 2) {
        for edge_idx in 0..graph.n_edges() {
            assert_eq!(find_edge(&graph, &name_of(&graph, edge_idx).unwrap()), Some(edge_idx));
        }
        assert_eq!(name_of(&graph, graph.n_edges()), None);
        assert!(
            ["", "->", "A0.0", "9:A0.0->Resid End", "x:A0.0->Resid End"]
                .iter()
                .all(|name| find_edge(&graph, name).is_none())
        );
    }
}

/// A picture can go from one circuit to the next: boxes keep their indices, names and places.
#[test]
fn boxes_do_not_depend_on_the_circuit() {
    for (seed, graph) in graphs(3, 3).into_iter().enumerate() {
        let places: Vec<f64> = (0..graph.srcs.len() + 1).map(|node| (node * 7 % 5) as f64).collect();
        let mut case = Case::random(graph, seed as u32);
        case.nodes = std::rc::Rc::new(Nodes::of(&case.graph).with_places(&places));
        let n_edges = case.graph.n_edges();
        for options in all_options() {
            let mut known: BTreeMap<usize, (String, usize, f64)> = BTreeMap::new();
            for k in [1, 2, 3, 5, 8, n_edges / 2].map(|k| k.min(n_edges)) {
                let drawn = case.draw(k, &options);
                for node in drawn.links().flat_map(|link| [link.src, link.dest]) {
                    let found = &drawn.nodes.nodes[node];
                    let found = (found.name.clone(), found.layer, found.place);
                    assert_eq!(known.entry(node).or_insert_with(|| found.clone()), &found);
                }
            }
        }
    }
}

#[test]
fn a_link_is_the_sum_of_its_edges() {
    let by_layer = ViewOptions {
        heads: Heads::ByLayer,
        limits: Limits { by_layer: 10_000, ..Limits::default() },
        ..ViewOptions::default()
    };
    for (seed, graph) in graphs(3, 3).into_iter().enumerate() {
        let case = Case::random(graph, seed as u32);
        let k = 80.min(case.graph.n_edges());
        let single = case.draw(k, &apart());
        let grouped = case.draw(k, &by_layer);
        assert_eq!(grouped.n_edges(), single.n_edges());
        // The edges of a block's heads go into one sum.
        let sums = |drawn: &Drawn| {
            let mut sums: BTreeMap<String, f64> = BTreeMap::new();
            for (band, link) in drawn.bands.iter().flat_map(|band| band.links.iter().map(move |link| (band, link))) {
                let [src, dest] =
                    [link.src, link.dest].map(|node| drawn.nodes.nodes[node].name.split('.').next().unwrap());
                let ends = format!("{:?} {src} {dest} {}", band.seq_idx, link.score < 0.0);
                *sums.entry(ends).or_default() += f64::from(link.score);
            }
            sums
        };
        let (of_single, of_grouped) = (sums(&single), sums(&grouped));
        assert!(of_single.keys().eq(of_grouped.keys()));
        assert!(of_grouped.iter().all(|(ends, sum)| (sum - of_single[ends]).abs() < 1e-3));
        // The edge that stands for a link is its strongest.
        for link in grouped.links().filter(|link| link.n_edges > 1) {
            let strongest = case.scores.values()[link.edge_idx];
            assert!(strongest.abs() * link.n_edges as f32 >= link.score.abs() - 1e-4 && strongest * link.score > 0.0);
        }
    }
}

#[test]
fn a_wider_focus_has_all_that_a_narrower_one_has() {
    for (seed, graph) in graphs(3, 2).into_iter().enumerate() {
        let case = Case::random(graph, seed as u32);
        let around = |hops| {
            let focus = Some(Focus { name: "MLP 1".to_owned(), hops });
            let drawn = case.draw(60.min(case.graph.n_edges()), &ViewOptions { focus, ..apart() });
            names(&drawn).into_iter().map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let growing: Vec<_> = (0..12).map(|hops| around(Some(hops))).collect();
        if case.nodes.find("MLP 1").is_some() {
            assert!(growing[0].is_empty() && growing.windows(2).all(|two| two[0].is_subset(&two[1])));
            assert_eq!(growing[11], around(None));
        } else {
            // A name that the graph does not have leaves all as it is.
            assert!(growing.iter().all(|edges| edges.len() >= 9 && edges == &growing[0]));
        }
    }
}
