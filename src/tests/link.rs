//! The page's address: what it says, and what a link does before its files are there and after.

use std::rc::Rc;

use super::{OWN, drop_file, json, zero_ablation};
use crate::select::link::{address, file_to_hash, files_to_recall, files_to_remember, fragment, remark};
use crate::state::State;
use crate::state::compare::With;
use crate::state::files::{Content, FileId, Role};
use crate::state::link::FileHash;
use crate::state::load::Shared;
use crate::state::picture::{Look, Selection};
use crate::state::screen::Drawer;
use crate::update::{Action, CircuitAction, CompareAction, LinkAction, MeasureAction, ScreenAction, SearchAction};
use circuitscope_core::{AblationType, Metric, PruneScores, ScoresInfo, TensorFile};
use circuitscope_picture::view::Focus;

fn open(state: &mut State, fragment: &str) {
    state.apply(Action::Link(LinkAction::Opened(fragment.to_owned())));
}

fn choose(state: &mut State, k: usize) {
    state.apply(Action::Circuit(CircuitAction::Requested(k)));
    state.apply(Action::Circuit(CircuitAction::Settled));
}

fn written(state: &State) -> String {
    address(state).unwrap().fragment
}

/// Drops the files of a model, numbered from `from`; the bytes of their hashes are 1 to 4.
fn drop_model(state: &mut State, from: FileId) {
    let config = include_str!("../../tests/fixtures/cases/gpt2/config.json");
    let prompts = include_str!("../../tests/fixtures/cases/gpt2/prompts.json");
    let scores = include_bytes!("../../tests/fixtures/cases/gpt2/graph0.scores.safetensors");
    let weights = include_bytes!("../../tests/fixtures/cases/gpt2/model.safetensors");
    let tensors = TensorFile::from_bytes("model.safetensors", weights).unwrap();
    let files = [
        ("config.json", json("config.json", config)),
        ("prompts.json", json("prompts.json", prompts)),
        ("graph0.scores.safetensors", Ok(Content::Scores(Shared(Rc::from(&scores[..]))))),
        ("model.safetensors", Ok(Content::Weights(Shared::new(tensors)))),
    ];
    for ((id, byte), (name, content)) in (from..).zip(1..).zip(files) {
        drop_file(state, id, name, content);
        hash(state, id, byte);
    }
}

fn hash(state: &mut State, id: FileId, byte: u8) {
    assert_eq!(file_to_hash(state), Some(id));
    state.apply(Action::Link(LinkAction::Hashed(id, Some(FileHash::new(&[byte; 32])))));
}

/// Changes all that a link holds.
fn change(state: &mut State) {
    choose(state, 31);
    for edge_idx in [3, 40] {
        state.apply(Action::Circuit(CircuitAction::Toggled(edge_idx)));
    }
    state.apply(Action::Circuit(CircuitAction::MaskChanged(5, 0.25)));
    state.apply(Action::Circuit(CircuitAction::Settled));
    state.apply(zero_ablation(state));
    let mut view = state.picture.view.clone();
    (view.look, view.compact) = (Look::Matrix, true);
    view.options.focus = Some(Focus { name: "A0".to_owned(), hops: Some(2) });
    view.options.opened.insert(1);
    view.options.window = Some(0..1);
    view.options.differences_only = true;
    state.apply(Action::view(|now| *now = view));
    state.apply(Action::Circuit(CircuitAction::Selected(Some(Selection::Edge(7)))));
    state.apply(Action::Measure(MeasureAction::MetricChosen(Metric::LogitDiff)));
    state.apply(Action::Measure(MeasureAction::LogYChosen(true)));
    state.apply(Action::Screen(ScreenAction::DrawerOpened(Some(Drawer::Edges))));
    state.apply(Action::PromptChosen(2));
    state.apply(Action::Compare(CompareAction::Chosen(Some(With::SameScores))));
    state.apply(Action::Compare(CompareAction::SizeChosen(Some(20))));
    state.apply(Action::Search(SearchAction::AlgorithmChosen(1)));
    state.apply(Action::Search(SearchAction::Entered(0, "7".to_owned())));
}

/// Drops other scores of the model in use, whose hash is of the byte 9.
fn drop_other_scores(state: &mut State, id: FileId) {
    let graph = state.scored().unwrap().graph.clone();
    let scores = PruneScores::new((0..graph.n_edges()).map(|i| i as f32).collect());
    let bytes = scores.to_bytes(&graph, &ScoresInfo::default());
    drop_file(state, id, "others.safetensors", Ok(Content::Scores(Shared(bytes.into()))));
    hash(state, id, 9);
}

/// What a link restores.
fn shown(state: &State) -> String {
    let State { picture, measures, prompt, position, screen, discover, .. } = state;
    let names: Vec<_> = state.own_in_use().iter().map(|file| file.name.clone()).collect();
    let circuit = (picture.choice(), &picture.selection, &picture.view);
    format!(
        "{circuit:?} {:?} {names:?}",
        (
            &state.settings.run,
            measures.metric,
            measures.log_y,
            prompt,
            position,
            screen.drawer,
            (discover.chosen, discover.entries()),
            measures.compare.as_ref().map(|compare| (compare.with, compare.n_edges))
        )
    )
}

#[test]
fn the_demo_as_it_is_at_first_has_an_empty_fragment() {
    let state = State::demo();
    assert_eq!((written(&state).as_str(), remark(&state)), ("", None));
}

#[test]
fn the_demo_comes_back_from_its_fragment_as_it_was_changed() {
    let mut state = State::demo();
    change(&mut state);
    let text = written(&state);
    assert!(text.starts_with("v=1&ablation=zero&k=31&edge="), "{text}");
    let mut other = State::demo();
    open(&mut other, &text);
    assert_eq!(shown(&other), shown(&state));
    assert_eq!((written(&other), remark(&other)), (text, None));
    assert!(!other.history.can_undo() && !other.picture.newly_chosen, "no engine is fetched for a link");
    open(&mut other, "");
    assert_eq!(shown(&other), shown(&State::demo()));
    assert!(other.history.can_undo());
}

#[test]
fn a_circuit_on_its_way_is_not_in_the_address_but_in_a_copied_link() {
    let mut state = State::demo();
    state.apply(Action::Circuit(CircuitAction::Requested(40)));
    assert_eq!((written(&state).as_str(), fragment(&state).as_str()), ("", "v=1&k=40"));
    let before = address(&state).unwrap();
    state.apply(Action::Circuit(CircuitAction::Settled));
    let after = address(&state).unwrap();
    assert_eq!(after.fragment, "v=1&k=40");
    assert!(after.place != before.place && after.opened == before.opened, "a step that Back goes to");
    state.apply(Action::Circuit(CircuitAction::Selected(Some(Selection::Node("MLP 0".to_owned())))));
    assert_eq!(address(&state).unwrap().place, after.place, "what is selected is no step of its own");
}

#[test]
fn results_stay_while_only_the_circuit_goes_back() {
    let mut state = State::demo();
    let recorded = state.results.rows.len();
    choose(&mut state, 77);
    open(&mut state, "");
    assert_eq!((state.results.rows.len(), state.picture.requested), (recorded, 2));
    assert!(state.row().is_some(), "the result of that circuit is shown");
}

#[test]
fn a_link_waits_for_its_files_and_then_restores_everything() {
    let mut sender = State::demo();
    drop_model(&mut sender, OWN);
    change(&mut sender);
    let text = written(&sender);
    let mut state = State::demo();
    open(&mut state, &text);
    assert!(state.is_demo() && address(&state).is_none(), "the address keeps the link while files are missing");
    assert_eq!(files_to_recall(&state).map(|files| files.len()), Some(4));
    state.apply(Action::Link(LinkAction::StoreAsked));
    assert_eq!((files_to_recall(&state), remark(&state)), (None, None), "the store may have them");
    state.apply(Action::Link(LinkAction::StoreAnswered));
    let needs = "This link needs: model.safetensors, config.json, prompts.json, graph0.scores.safetensors.";
    assert_eq!(remark(&state).unwrap().text, format!("{needs} Drop or choose them."));
    drop_model(&mut state, OWN + 100);
    assert_eq!((shown(&state), written(&state)), (shown(&sender), text));
    assert_eq!((remark(&state), state.links.wanted.is_none()), (None, true));
}

#[test]
fn a_comparison_with_another_file_comes_back_once_both_are_there() {
    let mut sender = State::demo();
    drop_model(&mut sender, OWN);
    drop_other_scores(&mut sender, OWN + 10);
    sender.apply(Action::Compare(CompareAction::Chosen(Some(With::File(OWN + 2)))));
    sender.apply(Action::Compare(CompareAction::SizeChosen(Some(20))));
    let text = written(&sender);
    let mut state = State::demo();
    open(&mut state, &text);
    state.apply(Action::Link(LinkAction::StoreAnswered));
    drop_model(&mut state, OWN + 100);
    let said = remark(&state).unwrap();
    assert_eq!(said.text, "This link needs: others.safetensors. Drop or choose it.");
    drop_other_scores(&mut state, OWN + 110);
    let compared = |state: &State| state.measures.compare.as_ref().map(|compare| (compare.with, compare.n_edges));
    assert_eq!(compared(&state), Some((With::File(OWN + 102), Some(20))));
    assert_eq!((state.inputs.file(Role::Scores), written(&state)), (Some(OWN + 110), text.clone()));
    open(&mut state, "");
    assert_eq!((compared(&state), state.is_demo()), (None, true));
    open(&mut state, &text);
    assert_eq!(compared(&state), Some((With::File(OWN + 102), Some(20))));
}

#[test]
fn found_scores_are_compared_with_those_of_the_demo() {
    let mut state = State::demo();
    drop_other_scores(&mut state, OWN);
    state.apply(Action::Compare(CompareAction::Chosen(Some(With::File(3)))));
    let text = written(&state);
    assert!(text.contains("compare=demo"), "{text}");
    open(&mut state, "");
    open(&mut state, &text);
    assert_eq!(state.measures.compare.as_ref().map(|compare| compare.with), Some(With::File(3)));
}

#[test]
fn another_file_of_the_same_name_is_not_taken_for_the_links() {
    let mut state = State::demo();
    let hash_of = |byte: u8| FileHash::new(&[byte; 32]);
    open(&mut state, &format!("prompts={},1,prompts.json&k=5", hash_of(7).digits()));
    state.apply(Action::Link(LinkAction::StoreAnswered));
    let other = r#"{"prompts": [{"clean": [3, 0], "corrupt": [3, 1]}]}"#;
    drop_file(&mut state, OWN, "prompts.json", json("prompts.json", other));
    hash(&mut state, OWN, 8);
    let said = remark(&state).unwrap();
    assert_eq!(said.text, "This link needs: prompts.json. Drop or choose it.");
    assert!(said.details[0].starts_with("The prompts.json that is here is another file"), "{:?}", said.details);
    state.apply(Action::Link(LinkAction::Dismissed));
    assert_eq!(remark(&state), None);
    assert!(written(&state).starts_with("v=1&prompts=0808080808080808,1,prompts.json"));
}

#[test]
fn going_back_to_the_demo_and_forth_again_loses_no_file() {
    let mut state = State::demo();
    drop_model(&mut state, OWN);
    choose(&mut state, 12);
    let (text, before) = (written(&state), shown(&state));
    open(&mut state, "");
    assert!(state.is_demo() && state.fresh() && state.picture.requested == 2);
    assert!(crate::select::files::referenced(&state).contains(&OWN), "its files can still be read");
    open(&mut state, &text);
    assert_eq!((shown(&state), remark(&state)), (before, None));
    // The button that brings the demo back is a step like any other.
    state.apply(Action::DemoWanted);
    assert_eq!(written(&state), "");
    open(&mut state, &text);
    assert_eq!((state.picture.requested, state.own_in_use().len()), (12, 4));
    state.apply(Action::FileRemoved(OWN));
    assert_eq!(state.inputs.file(Role::Config), None, "a file that was removed is gone");
}

#[test]
fn a_link_of_another_graph_leaves_out_what_this_one_has_not() {
    let mut state = State::demo();
    let edges = "edge=A9.9->MLP 0,1&edge=3,1&edge=1000,0";
    open(&mut state, &format!("k=500&{edges}&select=A7.7&window=0-99&focus=B&opened=0,99&ablation=zero"));
    assert_eq!((state.picture.requested, state.picture.edits.len()), (77, 1));
    assert_eq!(state.settings.run.ablation, AblationType::Zero);
    let options = &state.picture.view.options;
    assert_eq!((&options.window, &options.focus, options.opened.len()), (&None, &None, 1));
    assert_eq!(state.picture.selection, None);
    let said = remark(&state).unwrap();
    assert_eq!((said.text.as_str(), said.details.len()), ("Not all of this link could be read.", 5));
    assert!(!said.waiting);
    state.apply(Action::Link(LinkAction::Dismissed));
    assert_eq!(remark(&state), None);
}

#[test]
fn only_files_in_use_are_kept_and_only_where_that_is_wanted() {
    let mut state = State::demo();
    drop_model(&mut state, OWN);
    assert_eq!(files_to_remember(&state), None);
    state.apply(Action::Link(LinkAction::RememberChosen(true)));
    let ids: Vec<_> = files_to_remember(&state).unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 4);
    state.apply(Action::Link(LinkAction::Remembering(ids)));
    assert_eq!(files_to_remember(&state), None);
    state.apply(Action::Link(LinkAction::Remembered(Err("there is no room".to_owned()))));
    assert_eq!(state.links.remembered.error.as_deref(), Some("there is no room"));
    state.apply(Action::Link(LinkAction::RememberChosen(true)));
    assert_eq!(files_to_remember(&state).map(|files| files.len()), Some(4), "it is tried again where it is asked for");
}
