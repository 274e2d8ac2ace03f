//! Scores in use: what is kept of them, and scores in other programs' formats.

use super::drop_file;
use crate::select::runs::ready;
use crate::select::{files, scores};
use crate::state::State;
use crate::state::files::{Content, FileEntry, Role};
use crate::state::graph_choice::GraphChoice;
use crate::state::imports::ImportedScores;
use crate::state::load::{Load, Shared};
use crate::state::recognise::read_json;
use crate::update::{Action, CircuitAction};
use circuitscope_core::{AblationType, FormatId, Graph, GraphConfig, PruneScores, RunSettings, ScoresInfo};
use circuitscope_wire::reader::ScoresFound;

/// What the reader would make of scores of 1 for all edges of a graph of the demo.
fn imported(state: &State, graph: GraphConfig, n_circuit: Option<usize>) -> Load<ImportedScores> {
    let graph = Graph::new(state.inputs.model.as_ref().unwrap(), graph);
    let bytes = PruneScores::new(vec![1.0; graph.n_edges()]).to_bytes(&graph, &ScoresInfo::default());
    let found = ScoresFound {
        format: FormatId::MibJson,
        graph: graph.config,
        choices: vec!["scores".to_owned(), "circuit".to_owned()],
        chosen: 0,
        n_circuit,
        notes: vec!["a note".to_owned()],
        info: ScoresInfo::default(),
    };
    Load::Ready(ImportedScores { file: 77, bytes: Shared(bytes.into()), found: Shared::new(found) })
}

fn with_foreign_scores() -> State {
    let mut state = State::demo();
    let name = "circuit.json";
    let content = read_json(name, r#"{"cfg": {}, "nodes": {}, "edges": {}}"#).unwrap();
    assert_eq!(content, Content::ForeignScores);
    let entry = FileEntry { id: 10, name: name.to_owned(), n_bytes: 1, demo: false, content: Load::Loading };
    state.apply(Action::FileFound(entry));
    state.apply(Action::FileRead(10, Ok(content)));
    state
}

#[test]
fn a_foreign_file_is_read_and_its_graph_taken_over_once() {
    let mut state = with_foreign_scores();
    assert!(!ready(&state));
    let request = scores::import_request(&state).unwrap();
    assert_eq!((request.key.file, request.graph), (10, GraphConfig::default()));
    state.apply(Action::ImportChanged(request.key.clone(), Load::Loading));
    assert_eq!(scores::import_request(&state), None);
    let joint = GraphConfig { separate_qkv: false, ..GraphConfig::default() };
    let import = imported(&state, joint, Some(5));
    state.apply(Action::ImportChanged(request.key.clone(), import.clone()));
    assert!(state.inputs.ready(), "{:?}", state.inputs.problems);
    assert!(!state.settings.run.separate_qkv);
    assert_eq!(state.picture.requested, 5);
    assert_eq!(state.inputs.run_files()[Role::Scores as usize], Some(77));
    let panel = scores::panel(&state);
    assert_eq!((panel.choices.len(), panel.notes.len(), panel.savable), (2, 2, true));
    assert_eq!(panel.line.as_deref(), Some("EAP-IG / MIB circuit, JSON · a circuit of 5 edges"));
    // Whatever is changed afterwards stays, until another is picked.
    state.apply(Action::Circuit(CircuitAction::Requested(2)));
    state.apply(Action::ImportChanged(request.key, import.clone()));
    assert_eq!(state.picture.requested, 2);
    state.apply(Action::ScoresPicked("circuit".to_owned()));
    let request = scores::import_request(&state).unwrap();
    assert_eq!(request.key.pick.as_deref(), Some("circuit"));
    state.apply(Action::ImportChanged(request.key, import));
    assert_eq!(state.picture.requested, 5);
}

#[test]
fn a_foreign_file_that_cannot_be_read_says_why() {
    let mut state = with_foreign_scores();
    let key = scores::import_request(&state).unwrap().key;
    state.apply(Action::ImportChanged(key, Load::Failed("circuit.json: 3 edges".to_owned())));
    assert_eq!(state.inputs.problems[0].message, "circuit.json: 3 edges");
    assert_eq!(scores::import_request(&state), None);
    state.apply(Action::FileRemoved(10));
    assert!(ready(&state));
}

#[test]
fn scores_that_were_dropped_together_are_all_named() {
    let mut state = State::demo();
    let bytes = include_bytes!("../../www/demo/tracr-reverse/scores.safetensors");
    for (id, name) in [(10, "a.safetensors"), (11, "b.safetensors"), (12, "c.safetensors")] {
        let content = Content::Scores(Shared(bytes[..].into()));
        let entry = FileEntry { id, name: name.to_owned(), n_bytes: 1, demo: false, content: Load::Loading };
        state.apply(Action::FileFound(entry));
        state.apply(Action::FileRead(id, Ok(content)));
    }
    let notes = scores::panel(&state).notes;
    assert_eq!(notes, ["Other scores here: a.safetensors, b.safetensors. Choose them under “Find a circuit”."]);
}

/// Parsing and sorting 400,000 scores, or building their graph, would be felt at every key that is typed.
#[test]
fn scores_and_their_graph_are_kept_while_nothing_that_they_depend_on_changes() {
    let mut state = State::demo();
    let change = |state: &mut State, change: fn(&mut RunSettings)| {
        let mut run = state.settings.run.clone();
        change(&mut run);
        state.apply(Action::SettingsChanged(run));
    };
    let (scored, graph) = (state.inputs.scored.clone(), state.inputs.graph.clone());
    change(&mut state, |run| (run.ablation, run.batch_size) = (AblationType::Zero, 3));
    state.apply(Action::CountsTyped("1, 2".to_owned()));
    // Compared by identity.
    assert!(scored.is_some() && state.inputs.scored == scored && state.inputs.graph == graph);
    change(&mut state, |run| run.factorized = false);
    assert!(state.inputs.scored.is_none() && state.inputs.graph != graph);
    let problems = state.inputs.problems.clone();
    change(&mut state, |run| run.batch_size = 2);
    assert_eq!(state.inputs.problems, problems, "a misfit is remembered with its remedy");
    change(&mut state, |run| run.factorized = true);
    assert!(state.inputs.scored.is_some());
}

/// The demo's prompts with scores of 1 to n of another graph of its model.
fn scores_of(state: &State, choice: GraphChoice) -> Content {
    let seq_len = choice.token_wise.then(|| state.inputs.prompts.as_ref().unwrap().seq(0));
    let graph = Graph::new(state.inputs.model.as_ref().unwrap(), choice.config(seq_len));
    let scores = PruneScores::new((0..graph.n_edges()).map(|i| i as f32).collect());
    Content::Scores(Shared(scores.to_bytes(&graph, &ScoresInfo::default()).into()))
}

#[test]
fn the_first_scores_of_a_model_choose_their_graph_and_say_so() {
    let nodes = GraphChoice { factorized: false, separate_qkv: false, token_wise: true };
    let mut state = State::demo();
    let content = scores_of(&state, nodes);
    drop_file(&mut state, 10, "nodes.safetensors", Ok(content));
    assert!(state.inputs.ready(), "{:?}", state.inputs.problems);
    assert_eq!(GraphChoice::of(&state.settings.run), nodes);
    let note = files::note(&state).unwrap();
    let said = "The settings were switched to nodes, token-wise: that is the graph of nodes.safetensors.";
    assert_eq!((note.text.as_str(), note.wrong), (said, false));
    // A graph that is chosen afterwards stays, with a button that goes back.
    let edges = GraphChoice { factorized: true, separate_qkv: true, token_wise: false };
    state.apply(Action::GraphChosen(edges));
    assert_eq!(GraphChoice::of(&state.settings.run), edges);
    assert_eq!(state.inputs.problems[0].fix, Some(nodes));
}

#[test]
fn later_scores_leave_the_settings_and_offer_their_graph() {
    let (joint, nodes) = (
        GraphChoice { factorized: true, separate_qkv: false, token_wise: false },
        GraphChoice { factorized: false, separate_qkv: false, token_wise: false },
    );
    let mut state = State::demo();
    for (id, choice) in [(10, joint), (11, nodes)] {
        let content = scores_of(&state, choice);
        drop_file(&mut state, id, "s.safetensors", Ok(content));
    }
    assert_eq!(GraphChoice::of(&state.settings.run), joint);
    assert_eq!(state.inputs.problems[0].fix, Some(nodes));
}

#[test]
fn scores_that_are_all_equal_are_said_to_give_no_circuits() {
    let mut state = State::demo();
    assert_eq!(scores::equal_scores(&state), None);
    let graph = &state.scored().unwrap().graph;
    // Equal in size, which is what circuits are chosen by.
    let values = (0..graph.n_edges()).map(|i| if i % 2 == 0 { 0.5 } else { -0.5 }).collect();
    let bytes = PruneScores::new(values).to_bytes(graph, &ScoresInfo::default());
    drop_file(&mut state, 10, "equal.safetensors", Ok(Content::Scores(Shared(bytes.into()))));
    assert_eq!(scores::panel(&state).notes, ["All scores are equal: every circuit has all edges or none."]);
}
