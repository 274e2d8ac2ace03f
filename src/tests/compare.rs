//! Two circuits in one drawing, random edges, and the table of circuits.

use super::{OWN, zero_ablation};
use crate::select::agreement::AgreementRequest;
use crate::select::caption::caption;
use crate::select::figure::{DrawnRequest, nodes_of, placed_nodes};
use crate::select::measures::current_set;
use crate::select::other_run;
use crate::select::results::{Column, columns, table_page};
use crate::select::two_circuits::{self, PairRequest};
use crate::select::{random, scores};
use crate::state::State;
use crate::state::compare::With;
use crate::state::files::{Content, FileEntry, Role};
use crate::state::load::{Load, Shared};
use crate::state::measures::{Official, ScoreSet};
use crate::state::runs::Outcome;
use crate::update::{Action, CircuitAction, CompareAction, MeasureAction, SearchAction};
use circuitscope_core::measure::measures::to_csv;
use circuitscope_core::scores::known_circuit::KnownCircuit;
use circuitscope_core::{Circuit, EdgeCounts, Metric, Overlap, PromptValues, PruneScores, RunSettings, ScoresInfo};
use circuitscope_picture::drawn::Side;
use circuitscope_wire::engine::{CircuitResult, Event, Measurement};

fn compare(state: &mut State, with: With) {
    state.apply(Action::Compare(CompareAction::Chosen(Some(with))));
}

fn overlap(state: &State) -> Overlap {
    PairRequest::new(state).unwrap().overlap()
}

fn measured(logit_diff: f64) -> Measurement {
    let mut prompts = PromptValues::default();
    prompts[Metric::LogitDiff.idx()] = Some(vec![logit_diff]);
    Measurement::new(&prompts)
}

/// Other scores of the demo's graph: 77 for the first edge, 76 for the second, down to 1.
fn falling_scores(state: &State) -> FileEntry {
    let scored = state.scored().unwrap();
    let values = (0..77).map(|i| 77.0 - i as f32).collect();
    let bytes = PruneScores::new(values).to_bytes(&scored.graph, &ScoresInfo::default());
    let content = Load::Ready(Content::Scores(Shared(bytes.into())));
    FileEntry { id: OWN, name: "falling.safetensors".to_owned(), n_bytes: 1, demo: false, content }
}

/// The demo with other scores in its list, and its own in use.
fn with_falling_scores() -> State {
    let mut state = State::demo();
    let file = falling_scores(&state);
    let demo = state.inputs.file(Role::Scores).unwrap();
    state.apply(Action::FileFound(file));
    state.apply(Action::Search(SearchAction::ScoresChosen(demo)));
    state
}

#[test]
fn a_circuit_is_compared_with_another_size_of_the_same_scores() {
    let mut state = State::demo();
    compare(&mut state, With::SameScores);
    // Twice the two official edges are four, which tie with all the others.
    assert_eq!(overlap(&state), Overlap { n_shared: 2, n_only_a: 0, n_only_b: 75 });
    state.apply(Action::Compare(CompareAction::SizeChosen(Some(1))));
    assert_eq!(overlap(&state), Overlap { n_shared: 2, n_only_a: 0, n_only_b: 0 }, "both have the same score");
    state.apply(Action::Compare(CompareAction::SizeChosen(Some(0))));
    assert_eq!(overlap(&state), Overlap { n_shared: 0, n_only_a: 2, n_only_b: 0 });
    assert!(caption(&state).contains("official circuit, 2 edges (A) and official circuit, 0 edges (B)"));
    assert!(AgreementRequest::new(&state).is_none(), "scores agree with themselves");
    state.apply(Action::Compare(CompareAction::Chosen(None)));
    assert!(two_circuits::names(&state).is_none() && PairRequest::new(&state).is_none());
}

#[test]
fn a_circuit_is_compared_with_other_scores_of_its_graph() {
    let mut state = with_falling_scores();
    let possible: Vec<_> = two_circuits::possible(&state).into_iter().map(|candidate| candidate.with).collect();
    assert_eq!(possible, [With::SameScores, With::File(OWN), With::Official]);
    compare(&mut state, With::File(OWN));
    let scored = state.scored().unwrap();
    let is_shared = |edge_idx: &usize| scored.scores.values()[*edge_idx] != 0.0;
    let n_shared = (0..2).filter(is_shared).count();
    let n_only = 2 - n_shared;
    assert_eq!(overlap(&state), Overlap { n_shared, n_only_a: n_only, n_only_b: n_only });
    assert!(caption(&state).ends_with("official circuit (A) and falling (B), 2 edges each."));
    let pair = PairRequest::new(&state).unwrap().pair();
    assert_eq!(pair.parts.each_ref().map(|part| part.side), [Side::OnlyA, Side::Both, Side::OnlyB]);
    assert!(pair.parts.iter().all(|part| part.lines.len() == part.n_edges));
    let agreement = AgreementRequest::new(&state).unwrap().agreement();
    assert!(agreement.correlation.is_some() && agreement.curve.is_some());
    // The drawing has the edges of both, each with its side.
    let drawn = DrawnRequest::new(&state, placed_nodes(&nodes_of(&state))).unwrap().drawn().unwrap();
    let count = |side: Side| drawn.links().filter(|link| link.side == side).count();
    assert_eq!([Side::Both, Side::OnlyA, Side::OnlyB, Side::One].map(count), [n_shared, n_only, n_only, 0]);
}

#[test]
fn an_edge_that_was_put_in_belongs_to_the_shown_circuit() {
    let mut state = State::demo();
    compare(&mut state, With::Official);
    assert_eq!(overlap(&state), Overlap { n_shared: 2, n_only_a: 0, n_only_b: 0 });
    let outside = state.scored().unwrap().scores.values().iter().position(|score| *score == 0.0).unwrap();
    state.apply(Action::Circuit(CircuitAction::Toggled(outside)));
    assert_eq!(overlap(&state), Overlap { n_shared: 2, n_only_a: 1, n_only_b: 0 });
    let inside = state.scored().unwrap().scores.values().iter().position(|score| *score != 0.0).unwrap();
    state.apply(Action::Circuit(CircuitAction::Toggled(inside)));
    assert_eq!(overlap(&state), Overlap { n_shared: 1, n_only_a: 1, n_only_b: 1 });
}

#[test]
fn a_comparison_ends_with_what_it_is_with() {
    let mut state = State::demo();
    compare(&mut state, With::Official);
    state.apply(Action::Measure(MeasureAction::OfficialDropped));
    assert!(state.measures.compare.is_none());
    let mut state = with_falling_scores();
    compare(&mut state, With::File(OWN));
    state.apply(Action::SettingsChanged(RunSettings { separate_qkv: false, ..state.settings.run.clone() }));
    assert!(state.measures.compare.is_none(), "the scores are of another graph");
    let mut state = with_falling_scores();
    compare(&mut state, With::File(OWN));
    state.apply(Action::FileRemoved(OWN));
    assert!(state.measures.compare.is_none());
}

#[test]
fn a_comparison_follows_what_it_is_with() {
    let mut state = State::demo();
    compare(&mut state, With::Official);
    let scored = state.scored().unwrap();
    let all = KnownCircuit::from_circuit(&scored.scores.circuit(77).unwrap(), &scored.scores, &scored.graph);
    let official = Official { name: "all".to_owned(), circuit: all };
    state.apply(Action::Measure(MeasureAction::OfficialRead(Ok(official))));
    assert_eq!(overlap(&state), Overlap { n_shared: 2, n_only_a: 0, n_only_b: 75 });
    // Other settings of the same graph leave it as it is.
    state.apply(zero_ablation(&state));
    assert_eq!(overlap(&state).n_only_b, 75);
    let mut state = with_falling_scores();
    compare(&mut state, With::SameScores);
    state.apply(Action::Search(SearchAction::ScoresChosen(OWN)));
    state.apply(Action::Compare(CompareAction::SizeChosen(Some(60))));
    assert_eq!(overlap(&state), Overlap { n_shared: 50, n_only_a: 0, n_only_b: 10 }, "of the scores in use now");
}

#[test]
fn what_does_not_fit_says_so() {
    let mut state = State::demo();
    let circuit = KnownCircuit::from_json("mine", r#"["A7.7->MLP 9"]"#).unwrap();
    let official = Official { name: "mine".to_owned(), circuit };
    state.apply(Action::Measure(MeasureAction::OfficialRead(Ok(official))));
    compare(&mut state, With::Official);
    assert!(state.measures.compare.is_none());
    assert!(state.measures.compare_error.as_ref().is_some_and(|error| error.contains("A7.7")));
    compare(&mut state, With::SameScores);
    assert_eq!(state.measures.compare_error, None);
}

#[test]
fn the_other_circuit_is_run_once_and_measured_beside_the_results() {
    let mut state = with_falling_scores();
    state.measures.metric = Metric::LogitDiff;
    compare(&mut state, With::File(OWN));
    let of_b = |state: &State| other_run::measure_rows(state)[0].values[1].clone();
    assert_eq!(of_b(&state), "not run");
    let before = state.results.clone();
    let plan = other_run::plan(&state).unwrap();
    assert_eq!(plan.plan.edge_counts, EdgeCounts::List(vec![2]));
    state.apply(Action::RunStarted(7, plan.plan.clone()));
    state.apply(Action::Compare(CompareAction::OtherStarted(7, plan)));
    let circuit = Circuit { requested: 2, n_edges: 2, threshold: 76.0 };
    let result = CircuitResult { index: 0, circuit, shape: vec![6, 5, 3], measurement: measured(0.25) };
    state.apply(Action::RunProgressed(7, vec![Event::Circuit { result }], 0.0));
    state.apply(Action::RunEnded(7, Outcome::Finished("Done".to_owned())));
    assert!(of_b(&state).starts_with("0.25") && state.results.rows == before.rows);
    assert_eq!(other_run::plan(&state), None, "it is known");
    // Another size, or other settings, are another run.
    state.apply(Action::Compare(CompareAction::SizeChosen(Some(9))));
    assert!(of_b(&state) == "not run" && other_run::plan(&state).is_some());
    state.apply(Action::Compare(CompareAction::SizeChosen(None)));
    assert!(of_b(&state).starts_with("0.25"));
    state.apply(zero_ablation(&state));
    assert_eq!(of_b(&state), "not run");
}

/// Runs random edges: of each draw a logit difference at 2 edges.
fn draw(state: &mut State, values: &[f64]) {
    let plan = random::plan(state).unwrap();
    state.apply(Action::RunStarted(7, plan.plan.clone()));
    state.apply(Action::Measure(MeasureAction::RandomStarted(7, plan)));
    for &value in values {
        state.apply(Action::Measure(MeasureAction::RandomDrawn(7)));
        let circuit = Circuit { requested: 2, n_edges: 3, threshold: 0.5 };
        let result = CircuitResult { index: 0, circuit, shape: vec![6, 5, 3], measurement: measured(value) };
        state.apply(Action::RunProgressed(7, vec![Event::Circuit { result }], 0.0));
    }
}

#[test]
fn random_edges_are_no_results_and_are_averaged_at_the_counts_of_the_results() {
    let mut state = State::demo();
    let before = state.results.rows.clone();
    assert!(random::can_run(&state));
    draw(&mut state, &[1.0, 2.0]);
    assert!(!state.is_sweeping() && !random::can_run(&state));
    assert_eq!(state.random().unwrap().points(Metric::LogitDiff), [(2, 1.5)]);
    assert_eq!(state.results.rows, before);
    state.apply(Action::RunEnded(7, Outcome::Finished("Done".to_owned())));
    assert!(state.fresh() && random::can_run(&state), "not all counts were run");
    assert_eq!(random::said(&state).unwrap(), "Random edges: the mean of 2 draws at random, each of as many edges.");
    // Each draw is in the files, with the size and the threshold that it had.
    let drawn = random::measured(&state);
    assert_eq!(
        drawn.iter().map(|draw| draw.name.as_str()).collect::<Vec<_>>(),
        ["random edges, draw 1", "random edges, draw 2"]
    );
    assert!(to_csv(&drawn).contains("\"random edges, draw 2\",2,3,0.5,Logit Diff,2,0,2,2,2\n"), "{}", to_csv(&drawn));
    let switch = random::switch(&state).unwrap();
    assert!(switch.shown && switch.behind && switch.title.contains("mean of 2 draws"), "{switch:?}");
    state.apply(Action::Measure(MeasureAction::RandomToggled));
    assert!(!random::switch(&state).unwrap().shown && state.random().is_some());
    state.apply(zero_ablation(&state));
    assert!(state.measures.random.is_none(), "they were run with other settings");
}

#[test]
fn random_edges_that_are_being_run_are_kept_apart_even_if_settings_change() {
    let mut state = State::demo();
    let before = state.results.rows.clone();
    draw(&mut state, &[1.0]);
    state.apply(zero_ablation(&state));
    assert!(state.random().is_none(), "they are not shown with other settings");
    let circuit = Circuit { requested: 77, n_edges: 77, threshold: 0.5 };
    let result = CircuitResult { index: 1, circuit, shape: vec![6, 5, 3], measurement: measured(3.0) };
    state.apply(Action::RunProgressed(7, vec![Event::Circuit { result }], 0.0));
    assert_eq!(state.results.rows, before);
}

#[test]
fn the_table_of_circuits_has_the_chosen_measure_of_pinned_and_of_random_edges() {
    let mut state = State::demo();
    state.measures.metric = Metric::AnswerLogit;
    let set = current_set(&state).unwrap();
    state.apply(Action::Measure(MeasureAction::Pinned(ScoreSet { name: "kept".to_owned(), ..set })));
    draw(&mut state, &[1.0]);
    let found = columns(&state);
    let usual = [Metric::AnswerLogit, Metric::LogitDiff, Metric::CleanKlDiv, Metric::CorruptKlDiv];
    assert_eq!(found[0], Column::Threshold);
    assert_eq!(found[1..5], usual.map(Column::Measure));
    assert_eq!(found[5..], [Column::Pinned("kept".to_owned(), 1), Column::Random]);
    let rows = table_page(&state).rows;
    assert_eq!((rows[0].values[0].as_str(), rows[1].values[0].as_str()), ("–", "1.00"));
    assert_eq!(rows[1].values[1], rows[1].values[5], "the pinned run is the same run");
    // The chosen measure is listed once.
    state.measures.metric = Metric::LogitDiff;
    assert_eq!(columns(&state).len(), 6);
    assert_eq!(table_page(&state).rows[1].values[5], "1.00");
}

#[test]
fn the_scores_of_a_pinned_run_can_be_taken_into_use_again() {
    let mut state = State::demo();
    let set = current_set(&state).unwrap();
    state.apply(Action::Measure(MeasureAction::Pinned(set)));
    let demo = state.inputs.file(Role::Scores);
    let of_pin = |state: &State| scores::file_of(state, &state.measures.pins[0].set);
    assert_eq!(of_pin(&state), None, "they are in use");
    let file = falling_scores(&state);
    state.apply(Action::FileFound(file));
    state.apply(Action::Search(SearchAction::ScoresChosen(OWN)));
    assert_eq!(of_pin(&state), demo);
}
