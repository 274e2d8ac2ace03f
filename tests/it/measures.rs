//! Numbers for whole curves and score sets: by hand, then against what auto-circuit computes (`measures.json`).

use std::collections::BTreeSet;

use circuitscope_core::measure::measures::{to_csv, to_json};
use circuitscope_core::scores::known_circuit::KnownCircuit;
use circuitscope_core::{
    Areas, Circuit, EdgeCounts, MeasuredCircuits, Measurement, Metric, PromptValues, PruneScores, TensorFile,
    area_under_curve, edge_counts, faithfulness_areas, roc, similarity,
};
use serde_json::Value;

use crate::run::assert_metric;
use crate::support::{Case, read_text, strings};

fn expected() -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/measures.json");
    serde_json::from_str(&read_text(&path)).unwrap()
}

#[track_caller]
fn assert_near(what: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 + 1e-9 * expected.abs(), "{what}: {found}, expected {expected}");
}

// By hand.

/// A measurement of the metric alone.
fn measured(metric: Metric, prompts: &[f64]) -> Measurement {
    let mut values = PromptValues::default();
    values[metric.idx()] = Some(prompts.to_vec());
    Measurement::new(&values)
}

#[test]
fn prompts_are_averaged_and_their_spread_is_told() {
    let of = |prompts: &[f64]| measured(Metric::LogitDiff, prompts).get(Metric::LogitDiff).unwrap();
    let four = of(&[4.0, 1.0, 3.0, 2.0]);
    assert_eq!((four.mean, four.quartiles), (2.5, [1.75, 2.5, 3.25]));
    // Squares of 1.5, 1.5, 0.5, 0.5 make 5, over 3.
    assert_near("std", four.std, (5.0_f64 / 3.0).sqrt());
    let one = of(&[7.0]);
    assert_eq!((one.mean, one.std, one.quartiles), (7.0, 0.0, [7.0; 3]));
    assert_eq!(measured(Metric::CleanKlDiv, &[-1e-9]).mean(Metric::CleanKlDiv), Some(0.0));
    assert!(measured(Metric::CleanKlDiv, &[f64::NAN]).mean(Metric::CleanKlDiv).unwrap().is_nan(), "no NaN becomes a 0");
    assert_eq!(measured(Metric::CleanKlDiv, &[0.5]).get(Metric::AnswerProb), None);
}

#[test]
fn the_area_under_a_curve_counts_decades_of_edges() {
    // From 1 to 100 edges are two decades; heights are from the value at 0 edges: (2 + 4) / 2 a decade, then (4 + 4) / 2.
    let curve = [(0, 1.0), (1, 3.0), (10, 5.0), (100, 5.0)];
    assert_near("linear", area_under_curve(Metric::AnswerLogit, &curve).unwrap(), 3.0 + 4.0);
    // Decades above 0.01, less the value at 0 edges as it is: 2 - 1 at 1 edge, and 0 - 1 below 0.01, is 0 on average.
    let curve = [(0, 1.0), (1, 1.0), (10, 0.001)];
    assert_near("clamped", area_under_curve(Metric::CleanKlDiv, &curve).unwrap(), 0.001);
    // An area at the least of the reference is that or smaller.
    assert!(Areas::of(Metric::CleanKlDiv, &curve, None, 100).auc_at_floor());
    let rising = [(0, 1.0), (1, 3.0), (10, 5.0)];
    assert!(!Areas::of(Metric::AnswerLogit, &rising, None, 100).auc_at_floor());
    assert_eq!(area_under_curve(Metric::AnswerLogit, &[(1, 3.0), (10, 5.0)]), None, "it needs the value at 0 edges");
    assert_eq!(area_under_curve(Metric::AnswerLogit, &[(0, 3.0)]), None);
}

#[test]
fn cpr_and_cmd_are_areas_over_the_share_of_edges() {
    // f goes from 0 to 1 over the first half and stays: from 0.001 on, 0.5 - 0.25 + 0.5 less the corner of 0.001 at slope 2.
    let (cpr, cmd) = faithfulness_areas(&[(0, 2.0), (5, 6.0), (10, 6.0)], 6.0, 10).unwrap();
    assert_near("cpr", cpr, 0.75 - 0.001 * 0.001);
    assert_near("cmd", cmd, 0.25 - 0.001 + 0.001 * 0.001);
    assert_eq!(faithfulness_areas(&[(0, 2.0), (5, 6.0)], 6.0, 10), None, "it needs the circuit of all edges");
    assert_eq!(faithfulness_areas(&[(5, 2.0), (10, 6.0)], 6.0, 10), None, "and the empty one");
    assert_eq!(faithfulness_areas(&[(0, 6.0), (10, 6.0)], 6.0, 10), None, "nothing to explain");
}

#[test]
fn mib_counts_are_its_shares_of_all_edges() {
    let scores = PruneScores::new((0..2_500).map(|i| i as f32).collect());
    let counts = edge_counts(&EdgeCounts::Mib, &scores).unwrap();
    assert_eq!(counts, [0, 2, 5, 12, 25, 50, 125, 250, 500, 1250, 2500]);
}

#[test]
fn roc_counts_a_tie_half() {
    let official = [true, false, true, false];
    // The official edge 0 is above all; edge 2 is tied with one other edge and above none: (1 + 1 + 0.5 + 0) / 4.
    let found = roc(&PruneScores::new(vec![-3.0, 2.0, 1.0, 1.0]), &official).unwrap();
    assert_eq!(found.auc, 0.625);
    let points: Vec<_> =
        found.points.iter().map(|p| (p.n_edges, p.false_positive_rate, p.true_positive_rate)).collect();
    assert_eq!(points, [(0, 0.0, 0.0), (1, 0.0, 0.5), (2, 0.5, 0.5), (4, 1.0, 1.0)]);
    assert_eq!(roc(&PruneScores::new(vec![1.0, 2.0]), &[true, true]), None);
    assert_eq!(roc(&PruneScores::new(vec![1.0, 2.0]), &official), None);
}

#[test]
fn similarity_is_not_told_where_ties_make_a_circuit_larger() {
    let (a, b) = (PruneScores::new(vec![4.0, -3.0, 2.0, 2.0]), PruneScores::new(vec![9.0, 1.0, 5.0, 0.0]));
    assert_eq!([1, 2, 3, 4].map(|n| similarity(&a, &b, n)), [Some(1.0), Some(0.5), None, Some(1.0)]);
    assert_eq!(similarity(&a, &PruneScores::new(vec![1.0]), 1), None);
    assert_eq!(similarity(&a, &b, 0), None);
}

#[test]
fn values_are_written_as_csv_and_json() {
    let circuit = |n_edges| Circuit { requested: n_edges, n_edges, threshold: 0.5 };
    let at = |n_edges, prompts: &[f64]| (circuit(n_edges), measured(Metric::LogitDiff, prompts));
    let set = MeasuredCircuits {
        name: "my \"scores\", first".to_owned(),
        n_edges: 10,
        circuits: vec![at(10, &[3.0]), at(0, &[1.0, 2.0])],
        unpatched: Some([measured(Metric::LogitDiff, &[3.0]), measured(Metric::LogitDiff, &[1.5])]),
        reverse: false,
    };
    let csv = to_csv(std::slice::from_ref(&set));
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[1].starts_with("\"my \"\"scores\"\", first\",0,0,0.5,Logit Diff,1.5,0.70710678118654"),
        "{}",
        lines[1]
    );
    assert!(lines[2].ends_with(",10,10,0.5,Logit Diff,3,0,3,3,3"), "{}", lines[2]);
    let json = to_json(&[set]);
    let metrics = &json[0]["metrics"];
    assert_eq!(metrics.as_object().unwrap().len(), 1);
    assert_eq!(metrics["Logit Diff"]["values"], serde_json::json!([[0, 1.5], [10, 3.0]]));
    assert_near("cpr", metrics["Logit Diff"]["areas"]["cpr"].as_f64().unwrap(), 0.5 - 0.001 * 0.001 / 2.0);
}

#[test]
fn an_official_circuit_is_a_list_of_edges_or_scores_of_0_elsewhere() {
    let case = Case::open("tracr-reverse");
    let g = case.graph(0);
    let official = KnownCircuit::from_json("case.json", &g.json.to_string()).unwrap();
    assert_eq!(official.n_edges(), 2);
    let mask = official.mask(&g.graph).unwrap();
    let scores = PruneScores::new(mask.iter().map(|&is| if is { -1.0 } else { 0.0 }).collect());
    let again = KnownCircuit::from_scores("s", &scores, &g.graph).unwrap();
    let names = |known: &KnownCircuit| known.edge_names().collect::<BTreeSet<_>>();
    assert_eq!(names(&again), names(&official));
    let error = |e: circuitscope_core::CircuitError| e.to_string();
    assert!(error(KnownCircuit::from_scores("s", &g.scores, &g.graph).unwrap_err()).contains("77 of 77"));
    let unknown = KnownCircuit::from_json("o.json", r#"["A9.0->MLP 1"]"#).unwrap();
    assert!(error(unknown.mask(&g.graph).unwrap_err()).contains("A9.0->MLP 1"));
    for wrong in ["{}", "[]", "[1]", "{\"edges\": [\"a\", 2]}", "["] {
        assert!(error(KnownCircuit::from_json("o.json", wrong).unwrap_err()).starts_with("o.json"), "{wrong}");
    }
}

// Against the reference.

#[test]
fn answers_at_every_position_are_measured_as_in_the_reference() {
    let expected = &expected()["metrics"];
    let case = Case::open(expected["case"].as_str().unwrap());
    let (model, g) = (case.model(), case.graph(0));
    for (run, metrics) in g.json["runs"].as_array().unwrap().iter().zip(expected["runs"].as_array().unwrap()) {
        let (output, _) = case.run(&model, &g, &g.settings(&case, run));
        for metric in Metric::ALL {
            for pair in metrics[metric.key()].as_array().unwrap() {
                let n_edges = pair[0].as_u64().unwrap() as usize;
                let circuit = output.circuits.iter().find(|c| c.circuit.n_edges == n_edges).unwrap();
                assert_metric(metric.key(), circuit.measurement.mean(metric), pair[1].as_f64());
            }
        }
    }
}

#[test]
fn numbers_for_answers_leave_the_divergences_only() {
    let case = Case::open("tracr-xproportion");
    let (model, g) = (case.model(), case.graph(0));
    let run = &g.json["runs"][0];
    let (output, _) = case.run(&model, &g, &g.settings(&case, run));
    for circuit in &output.circuits {
        let known: Vec<_> = Metric::ALL.into_iter().filter(|&m| circuit.measurement.get(m).is_some()).collect();
        assert_eq!(known, [Metric::CleanKlDiv, Metric::CorruptKlDiv]);
    }
}

#[test]
fn areas_are_those_of_the_reference() {
    for area in expected()["auc"].as_array().unwrap() {
        let case = Case::open(area["case"].as_str().unwrap());
        let run = &case.json["graphs"][area["graph"].as_u64().unwrap() as usize]["runs"];
        let metrics = &run[area["run"].as_u64().unwrap() as usize]["metrics"];
        for (key, expected) in area["areas"].as_object().unwrap() {
            let points = metrics[key].as_array().unwrap().iter();
            let curve: Vec<_> = points.map(|p| (p[0].as_u64().unwrap() as usize, p[1].as_f64().unwrap())).collect();
            let found = area_under_curve(Metric::from_key(key).unwrap(), &curve).unwrap();
            assert_near(&format!("{} {key}", case.name), found, expected.as_f64().unwrap());
        }
    }
}

#[test]
fn roc_goes_through_the_reference_s_points() {
    for roc_json in expected()["roc"].as_array().unwrap() {
        let case = Case::open(roc_json["case"].as_str().unwrap());
        let g = case.graph(0);
        let official = strings(&g.json["official_edges"]);
        let official: Vec<bool> = g.graph.edges().map(|edge| official.contains(&g.graph.edge_name(edge))).collect();
        let found = roc(&g.scores, &official).unwrap();
        let found: Vec<_> = found.points.iter().map(|p| [p.false_positive_rate, p.true_positive_rate]).collect();
        let points = roc_json["points"].as_array().unwrap().iter();
        let mut points: Vec<_> = points.map(|p| [p[0].as_f64().unwrap(), p[1].as_f64().unwrap()]).collect();
        // The reference adds the ends once more.
        points.dedup();
        assert_eq!(found.len(), points.len(), "{}", case.name);
        for (found, expected) in found.iter().flatten().zip(points.iter().flatten()) {
            assert_near(&case.name, *found, *expected);
        }
    }
}

#[test]
fn similarities_are_those_of_the_reference() {
    for shares in expected()["similarity"].as_array().unwrap() {
        let case = Case::open(shares["case"].as_str().unwrap());
        let g = case.graph(shares["graph"].as_u64().unwrap() as usize);
        let other = found_scores(&case, &g, shares["other"].as_str().unwrap());
        for share in shares["shares"].as_array().unwrap() {
            let n_edges = share[0].as_u64().unwrap() as usize;
            assert_eq!(similarity(&g.scores, &other, n_edges), share[1].as_f64(), "{} {n_edges}", case.name);
        }
    }
}

/// Scores that one of the reference's algorithms found, out of a case's expected tensors.
fn found_scores(case: &Case, g: &crate::support::CaseGraph, algorithm: &str) -> PruneScores {
    let bytes = std::fs::read(case.dir.join("expected.safetensors")).unwrap();
    let file = TensorFile::from_bytes("expected.safetensors", &bytes).unwrap();
    let values = g.graph.dests.iter().flat_map(|dest| {
        let name = format!("graph{}.{algorithm}.{}", g.idx, dest.module_name);
        file.read(file.get(&name).unwrap(), &bytes).unwrap()
    });
    PruneScores::new(values.collect())
}
