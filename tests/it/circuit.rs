//! The plain-data ring against the reference: nodes, edges, mask shapes, edge counts, realised counts.

use circuitscope_core::{EdgeCounts, edge_counts};

use crate::support::{CASES, Case, numbers, strings};

#[test]
fn graphs_have_the_reference_nodes_edges_and_masks() {
    for case in CASES.map(Case::open) {
        for g in case.graphs() {
            let what = format!("{} graph {}", case.name, g.idx);
            assert_eq!(g.graph.n_edges() as u64, g.json["n_edges"].as_u64().unwrap(), "{what}");
            assert_eq!(g.graph.node_names(), strings(&g.json["nodes"]), "{what}");
            let srcs: Vec<_> = g.graph.srcs.iter().map(|s| s.name.clone()).collect();
            assert_eq!(srcs, strings(&g.json["srcs"]), "{what}");
            let masks = g.json["masks"].as_object().unwrap();
            assert_eq!(g.graph.dests.len(), masks.len(), "{what}");
            for module in &g.graph.dests {
                assert_eq!(
                    g.graph.mask_shape(module),
                    numbers(&masks[&module.module_name]),
                    "{what} {}",
                    module.module_name
                );
            }
            let name = |e: circuitscope_core::Edge| {
                let prefix = e.seq_idx.map(|seq_idx| format!("{seq_idx}:"));
                prefix.unwrap_or_default() + &g.graph.edge_name(e)
            };
            let mut edges: Vec<_> = g.graph.edges().map(name).collect();
            let mut expected = strings(&g.json["edges"]);
            edges.sort();
            expected.sort();
            assert_eq!(edges, expected, "{what}");
        }
    }
}

#[test]
fn edge_counts_follow_the_reference_rules() {
    let rules = [
        ("logarithmic", EdgeCounts::Logarithmic, usize::MAX),
        // case.json holds the first 50 and 200.
        ("groups", EdgeCounts::Groups, 50),
        ("default", EdgeCounts::Default, 200),
    ];
    for case in CASES.map(Case::open) {
        for g in case.graphs() {
            for (key, rule, most) in &rules {
                let mut counts = edge_counts(rule, &g.scores).unwrap();
                counts.truncate(*most);
                assert_eq!(counts, numbers(&g.json["edge_counts"][key]), "{} graph {} {key}", case.name, g.idx);
            }
            let all = edge_counts(&EdgeCounts::All, &g.scores).unwrap();
            assert_eq!(all[all.len() - 3..], numbers(&g.json["edge_counts"]["all"]), "{} graph {}", case.name, g.idx);
        }
    }
}

#[test]
fn circuits_have_the_reference_realised_counts() {
    for case in CASES.map(Case::open) {
        for g in case.graphs() {
            for run in g.json["runs"].as_array().unwrap() {
                let asked = numbers(&run["test_edge_counts"]);
                let mut realised: Vec<_> = asked.iter().map(|&n| g.scores.circuit(n).unwrap().n_edges).collect();
                realised.dedup();
                assert_eq!(realised, numbers(&run["edge_counts"]), "{} graph {}", case.name, g.idx);
            }
        }
    }
}
