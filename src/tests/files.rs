//! Files that come and go, and the settings that they change.

use super::{OWN, drop_file, json};
use crate::select::files::{self, FileState};
use crate::select::runs::{batch_note, ready, short_batch};
use crate::state::State;
use crate::state::circuit::Choice;
use crate::state::files::{Content, FileEntry, Role};
use crate::state::graph_choice::GraphChoice;
use crate::state::inputs::Subject;
use crate::state::load::{Load, Shared};
use crate::state::runs::{Engine, Outcome, Plan};
use crate::state::screen::Section;
use crate::update::Action;
use circuitscope_core::{AblationType, EdgeCounts, OutputSlice, RunSettings, TensorFile};

#[test]
fn the_demo_gives_way_to_ones_own_model_and_comes_back() {
    let mut state = State::demo();
    let config = include_str!("../../tests/fixtures/cases/gpt2/config.json");
    let prompts = include_str!("../../tests/fixtures/cases/gpt2/prompts.json");
    drop_file(&mut state, OWN, "prompts.json", json("prompts.json", prompts));
    assert_eq!(state.inputs.file(Role::Prompts), Some(2), "the demo's model cannot read these");
    drop_file(&mut state, OWN + 1, "config.json", json("config.json", config));
    assert_eq!(state.inputs.files, [None, Some(OWN + 1), Some(OWN), None]);
    assert_eq!(state.settings.run.slice, OutputSlice::LastSeq);
    assert_eq!(state.settings.run.batch_size, 4, "no more than there are prompts");
    assert_eq!(state.settings.run.edge_counts, EdgeCounts::Default);
    assert!(!ready(&state));
    state.apply(Action::EngineChanged(Engine::Opening));
    state.apply(Action::DemoWanted);
    assert_eq!(state, State { engine: Engine::Opening, ..state_of_demo_like(&state) });
}

/// The demo, sharing what is compared by identity.
fn state_of_demo_like(state: &State) -> State {
    let State { files, inputs, results, measures, links, screen, .. } = state.clone();
    State { files, inputs, results, measures, links, screen, ..State::demo() }
}

#[test]
fn a_wrong_file_changes_nothing_but_the_list() {
    let mut state = State::demo();
    drop_file(&mut state, OWN, "cat.png", Err("a picture".to_owned()));
    assert!(ready(&state) && state.is_demo());
    assert_eq!(state.files.len(), 5);
    state.apply(Action::FileRemoved(OWN));
    assert_eq!(state.files.len(), 4);
}

#[test]
fn prompts_that_the_model_cannot_read_take_no_good_ones_place() {
    let mut state = State::demo();
    let prompts = |token: u32| format!(r#"{{"prompts": [{{"clean": [3, {token}], "corrupt": [3, 1]}}]}}"#);
    // The demo has 5 tokens.
    drop_file(&mut state, OWN, "bad.json", json("bad.json", &prompts(9)));
    assert!(ready(&state) && state.inputs.file(Role::Prompts) == Some(2));
    let rows = files::rows(&state);
    let refused = rows.last().unwrap();
    assert_eq!((refused.name.as_str(), refused.role, refused.state), ("bad.json", "", FileState::Wrong));
    assert!(refused.error.as_ref().is_some_and(|why| why.contains("token ids below 5")), "{refused:?}");
    assert_eq!((files::n_refused(&state), state.screen.section), (1, Some(Section::Model)));
    drop_file(&mut state, OWN + 1, "good.json", json("good.json", &prompts(0)));
    assert_eq!((state.inputs.file(Role::Prompts), files::n_refused(&state)), (Some(OWN + 1), 0));
}

#[test]
fn refused_files_go_when_another_of_their_name_or_role_is_accepted_or_all_at_once() {
    let mut state = State::demo();
    let cut = r#"{"prompts": ["#;
    let names = |state: &State| -> Vec<String> {
        let refused = files::rows(state).into_iter().filter(|row| row.state == FileState::Wrong);
        refused.map(|row| row.name).collect()
    };
    drop_file(&mut state, OWN, "prompts-1.json", json("prompts-1.json", cut));
    drop_file(&mut state, OWN + 1, "prompts-1.json", json("prompts-1.json", cut));
    drop_file(&mut state, OWN + 2, "cat.png", Err("a picture".to_owned()));
    drop_file(&mut state, OWN + 3, "config.json", Err("no config".to_owned()));
    assert_eq!(names(&state), ["prompts-1.json", "cat.png", "config.json"]);
    let good = r#"{"prompts": [{"clean": [3, 0], "corrupt": [3, 1]}]}"#;
    drop_file(&mut state, OWN + 4, "others.json", json("others.json", good));
    assert_eq!(names(&state), ["cat.png", "config.json"]);
    state.apply(Action::RefusedCleared);
    assert_eq!((names(&state), state.inputs.file(Role::Prompts)), (Vec::new(), Some(OWN + 4)));
}

#[test]
fn removing_a_file_brings_back_the_one_before() {
    let mut state = State::demo();
    let other = r#"{"prompts": [{"clean": [3, 0], "corrupt": [3, 1]}]}"#;
    drop_file(&mut state, OWN, "mine.json", json("mine.json", other));
    assert_eq!(state.inputs.file(Role::Prompts), Some(OWN));
    state.apply(Action::FileRemoved(OWN));
    assert_eq!(state.inputs.file(Role::Prompts), Some(2));
}

#[test]
fn scores_of_another_graph_name_the_one_that_they_fit() {
    let mut state = State::demo();
    let run = RunSettings { separate_qkv: false, ..state.settings.run.clone() };
    state.apply(Action::SettingsChanged(run));
    assert!(!ready(&state));
    let fix = state.inputs.problems[0].fix.unwrap();
    assert_eq!(fix, GraphChoice { factorized: true, separate_qkv: true, token_wise: false });
    state.apply(Action::GraphChosen(fix));
    assert!(ready(&state));
}

#[test]
fn prompts_too_long_for_a_graph_at_every_position_are_named() {
    let mut state = State::demo();
    // GPT-2 XL's shape has 2,235,025 edges at each position.
    let config = r#"{"model_type": "gpt2", "n_layer": 48, "n_head": 25, "n_embd": 1600, "n_positions": 1024, "vocab_size": 50257}"#;
    let tokens = [1; 130];
    let prompts = format!(r#"{{"prompts": [{{"clean": {tokens:?}, "corrupt": {tokens:?}}}]}}"#);
    drop_file(&mut state, OWN, "config.json", json("config.json", config));
    drop_file(&mut state, OWN + 1, "prompts.json", json("prompts.json", &prompts));
    assert!(state.inputs.graph.is_some());
    let run = RunSettings { token_wise: true, ..state.settings.run.clone() };
    state.apply(Action::SettingsChanged(run));
    assert!(state.inputs.graph.is_none() && !ready(&state));
    let problem = state.inputs.problem(Subject::File(OWN + 1)).unwrap();
    assert!(problem.message.contains("at most 120") && problem.message.contains("token-wise"), "{problem:?}");
}

#[test]
fn edge_counts_above_the_graph_are_refused_where_they_are_typed() {
    let mut state = State::demo();
    state.apply(Action::CountsTyped("1, 78".to_owned()));
    let error = state.settings.counts_error.map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("78 is above 77, the number of edges of the graph"));
    state.apply(Action::CountsTyped("1, x".to_owned()));
    assert!(!ready(&state));
    state.apply(Action::CountsTyped("1, 7".to_owned()));
    assert!(ready(&state));
}

#[test]
fn prompts_that_fill_no_batch_are_named() {
    let mut state = State::demo();
    assert_eq!(short_batch(&state), None);
    let mut with = |batch_size| {
        let run = RunSettings { batch_size, ..state.settings.run.clone() };
        state.apply(Action::SettingsChanged(run));
        short_batch(&state)
    };
    assert_eq!(with(4).as_deref(), Some("The last 2 of 6 prompts fill no batch and are not run."));
    assert_eq!(with(5).as_deref(), Some("The last of 6 prompts fills no batch and is not run."));
    assert_eq!([with(3), with(0), with(7)], [None, None, None]);
    let run = RunSettings { batch_size: 4, ablation: AblationType::BatchAllTokMean, ..state.settings.run.clone() };
    state.apply(Action::SettingsChanged(run));
    let note = batch_note(&state).unwrap();
    assert!(note.ends_with("are not run. Means are taken over each batch of 4 prompts."), "{note}");
}

#[test]
fn tensors_beside_the_weights_do_not_vanish_without_a_word() {
    let mut state = State::demo();
    let bytes = include_bytes!("../../www/demo/tracr-reverse/model.safetensors");
    for (id, name) in [(OWN, "expected.safetensors"), (OWN + 1, "model.safetensors")] {
        let tensors = TensorFile::from_bytes(name, bytes).unwrap();
        drop_file(&mut state, id, name, Ok(Content::Weights(Shared::new(tensors))));
    }
    assert_eq!(state.inputs.file(Role::Weights), Some(OWN + 1));
    let note = files::note(&state).unwrap();
    assert!(note.text.starts_with("Not used: expected.safetensors, neither scores"), "{}", note.text);
    assert!(!note.wrong);
}

#[test]
fn a_file_is_forgotten_once_nothing_refers_to_it() {
    let mut state = State::demo();
    drop_file(&mut state, OWN, "cat.png", Err("a picture".to_owned()));
    assert!(files::referenced(&state).contains(&OWN));
    // A run goes on with the files that it began with.
    let mut key = state.key();
    key.files[Role::Prompts as usize] = Some(OWN);
    state.apply(Action::RunStarted(
        1,
        Plan::circuit(key, Choice { requested: 2, ..Choice::default() }, &state.settings),
    ));
    state.apply(Action::FileRemoved(OWN));
    assert!(files::referenced(&state).contains(&OWN));
    state.apply(Action::RunEnded(1, Outcome::Cancelled));
    assert_eq!(files::referenced(&state), (0..4).collect());
}

#[test]
fn json_of_a_folder_that_is_nothing_known_is_named_and_no_error() {
    let mut state = State::demo();
    for (id, name) in [(OWN, "package.json"), (OWN + 1, "train.json")] {
        let entry = FileEntry { id, name: name.to_owned(), n_bytes: 1, demo: false, content: Load::Loading };
        state.apply(Action::FileFound(entry));
        state.apply(Action::FileUnused(id));
    }
    assert_eq!(state.files.len(), 4);
    let note = files::note(&state).unwrap();
    assert_eq!((note.text.as_str(), note.wrong), ("Not used: package.json. Not used: train.json.", false));
}
