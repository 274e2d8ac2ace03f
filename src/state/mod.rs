//! The page's state as plain data, a file a slice. Nothing here awaits or renders.
//!
//! A slice knows only slices of the groups above its own. [`State`] composes them and answers the questions that concern
//! several; how it changes is in `update`, what views show of it in `select`.

pub mod load;

pub mod files;

pub mod algorithms;
pub mod circuit;
pub mod compare;
pub mod graph_choice;
pub mod picture;
pub mod recognise;
pub mod scores;
pub mod screen;
pub mod settings;
pub mod weights;

pub mod imports;
pub mod pace;
pub mod random;
pub mod runs;
pub mod texts;

pub mod inputs;
pub mod results;

pub mod insight;
pub mod search;

pub mod measures;

pub mod hub;

pub mod demo;
pub mod figure;

pub mod link;

use std::collections::BTreeMap;
use std::rc::Rc;

use circuit::{Basis, History, ScoresChoice, Step};
use circuitscope_core::Circuit;
use figure::{Figures, OpenFigure};
use files::{FileEntry, FileId, Note, Role, in_use};
use imports::{ImportKey, Imports};
use inputs::Inputs;
use insight::Insights;
use link::Links;
use load::Shared;
use measures::Measures;
use picture::Picture;
use random::{RandomEdges, any_scores};
use results::{Recorded, Results, Row, Shelf, TokenPosition};
use runs::{Engine, Failure, Run, RunKey};
use scores::Scored;
use screen::Screen;
use search::{Discover, Search};
use settings::Settings;
use texts::Texts;
use weights::WeightFiles;

/// Everything the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// In the order of their arrival, the demo's first; scores that were chosen again come last.
    pub files: Vec<FileEntry>,
    /// What the files that were refused seem to be for, where that shows.
    pub meant: BTreeMap<FileId, Role>,
    /// About the files that were dropped together last.
    pub note: Option<Note>,
    pub settings: Settings,
    /// Tokenizers, and the token ids of text prompts.
    pub texts: Texts,
    /// Scores in other programs' formats.
    pub imports: Imports,
    /// The files in use, read together; kept up to date by the reducer.
    pub inputs: Rc<Inputs>,
    pub picture: Picture,
    pub history: History,
    pub screen: Screen,
    pub engine: Engine,
    pub run: Run,
    /// Whether the last run was stopped before its end.
    pub stopped: bool,
    pub results: Results,
    /// Results of files and settings that were in use before.
    pub shelf: Shelf,
    /// The prompt and the position, among the output's, whose tokens are shown.
    pub prompt: usize,
    pub position: usize,
    /// The page of the table, where it was turned to and not the chosen circuit's.
    pub page: Option<usize>,
    pub measures: Measures,
    pub discover: Discover,
    pub insights: Insights,
    /// The page's address, and the files that it names.
    pub links: Links,
    pub figures: Figures,
    pub failure: Option<Failure>,
}

impl Default for State {
    fn default() -> Self {
        Self::demo()
    }
}

impl State {
    /// The demo, with its recorded results.
    pub fn demo() -> Self {
        let mut state = Self::of_example(demo::files(), demo::settings(), Picture::default());
        state.picture.requested = state.scored().map_or(0, |scored| scored.steps.first_choice());
        state.measures.official = demo::official(&state.inputs);
        state.record(demo::recorded());
        state
    }

    /// A figure, with its recorded results.
    pub fn of_figure(open: &OpenFigure) -> Self {
        let mut state = Self::of_example(open.entries.clone(), open.settings.clone(), open.picture.clone());
        let view = open.view();
        (state.prompt, state.position) = (view.prompt, view.position);
        (state.measures.metric, state.measures.log_y) = (view.metric, view.log_y);
        state.record(open.recorded.clone());
        state
    }

    fn record(&mut self, recorded: Option<Recorded>) {
        self.history = History::new(self.basis(), self.step());
        let edits = &self.picture.edits;
        self.results = recorded.map_or_else(Results::default, |r| Results::recorded(self.key(), r, edits));
    }

    fn of_example(files: Vec<FileEntry>, settings: Settings, picture: Picture) -> Self {
        let (texts, imports) = (Texts::default(), Imports::default());
        let inputs = Inputs::new(&Inputs::default(), &files, &settings.run, &texts, &imports);
        Self {
            files,
            meant: BTreeMap::new(),
            note: None,
            settings,
            texts,
            imports,
            inputs: Rc::new(inputs),
            history: History::default(),
            picture,
            screen: Screen::default(),
            engine: Engine::Closed,
            run: Run::Idle(None),
            stopped: false,
            results: Results::default(),
            shelf: Shelf::default(),
            prompt: 0,
            position: 0,
            page: None,
            measures: Measures::default(),
            discover: Discover::default(),
            insights: Insights::default(),
            links: Links::default(),
            figures: Figures::default(),
            failure: None,
        }
    }

    /// What a run of the files and settings as they are depends on.
    pub fn key(&self) -> RunKey {
        let weights = self.inputs.weights.as_ref().map(|weights| weights.files.clone()).unwrap_or_default();
        RunKey::new(self.inputs.run_files(), weights, &self.settings.run)
    }

    /// Whether the results are those of the files and settings as they are.
    pub fn fresh(&self) -> bool {
        self.results.key.as_ref() == Some(&self.key())
    }

    /// Whether there are results of the model in use.
    pub fn has_results(&self) -> bool {
        let [weights, config, ..] = self.inputs.files;
        let key = self.results.key.as_ref();
        !self.results.rows.is_empty() && key.is_some_and(|key| key.files[..2] == [weights, config])
    }

    /// Whether the demo's model is in use.
    pub fn is_demo(&self) -> bool {
        self.inputs.file(Role::Config).is_some_and(|id| (id as usize) < demo::FILES.len())
    }

    /// Whether the example's model is in use: the demo's, or the open figure's.
    pub fn is_example(&self) -> bool {
        let config = self.inputs.file(Role::Config);
        config.is_some_and(|id| self.files.iter().any(|file| file.id == id && file.demo))
    }

    /// The open figure, where its model is in use.
    pub fn figure(&self) -> Option<&Shared<OpenFigure>> {
        self.figures.open.as_ref().filter(|_| self.is_example())
    }

    /// What the example is called.
    pub fn example_name(&self) -> &'static str {
        if self.figures.open.is_some() { "figure" } else { "demo" }
    }

    /// The settings that suit the example.
    pub fn example_settings(&self) -> Settings {
        self.figures.open.as_ref().map_or_else(demo::settings, |open| open.settings.clone())
    }

    /// A person's own files, in use or not, the latest first.
    pub fn own_files(&self) -> impl Iterator<Item = &FileEntry> {
        let listed = self.files.iter().rev().filter(|file| !file.demo);
        listed.chain(&self.links.shelf).chain(&self.discover.shelf)
    }

    /// A person's own files in use.
    pub fn own_in_use(&self) -> Vec<&FileEntry> {
        let none = WeightFiles::default();
        link::own_in_use(&self.files, self.inputs.weights.as_ref().map_or(&none, |weights| &weights.files))
    }

    /// The graph with its scores.
    pub fn scored(&self) -> Option<&Scored> {
        self.inputs.scored.as_deref()
    }

    /// The chosen circuit.
    pub fn circuit(&self) -> Option<Circuit> {
        self.scored()?.scores.circuit(self.picture.requested).ok()
    }

    /// How much of an edge is in the chosen circuit, from 0 to 1.
    pub fn mask(&self, edge_idx: usize) -> f32 {
        self.picture.edits.mask(edge_idx).unwrap_or_else(|| self.usual_mask(edge_idx))
    }

    /// The same where nothing was changed.
    pub fn usual_mask(&self, edge_idx: usize) -> f32 {
        let score = self.scored().and_then(|scored| scored.scores.values().get(edge_idx).copied());
        let is_in = self.circuit().zip(score).is_some_and(|(circuit, score)| circuit.contains(score));
        f32::from(u8::from(is_in))
    }

    /// The file of the scores in use, and which of several in it.
    pub fn scores_choice(&self) -> Option<ScoresChoice> {
        let id = in_use(&self.files, Role::Scores)?.id;
        let pick = self.imports.picked.as_ref().filter(|(of, _)| *of == id).map(|(_, pick)| pick.clone());
        Some((id, pick))
    }

    /// The chosen circuit as a step of the history.
    pub fn step(&self) -> Step {
        Step { scores: self.scores_choice(), choice: self.picture.choice() }
    }

    /// What the steps of the history have in common.
    pub fn basis(&self) -> Option<Basis> {
        let model = [Role::Weights, Role::Config].map(|role| self.inputs.file(role));
        self.scored().map(|scored| Basis { model, graph: scored.graph.config })
    }

    /// Where tokens are looked at.
    pub fn token_position(&self) -> Option<TokenPosition> {
        let (circuit, edits) = (self.circuit()?, self.picture.edits.clone());
        let n_edges = if edits.is_empty() { circuit.n_edges } else { circuit.requested };
        Some(TokenPosition { n_edges, edits, prompt: self.prompt, position: self.position })
    }

    /// The result of the chosen circuit, if it was run under the files and settings as they are.
    pub fn row(&self) -> Option<&Row> {
        let at = self.token_position().filter(|_| self.fresh())?;
        self.results.row_of(at.n_edges, &at.edits)
    }

    /// The search that is going on.
    pub fn searching(&self) -> Option<&Search> {
        let Run::Running { job, .. } = &self.run else { return None };
        self.discover.search.as_ref().filter(|search| search.job == *job)
    }

    /// Random edges, where they were run with the files and settings as they are.
    pub fn random(&self) -> Option<&RandomEdges> {
        self.measures.random.as_ref().filter(|random| random.key == any_scores(self.key()))
    }

    /// Whether the circuits of a list of counts are being run, one after the other, for the curve.
    pub fn is_sweeping(&self) -> bool {
        let Run::Running { job, plan, .. } = &self.run else { return false };
        !plan.one_circuit && !self.measures.has_run(*job) && self.searching().is_none()
    }

    /// What the scores in use are read from, where they are in another program's format and there is a config.
    pub fn import_key(&self) -> Option<ImportKey> {
        let config = self.inputs.file(Role::Config)?;
        self.imports.key(&self.files, config, self.inputs.prompts.as_deref())
    }
}
