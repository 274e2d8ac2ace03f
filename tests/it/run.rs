//! Runs of circuits: every run of every reference case.

use crate::support::{CASES, Case, assert_close, numbers};

#[test]
fn every_circuit_of_every_run_has_the_reference_logits() {
    for case in CASES.map(Case::open) {
        let model = case.model();
        for g in case.graphs() {
            for (r, run) in g.json["runs"].as_array().unwrap().iter().enumerate() {
                let output = case.run(&model, &g, &g.settings(&case, run));
                let asked: Vec<_> = output.circuits.iter().map(|c| c.circuit.requested).collect();
                assert_eq!(asked, numbers(&run["test_edge_counts"]));
                for circuit in &output.circuits {
                    let name = format!("graph{}.run{r}.edges{}", g.idx, circuit.circuit.n_edges);
                    assert_close(&format!("{} {name}", case.name), &circuit.logits.values, &case.expected(&name).1);
                }
            }
        }
    }
}

#[test]
fn measurements_are_those_of_the_reference() {
    for case in CASES.map(Case::open) {
        let model = case.model();
        for g in case.graphs() {
            for run in g.json["runs"].as_array().unwrap() {
                let output = case.run(&model, &g, &g.settings(&case, run));
                let measured = |key: &str, value: &dyn Fn(&circuitscope::circuit::Measurement) -> Option<f64>| {
                    let Some(expected) = run["metrics"][key].as_array() else { return };
                    for pair in expected {
                        let n_edges = pair[0].as_u64().unwrap() as usize;
                        let circuit = output.circuits.iter().find(|c| c.circuit.n_edges == n_edges).unwrap();
                        let (found, expected) = (value(&circuit.measurement).unwrap(), pair[1].as_f64().unwrap());
                        let close = (found - expected).abs() <= 1e-4 + 1e-3 * expected.abs();
                        assert!(close, "{} {key} at {n_edges}: {found}, expected {expected}", case.name);
                    }
                };
                measured("Clean KL Div", &|m| Some(m.kl_clean));
                measured("Corrupt KL Div", &|m| Some(m.kl_corrupt));
                measured("Logit Diff", &|m| m.logit_diff);
            }
        }
    }
}
