//! Figures: what is shown of one before anything is fetched, its files, a live run that is compared, links, and one that is written.

use std::rc::Rc;

use super::{OWN, done, drop_file, json};
use crate::select::figure::{nodes_of, placed_nodes};
use crate::select::figure_file::{self, About, about};
use crate::select::figure_words::{heading, notice, status, verified};
use crate::select::insight::known_attention;
use crate::select::link::{address, fragment};
use crate::select::rail::{Remedy, StatusKind};
use crate::select::runs::{live_run, next_run, sweep};
use crate::select::search;
use crate::select::tokens::token_text;
use crate::state::State;
use crate::state::figure::examples::BUILT_IN;
use crate::state::figure::{Made, Next, OpenFigure, Opening, Origin, Slot, Stage};
use crate::state::files::{Content, FileEntry, FileId, Role};
use crate::state::load::{Load, Shared};
use crate::state::picture::{Look, Selection};
use crate::state::results::TokenPosition;
use crate::update::{Action, CircuitAction, FigureAction, LinkAction};
use circuitscope_core::figure_file::edges::{EdgeEdit, EdgeScores, ListedEdge};
use circuitscope_core::figure_file::files::FigureRef;
use circuitscope_core::figure_file::view::{FigureSelection, Manner};
use circuitscope_core::{EdgeCounts, FigureFile, Measured, Measurement, Metric, TensorFile};
use circuitscope_picture::Orientation;
use circuitscope_wire::engine::{CircuitResult, Event, Head};

const FIRST: FileId = 100;
const CONFIG: &str = include_str!("../../www/demo/tracr-reverse/tl_config.json");
const WEIGHTS: &[u8] = include_bytes!("../../www/demo/tracr-reverse/model.safetensors");

/// The demo as a figure that the page writes, with its weights at an address.
fn figure() -> FigureFile {
    let mut state = State::demo();
    state.apply(Action::Circuit(CircuitAction::Selected(Some(Selection::Node("A3.0".to_owned())))));
    let about = About {
        title: "Backwards".to_owned(),
        caption: "{edges:2} of {edges:all} edges give <b>{share:logitDiff:2}</b>.".to_owned(),
    };
    let config = FigureRef::inline_json(CONFIG).unwrap();
    let mut figure = figure_file::figure(&state, &about, config, "2026-11-30").unwrap();
    figure.texts.tokens = [(0, "BOS".to_owned()), (1, " a\n".to_owned())].into();
    figure.files.weights = vec![FigureRef::at("model.safetensors", WEIGHTS.len() as u64, &"ab".repeat(32))];
    figure
}

fn opened(figure: FigureFile, origin: Origin) -> (OpenFigure, Made) {
    // As it is read from its file.
    let figure = FigureFile::from_json("figure.json", &figure.to_json("figure.json").unwrap()).unwrap();
    let opening = Opening { origin, name: "figure.json".to_owned(), figure, scores: None, first_id: FIRST };
    opening.open().unwrap()
}

fn at_address() -> Origin {
    Origin::Address { link: "f/figure.json".to_owned(), url: "https://x.org/f/figure.json".to_owned() }
}

fn open(state: &mut State, figure: FigureFile) {
    let (open, _) = opened(figure, at_address());
    state.apply(Action::Figure(FigureAction::Opened(Shared::new(open))));
}

fn showing(figure: FigureFile) -> State {
    let mut state = State::demo();
    open(&mut state, figure);
    state
}

/// The weights are there.
fn got(state: &mut State) {
    let header = TensorFile::from_bytes("model.safetensors", WEIGHTS).unwrap();
    let entry = FileEntry {
        id: FIRST + Slot::Weights(0).offset(),
        name: "model.safetensors".to_owned(),
        n_bytes: WEIGHTS.len() as u64,
        demo: true,
        content: Load::Ready(Content::Weights(Shared::new(header))),
    };
    state.apply(Action::Figure(FigureAction::Got(vec![(entry, Slot::Weights(0))], None)));
}

/// Runs the figure's circuits; `result` is what comes out for each.
fn run_live(state: &mut State, result: impl Fn(&Measurement) -> Measurement) {
    state.apply(Action::Figure(FigureAction::Live(Next::Run)));
    let plan = live_run(state).unwrap();
    let recorded = state.figure().unwrap().figure.recorded.clone().unwrap();
    let counts = recorded.circuits.iter().map(|circuit| circuit.circuit.requested).collect();
    assert_eq!(plan.edge_counts, EdgeCounts::List(counts));
    state.apply(Action::RunStarted(1, plan));
    assert_eq!(live_run(state), None, "once");
    let circuits = recorded.circuits.iter().enumerate().map(|(index, circuit)| Event::Circuit {
        result: CircuitResult {
            index,
            circuit: circuit.circuit,
            shape: vec![6, 5, 3],
            measurement: result(&circuit.measurement),
        },
    });
    state.apply(Action::RunProgressed(1, circuits.collect(), 0.0));
    state.apply(Action::RunEnded(1, done()));
}

#[test]
fn a_figure_is_shown_with_its_results_before_anything_is_fetched() {
    let state = showing(figure());
    assert!(state.fresh() && state.has_results() && state.scored().is_some());
    assert_eq!((state.results.rows.len(), state.picture.requested), (3, 2));
    assert_eq!(state.picture.selection, Some(Selection::Node("A3.0".to_owned())));
    let heading = heading(&state).unwrap();
    assert_eq!(heading.title, "Backwards");
    assert_eq!(heading.caption, ["2 of 77 edges give <b>100\u{a0}%</b>."], "a caption is text and no markup");
    assert_eq!((token_text(&state, 1), token_text(&state, 2)), ("␣a⏎".to_owned(), "2".to_owned()));
    let at = TokenPosition { n_edges: 2, edits: Default::default(), prompt: 0, position: 0 };
    assert!(matches!(state.results.tokens(&at), Some(Load::Ready(_))), "its likeliest tokens");
    let status = status(&state).unwrap();
    assert_eq!((status.kind, status.remedy), (StatusKind::Good, Some(Remedy::RunLive)));
    assert!(status.text.contains("Running it here fetches "), "{}", status.text);
    assert_eq!((sweep(&state), live_run(&state)), (None, None), "without weights nothing is run");
}

#[test]
fn boxes_have_the_labels_and_groups_of_the_figure_that_is_open() {
    let mut figure = figure();
    figure.view.labels = [("A3.0".to_owned(), "copies".to_owned())].into();
    figure.view.groups = [("writers".to_owned(), vec!["A3.0".to_owned()])].into();
    let mut state = showing(figure);
    let node = |state: &State| {
        let nodes = placed_nodes(&nodes_of(state)).unwrap().0;
        let node = nodes.nodes.iter().find(|node| node.name == "A3.0").unwrap();
        (node.label.clone(), node.group.map(|group| nodes.groups[group].clone()))
    };
    assert_eq!(node(&state), ("copies".to_owned(), Some("writers".to_owned())));
    open(&mut state, self::figure());
    assert_eq!(node(&state), ("A3.0".to_owned(), None));
}

#[test]
fn moving_the_cursor_of_a_figure_fetches_nothing() {
    let mut state = showing(figure());
    state.apply(Action::Circuit(CircuitAction::Requested(1)));
    assert_eq!(next_run(&state), None);
    assert!(heading(&state).is_some());
    assert!(search::order(&state, false).unwrap_err().starts_with("Fetches the figure's files first"), "a search does");
    assert!(search::fetches_first(&state) && search::search_after_fetch(&state).is_none());
}

#[test]
fn a_live_run_says_how_far_it_is_from_what_was_recorded() {
    let mut state = showing(figure());
    got(&mut state);
    assert!(state.fresh(), "the files are those of the results");
    assert_eq!((state.picture.requested, verified(&state)), (2, None));
    run_live(&mut state, Measurement::clone);
    let said = verified(&state).unwrap();
    assert_eq!((said.text.as_str(), said.wrong), ("verified: no difference.", false));
    let mut all = [None; Metric::ALL.len()];
    all[Metric::LogitDiff.idx()] = Some(Measured { mean: 1e6, std: 0.0, quartiles: [0.0; 3] });
    let mut state = showing(figure());
    got(&mut state);
    run_live(&mut state, |_| Measurement::of_all(all));
    let said = verified(&state).unwrap();
    assert!(
        said.wrong && said.text.starts_with("not as recorded: largest difference 1e6 (logit difference"),
        "{}",
        said.text
    );
    state.apply(super::zero_ablation(&state));
    assert_eq!(verified(&state), None, "of other settings it says nothing");
}

#[test]
fn an_own_model_ends_the_figure_and_it_can_be_come_back_to() {
    let mut state = showing(figure());
    let config = include_str!("../../tests/fixtures/cases/gpt2/config.json");
    drop_file(&mut state, OWN, "config.json", json("config.json", config));
    assert_eq!((state.figure().is_none(), heading(&state)), (true, None));
    assert_eq!(state.settings.run.slice, circuitscope_core::RunSettings::default().slice);
    state.apply(Action::ExampleWanted);
    assert_eq!(heading(&state).unwrap().title, "Backwards");
    assert!(state.fresh());
    state.apply(Action::DemoWanted);
    assert!(state.is_demo() && state.figures.open.is_none());
    assert_eq!(address(&state).unwrap().figure.as_deref(), Some(BUILT_IN));
}

#[test]
fn the_address_names_a_figure_and_what_is_not_as_in_it() {
    let mut figure = figure();
    figure.view.look.manner = Manner::Matrix;
    figure.view.edits = vec![EdgeEdit { edge: "Resid Start->Resid End".to_owned(), mask: 0.5 }];
    figure.view.metric = Metric::LogitDiff;
    figure.view.prompt = 2;
    let mut state = showing(figure.clone());
    let shown = address(&state).unwrap();
    assert_eq!((shown.figure.as_deref(), shown.fragment.as_str()), (Some("f/figure.json"), ""));
    assert_eq!((state.picture.view.look, state.measures.metric, state.prompt), (Look::Matrix, Metric::LogitDiff, 2));
    state.apply(Action::Circuit(CircuitAction::EditsCleared));
    state.apply(Action::Circuit(CircuitAction::Selected(None)));
    state.apply(Action::view(|view| view.look = Look::Flow));
    state.apply(Action::PromptChosen(0));
    let text = fragment(&state);
    assert_eq!(text, "v=1&edge=&select=&look=flow&prompt=0");
    let mut other = showing(figure);
    other.apply(Action::Link(LinkAction::Opened(text)));
    assert_eq!(other.links.notes, Vec::<String>::new());
    assert_eq!((other.picture.edits.len(), &other.picture.selection, other.prompt), (0, &None, 0));
    assert_eq!(other.picture.view, state.picture.view);
    other.apply(Action::Link(LinkAction::Opened("k=1".to_owned())));
    assert_eq!((other.picture.requested, other.picture.view.look, other.prompt), (1, Look::Matrix, 2));
}

#[test]
fn a_figure_from_a_file_has_no_address_and_names_what_is_missing() {
    let mut state = State::demo();
    let (open, _) = opened(figure(), Origin::File("figure.json".to_owned()));
    state.apply(Action::Figure(FigureAction::Opened(Shared::new(open))));
    assert_eq!(address(&state), None);
    let said = status(&state).unwrap();
    assert!(said.text.contains("drop also: model.safetensors ("), "{}", said.text);
    assert_eq!(said.remedy, None);
    state.apply(Action::Figure(FigureAction::Given(FIRST + Slot::Weights(0).offset())));
    assert_eq!(status(&state).unwrap().remedy, Some(Remedy::RunLive));
}

#[test]
fn listed_edges_are_shown_and_the_scores_file_is_waited_for() {
    let mut figure = figure();
    let edge = |edge: &str, score| ListedEdge { edge: edge.to_owned(), score };
    let listed = vec![edge("Resid Start->A3.0.V", 2.0), edge("Resid Start->MLP 0", -3.0)];
    let Some(circuit) = &mut figure.circuit else { panic!("no circuit") };
    circuit.scores = EdgeScores::Listed(listed);
    figure.recorded = None;
    figure.caption = String::new();
    figure.view.selection = Some(FigureSelection::Edge("Resid Start->MLP 0".to_owned()));
    figure.files.scores = Some(FigureRef::at("scores.safetensors", 9, &"cd".repeat(32)));
    let (open, made) = opened(figure, at_address());
    let awaited: Vec<_> = open.awaited().map(|(part, _)| part.slot).collect();
    assert_eq!(awaited, [Slot::Weights(0), Slot::Scores]);
    assert!(made.iter().any(|(id, ..)| *id == FIRST + Slot::Scores.offset()), "what stands for them can be run");
    let mut state = State::demo();
    state.apply(Action::Figure(FigureAction::Opened(Shared::new(open))));
    assert_eq!(state.circuit().unwrap().n_edges, 2);
    assert!(matches!(state.picture.selection, Some(Selection::Edge(_))));
    assert_eq!(status(&state).unwrap().title, "Not run yet.");
}

#[test]
fn prompts_that_are_not_all_are_shown_and_nothing_is_run_with_them() {
    let mut figure = figure();
    figure.texts.prompts.truncate(2);
    figure.view.prompt = 0;
    figure.files.prompts = Some(FigureRef::at("prompts.json", 9, &"cd".repeat(32)));
    let (open, _) = opened(figure, at_address());
    assert!(open.awaited().any(|(part, _)| part.slot == Slot::Prompts));
    let mut state = State::demo();
    state.apply(Action::Figure(FigureAction::Opened(Shared::new(open))));
    assert_eq!((state.inputs.problems.len(), state.settings.run.batch_size), (0, 6));
    assert_eq!(state.inputs.prompts.as_ref().unwrap().pairs.len(), 2);
    assert!(!state.inputs.ready());
}

#[test]
fn a_figure_that_is_written_and_opened_again_is_the_same_screen() {
    let mut state = State::demo();
    state.apply(Action::Circuit(CircuitAction::Requested(77)));
    state.apply(Action::Circuit(CircuitAction::MaskChanged(5, 0.25)));
    state.apply(Action::view(|view| {
        (view.look, view.orientation, view.compact) = (Look::Matrix, Orientation::Vertical, true);
        view.options.opened.insert(1);
        view.options.window = Some(0..2);
        view.options.merged_heads.insert("A3.0".to_owned());
    }));
    state.apply(Action::Circuit(CircuitAction::Selected(Some(Selection::Edge(7)))));
    state.apply(Action::PromptChosen(3));
    let config = FigureRef::inline_json(CONFIG).unwrap();
    let written = figure_file::figure(&state, &about(&state), config, "2026-11-30").unwrap();
    let again = showing(written);
    assert_eq!(again.picture, crate::state::picture::Picture { newly_chosen: false, ..state.picture.clone() });
    assert_eq!((again.prompt, again.position, again.measures.metric), (3, 0, state.measures.metric));
    assert_eq!(again.settings.run, state.settings.run);
    assert_eq!(again.scored().unwrap().scores.values(), state.scored().unwrap().scores.values());
    assert_eq!(again.inputs.prompts.as_ref().unwrap().pairs, state.inputs.prompts.as_ref().unwrap().pairs);
    let near = |state: &State| -> Vec<f32> {
        state
            .results
            .rows
            .iter()
            .filter_map(|row| row.result.measurement.mean(Metric::CleanKlDiv))
            .map(|x| x as f32)
            .collect()
    };
    let (a, b) = (near(&again), near(&state));
    assert!(a.len() == 3 && a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-5 * b.abs()), "{a:?} {b:?}");
    assert_eq!(
        figure_file::figure(&again, &about(&again), FigureRef::inline_json(CONFIG).unwrap(), "later")
            .unwrap()
            .recorded
            .unwrap()
            .date
            .as_deref(),
        Some("2026-11-30")
    );
}

#[test]
fn attention_that_was_recorded_is_shown_where_it_is_of_the_circuit() {
    use circuitscope_core::figure_file::Numbers;
    use circuitscope_core::figure_file::recorded::{AttentionPatterns, RecordedAttention};
    let mut figure = figure();
    let pattern = || Numbers::f32(vec![0.5; 36]);
    let patterns = AttentionPatterns { clean: pattern(), corrupt: pattern(), circuit: pattern() };
    let recorded = RecordedAttention { prompt: 0, block: 3, head_idx: 0, circuit: 1, seq: 6, n_pads: [0; 3], patterns };
    figure.recorded.as_mut().unwrap().attention = vec![recorded];
    let mut state = showing(figure);
    let (head, attention) = known_attention(&state).unwrap();
    assert_eq!((head, attention.seq), (Head { block: 3, head_idx: 0 }, 6));
    state.apply(Action::Circuit(CircuitAction::Requested(77)));
    assert_eq!(known_attention(&state), None);
}

#[test]
fn a_figure_that_cannot_be_opened_leaves_what_was_shown() {
    let mut state = State::demo();
    state.apply(Action::Figure(FigureAction::Stage(Stage::Opening("f.json".to_owned()))));
    assert_eq!(address(&state), None, "the address stays as it is meanwhile");
    state.apply(Action::Figure(FigureAction::Stage(Stage::Unopened("f.json is a web page".to_owned()))));
    assert!(state.is_demo() && state.fresh() && notice(&state).is_some());
    state.apply(Action::Figure(FigureAction::Stage(Stage::Idle)));
    assert_eq!((address(&state).unwrap().figure.as_deref(), notice(&state)), (Some(BUILT_IN), None));
    assert!(state.inputs.file(Role::Weights).is_some());
    drop(Rc::new(state));
}
