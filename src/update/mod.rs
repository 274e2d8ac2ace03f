//! How the state changes: one function an action.

use std::rc::Rc;

use yew::Reducible;

use crate::state::demo;
use crate::state::files::{Content, FileEntry, FileId, Load, Role};
use crate::state::inputs::{GraphChoice, Inputs};
use crate::state::measures::Measures;
use crate::state::results::{Job, Plan, Question};
use crate::state::texts::Texts;
use crate::state::{Action, Failure, Outcome, Run, State};
use circuitscope_core::{EdgeCounts, RunSettings};
use circuitscope_wire::engine::{Baseline, Event, Tokens};

/// How many of one's own prompts are run at once, if there are as many: enough to keep a device busy, few enough to fit.
const OWN_BATCH_SIZE: usize = 8;

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        state.apply(action);
        Rc::new(state)
    }
}

impl State {
    /// Applies an action.
    pub fn apply(&mut self, action: Action) {
        match action {
            Action::FilesSorted(note) => self.note = note,
            Action::FileFound(entry) => self.files.push(entry),
            Action::FileRead(id, content) => self.file_read(id, content),
            Action::FileRemoved(id) => self.remove_file(id),
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
            Action::Measure(action) => self.measure(action),
            Action::Find(action) => self.find(action),
            Action::RunStarted(job, plan) => self.start_run(job, plan),
            Action::RunTold(job, events) => self.hear(job, events),
            Action::RunEnded(job, outcome) => self.end_run(job, outcome),
            Action::EngineChanged(engine) => self.engine = engine,
            Action::TokensAsked(question) => self.results.set_tokens(question.place, Load::Loading),
            Action::TokensTold(question, tokens) => self.hear_tokens(&question, tokens),
            Action::PromptSettingsChanged(settings) => self.change_texts(|texts| texts.settings = settings),
            Action::TokenizerTold(key, told) => self.change_texts(|texts| texts.set_tokenizer(key, told)),
            Action::PromptsTold(key, told) => {
                self.change_texts(|texts| texts.set_prompts(key, told));
                self.fit_batch_size();
            }
            Action::ScoresPicked(pick) => self.pick_scores(pick),
            Action::ScoresTold(key, told) => self.hear_scores(key, told),
            Action::Failed(failure) => self.failure = Some(failure),
            Action::FailureDismissed => self.failure = None,
        }
    }

    fn file_read(&mut self, id: FileId, content: Result<Content, String>) {
        let Some(file) = self.files.iter_mut().find(|f| f.id == id) else { return };
        file.content = content.map_or_else(Load::Failed, Load::Ready);
        let (role, name) = (file.role(), file.name.clone());
        // A file that was put right and dropped again takes the place of what was wrong with it.
        self.files.retain(|f| f.id == id || f.demo || f.name != name || !matches!(f.content, Load::Failed(_)));
        if self.is_demo() && matches!(role, Some(Role::Weights | Role::Config)) {
            self.leave_demo_settings();
        }
        self.read_inputs();
        if role.is_some() {
            self.fit_batch_size();
        }
    }

    fn change_texts(&mut self, change: impl FnOnce(&mut Texts)) {
        change(&mut self.texts);
        self.read_inputs();
    }

    /// New prompts may be fewer than a batch.
    fn fit_batch_size(&mut self) {
        let n_prompts = self.inputs.prompts.as_ref().map_or(usize::MAX, |p| p.pairs.len());
        if self.settings.run.batch_size > n_prompts {
            self.settings.run.batch_size = n_prompts;
            self.read_inputs();
        }
    }

    /// Takes back what suits the demo only, where it was not changed meanwhile.
    fn leave_demo_settings(&mut self) {
        let (demo, own) = (demo::settings().run, RunSettings::default());
        self.measures = Measures { metric: self.measures.metric, ..Measures::default() };
        let run = &mut self.settings.run;
        run.batch_size = OWN_BATCH_SIZE;
        if run.slice == demo.slice {
            run.slice = own.slice;
        }
        if run.edge_counts == demo.edge_counts {
            run.edge_counts = own.edge_counts;
        }
    }

    /// Takes a file away; of shards, all.
    fn remove_file(&mut self, id: FileId) {
        let weights = self.inputs.weights.as_ref().map(|weights| weights.files.clone()).unwrap_or_default();
        self.keep_files(|file| file.id != id && !(weights.contains(id) && weights.contains(file.id)));
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

    pub fn choose_graph(&mut self, choice: GraphChoice) {
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
    pub fn read_inputs(&mut self) {
        self.shelve();
        let inputs = Inputs::new(&self.files, &self.settings.run, &self.texts, &self.imports);
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
        let positions = self.settings.run.slice.positions(prompts.seq(0));
        self.prompt = self.prompt.min(prompts.pairs.len() - 1);
        self.position = self.position.min(positions.len().saturating_sub(1));
    }

    fn start_run(&mut self, job: Job, plan: Plan) {
        (self.failure, self.results.held) = (None, None);
        self.forget_run_after_search();
        self.run = Run::Running { job, plan, done: 0, total: 0, label: String::new() };
    }

    /// What the engine tells of the run; nothing of one that was superseded.
    fn hear(&mut self, from: Job, events: Vec<Event>) {
        let Run::Running { job, plan, done, total, label } = &mut self.run else { return };
        if *job != from {
            return;
        }
        for event in self.measures.hear(from, events) {
            match event {
                Event::Progress { done: now, total: all, label: doing, .. } => {
                    (*done, *total, *label) = (now, all, doing);
                }
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
            Outcome::Finished(text) => text,
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

/// How a run ended, in a sentence.
fn done_text(plan: &Plan, baseline: &Baseline, n_rows: usize) -> String {
    let what = if plan.one_circuit { "the chosen circuit".to_owned() } else { format!("{n_rows} circuits") };
    let prompts = if baseline.n_prompts == 1 { "prompt" } else { "prompts" };
    format!("Done: {what} on {} {prompts}, {} forward passes.", baseline.n_prompts, baseline.forward_passes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Engine;
    use crate::state::files::{Shared, read_json};
    use circuitscope_core::{AblationType, Circuit, Measurement, OutputSlice};
    use circuitscope_wire::engine::CircuitResult;

    const OWN: FileId = 10;

    fn drop_file(state: &mut State, id: FileId, name: &str, content: Result<Content, String>) {
        let entry = FileEntry { id, name: name.to_owned(), n_bytes: 1, demo: false, content: Load::Loading };
        state.apply(Action::FileFound(entry));
        state.apply(Action::FileRead(id, content));
    }

    fn json(name: &str, text: &str) -> Result<Content, String> {
        read_json(name, text).map_err(|e| e.to_string())
    }

    fn measurement() -> Measurement {
        Measurement::default()
    }

    fn event(state: &State, n: usize, index: usize) -> Event {
        let circuit = state.scored().unwrap().scores.circuit(n).unwrap();
        Event::Circuit { result: CircuitResult { index, circuit, shape: vec![6, 5, 3], measurement: measurement() } }
    }

    fn done() -> Outcome {
        let (clean, corrupt) = (measurement(), measurement());
        let shape = vec![6, 5, 3];
        Outcome::Done(Baseline { shape, clean, corrupt, n_prompts: 6, n_positions: 5, forward_passes: 1 })
    }

    fn zero_ablation(state: &State) -> Action {
        Action::SettingsChanged(RunSettings { ablation: AblationType::Zero, ..state.settings.run.clone() })
    }

    #[test]
    fn the_demo_is_complete_and_wants_no_run() {
        let state = State::demo();
        assert_eq!(state.inputs.problems, []);
        assert!(state.ready() && state.fresh() && state.is_demo());
        assert_eq!(state.circuit(), Some(Circuit { requested: 2, n_edges: 2, threshold: 1.0 }));
        assert_eq!((state.wish(), state.question()), (None, None));
        assert_eq!(state.results.rows.len(), 3);
    }

    #[test]
    fn a_circuit_with_results_is_drawn_and_one_without_is_run() {
        let mut state = State::demo();
        state.apply(Action::CircuitRequested(77));
        assert_eq!(state.wish(), None, "its results are recorded");
        let change = zero_ablation(&state);
        state.apply(change);
        assert_eq!(state.wish(), None, "settings are changed without a run");
        state.apply(Action::CircuitRequested(0));
        assert_eq!(state.wish().map(|plan| plan.edge_counts), Some(EdgeCounts::List(vec![0])));
    }

    #[test]
    fn a_run_is_heard_until_another_takes_its_place() {
        let mut state = State::demo();
        let change = zero_ablation(&state);
        state.apply(change);
        state.apply(Action::CircuitRequested(77));
        let plan = state.wish().unwrap();
        state.apply(Action::RunStarted(1, plan.clone()));
        assert_eq!(state.wish(), None);
        assert_eq!(state.results.rows.len(), 3, "old results stay until there are new ones");
        state.apply(Action::CircuitRequested(0));
        let next = state.wish().expect("the slider supersedes its own run");
        state.apply(Action::RunStarted(2, next));
        let (stale, new) = (event(&state, 77, 0), event(&state, 0, 0));
        state.apply(Action::RunTold(1, vec![stale]));
        assert_eq!(state.results.rows.len(), 3);
        state.apply(Action::RunTold(2, vec![new]));
        state.apply(Action::RunEnded(1, Outcome::Cancelled));
        state.apply(Action::RunEnded(2, done()));
        assert_eq!(state.results.rows.iter().map(|row| row.result.circuit.n_edges).collect::<Vec<_>>(), [0]);
        assert!(state.fresh() && state.wish().is_none());
        assert_eq!(state.question().map(|q| (q.job, q.circuit)), Some((2, 0)));
    }

    #[test]
    fn a_sweep_is_not_disturbed_by_the_slider_but_followed_by_its_circuit() {
        let mut state = State::demo();
        let change = zero_ablation(&state);
        state.apply(change);
        state.apply(Action::RunStarted(1, state.sweep().unwrap()));
        state.apply(Action::CircuitRequested(77));
        assert_eq!(state.wish(), None);
        let (first, ended) = (event(&state, 2, 0), done());
        state.apply(Action::RunTold(1, vec![first]));
        state.apply(Action::RunEnded(1, ended));
        assert_eq!(state.wish().map(|plan| plan.one_circuit), Some(true));
    }

    #[test]
    fn a_run_that_fails_or_is_cancelled_is_not_started_again_by_itself() {
        for outcome in [Outcome::Cancelled, Outcome::Failed(Failure::plain("no".to_owned()))] {
            let mut state = State::demo();
            let change = zero_ablation(&state);
            state.apply(change);
            state.apply(Action::CircuitRequested(77));
            state.apply(Action::RunStarted(1, state.wish().unwrap()));
            state.apply(Action::RunEnded(1, outcome));
            assert_eq!(state.wish(), None);
            assert_eq!(state.results.rows.len(), 3);
            state.apply(Action::CircuitRequested(0));
            assert!(state.wish().is_some());
        }
    }

    #[test]
    fn the_demo_gives_way_to_ones_own_model_and_comes_back() {
        let mut state = State::demo();
        let config = include_str!("../../tests/fixtures/cases/gpt2/config.json");
        let prompts = include_str!("../../tests/fixtures/cases/gpt2/prompts.json");
        drop_file(&mut state, OWN, "prompts.json", json("prompts.json", prompts));
        assert_eq!(state.settings.run.batch_size, 4, "no more than there are prompts");
        drop_file(&mut state, OWN + 1, "config.json", json("config.json", config));
        assert_eq!(state.inputs.files, [None, Some(OWN + 1), Some(OWN), None]);
        assert_eq!(state.settings.run.slice, OutputSlice::LastSeq);
        assert_eq!(state.settings.run.batch_size, 4);
        assert_eq!(state.settings.run.edge_counts, EdgeCounts::Default);
        assert!(!state.ready());
        state.apply(Action::EngineChanged(Engine::Opening));
        state.apply(Action::DemoWanted);
        assert_eq!(state, State { engine: Engine::Opening, ..state_of_demo_like(&state) });
    }

    /// The demo, sharing what is compared by identity.
    fn state_of_demo_like(state: &State) -> State {
        let State { files, inputs, results, measures, .. } = state.clone();
        State { files, inputs, results, measures, ..State::demo() }
    }

    #[test]
    fn a_wrong_file_changes_nothing_but_the_list() {
        let mut state = State::demo();
        drop_file(&mut state, OWN, "cat.png", Err("a picture".to_owned()));
        assert!(state.ready() && state.is_demo());
        assert_eq!(state.files.len(), 5);
        state.apply(Action::FileRemoved(OWN));
        assert_eq!(state.files.len(), 4);
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
        assert!(!state.ready());
        let fix = state.inputs.problems[0].fix.unwrap();
        assert_eq!(fix, GraphChoice { factorized: true, separate_qkv: true, token_wise: false });
        state.apply(Action::GraphChosen(fix));
        assert!(state.ready());
    }

    #[test]
    fn edge_counts_above_the_graph_are_refused_where_they_are_typed() {
        let mut state = State::demo();
        state.apply(Action::CountsTyped("1, 78".to_owned()));
        assert_eq!(state.settings.counts_error.as_deref(), Some("78 is above 77, the number of edges of the graph"));
        state.apply(Action::CountsTyped("1, x".to_owned()));
        assert!(!state.ready());
        state.apply(Action::CountsTyped("1, 7".to_owned()));
        assert!(state.ready());
    }

    #[test]
    fn a_scores_file_is_compared_by_identity() {
        let bytes: Rc<[u8]> = Rc::from(&b"x"[..]);
        assert!(Shared(bytes.clone()) == Shared(bytes.clone()));
        assert!(Shared(bytes) != Shared(Rc::from(&b"x"[..])));
    }
}
