//! Captions with numbers from the recorded results.

use circuitscope_core::figure_file::caption::{Facts, fill};
use circuitscope_core::figure_file::recorded::FigureResults;
use circuitscope_core::{Measured, Measurement, Metric};

use super::sample::{demo, full, model, results};

/// Results of 0, 2 and 77 edges whose logit differences are -1, 1.9 and 2, and that answer 50, 90 and 100 % right; the model 2 and
/// -1.
fn by_hand() -> FigureResults {
    let mut results = results();
    let of = |diff: f64, right: f64| {
        let measured = |x: f64| Some(Measured { mean: x, std: 0.0, quartiles: [x - 0.25, x, x + 0.25] });
        let mut all = [None; Metric::ALL.len()];
        all[Metric::LogitDiff.idx()] = measured(diff);
        all[Metric::CorrectAnswerPercent.idx()] = measured(right);
        all[Metric::CleanKlDiv.idx()] = measured(0.0);
        Measurement::of_all(all)
    };
    for (circuit, (diff, right)) in results.circuits.iter_mut().zip([(-1.0, 50.0), (1.9, 90.0), (2.0, 100.0)]) {
        circuit.measurement = of(diff, right);
    }
    (results.baseline.clean, results.baseline.corrupt) = (of(2.0, 100.0), of(-1.0, 50.0));
    results
}

fn facts(results: &FigureResults) -> Facts<'_> {
    Facts { results: Some(results), n_edges: 77, shown: Some(2), is_edited: false, reverse: false }
}

#[test]
fn claims_are_computed() {
    let results = by_hand();
    let text = |caption: &str| fill("f", caption, &facts(&results)).unwrap().replace('\u{a0}', " ");
    assert_eq!(
        text("{edges:2} of {edges:all} edges give {share:logit_diff:2} of it."),
        "2 of 77 edges give 95 % of it."
    );
    assert_eq!(
        text("{share:logitDiff:shown}, {share:logitDiff:0}, {share:logitDiff:all}"),
        "95 %, \u{2212}50 %, 100 %"
    );
    assert_eq!(text("{value:logitDiff:0} to {value: logitDiff : 2}"), "\u{2212}1.00 to 1.90");
    assert_eq!(text("{value:correct_answer_percent:2}"), "90 %");
    assert_eq!(
        text("{spread:logitDiff:2}; {clean:logitDiff}; {corrupt:logitDiff}"),
        "1.65 to 2.15; 2.00; \u{2212}1.00"
    );
    assert_eq!(text("{{no}} claim"), "{no} claim");
    // -1 of the corrupt prompts' -1.
    let reversed = Facts { reverse: true, ..facts(&results) };
    assert_eq!(fill("f", "{share:logitDiff:0}", &reversed).unwrap(), "100\u{a0}%");
}

#[test]
fn a_circuit_is_found_by_what_was_asked_for_or_by_what_it_has() {
    let mut results = by_hand();
    results.circuits[1].circuit.n_edges = 3;
    let text = |caption: &str| fill("f", caption, &facts(&results)).unwrap();
    assert_eq!(text("{edges:2} {edges:3}"), "3 3");
}

#[test]
fn a_claim_without_a_number_is_an_error_that_names_it() {
    let results = by_hand();
    let error = |caption: &str, facts: &Facts| fill("f", caption, facts).unwrap_err().to_string();
    let rows = [
        (
            "a {share:logitDiff:31}",
            "`caption: {share:logitDiff:31}` should be a circuit of 31 edges in the recorded results",
        ),
        ("{value:probDiff:2}", "the metric Probability difference in the recorded results"),
        ("{share:cleanKlDiv:2}", "of the unpatched model that is not 0"),
        ("{shares:logitDiff:2}", "found {shares:logitDiff:2}"),
        ("{share:logitDif:2}", "found {share:logitDif:2}"),
        ("{edges:-1}", "found {edges:-1}"),
        ("{edges:2:3}", "found {edges:2:3}"),
        ("{}", "found {}"),
        ("an {open", "`caption` should be braces in pairs ({{ and }} are braces as text), found \"{open\""),
        ("a } b", "found \"} b\""),
    ];
    for (caption, expected) in rows {
        let error = error(caption, &facts(&results));
        assert!(error.contains(expected), "{error}, not {expected}");
    }
    let none = Facts { results: None, ..facts(&results) };
    assert!(error("{edges:2}", &none).contains("a circuit of 2 edges"));
    assert!(error("{clean:logitDiff}", &none).contains("the unpatched model"));
    assert_eq!(fill("f", "{edges:all}", &none).unwrap(), "77");
    assert!(error("{edges:shown}", &Facts { shown: None, ..facts(&results) }).contains("a known number of edges"));
    assert!(error("{edges:shown}", &Facts { is_edited: true, ..facts(&results) }).contains("with its edits"));
}

#[test]
fn the_demos_caption_is_true() {
    let figure = demo();
    let text = figure.caption_text("f", &figure.on_model("f", &model()).unwrap()).unwrap();
    // Its circuit of 2 edges answers as the model does.
    assert_eq!(text, "2 of 77 edges give 100\u{a0}% of the logit difference.");
    let mut edited = full();
    edited.caption = "{edges:shown}".to_owned();
    assert_eq!(edited.caption_text("f", &edited.on_model("f", &model()).unwrap()).unwrap(), "2");
}
