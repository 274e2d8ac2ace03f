//! What the viewer shows of the figures of the site.

use circuitscope_core::figure_file::FigureFile;
use circuitscope_core::figure_file::edges::{EdgeScores, FigureEdges, ListedEdge};
use circuitscope_core::figure_file::recorded::RecordedCircuit;
use circuitscope_core::figure_file::view::CircuitSize;
use circuitscope_core::{EdgeValues, Measured, Metric};
use circuitscope_figure::tip::Tip;
use circuitscope_figure::{Target, TokenRole, plain_text};
use circuitscope_picture::drawn::Drawn;
use circuitscope_picture::{Orientation, Size};

use crate::figure::Opened;
use crate::live::{Results, Status};
use crate::show;
use crate::state::{Saved, Shown};

const ROOM: Size = Size { width: 680.0, height: 372.0 };

fn text(demo: &str) -> String {
    let path = format!("{}/../../www/demo/{demo}/figure.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn opened(demo: &str) -> (Opened, Shown) {
    let opened = Opened::read("figure.json", &text(demo), None).unwrap();
    let shown = Shown::of(&opened);
    (opened, shown)
}

fn recorded(opened: &Opened) -> Vec<RecordedCircuit> {
    opened.recorded().unwrap().circuits.clone()
}

#[test]
fn every_demo_is_drawn_with_its_caption_its_curve_and_its_tokens() {
    for demo in ["ioi", "induction", "greater-than", "tracr-reverse", "tracr-xproportion"] {
        let (opened, shown) = opened(demo);
        let drawn = show::drawn(&opened, &shown);
        let picture = show::picture(&drawn, &opened, ROOM, Orientation::Horizontal);
        assert_eq!(drawn.n_edges() + drawn.rest.n_in_circuit, shown.circuit(&opened).n_edges, "{demo}");
        assert!(!picture.scene.stops.is_empty() && !picture.legend.is_empty(), "{demo}");
        assert!(!plain_text(&show::caption(&opened)).contains('{'), "{demo}: a number is not filled in");
        let strip = show::strip(&opened, &shown, ROOM);
        assert_eq!(strip.chosen.unwrap().points.len(), recorded(&opened).len(), "{demo}");
        assert!(show::read(&opened, &shown, false).len() > 3, "{demo}");
        let (clean, corrupt) = show::prompt(&opened, &shown).unwrap();
        assert!(clean.len() == corrupt.len() && clean != corrupt, "{demo}");
    }
}

#[test]
fn boxes_have_the_labels_and_the_groups_of_the_figure() {
    let (opened, shown) = opened("induction");
    let drawn = show::drawn(&opened, &shown);
    let tip = |opened: &Opened, drawn: &Drawn| show::tip(opened, drawn, &Target::Node("A0.2".to_owned())).unwrap();
    assert!(tip(&opened, &drawn).text.starts_with("previous-token head. "), "{:?}", tip(&opened, &drawn));
    assert_eq!(tip(&opened, &drawn).title, "A0.2");
    let mut file = opened.file.clone();
    file.view.labels.insert("A0.2".to_owned(), "says what came before".to_owned());
    file.view.groups.clear();
    let opened = Opened::read("figure.json", &serde_json::to_string(&file).unwrap(), None).unwrap();
    let drawn = show::drawn(&opened, &Shown::of(&opened));
    let Tip { title, text, .. } = tip(&opened, &drawn);
    assert_eq!(title, "says what came before (A0.2)");
    assert!(text.contains(" in, ") && !text.contains("head"), "{text}");
}

#[test]
fn the_answer_leads_the_likeliest_tokens() {
    let (opened, shown) = opened("ioi");
    let (runs, tokens) = show::next_tokens(&opened, &shown).unwrap();
    assert_eq!(runs, ["Clean", "Corrupt", "Circuit"]);
    assert_eq!(tokens[0].role, TokenRole::Answer);
    assert!(tokens[0].probabilities[0].unwrap() > 0.5);
}

#[test]
fn tokens_of_a_size_that_was_not_recorded_are_those_of_the_next_smaller_one_by_name() {
    let (opened, mut shown) = opened("ioi");
    let sizes: Vec<_> = recorded(&opened).iter().map(|recorded| recorded.circuit.n_edges).collect();
    let (before, size) =
        sizes.windows(2).find(|pair| pair[1] > pair[0] + 1).map(|pair| (pair[0], pair[0] + 1)).unwrap();
    shown.request(&opened, size);
    assert_eq!(show::next_tokens(&opened, &shown).unwrap().0[2], format!("{before} edges"));
    assert!(plain_text(&show::read(&opened, &shown, false)).ends_with("not recorded"));
}

#[test]
fn a_live_run_says_how_far_it_is_from_what_was_recorded() {
    let (opened, mut shown) = opened("ioi");
    let mut circuits = recorded(&opened);
    let run = |shown: &mut Shown, circuits: &[RecordedCircuit]| {
        shown.live = crate::live::Live::default();
        shown.live.add(&opened, Results { device: "CPU".to_owned(), circuits: circuits.to_vec() });
        show::run_line(&opened, &shown.live)
    };
    assert_eq!(run(&mut shown, &circuits), ("Run here, CPU. Verified: no difference".to_owned(), false));
    let moved = |measured: Option<Measured>| measured.map(|m| Measured { mean: m.mean + 0.5, ..m });
    let last = circuits.last_mut().unwrap();
    let all = Metric::ALL.map(|metric| {
        let measured = last.measurement.get(metric);
        if metric == Metric::LogitDiff { moved(measured) } else { measured }
    });
    last.measurement = circuitscope_core::Measurement::of_all(all);
    let (line, is_warning) = run(&mut shown, &circuits);
    assert!(is_warning && line.starts_with("Run here, CPU. Not as recorded: largest difference 5e-1"), "{line}");
    // Part of the circuits says nothing of the others.
    assert_eq!(run(&mut shown, &circuits[..3]).0, "Run here, CPU");
    shown.live.status = Status::Failed { message: "no memory".to_owned() };
    assert_eq!(show::run_line(&opened, &shown.live), ("no memory".to_owned(), true));
}

#[test]
fn what_is_shown_comes_back_and_what_the_figure_lacks_is_passed_over() {
    let (opened, mut shown) = opened("induction");
    shown.request(&opened, 5);
    shown.prompt = 1;
    shown.selection = Some(Target::Node("A1.2".to_owned()));
    let saved: Saved = serde_json::from_str(&serde_json::to_string(&shown.saved()).unwrap()).unwrap();
    let mut again = Shown::of(&opened);
    again.restore(&opened, saved);
    assert_eq!(again, shown);
    again.restore(&opened, Saved { edges: Some(9_999), prompt: Some(9_999), metric: None, selection: None });
    assert_eq!((again.requested, again.prompt), (opened.scores.n_edges(), 1));
}

#[test]
fn prompts_that_the_figure_has_as_tokens_are_enough_to_run_it() {
    let (opened, _) = opened("ioi");
    let prompts = serde_json::to_value(show::all_prompts(&opened).unwrap()).unwrap();
    assert_eq!(prompts["prompts"].as_array().unwrap().len(), opened.file.texts.prompts.len());
    let mut fewer: FigureFile = opened.file.clone();
    fewer.texts.prompts.truncate(3);
    let json = fewer.to_json("figure.json").unwrap();
    // Tokens and attention are of prompts that are gone: what is left need not be all that was recorded.
    if let Ok(opened) = Opened::read("figure.json", &json, None) {
        assert_eq!(show::all_prompts(&opened), None);
    }
}

#[test]
fn a_figure_without_edges_or_config_says_what_it_lacks() {
    let mut file = FigureFile::from_json("figure.json", &text("tracr-reverse")).unwrap();
    let config = file.files.config.content().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
    file.files.config.inline = None;
    let json = file.to_json("figure.json").unwrap();
    let error = Opened::read("figure.json", &json, None).unwrap_err().to_string();
    assert!(error.contains("files.config"), "{error}");
    assert!(Opened::read("figure.json", &json, Some(&config)).is_ok());
    file.circuit = None;
    file.recorded = None;
    file.caption.clear();
    let json = file.to_json("figure.json").unwrap();
    let error = Opened::read("figure.json", &json, Some(&config)).unwrap_err().to_string();
    assert!(error.contains("circuit"), "{error}");
}

#[test]
fn a_mask_has_one_circuit_and_is_drawn_by_how_much_of_each_edge_is_in_it() {
    let mut file = FigureFile::from_json("figure.json", &text("tracr-reverse")).unwrap();
    let edge = |edge: &str, score| ListedEdge { edge: edge.to_owned(), score };
    let listed = vec![edge("Resid Start->A3.0.V", 1.0), edge("A3.0->Resid End", 0.25)];
    file.circuit = Some(FigureEdges { values: EdgeValues::Mask, scores: EdgeScores::Listed(listed) });
    file.view.size = CircuitSize::Edges(2);
    file.recorded = None;
    file.caption.clear();
    let opened = Opened::read("figure.json", &file.to_json("figure.json").unwrap(), None).unwrap();
    let mut shown = Shown::of(&opened);
    let masks = |shown: &Shown| -> Vec<f32> { show::drawn(&opened, shown).links().map(|link| link.mask).collect() };
    assert_eq!(masks(&shown), [1.0, 0.25]);
    shown.request(&opened, 1);
    assert_eq!((shown.requested, masks(&shown)), (2, vec![1.0, 0.25]));
}
