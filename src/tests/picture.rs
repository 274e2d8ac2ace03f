//! Choosing, changing and looking into a circuit.

use super::{done, event, zero_ablation};
use crate::select::edges::Listed;
use crate::select::rail::{Remedy, Status, StatusKind, lines, settings_sentence, status};
use crate::select::runs::{next_run, sweep};
use crate::select::strip::{reading, reading_text};
use crate::select::{caption::caption, edges, inspector};
use crate::state::State;
use crate::state::circuit::Edits;
use crate::state::picture::Selection;
use crate::state::runs::{Outcome, Plan};
use crate::update::{Action, CircuitAction};
use circuitscope_core::{Circuit, Measurement};
use circuitscope_picture::view::Shown;
use circuitscope_wire::engine::{CircuitResult, EdgeRef, Event, MaskEdit};

fn apply(state: &mut State, action: CircuitAction) {
    state.apply(Action::Circuit(action));
}

/// The first edge that is in the demo's circuit, and the first that is not.
fn in_and_out(state: &State) -> (usize, usize) {
    let scores = state.scored().unwrap().scores.values();
    let first = |score: f32| scores.iter().position(|&s| s == score).unwrap();
    (first(1.0), first(0.0))
}

#[test]
fn an_edge_that_is_taken_out_is_a_circuit_of_its_own_which_is_run() {
    let mut state = State::demo();
    let (inside, outside) = in_and_out(&state);
    assert_eq!((state.mask(inside), state.mask(outside)), (1.0, 0.0));
    apply(&mut state, CircuitAction::Toggled(inside));
    assert_eq!(state.mask(inside), 0.0);
    let plan = next_run(&state).unwrap();
    assert_eq!(plan.mask_edits(), [MaskEdit { edge: EdgeRef::Idx(inside), mask: 0.0 }]);
    // Its result stands beside those of the scores alone, and takes the place of none.
    state.apply(Action::RunStarted(1, plan));
    let circuit = Circuit { n_edges: 1, ..state.circuit().unwrap() };
    let result = CircuitResult { index: 0, circuit, shape: vec![6, 5, 3], measurement: Measurement::default() };
    state.apply(Action::RunProgressed(1, vec![Event::Circuit { result }], 0.0));
    state.apply(Action::RunEnded(1, done()));
    assert_eq!((state.results.rows.len(), state.results.edited.len()), (3, 1));
    assert_eq!(state.row().map(|row| row.job), Some(1));
    assert_eq!(next_run(&state), None);
    apply(&mut state, CircuitAction::EditsCleared);
    assert_eq!(state.row().map(|row| row.job), Some(0), "the recorded one");
}

#[test]
fn choices_are_taken_back_one_by_one_and_a_drag_is_one_choice() {
    let mut state = State::demo();
    for n in [10, 40, 77] {
        apply(&mut state, CircuitAction::Requested(n));
    }
    apply(&mut state, CircuitAction::Settled);
    let (inside, _) = in_and_out(&state);
    apply(&mut state, CircuitAction::MaskChanged(inside, 0.25));
    apply(&mut state, CircuitAction::MaskChanged(inside, 0.5));
    apply(&mut state, CircuitAction::Settled);
    assert_eq!(state.mask(inside), 0.5);
    apply(&mut state, CircuitAction::Undone);
    assert_eq!((state.picture.requested, state.mask(inside)), (77, 1.0));
    apply(&mut state, CircuitAction::Undone);
    assert_eq!(state.picture.requested, 2);
    apply(&mut state, CircuitAction::Redone);
    apply(&mut state, CircuitAction::Redone);
    assert_eq!((state.picture.requested, state.mask(inside)), (77, 0.5));
    apply(&mut state, CircuitAction::Requested(0));
    assert_eq!(state.picture.edits, Edits::default(), "another circuit of the scores has no changes");
}

#[test]
fn what_belongs_to_another_graph_is_forgotten() {
    let mut state = State::demo();
    let (inside, _) = in_and_out(&state);
    apply(&mut state, CircuitAction::Selected(Some(Selection::Edge(inside))));
    apply(&mut state, CircuitAction::Toggled(inside));
    assert!(inspector::edge(&state).is_some_and(|edge| edge.edited && edge.mask == 0.0));
    let mut run = state.settings.run.clone();
    run.factorized = false;
    state.apply(Action::SettingsChanged(run));
    assert!(inspector::edge(&state).is_none(), "the scores are of no node graph");
    assert_eq!(inspector::node(&state), None);
}

#[test]
fn the_rail_says_what_is_in_use_and_how_the_work_stands() {
    let mut state = State::demo();
    let values: Vec<_> = lines(&state).map(|line| line.value).into_iter().collect();
    assert_eq!(values, ["Tracr reverse", "prompts.json", "official circuit"]);
    assert_eq!(settings_sentence(&state), "edge patch · resample · all positions but the first · Q K V apart");
    assert_eq!((status(&state).kind, status(&state).remedy), (StatusKind::Good, Some(Remedy::Run)));
    state.apply(zero_ablation(&state));
    assert_eq!(status(&state).kind, StatusKind::Stale);
    let plan: Plan = sweep(&state).unwrap();
    state.apply(Action::RunStarted(1, plan));
    assert_eq!((status(&state).kind, status(&state).remedy), (StatusKind::Busy, Some(Remedy::Cancel)));
    let progress = |done| Event::Progress { done, total: 10, label: "2 edges".to_owned(), loss: None };
    for (done, at) in [(0, 0.0), (1, 1_000.0), (3, 5_000.0)] {
        state.apply(Action::RunProgressed(1, vec![progress(done)], at));
    }
    // Two steps took four seconds, and seven are left.
    assert_eq!(status(&state).text, "pass 3 of 10, 2 edges · about 14 s left");
    // A run that was cancelled is not done, until another is.
    state.apply(Action::RunEnded(1, Outcome::Cancelled));
    let Status { kind, title, text, .. } = status(&state);
    assert_eq!((kind, title.as_str()), (StatusKind::Stopped, "Cancelled."));
    assert_eq!(text, "Stopped after 3 of 10 passes. The curve and the numbers show the earlier run.");
    let plan = sweep(&state).unwrap();
    state.apply(Action::RunStarted(2, plan));
    let circuit = event(&state, 2, 0);
    state.apply(Action::RunProgressed(2, vec![circuit], 0.0));
    state.apply(Action::RunEnded(2, done()));
    assert_eq!(status(&state).kind, StatusKind::Good);
}

#[test]
fn the_strip_is_read_in_words() {
    let mut state = State::demo();
    assert_eq!((reading(&state).k.as_str(), reading(&state).ties), ("2", None));
    assert!(reading_text(&state).starts_with("2 edges, |score| at least 1"), "{}", reading_text(&state));
    apply(&mut state, CircuitAction::Requested(5));
    // All other scores are 0, and come in together.
    assert_eq!(reading(&state).ties.as_deref(), Some("5 asked for; ties allow 2 or 77"));
    apply(&mut state, CircuitAction::Requested(77));
    assert_eq!(reading(&state).ties.as_deref(), Some("ties: no size between 2 and 77"));
    state.apply(zero_ablation(&state));
    assert_eq!(reading(&state).note.as_deref(), Some("not run with these settings"));
    let (inside, _) = in_and_out(&state);
    apply(&mut state, CircuitAction::Toggled(inside));
    assert_eq!(reading(&state).note.as_deref(), Some("changed: 1 taken out, not run with these settings"));
    assert!(caption(&State::demo()).contains("the two of its 77 edges that the program uses"));
}

#[test]
fn the_table_of_edges_is_sorted_as_the_reader_chooses() {
    let mut state = State::demo();
    apply(&mut state, CircuitAction::Requested(77));
    let order = edges::Order::default().by(edges::Column::Dest);
    let sorted = edges::EdgesRequest::new(&state, Listed::Circuit, order).unwrap().edges();
    assert_eq!(sorted.len(), 77);
    let page = edges::page(&state, &sorted, 9);
    assert_eq!((page.first, page.lines.len(), page.n_edges), (0, 77, 77));
    assert_eq!(page.lines[76].dest, "Unembed");
    let reversed = edges::EdgesRequest::new(&state, Listed::Circuit, order.by(edges::Column::Dest)).unwrap().edges();
    assert_eq!(edges::page(&state, &reversed, 0).lines[0].dest, "Unembed");
}

#[test]
fn the_table_lists_all_edges_where_it_is_asked_to_and_says_which_are_in_the_circuit() {
    let mut state = State::demo();
    let (inside, outside) = in_and_out(&state);
    apply(&mut state, CircuitAction::Toggled(inside));
    apply(&mut state, CircuitAction::Toggled(outside));
    let listed = |listed| edges::EdgesRequest::new(&state, listed, edges::Order::default()).unwrap();
    let (circuit, all) = (listed(Listed::Circuit).edges(), listed(Listed::All).edges());
    assert_eq!((circuit.len(), all.len(), listed(Listed::All).n_left_out()), (3, 77, 0));
    let in_circuit = |edges: &[Shown]| -> Vec<usize> {
        edges.iter().filter(|shown| shown.is_in_circuit()).map(|shown| shown.edge_idx).collect()
    };
    assert_eq!(in_circuit(&all), in_circuit(&circuit));
    let page = edges::page(&state, &all, 0);
    assert_eq!(edges::page_line(&page, 0), "1 to 77 of 77");
    assert_eq!(edges::page_line(&page, 31_914), "1 to 77 of 77, the strongest; 31,914 weaker not listed");
}
