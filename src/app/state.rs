//! The page's state, as plain data, and every way in which it changes.

use std::rc::Rc;

use yew::Reducible;

use super::demo;
use super::files::{Content, FileEntry, FileId, Load, Role};
use super::inputs::{GraphChoice, Inputs, Scored};
use super::results::{Job, Place, Plan, Question, Results, RunKey};
use crate::circuit::{Circuit, EdgeCounts, RunSettings};
use crate::engine::{Baseline, DeviceChoice, DeviceInfo, Event, Tokens};
use crate::layout::Orientation;

/// How many of one's own prompts are run at once, if there are as many: enough to keep a device busy, few enough to fit.
const OWN_BATCH_SIZE: usize = 8;

/// Everything the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// In the order of their arrival; the demo's first.
    pub files: Vec<FileEntry>,
    pub settings: Settings,
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
    Cancelled,
    Failed(Failure),
}

/// Everything that happens.
pub enum Action {
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
    RunStarted(Job, Plan),
    RunTold(Job, Vec<Event>),
    RunEnded(Job, Outcome),
    EngineChanged(Engine),
    TokensAsked(Question),
    TokensTold(Question, Result<Tokens, String>),
    Failed(Failure),
    FailureDismissed,
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        state.apply(action);
        Rc::new(state)
    }
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
            settings: demo::settings(),
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
            failure: None,
        };
        state.read_inputs();
        state.results = demo::recorded().map_or_else(Results::default, |r| Results::recorded(state.key(), r));
        state
    }

    /// Applies an action.
    pub fn apply(&mut self, action: Action) {
        match action {
            Action::FileFound(entry) => self.files.push(entry),
            Action::FileRead(id, content) => self.file_read(id, content),
            Action::FileRemoved(id) => self.keep_files(|file| file.id != id),
            Action::DemoWanted => self.restore_demo(),
            Action::SettingsChanged(run) => self.change_settings(run),
            Action::CountsTyped(text) => self.type_counts(text),
            Action::DeviceChosen(device) => self.settings.device = device,
            Action::GraphChosen(choice) => self.choose_graph(choice),
            Action::CircuitRequested(n) => self.request_circuit(n),
            Action::PromptChosen(prompt) => (self.prompt, self.touched) = (prompt, self.fresh()),
            Action::PositionChosen(position) => (self.position, self.touched) = (position, self.fresh()),
            Action::PageTurned(page) => self.page = Some(page),
            Action::OrientationChosen(orientation) => self.orientation = orientation,
            Action::DrawAll => self.draw_all = true,
            Action::RunStarted(job, plan) => self.start_run(job, plan),
            Action::RunTold(job, events) => self.hear(job, events),
            Action::RunEnded(job, outcome) => self.end_run(job, outcome),
            Action::EngineChanged(engine) => self.engine = engine,
            Action::TokensAsked(question) => self.results.set_tokens(question.place, Load::Loading),
            Action::TokensTold(question, tokens) => self.hear_tokens(&question, tokens),
            Action::Failed(failure) => self.failure = Some(failure),
            Action::FailureDismissed => self.failure = None,
        }
    }

    /// What a run of the files and settings as they are depends on.
    pub fn key(&self) -> RunKey {
        RunKey::new(self.inputs.files, &self.settings.run)
    }

    /// Whether a run can be started.
    pub fn ready(&self) -> bool {
        self.inputs.ready() && self.settings.counts_error.is_none()
    }

    /// Whether the results are those of the files and settings as they are.
    pub fn fresh(&self) -> bool {
        self.results.key.as_ref() == Some(&self.key())
    }

    /// Whether the demo's model is in use.
    pub fn is_demo(&self) -> bool {
        self.inputs.file(Role::Config).is_some_and(|id| (id as usize) < demo::FILES.len())
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

    fn file_read(&mut self, id: FileId, content: Result<Content, String>) {
        let Some(file) = self.files.iter_mut().find(|f| f.id == id) else { return };
        file.content = content.map_or_else(Load::Failed, Load::Ready);
        let (role, name) = (file.role(), file.name.clone());
        self.leave_demo_settings();
        // A file that was put right and dropped again takes the place of what was wrong with it.
        self.files.retain(|f| f.id == id || f.demo || f.name != name || !matches!(f.content, Load::Failed(_)));
        self.read_inputs();
        if role == Some(Role::Prompts) {
            let n_prompts = self.inputs.prompts.as_ref().map_or(1, |p| p.pairs.len());
            self.settings.run.batch_size = self.settings.run.batch_size.clamp(1, n_prompts);
            self.read_inputs();
        }
    }

    /// The demo's settings suit its own model only: they go with it, unless they were changed.
    fn leave_demo_settings(&mut self) {
        let own_model = self.files.iter().any(|f| !f.demo && matches!(f.role(), Some(Role::Weights | Role::Config)));
        if own_model && self.settings.run == demo::settings().run {
            self.settings.run = RunSettings { batch_size: OWN_BATCH_SIZE, ..RunSettings::default() };
        }
    }

    fn keep_files(&mut self, keep: impl Fn(&FileEntry) -> bool) {
        self.files.retain(|file| file.demo || keep(file));
        self.read_inputs();
    }

    fn restore_demo(&mut self) {
        let Self { engine, settings, orientation, .. } = self.clone();
        *self = Self { engine, orientation, ..Self::demo() };
        self.settings.device = settings.device;
    }

    fn change_settings(&mut self, run: RunSettings) {
        if run.edge_counts != self.settings.run.edge_counts {
            self.settings.counts_error = None;
        }
        self.settings.run = run;
        self.touched = false;
        self.read_inputs();
    }

    fn choose_graph(&mut self, choice: GraphChoice) {
        let GraphChoice { factorized, separate_qkv, token_wise } = choice;
        let run = self.settings.run.clone();
        self.change_settings(RunSettings { factorized, separate_qkv, token_wise, ..run });
    }

    /// A list of edge counts, checked against the graph.
    fn type_counts(&mut self, text: String) {
        match EdgeCounts::parse(text.trim()) {
            Ok(EdgeCounts::List(list)) => {
                self.settings.run.edge_counts = EdgeCounts::List(list);
                self.settings.counts_error = None;
            }
            _ => self.settings.counts_error = Some("numbers with commas between, such as 0, 1, 10".to_owned()),
        }
        self.settings.counts_text = text;
        self.check_counts();
    }

    fn check_counts(&mut self) {
        let EdgeCounts::List(list) = &self.settings.run.edge_counts else { return };
        let Some(n_edges) = self.inputs.scored.as_ref().map(|s| s.scores.n_edges()) else { return };
        if let Some(n) = list.iter().find(|&&n| n > n_edges) {
            self.settings.counts_error = Some(format!("{n} is above {n_edges}, the number of edges of the graph"));
        } else if self.settings.counts_error.as_ref().is_some_and(|e| e.contains("is above")) {
            self.settings.counts_error = None;
        }
    }

    fn request_circuit(&mut self, n: usize) {
        let most = self.scored().map_or(0, |s| s.scores.n_edges());
        (self.requested, self.touched, self.page) = (n.min(most), true, None);
    }

    /// Reads the files in use together; other scores choose another first circuit.
    fn read_inputs(&mut self) {
        let inputs = Inputs::new(&self.files, &self.settings.run);
        let other_scores =
            inputs.scored.as_ref().map(|s| s.scores.values()) != self.scored().map(|s| s.scores.values());
        self.inputs = Rc::new(inputs);
        if other_scores && let Some(first) = self.scored().map(|s| s.steps.first_choice()) {
            (self.requested, self.touched, self.draw_all) = (first, false, false);
        }
        self.check_counts();
        self.check_place();
    }

    /// Keeps the chosen prompt and position within what there is.
    fn check_place(&mut self) {
        let Some(prompts) = &self.inputs.prompts else { return };
        let positions = self.settings.run.slice.positions(prompts.pairs[0].clean.len());
        self.prompt = self.prompt.min(prompts.pairs.len() - 1);
        self.position = self.position.min(positions.len().saturating_sub(1));
    }

    fn start_run(&mut self, job: Job, plan: Plan) {
        (self.failure, self.results.held) = (None, None);
        self.run = Run::Running { job, plan, done: 0, total: 0, label: String::new() };
    }

    /// What the engine tells of the run; nothing of one that was superseded.
    fn hear(&mut self, from: Job, events: Vec<Event>) {
        let Run::Running { job, plan, done, total, label } = &mut self.run else { return };
        if *job != from {
            return;
        }
        for event in events {
            match event {
                Event::Progress { done: now, total: all, label: doing } => (*done, *total, *label) = (now, all, doing),
                Event::Circuit { result } => {
                    self.results.start(&plan.key);
                    self.results.add(from, result);
                }
                _ => {}
            }
        }
    }

    fn end_run(&mut self, from: Job, outcome: Outcome) {
        let Run::Running { job, plan, .. } = &self.run else { return };
        if *job != from {
            return;
        }
        // A sweep is followed by the circuit that was chosen meanwhile; what failed or was cancelled by nothing.
        self.touched &= !plan.one_circuit && matches!(outcome, Outcome::Done(_));
        let text = match outcome {
            Outcome::Done(baseline) => {
                let text = done_text(plan, &baseline, self.results.rows.len());
                (self.results.baseline, self.results.held) = (Some(baseline), Some(from));
                text
            }
            Outcome::Cancelled => "Cancelled. Results so far are kept.".to_owned(),
            Outcome::Failed(failure) => {
                self.failure = Some(Failure { plan: Some(plan.clone()), ..failure });
                "The run failed. Results so far are kept.".to_owned()
            }
        };
        self.run = Run::Idle(Some(text));
    }

    fn hear_tokens(&mut self, question: &Question, tokens: Result<Tokens, String>) {
        if self.results.held == Some(question.job) {
            let tokens = tokens.map_or_else(Load::Failed, |tokens| Load::Ready(Rc::new(tokens)));
            self.results.set_tokens(question.place, tokens);
        }
    }
}

impl Failure {
    /// A failure that a message is enough for.
    pub fn plain(message: String) -> Self {
        Self { message, remedy: Remedy::Dismiss, plan: None }
    }
}

/// How a run ended, in a sentence.
fn done_text(plan: &Plan, baseline: &Baseline, n_rows: usize) -> String {
    let what = if plan.one_circuit { "The chosen circuit".to_owned() } else { format!("{n_rows} circuits") };
    let prompts = if baseline.n_prompts == 1 { "prompt" } else { "prompts" };
    format!("Done: {what} on {} {prompts}, {} forward passes.", baseline.n_prompts, baseline.forward_passes)
}
