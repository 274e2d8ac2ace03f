//! Figures that are read, and what they show.

use circuitscope_core::figure_file::edges::{EdgeScores, FigureEdges, ListedEdge};
use circuitscope_core::figure_file::files::FigureRef;
use circuitscope_core::figure_file::prompts::FigureAnswers;
use circuitscope_core::figure_file::verify::compare;
use circuitscope_core::figure_file::view::CircuitSize;
use circuitscope_core::figure_file::{Numbers, is_figure};
use circuitscope_core::scores::known_circuit::edge_name;
use circuitscope_core::{
    Baseline, CircuitMasks, EdgeValues, FigureFile, FileKind, Measured, Measurement, Metric, recognise,
};

use super::sample::{demo, full, graph, least, listed, model, results, scores};

#[test]
fn figures_are_read_as_they_are_written() {
    for figure in [least(), demo(), full()] {
        let json = figure.to_json("f").unwrap();
        let read = FigureFile::from_json("f", &json).unwrap();
        assert_eq!(read, figure);
        assert_eq!(read.to_json("f").unwrap(), json, "the same figure is the same text");
    }
    let json = full().to_json("f").unwrap();
    assert!(json.starts_with(r#"{"format":"circuitscope-figure","version":1,"title":"Reverse","caption":""#), "{json}");
    // Not 0.10000000149011612, which is as near to the f32 of 0.1.
    assert!(json.contains(r#""mask":0.1}"#));
    assert!(json.contains(r#"{"edge":"Resid Start->Resid End","score":"-Infinity"}"#));
}

#[test]
fn a_figure_by_hand() {
    let json = r#" {
        "title": "By hand", "version": 1, "format": "circuitscope-figure", "made by": {"a": ["hand"]},
        "files": {"config": {"url": "config.json", "etag": 5}},
        "view": {"size": {"edges": 31}, "look": {"heads": "byLayer", "sparkle": true}, "metric": "logitDiff"},
        "circuit": {"scores": {"listed": [{"edge": "A0.1->MLP 1", "score": 2, "rank": 1}]}}
    }"#;
    let figure = FigureFile::from_json("f", &format!("\u{feff}{json}")).unwrap();
    assert_eq!((figure.view.size, figure.run.batch_size, figure.graph.separate_qkv), (CircuitSize::Edges(31), 8, true));
    let Some(FigureEdges { values: EdgeValues::Scores, scores: EdgeScores::Listed(listed) }) = &figure.circuit else {
        panic!("no list")
    };
    assert_eq!((listed[0].edge.as_str(), listed[0].score), ("A0.1->MLP 1", 2.0));
    assert_eq!(figure.inline_model("f"), Ok(None));
}

#[test]
fn metrics_of_later_versions_are_passed_over() {
    let json = demo().to_json("f").unwrap();
    let later = json.replace(r#""cleanKlDiv":{"#, r#""fidelity":{"mean":[1],"new":{}},"cleanKlDiv":{"#);
    assert_ne!(json, later);
    assert_eq!(FigureFile::from_json("f", &later).unwrap(), demo());
    let null = json.replace(r#""cleanKlDiv":{"#, r#""logitDiff":null,"cleanKlDiv":{"#);
    assert_eq!(FigureFile::from_json("f", &null).unwrap(), demo(), "of two values of a metric the last counts");
}

#[test]
fn a_figure_is_drawn_without_weights_and_scores() {
    let figure = demo();
    let on_model = figure.on_model("f", &figure.inline_model("f").unwrap().unwrap()).unwrap();
    assert_eq!(on_model.graph, graph());
    assert_eq!(on_model.values.as_ref(), Some(&scores()));
    assert_eq!((on_model.n_known, on_model.requested), (77, Some(2)));
    assert_eq!(Baseline::from(figure.recorded.clone().unwrap().baseline).n_prompts, 6);
    assert_eq!(figure.texts.to_prompts("prompts.json").pairs.len(), 6);
    assert_eq!((figure.texts.token(4), figure.texts.token(5)), (Some("\n"), None));
}

#[test]
fn listed_edges_are_scores_and_all_others_0() {
    let figure = full();
    let on_model = figure.on_model("f", &model()).unwrap();
    let values = on_model.values.unwrap();
    let found = values.values().iter().filter(|&&score| score != 0.0).count();
    assert_eq!((found, listed().len(), on_model.n_known), (3, 3, 3));
    assert_eq!(values.circuit(1).unwrap().n_edges, 1, "the infinite one");
    assert_eq!((on_model.requested, values.circuit(3).unwrap().n_edges), (Some(3), 3));
    let edited = graph().edges().find(|&edge| graph().edge_name(edge) == "Resid Start->MLP 0").unwrap();
    assert_eq!(on_model.edits.iter().collect::<Vec<_>>(), [(edited.edge_idx, 0.1)]);
}

#[test]
fn other_hosts_are_named_once_and_the_own_one_is_not() {
    let hosts = |base: &str| full().other_hosts(base);
    let all = ["a.example.org:8080", "b.example.org"];
    assert_eq!(hosts("https://figures.example.org/ioi/figure.json"), all);
    assert_eq!(hosts("figure.json"), all);
    assert_eq!(hosts("https://B.example.org:443/figure.json"), ["a.example.org:8080"]);
    assert_eq!(hosts("https://a.example.org/figure.json"), all, "another port is another server");
    assert_eq!(demo().other_hosts(""), Vec::<String>::new());
    let mut inlined = least();
    inlined.files.config.url = Some("https://c.example.org/config.json".to_owned());
    assert_eq!(inlined.other_hosts(""), Vec::<String>::new(), "what is inlined is not fetched");
}

#[test]
fn a_fetched_file_is_what_the_figure_says() {
    let hash = "ab".repeat(32);
    let file = FigureRef::at("../x/model.safetensors?download=1", 10, &hash);
    assert_eq!(file.name(), Some("model.safetensors"));
    assert_eq!(file.check_fetched(10, &hash.to_uppercase()), Ok(()));
    let size = file.check_fetched(9, &hash).unwrap_err().to_string();
    assert_eq!(size, "model.safetensors: `size` should be 10 bytes, by what the figure says, found 9");
    let other = file.check_fetched(10, &"00".repeat(32)).unwrap_err().to_string();
    assert!(other.contains("`sha256` should be abab") && other.contains("may have changed"), "{other}");
}

#[test]
fn the_demo_is_verified_against_itself() {
    let (recorded, mut computed) = (results().measured(), results().measured());
    assert!(compare(&recorded, &computed).is_within(0.0));
    computed.pop();
    assert_eq!(compare(&recorded, &computed).unmatched, [77]);
}

#[test]
fn a_figure_is_known_by_its_format() {
    let json = full().to_json("f").unwrap();
    assert!(is_figure(&json) && is_figure(r#"{"a": [], "format": "circuitscope-figure", "version": "?"}"#));
    assert_eq!(recognise(&json.as_bytes()[..100]), FileKind::Figure);
    for other in ["{}", r#"{"format": "other"}"#, r#"{"format": 5}"#, &json[..json.len() - 1], "[]", ""] {
        assert!(!is_figure(other), "{other}");
    }
}

#[test]
fn the_tokens_that_need_a_text() {
    let mut figure = demo();
    let ids: Vec<u32> = figure.token_ids().into_iter().collect();
    // The beginning and the three letters: the pad token, 4, is in no prompt.
    assert_eq!(ids, [0, 1, 2, 3]);
    figure.texts.prompts[0].wrong_answers = FigureAnswers::Tokens(vec![7]);
    assert!(figure.token_ids().contains(&7));
}

#[test]
fn results_are_rounded_to_six_digits() {
    let mut results = results();
    let mut all = [None; Metric::ALL.len()];
    all[0] = Some(Measured { mean: 1.0 / 3.0, std: 123.456_789_4, quartiles: [0.0, -1e-9 / 3.0, 1.0] });
    results.circuits[0].measurement = Measurement::of_all(all);
    results.tokens[0][0][0].clean[0].prob = 2.0 / 3.0;
    results.tokens[0][0][0].clean[0].logit = -12.345_678;
    let rounded = results.clone().rounded();
    let expected = Measured { mean: 0.333_333, std: 123.456_789, quartiles: [0.0, -3.333_33e-10, 1.0] };
    assert_eq!(rounded.circuits[0].measurement.get(Metric::ALL[0]), Some(expected));
    let token = rounded.tokens[0][0][0].clean[0];
    assert_eq!((token.prob, token.logit), (0.666_667, -12.3457));
    assert!(compare(&results.measured(), &rounded.measured()).largest_difference < 1e-6);
    assert_eq!(rounded.clone().rounded(), rounded);
}

#[test]
fn edges_of_a_token_wise_graph_have_positions() {
    let mut figure = least();
    (figure.graph.seq_len, figure.run.token_wise) = (Some(6), true);
    let scores = EdgeScores::Listed(vec![ListedEdge { edge: "5:A0.0->MLP 1".to_owned(), score: -2.0 }]);
    figure.circuit = Some(FigureEdges { values: EdgeValues::Scores, scores });
    figure.view.size = CircuitSize::Edges(1);
    let read = FigureFile::from_json("f", &figure.to_json("f").unwrap()).unwrap();
    let on_model = read.on_model("f", &model()).unwrap();
    let edge = on_model.graph.edges().find(|&edge| edge_name(&on_model.graph, edge) == "5:A0.0->MLP 1").unwrap();
    let values = on_model.values.unwrap();
    assert_eq!((values.score(edge), values.n_edges(), values.n_at_least(1.0)), (-2.0, 6 * 77, 1));
    let Some(FigureEdges { scores: EdgeScores::Listed(listed), .. }) = &mut figure.circuit else { panic!("no list") };
    listed[0].edge = "6:A0.0->MLP 1".to_owned();
    let error = figure.to_json("f").unwrap_err().to_string();
    assert!(error.contains("`circuit.scores.listed[0].edge` should be an edge of the graph"), "{error}");
}

#[test]
fn a_mask_is_one_circuit() {
    let mut figure = demo();
    let mask = scores().values().iter().map(|&score| score / 2.0).collect();
    figure.circuit = Some(FigureEdges { values: EdgeValues::Mask, scores: EdgeScores::All(Numbers::f32(mask)) });
    let on_model = figure.on_model("f", &model()).unwrap();
    let values = on_model.values.unwrap();
    let masks = CircuitMasks::of_mask(&values).with_edits(&on_model.edits);
    assert_eq!(masks.circuit(0).unwrap().n_edges, 2);
    assert_eq!(FigureFile::from_json("f", &figure.to_json("f").unwrap()).unwrap(), figure);
}

#[test]
fn what_needs_the_model_is_checked_once_it_is_there() {
    let mut figure = full();
    figure.files.config.inline = None;
    figure.view.labels.insert("A9.0".to_owned(), "no such head".to_owned());
    let read = FigureFile::from_json("f", &figure.to_json("f").unwrap()).unwrap();
    assert_eq!((&read, read.inline_model("f")), (&figure, Ok(None)));
    let error = read.on_model("f", &model()).unwrap_err().to_string();
    assert_eq!(error, "f: `view.labels` should be nodes of the graph such as A0.0 or Resid Start, found \"A9.0\"");
}
