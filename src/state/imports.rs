//! Scores in other programs' formats: which files they are, what the reader made of them, and saving scores in a format.

use serde_json::Value;

use crate::state::State;
use crate::state::files::{Content, FileEntry, FileId, Load, Role, Shared};
use crate::state::inputs::{GraphChoice, in_use};
use crate::view::ScoresPanel;
use circuitscope_core::{GraphConfig, ModelConfig, ScoresInfo, TensorFile};
use circuitscope_wire::reader::ScoresFound;

/// What scores are read from, and for.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportKey {
    pub file: FileId,
    pub config: FileId,
    /// Which of several in the file.
    pub pick: Option<String>,
    /// The prompts' length, where they have one: that of a token-wise edge list.
    pub seq_len: Option<usize>,
}

/// A file that the reader is to read.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportWish {
    pub key: ImportKey,
    pub model: Shared<ModelConfig>,
    /// The graph that is set at present.
    pub graph: GraphConfig,
}

/// Scores that the reader has read.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedScores {
    /// The scores as safetensors, kept as a file of their own.
    pub file: FileId,
    pub bytes: Shared<[u8]>,
    pub found: Shared<ScoresFound>,
}

/// The scores that were asked of the reader last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Imports {
    told: Option<(ImportKey, Load<ImportedScores>)>,
    /// Which of several in a file was picked last.
    picked: Option<(FileId, String)>,
    /// The file, config and pick whose graph and circuit were taken over: once, so that they may be changed afterwards.
    taken_over: Option<(FileId, FileId, Option<String>)>,
}

impl Imports {
    /// What was told of a key.
    fn get(&self, key: &ImportKey) -> Option<&Load<ImportedScores>> {
        self.told.as_ref().filter(|(told, _)| told == key).map(|(_, load)| load)
    }

    /// What was last told of a file.
    pub fn of_file(&self, file: FileId) -> Option<&Load<ImportedScores>> {
        self.told.as_ref().filter(|(told, _)| told.file == file).map(|(_, load)| load)
    }
}

/// Whether JSON holds scores or a circuit in another program's format.
pub fn names_edges(json: &Value) -> bool {
    let is_edge = |name: &str| name.contains("->");
    match json {
        Value::Object(fields) => fields.contains_key("edges") || fields.keys().take(10).any(|name| is_edge(name)),
        Value::Array(items) => items.iter().take(10).any(|item| {
            item.as_str().or_else(|| item["edge"].as_str()).or_else(|| item["name"].as_str()).is_some_and(is_edge)
        }),
        _ => false,
    }
}

/// Whether the start of a file is that of scores in another program's format: a zip archive, or a text of edges.
pub fn starts_as_scores(start: &[u8]) -> bool {
    let is_text = !start.contains(&0);
    start.starts_with(b"PK\x03\x04") || is_text && String::from_utf8_lossy(start).contains("->")
}

impl State {
    /// What the scores in use are read from, where they are in another program's format and there is a config.
    fn import_key(&self) -> Option<(ImportKey, &Shared<ModelConfig>)> {
        let scores = foreign_scores(&self.files)?;
        let (config, model) = (self.inputs.file(Role::Config)?, self.inputs.model.as_ref()?);
        let seq_len = self.inputs.prompts.as_ref().and_then(|p| p.one_len(p.pairs.len(), "").ok());
        let pick = self.imports.picked.clone().filter(|(file, _)| *file == scores.id).map(|(_, pick)| pick);
        Some((ImportKey { file: scores.id, config, pick, seq_len }, model))
    }

    /// The file that the reader is to read next.
    pub fn import_wish(&self) -> Option<ImportWish> {
        let (key, model) = self.import_key()?;
        let run = &self.settings.run;
        let seq_len = key.seq_len.filter(|_| run.token_wise);
        let graph = GraphConfig { factorized: run.factorized, separate_qkv: run.separate_qkv, seq_len };
        self.imports.get(&key).is_none().then(|| ImportWish { key, model: model.clone(), graph })
    }

    /// Chooses one of several scores in the file in use.
    pub fn pick_scores(&mut self, pick: String) {
        if let Some(file) = foreign_scores(&self.files) {
            self.imports.picked = Some((file.id, pick));
        }
    }

    /// Takes what the reader told of a file: its scores and, the first time, their graph and their circuit.
    pub fn hear_scores(&mut self, key: ImportKey, told: Load<ImportedScores>) {
        if self.import_key().is_none_or(|(wanted, _)| wanted != key) {
            return;
        }
        let found = match &told {
            Load::Ready(imported) => Some(imported.found.clone()),
            _ => None,
        };
        let source = (key.file, key.config, key.pick.clone());
        self.imports.told = Some((key, told));
        let Some(found) = found.filter(|_| self.imports.taken_over.as_ref() != Some(&source)) else {
            return self.read_inputs();
        };
        self.imports.taken_over = Some(source);
        let GraphConfig { factorized, separate_qkv, seq_len } = found.graph;
        self.choose_graph(GraphChoice { factorized, separate_qkv, token_wise: seq_len.is_some() });
        if let Some((n_circuit, scored)) = found.n_circuit.zip(self.scored()) {
            self.requested = n_circuit.min(scored.scores.n_edges());
        }
    }

    /// What is said of the scores in use.
    pub fn scores_panel(&self) -> ScoresPanel {
        let mut panel = ScoresPanel { savable: self.scored().is_some(), ..ScoresPanel::default() };
        let Some(entry) = in_use(&self.files, Role::Scores) else { return panel };
        match &entry.content {
            Load::Ready(Content::Scores(bytes)) => panel.line = said(&entry.name, bytes),
            Load::Ready(Content::ForeignScores) if self.inputs.model.is_none() => {
                panel.notes.push("These scores are read once there is a config.".to_owned());
            }
            Load::Ready(Content::ForeignScores) => match self.imports.of_file(entry.id) {
                Some(Load::Ready(imported)) => panel.describe(&imported.found),
                Some(Load::Failed(_)) => {}
                Some(Load::Loading) | None => panel.notes.push("Reading the scores…".to_owned()),
            },
            _ => {}
        }
        panel
    }
}

impl ScoresPanel {
    fn describe(&mut self, found: &ScoresFound) {
        let circuit = found.n_circuit.map(|n| format!("a circuit of {n} edges"));
        let parts = [Some(found.format.format().name.replace('`', "")), circuit, found.info.line()];
        self.line = Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "));
        (self.choices, self.chosen) = (found.choices.clone(), found.chosen);
        self.notes = found.notes.clone();
    }
}

/// What a file of scores says of itself.
fn said(name: &str, bytes: &[u8]) -> Option<String> {
    let metadata = TensorFile::from_bytes(name, bytes).ok()?.metadata;
    ScoresInfo::from_metadata(name, &metadata).ok()?.line()
}

/// The scores in use, where they are in another program's format.
fn foreign_scores(files: &[FileEntry]) -> Option<&FileEntry> {
    in_use(files, Role::Scores).filter(|file| matches!(file.content, Load::Ready(Content::ForeignScores)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::state::Action;
    use crate::state::files::read_json;
    use circuitscope_core::FormatId;
    use circuitscope_core::{Graph, PruneScores};

    #[test]
    fn scores_are_told_from_other_files() {
        assert!(names_edges(&json!({"cfg": {}, "nodes": {}, "edges": {}})));
        assert!(names_edges(&json!({"A0.1->MLP 1": 0.5})));
        assert!(names_edges(&json!(["A0.1->MLP 1"])));
        assert!(names_edges(&json!([{"edge": "A0.1->MLP 1", "score": 1}])));
        assert!(!names_edges(&json!({"prompts": [{"clean": "a -> b"}]})));
        assert!(!names_edges(&json!([1, 2])));
        assert!(starts_as_scores(b"PK\x03\x04..."));
        assert!(starts_as_scores(b"edge,score\nA0.1->MLP 1,2"));
        assert!(!starts_as_scores(b"\x89PNG\r\n\x1a\n\0->"));
        assert!(!starts_as_scores(b"hello"));
    }

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
        assert!(!state.ready());
        let wish = state.import_wish().unwrap();
        assert_eq!((wish.key.file, wish.graph), (10, GraphConfig::default()));
        state.apply(Action::ScoresTold(wish.key.clone(), Load::Loading));
        assert_eq!(state.import_wish(), None);
        let joint = GraphConfig { separate_qkv: false, ..GraphConfig::default() };
        let told = imported(&state, joint, Some(5));
        state.apply(Action::ScoresTold(wish.key.clone(), told.clone()));
        assert!(state.inputs.ready(), "{:?}", state.inputs.problems);
        assert!(!state.settings.run.separate_qkv);
        assert_eq!(state.requested, 5);
        assert_eq!(state.inputs.run_files()[Role::Scores as usize], Some(77));
        let panel = state.scores_panel();
        assert_eq!((panel.choices.len(), panel.notes.len(), panel.savable), (2, 1, true));
        assert_eq!(panel.line.as_deref(), Some("EAP-IG / MIB circuit, JSON · a circuit of 5 edges"));
        // Whatever is changed afterwards stays, until another is picked.
        state.apply(Action::CircuitRequested(2));
        state.apply(Action::ScoresTold(wish.key, told.clone()));
        assert_eq!(state.requested, 2);
        state.apply(Action::ScoresPicked("circuit".to_owned()));
        let wish = state.import_wish().unwrap();
        assert_eq!(wish.key.pick.as_deref(), Some("circuit"));
        state.apply(Action::ScoresTold(wish.key, told));
        assert_eq!(state.requested, 5);
    }

    #[test]
    fn a_foreign_file_that_cannot_be_read_says_why() {
        let mut state = with_foreign_scores();
        let key = state.import_wish().unwrap().key;
        state.apply(Action::ScoresTold(key, Load::Failed("circuit.json: 3 edges".to_owned())));
        assert_eq!(state.inputs.problems[0].message, "circuit.json: 3 edges");
        assert_eq!(state.import_wish(), None);
        state.apply(Action::FileRemoved(10));
        assert!(state.ready());
    }
}
