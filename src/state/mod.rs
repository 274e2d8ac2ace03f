//! The page's state, as plain data, what happens to it, and what follows from it. `reduce` says how it changes.

pub mod algorithms;
pub mod demo;
pub mod files;
pub mod imports;
pub mod inputs;
pub mod measures;
pub mod results;
pub mod search;
pub mod steps;
pub mod texts;
pub mod weights;

use std::rc::Rc;

use crate::select::memory;
use crate::state::files::{Content, FileEntry, FileId, Load, Role, Shared};
use crate::state::imports::{ImportKey, ImportedScores, Imports};
use crate::state::inputs::{GraphChoice, Inputs, Scored};
use crate::state::measures::{MeasureAction, Measures};
use crate::state::results::{Job, Place, Plan, Question, Results, RunKey};
use crate::state::search::{Discover, DiscoverAction};
use crate::state::texts::{OpenTokenizer, PromptsKey, ReadPrompts, Texts, TokenizerKey};
use crate::tasks::of_use::Note;
use circuitscope_core::{Circuit, PromptSettings, RunSettings};
use circuitscope_picture::Orientation;
use circuitscope_wire::engine::{Baseline, DeviceChoice, DeviceInfo, Event, Tokens};

/// Everything the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// In the order of their arrival, the demo's first; scores that were chosen again come last.
    pub files: Vec<FileEntry>,
    /// What became of files that were dropped together.
    pub note: Option<Note>,
    pub settings: Settings,
    /// Tokenizers and what was made of text prompts.
    pub texts: Texts,
    /// What the reader made of scores in other formats.
    pub imports: Imports,
    pub inputs: Rc<Inputs>,
    /// The edge count that is asked for: the drawn circuit.
    pub requested: usize,
    /// Whether a person has just chosen the circuit, so that it is worth a run of its own. Over once it was run or the
    /// settings change.
    pub touched: bool,
    pub engine: Engine,
    pub run: Run,
    pub results: Results,
    /// The prompt and the position, among the output's, whose tokens are shown.
    pub prompt: usize,
    pub position: usize,
    /// The page of the table, where it was turned to and not the chosen circuit's.
    pub page: Option<usize>,
    pub orientation: Orientation,
    /// Whether circuits of very many edges are drawn in full.
    pub draw_all: bool,
    pub measures: Measures,
    pub discover: Discover,
    pub failure: Option<Failure>,
}

/// The choices of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub run: RunSettings,
    /// The edge counts as typed, where they are a list.
    pub counts_text: String,
    /// What is wrong with them.
    pub counts_error: Option<String>,
    pub device: DeviceChoice,
}

/// The program in the worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Engine {
    /// Not fetched yet, or ended.
    Closed,
    Opening,
    Open(DeviceInfo),
}

/// What is being run.
#[derive(Debug, Clone, PartialEq)]
pub enum Run {
    /// Nothing; with how the last run ended, in a sentence.
    Idle(Option<String>),
    Running {
        job: Job,
        plan: Plan,
        done: usize,
        total: usize,
        label: String,
    },
}

/// A failure that concerns more than a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub message: String,
    pub remedy: Remedy,
    /// What was being run.
    pub plan: Option<Plan>,
}

/// What can be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Run on the CPU instead.
    UseCpu,
    /// Start the engine anew.
    Restart,
    /// Nothing but another try.
    Dismiss,
}

/// How a run came to its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Done(Baseline),
    /// Something else than the results' circuits was computed, which the sentence says.
    Finished(String),
    Cancelled,
    Failed(Failure),
}

/// Everything that happens.
pub enum Action {
    /// Files were dropped together, with what is to be said of them.
    FilesSorted(Option<Note>),
    FileFound(FileEntry),
    FileRead(FileId, Result<Content, String>),
    FileRemoved(FileId),
    DemoWanted,
    SettingsChanged(RunSettings),
    CountsTyped(String),
    DeviceChosen(DeviceChoice),
    GraphChosen(GraphChoice),
    CircuitRequested(usize),
    PromptChosen(usize),
    PositionChosen(usize),
    PageTurned(usize),
    OrientationChosen(Orientation),
    DrawAll,
    Measure(MeasureAction),
    Find(DiscoverAction),
    RunStarted(Job, Plan),
    RunTold(Job, Vec<Event>),
    RunEnded(Job, Outcome),
    EngineChanged(Engine),
    TokensAsked(Question),
    TokensTold(Question, Result<Tokens, String>),
    PromptSettingsChanged(PromptSettings),
    TokenizerTold(TokenizerKey, Load<Shared<OpenTokenizer>>),
    PromptsTold(PromptsKey, Load<ReadPrompts>),
    ScoresPicked(String),
    ScoresTold(ImportKey, Load<ImportedScores>),
    Failed(Failure),
    FailureDismissed,
}

impl Default for State {
    fn default() -> Self {
        Self::demo()
    }
}

impl State {
    /// The demo, with its recorded results.
    pub fn demo() -> Self {
        let mut state = Self {
            files: demo::files(),
            note: None,
            settings: demo::settings(),
            texts: Texts::default(),
            imports: Imports::default(),
            inputs: Rc::default(),
            requested: 0,
            touched: false,
            engine: Engine::Closed,
            run: Run::Idle(None),
            results: Results::default(),
            prompt: 0,
            position: 0,
            page: None,
            orientation: Orientation::default(),
            draw_all: false,
            measures: Measures::default(),
            discover: Discover::default(),
            failure: None,
        };
        state.read_inputs();
        state.measures.official = demo::official(&state.inputs);
        state.results = demo::recorded().map_or_else(Results::default, |r| Results::recorded(state.key(), r));
        state
    }

    /// What a run of the files and settings as they are depends on.
    pub fn key(&self) -> RunKey {
        let weights = self.inputs.weights.as_ref().map(|weights| weights.files.clone()).unwrap_or_default();
        RunKey::new(self.inputs.run_files(), weights, &self.settings.run)
    }

    /// Whether a run can be started.
    pub fn ready(&self) -> bool {
        self.inputs.ready() && self.settings.counts_error.is_none() && memory::problem(self).is_none()
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

    /// The tokenizer in use, once it is open.
    pub fn tokenizer(&self) -> Option<&OpenTokenizer> {
        match self.texts.tokenizer(Texts::tokenizer_key(&self.files)?)? {
            Load::Ready(tokenizer) => Some(tokenizer),
            _ => None,
        }
    }

    /// A token as it is shown: its text where there is a tokenizer, else its id.
    pub fn token_text(&self, token: u32) -> String {
        self.tokenizer().and_then(|t| t.piece(token)).map_or_else(|| token.to_string(), str::to_owned)
    }

    /// The graph with its scores.
    pub fn scored(&self) -> Option<&Scored> {
        self.inputs.scored.as_deref()
    }

    /// The chosen circuit.
    pub fn circuit(&self) -> Option<Circuit> {
        self.scored()?.scores.circuit(self.requested).ok()
    }

    /// Where tokens are looked at.
    pub fn place(&self) -> Option<Place> {
        let n_edges = self.circuit()?.n_edges;
        Some(Place { n_edges, prompt: self.prompt, position: self.position })
    }

    /// The run of all circuits that the settings ask for.
    pub fn sweep(&self) -> Option<Plan> {
        self.ready().then(|| Plan::sweep(self.key(), &self.settings))
    }

    /// The run that the chosen circuit wants, while nothing is known of it. A sweep is let finish first.
    pub fn wish(&self) -> Option<Plan> {
        let place = self.place().filter(|_| self.touched && self.inputs.ready())?;
        let known = self.fresh() && self.results.covers(place);
        let plan = Plan::circuit(self.key(), self.requested, &self.settings);
        let wanted = match &self.run {
            Run::Running { plan: running, .. } => running.one_circuit && *running != plan,
            Run::Idle(_) => true,
        };
        (!known && wanted).then_some(plan)
    }

    /// What to ask the engine about the chosen circuit.
    pub fn question(&self) -> Option<Question> {
        let idle = matches!(self.run, Run::Idle(_));
        self.place().filter(|_| idle && self.fresh()).and_then(|place| self.results.question(place))
    }
}

impl Failure {
    /// A failure that a message is enough for.
    pub fn plain(message: String) -> Self {
        Self { message, remedy: Remedy::Dismiss, plan: None }
    }
}
