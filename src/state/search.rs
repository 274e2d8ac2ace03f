//! Finding circuits: the chosen algorithm with its settings, what it will cost, the search that is going on, and the scores
//! that were found, which are files like a person's own.

use crate::select::memory;
use crate::state::algorithms::{OFFERS, Offer};
use crate::state::demo;
use crate::state::files::{Content, FileEntry, FileId, Load, Role};
use crate::state::inputs::{Place, candidates, in_use};
use crate::state::results::{Job, Plan};
use crate::state::{Failure, Run, State};
use circuitscope_core::settings::memory::size_label;
use circuitscope_core::sorting;
use circuitscope_core::{
    Algorithm, DiscoverCost, DiscoverSettings, EdgeCounts, Graph, ModelMemory, RunSettings, ScoresInfo, Selection,
    TensorFile, select,
};
use circuitscope_wire::engine::DeviceChoice;

/// The selections that are offered, in order.
pub const SELECTIONS: [Selection; 2] = [Selection::Connected, Selection::Greedy];

/// What the section that finds circuits holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Discover {
    /// The chosen one of [`OFFERS`].
    pub chosen: usize,
    /// For each of them what its fields hold, as typed.
    entries: Vec<Vec<String>>,
    /// Whether circuits of the scores are run when they are found.
    pub run_after: bool,
    /// Whether they are to be run now.
    run_next: bool,
    /// The last search.
    pub search: Option<Search>,
    /// Milliseconds a unit of [`units`], the latest last.
    timings: Vec<(Timed, f64)>,
    /// The scores that were found, and the model that each is of.
    found: Vec<(FileId, ModelFiles)>,
    /// Scores of models that are not in use.
    shelf: Vec<FileEntry>,
    /// The place among [`SELECTIONS`].
    pub selection: usize,
    /// How many edges are to be kept, as typed.
    pub n_kept: String,
    pub kept: Option<Result<String, String>>,
}

/// The weights and the config.
pub type ModelFiles = [Option<FileId>; 2];

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    pub job: Job,
    pub order: Order,
    /// When it was posted and what was told since, but for all between the second and the last.
    ticks: Vec<Tick>,
    /// The number of passes that were done, and the loss.
    pub losses: Vec<(usize, f64)>,
    /// How it ended, in a sentence.
    pub end: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub plan: Plan,
    pub settings: DiscoverSettings,
    /// Whether it is stopped as soon as its pace is known.
    pub trial: bool,
    /// What the scores will be called.
    pub name: String,
    cost: DiscoverCost,
    timed: Timed,
}

/// How far a search was at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tick {
    /// In milliseconds, from some moment.
    pub at: f64,
    pub done: usize,
    pub total: usize,
    pub loss: Option<f64>,
}

/// What a pace depends on.
#[derive(Debug, Clone, PartialEq)]
struct Timed {
    algorithm: usize,
    files: [Option<FileId>; 4],
    batch_size: usize,
    device: DeviceChoice,
}

/// What happens to it.
pub enum DiscoverAction {
    AlgorithmChosen(usize),
    /// A field's place, and what was typed or chosen.
    Entered(usize, String),
    RunAfterChosen(bool),
    Started(Job, Order),
    Ticked(Job, Tick),
    Ended(Job, SearchEnd),
    ScoresChosen(FileId),
    SelectionChosen(usize),
    KeptEntered(String),
    /// A file of some of the scores in use, with how many edges it has, or why there is none.
    Kept(Result<(FileEntry, usize), String>),
}

/// How a search came to its end.
pub enum SearchEnd {
    /// A file of scores, and when it was there.
    Found(FileEntry, Tick),
    /// A trial was stopped.
    Timed,
    Cancelled,
    Failed(Failure),
}

/// Scores that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoresChoice {
    pub id: FileId,
    pub name: String,
    pub in_use: bool,
    pub removable: bool,
}

impl Default for Discover {
    fn default() -> Self {
        Self {
            chosen: 0,
            entries: OFFERS.iter().map(Offer::start).collect(),
            run_after: true,
            run_next: false,
            search: None,
            timings: Vec::new(),
            found: Vec::new(),
            shelf: Vec::new(),
            selection: 0,
            n_kept: "10".to_owned(),
            kept: None,
        }
    }
}

impl Discover {
    /// The chosen algorithm.
    pub fn offer(&self) -> &'static Offer {
        &OFFERS[self.chosen]
    }

    /// What its fields hold.
    pub fn entries(&self) -> &[String] {
        &self.entries[self.chosen]
    }

    fn ms_a_unit(&self, timed: &Timed) -> Option<f64> {
        self.timings.iter().rev().find(|(t, _)| t == timed).map(|(_, ms)| *ms)
    }
}

impl Search {
    fn new(job: Job, order: Order) -> Self {
        Self { job, order, ticks: Vec::new(), losses: Vec::new(), end: None }
    }

    fn hear(&mut self, tick: Tick) {
        if let Some(loss) = tick.loss.filter(|_| self.losses.last().is_none_or(|last| last.0 < tick.done)) {
            self.losses.push((tick.done, loss));
        }
        if self.ticks.len() > 2 {
            self.ticks.pop();
        }
        self.ticks.push(tick);
    }

    /// Milliseconds a step. The time to the first one, in which programs are compiled, is left out where it can be.
    fn ms_a_step(&self) -> Option<f64> {
        let (first, last) = match *self.ticks.as_slice() {
            [posted, first] => (posted, first),
            [_, first, last] => (first, last),
            _ => return None,
        };
        (last.done > first.done).then(|| (last.at - first.at) / (last.done - first.done) as f64)
    }

    /// Milliseconds that are left, once there is a pace.
    pub fn ms_left(&self) -> Option<f64> {
        let last = self.ticks.last().filter(|_| self.ticks.len() > 2)?;
        Some(self.ms_a_step()? * last.total.saturating_sub(last.done) as f64)
    }

    fn ms_a_unit(&self) -> Option<f64> {
        let total = self.ticks.last()?.total;
        let units = units(&self.order.cost);
        (units > 0.0).then_some(self.ms_a_step()? * total as f64 / units)
    }

    /// Whether its loss is made smaller step by step: a gradient's loss says nothing of how far it is.
    pub fn is_learning(&self) -> bool {
        matches!(self.order.settings.algorithm, Algorithm::SubnetworkProbing(_))
    }

    /// Whether it is of the algorithm that is chosen.
    pub fn is_of(&self, discover: &Discover) -> bool {
        self.order.timed.algorithm == discover.chosen
    }

    fn ms_taken(&self) -> Option<f64> {
        Some(self.ticks.last()?.at - self.ticks.first()?.at)
    }
}

/// What passes cost together, in forward passes: a backward pass takes about as long as two.
fn units(cost: &DiscoverCost) -> f64 {
    cost.forward_passes as f64 + 2.0 * cost.backward_passes as f64
}

impl State {
    /// Applies an action.
    pub fn find(&mut self, action: DiscoverAction) {
        let discover = &mut self.discover;
        match action {
            DiscoverAction::AlgorithmChosen(i) => discover.chosen = i,
            DiscoverAction::Entered(field, text) => discover.entries[discover.chosen][field] = text,
            DiscoverAction::RunAfterChosen(on) => discover.run_after = on,
            DiscoverAction::Started(job, order) => discover.search = Some(Search::new(job, order)),
            DiscoverAction::Ticked(job, tick) => {
                if self.searching().is_some_and(|search| search.job == job)
                    && let Some(search) = &mut self.discover.search
                {
                    search.hear(tick);
                }
            }
            DiscoverAction::Ended(job, end) => self.end_search(job, end),
            DiscoverAction::ScoresChosen(id) => self.choose_scores(id),
            DiscoverAction::SelectionChosen(i) => (discover.selection, discover.kept) = (i, None),
            DiscoverAction::KeptEntered(text) => (discover.n_kept, discover.kept) = (text, None),
            DiscoverAction::Kept(Ok((file, n_edges))) => {
                discover.kept = Some(Ok(format!("{n_edges} edges are kept, as scores of their own.")));
                self.add_scores(file);
            }
            DiscoverAction::Kept(Err(error)) => discover.kept = Some(Err(error)),
        }
    }

    /// The search that is going on.
    pub fn searching(&self) -> Option<&Search> {
        let Run::Running { job, .. } = &self.run else { return None };
        self.discover.search.as_ref().filter(|search| search.job == *job)
    }

    fn end_search(&mut self, from: Job, end: SearchEnd) {
        // One that was cancelled has left already.
        let Some(mut search) = self.searching().filter(|search| search.job == from).cloned() else { return };
        let mut file = None;
        let text = match end {
            SearchEnd::Found(entry, tick) => {
                search.hear(tick);
                let taken = search.ms_taken().map_or_else(String::new, |ms| format!(" in {}", duration(ms)));
                file = Some(entry);
                format!("Found{taken}.")
            }
            SearchEnd::Timed => "A pass was timed.".to_owned(),
            SearchEnd::Cancelled => "Cancelled.".to_owned(),
            SearchEnd::Failed(failure) => {
                self.failure = Some(failure);
                "The search failed.".to_owned()
            }
        };
        if let Some(ms) = search.ms_a_unit() {
            let timed = search.order.timed.clone();
            self.discover.timings.retain(|(t, _)| *t != timed);
            self.discover.timings.push((timed, ms));
        }
        self.run = Run::Idle(Some(text.clone()));
        let found_on = &search.order.plan.key.files;
        let model = [found_on[0], found_on[1]];
        search.end = Some(text);
        let trial = search.order.trial;
        self.discover.search = Some(search);
        if let Some(file) = file.filter(|_| !trial) {
            self.discover.found.push((file.id, model));
            self.take_found(file);
        }
    }

    /// Scores that were just found are drawn, and run if that is wished.
    fn take_found(&mut self, file: FileEntry) {
        // The demo's own list of edge counts is that of its own scores.
        let (demo, run) = (demo::settings().run, &mut self.settings.run);
        if run.edge_counts == demo.edge_counts {
            run.edge_counts = EdgeCounts::Default;
        }
        self.files.push(file);
        self.read_inputs();
        self.discover.run_next = self.discover.run_after;
    }

    /// Scores made of those in use.
    fn add_scores(&mut self, file: FileEntry) {
        self.discover.found.push((file.id, self.model_files()));
        self.take_found(file);
    }

    /// The run of the circuits of scores that were just found.
    pub fn run_after_search(&self) -> Option<Plan> {
        self.sweep().filter(|_| self.discover.run_next && matches!(self.run, Run::Idle(_)))
    }

    /// Nothing waits any more: a run was started.
    pub fn forget_run_after_search(&mut self) {
        self.discover.run_next = false;
    }

    fn model_files(&self) -> ModelFiles {
        [Role::Weights, Role::Config].map(|role| in_use(&self.files, role).map(|file| file.id))
    }

    /// Puts away the scores that were found on another model than the one in use, and takes out again those of this one.
    pub fn shelve(&mut self) {
        let model = self.model_files();
        let found = self.discover.found.clone();
        let of_model = |id: FileId| found.iter().all(|(file, of)| *file != id || *of == model);
        let (stay, leave): (Vec<_>, Vec<_>) = std::mem::take(&mut self.files).into_iter().partition(|f| of_model(f.id));
        let shelf = std::mem::take(&mut self.discover.shelf);
        let (back, away): (Vec<_>, Vec<_>) = shelf.into_iter().partition(|f| of_model(f.id));
        self.files = stay.into_iter().chain(back).collect();
        self.discover.shelf = away.into_iter().chain(leave).collect();
    }

    /// Of files in a role the last is in use.
    fn choose_scores(&mut self, id: FileId) {
        if let Some(place) = self.files.iter().position(|file| file.id == id) {
            let file = self.files.remove(place);
            self.files.push(file);
            self.discover.kept = None;
            self.read_inputs();
        }
    }

    /// The scores that can be chosen, in the order of their arrival.
    pub fn scores_choices(&self) -> Vec<ScoresChoice> {
        let used = self.inputs.file(Role::Scores);
        let choice = |file: &FileEntry| ScoresChoice {
            id: file.id,
            name: if file.demo { format!("{} (the demo's)", file.name) } else { file.name.clone() },
            in_use: used == Some(file.id),
            removable: !file.demo,
        };
        let mut choices: Vec<_> = candidates(&self.files, Role::Scores).map(choice).collect();
        sorting::sort_by_key(&mut choices, |choice| choice.id);
        choices
    }

    /// The file of the scores in use, where they were found here: it says where they come from.
    pub fn found_bytes(&self) -> Option<&[u8]> {
        let entry = in_use(&self.files, Role::Scores)?;
        let Load::Ready(Content::Scores(bytes)) = &entry.content else { return None };
        self.discover.found.iter().any(|(file, _)| *file == entry.id).then_some(bytes)
    }

    /// The graph that the settings choose, with or without scores.
    fn search_graph(&self) -> Option<Graph> {
        let (model, prompts) = (self.inputs.model.as_ref()?, self.inputs.prompts.as_ref()?);
        let RunSettings { batch_size, token_wise, .. } = self.settings.run;
        let n_run = prompts.pairs.len() - prompts.pairs.len() % batch_size.max(1);
        let seq_len = if token_wise { Some(prompts.one_len(n_run, "").ok()?) } else { None };
        Some(Graph::new(model, crate::state::inputs::GraphChoice::of(&self.settings.run).config(seq_len)))
    }

    fn discover_settings(&self) -> Result<DiscoverSettings, String> {
        let algorithm = self.discover.offer().algorithm(self.discover.entries())?;
        let RunSettings { factorized, separate_qkv, token_wise, slice, batch_size, .. } = self.settings.run;
        Ok(DiscoverSettings {
            factorized,
            separate_qkv,
            token_wise,
            slice,
            batch_size,
            algorithm,
            ..Default::default()
        })
    }

    /// What the search will take.
    pub fn search_cost(&self) -> Option<DiscoverCost> {
        let (graph, settings) = (self.search_graph()?, self.discover_settings().ok()?);
        let (model, prompts) = (self.inputs.model.as_ref()?, self.inputs.prompts.as_ref()?);
        let n_batches = prompts.pairs.len() / settings.batch_size.max(1);
        let seq = (0..prompts.pairs.len()).map(|i| prompts.seq(i)).max().unwrap_or(1);
        Some(settings.cost(model, &graph, n_batches, seq))
    }

    fn timed(&self) -> Timed {
        let run = &self.settings.run;
        let mut files = self.key().files;
        files[Role::Scores as usize] = None;
        Timed { algorithm: self.discover.chosen, files, batch_size: run.batch_size, device: self.settings.device }
    }

    /// About how long the search will take in milliseconds, where a pass of this algorithm was timed.
    pub fn search_ms(&self) -> Option<f64> {
        let ms = self.discover.ms_a_unit(&self.timed())?;
        Some(ms * units(&self.search_cost()?)).filter(|ms| *ms > 0.0)
    }

    /// The search that is asked for, or why there can be none.
    ///
    /// # Errors
    /// What is missing, wrong, or too large.
    pub fn search_order(&self, trial: bool) -> Result<Order, String> {
        let needed = [Role::Weights, Role::Config, Role::Prompts];
        let missing: Vec<_> = needed.into_iter().filter(|&r| self.inputs.file(r).is_none()).map(Role::label).collect();
        if !missing.is_empty() {
            return Err(format!("Still missing: {}.", missing.join(", ").to_lowercase()));
        }
        // Other scores take the place of those that are wrong.
        let scores = self.inputs.file(Role::Scores).map(Place::File);
        if let Some(problem) = self.inputs.problems.iter().find(|problem| Some(problem.place) != scores) {
            return Err(problem.message.clone());
        }
        let settings = self.discover_settings()?;
        let cost = self.search_cost().ok_or("The prompts are being read.")?;
        if let Some(problem) = self.search_memory_problem(&cost) {
            return Err(problem);
        }
        let plan = Plan { one_circuit: false, ..Plan::circuit(self.key(), 0, &self.settings) };
        Ok(Order { plan, settings, trial, name: self.search_name(), cost, timed: self.timed() })
    }

    /// Why the search does not fit, with the numbers.
    fn search_memory_problem(&self, cost: &DiscoverCost) -> Option<String> {
        let model = self.inputs.model.as_ref()?;
        let (memory, limits) = (ModelMemory::of(model), memory::limits(self));
        let checked = memory.check("The model", &limits).and_then(|()| memory.check_search(cost.bytes, &limits));
        checked.err().map(|error| error.to_string())
    }

    /// `EAP on reverse.safetensors`, or the same with a number where there is one already.
    fn search_name(&self) -> String {
        let prompts = in_use(&self.files, Role::Prompts).map_or("prompts", |file| file.name.as_str());
        let task = if self.is_demo() { "reverse" } else { prompts.strip_suffix(".json").unwrap_or(prompts) };
        self.free_name(&format!("{} on {task}", self.discover.offer().short))
    }

    fn free_name(&self, name: &str) -> String {
        let taken = |name: &String| self.files.iter().any(|file| file.name == *name);
        let numbered = (2..).map(|n| format!("{name} ({n}).safetensors"));
        std::iter::once(format!("{name}.safetensors")).chain(numbered).find(|n| !taken(n)).unwrap_or_default()
    }

    /// Some of the scores in use as a file: its name, its bytes and how many edges are kept.
    ///
    /// # Errors
    /// When there are no scores, or fewer edges than are wanted.
    pub fn keep_some(&self) -> Result<(String, Vec<u8>, usize), String> {
        let (scored, model) =
            self.scored().zip(self.inputs.model.as_ref()).ok_or("There are no scores to choose from.")?;
        let n_edges = scored.scores.n_edges();
        let wanted = self.discover.n_kept.trim().parse().ok().filter(|n| (1..=n_edges).contains(n));
        let wanted = wanted.ok_or_else(|| format!("a whole number from 1 to {n_edges}"))?;
        let selection = SELECTIONS[self.discover.selection];
        let (scores, n_kept) =
            select(selection, &scored.scores, wanted, &scored.graph, model.attention_dir).map_err(|e| e.to_string())?;
        if n_kept == 0 {
            return Err("No edge among these lies on a path from the embedding to the output.".to_owned());
        }
        let (entry, word) = (in_use(&self.files, Role::Scores), selection_word(selection));
        let mut info = entry.and_then(scores_info).unwrap_or_default();
        let name = entry.map_or("scores", |file| file.name.trim_end_matches(".safetensors"));
        info.algorithm = Some(format!("{}, {word} {wanted}", info.algorithm.as_deref().unwrap_or(name)));
        Ok((self.free_name(&format!("{name}, {word} {wanted}")), scores.to_bytes(&scored.graph, &info), n_kept))
    }
}

fn selection_word(selection: Selection) -> &'static str {
    match selection {
        Selection::Top => "top",
        Selection::Connected => "connected",
        Selection::Greedy => "greedy",
    }
}

/// What a file of scores says of itself.
fn scores_info(entry: &FileEntry) -> Option<ScoresInfo> {
    let Load::Ready(Content::Scores(bytes)) = &entry.content else { return None };
    let metadata = TensorFile::from_bytes(&entry.name, bytes).ok()?.metadata;
    ScoresInfo::from_metadata(&entry.name, &metadata).ok()
}

/// A cost in words: passes and memory.
pub fn cost_line(cost: &DiscoverCost, at_most: bool) -> String {
    let passes = |n: usize| if n == 1 { "pass" } else { "passes" };
    let &DiscoverCost { forward_passes, backward_passes, bytes } = cost;
    let count = match (forward_passes, backward_passes) {
        (0, 0) => return "No pass of the model is needed.".to_owned(),
        (f, 0) => format!("{} forward {}", grouped(f), passes(f)),
        (f, b) => format!("{} forward and {} backward {}", grouped(f), grouped(b), passes(b)),
    };
    let count = if at_most { format!("At most {count}") } else { count };
    format!("{count}, about {} beside the weights", size_label(bytes))
}

/// `12 345`
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && digits.len() > 4 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A duration in milliseconds, roughly.
pub fn duration(ms: f64) -> String {
    let s = ms / 1000.0;
    match s {
        _ if s < 1.0 => "less than a second".to_owned(),
        _ if s < 10.0 => format!("{s:.1} s"),
        _ if s < 90.0 => format!("{s:.0} s"),
        _ if s < 5400.0 => format!("{:.0} min", s / 60.0),
        _ => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Action, Outcome};
    use circuitscope_core::PruneScores;

    fn act(state: &mut State, action: DiscoverAction) {
        state.apply(Action::Find(action));
    }

    /// Scores of the demo's graph, one larger than the other.
    fn file(state: &State, id: FileId, name: &str) -> FileEntry {
        let graph = &state.scored().unwrap().graph;
        let scores = PruneScores::new((0..graph.n_edges()).map(|i| i as f32).collect());
        let info = ScoresInfo { algorithm: Some("mask_gradient".to_owned()), ..ScoresInfo::default() };
        let bytes = scores.to_bytes(graph, &info);
        let content = Load::Ready(Content::Scores(crate::state::files::Shared(bytes.into())));
        FileEntry { id, name: name.to_owned(), n_bytes: 1, demo: false, content }
    }

    fn tick(at: f64, done: usize, total: usize) -> Tick {
        Tick { at, done, total, loss: Some(1.0 / at) }
    }

    fn start(state: &mut State, job: Job, trial: bool) {
        let order = state.search_order(trial).unwrap();
        state.apply(Action::RunStarted(job, order.plan.clone()));
        act(state, DiscoverAction::Started(job, order));
        act(state, DiscoverAction::Ticked(job, Tick { at: 1000.0, done: 0, total: 0, loss: None }));
    }

    #[test]
    fn found_scores_take_the_place_of_those_in_use_and_are_run() {
        let mut state = State::demo();
        start(&mut state, 1, false);
        assert!(state.searching().is_some() && state.run_after_search().is_none());
        let found = file(&state, 10, "EAP on reverse.safetensors");
        act(&mut state, DiscoverAction::Ended(1, SearchEnd::Found(found, tick(1500.0, 1, 1))));
        assert!(state.searching().is_none());
        assert_eq!(state.inputs.file(Role::Scores), Some(10));
        assert_eq!(state.requested, 50, "they are drawn");
        let plan = state.run_after_search().unwrap();
        assert_eq!((plan.edge_counts.clone(), plan.one_circuit), (EdgeCounts::Default, false));
        state.apply(Action::RunStarted(2, plan));
        state.apply(Action::RunEnded(2, Outcome::Cancelled));
        assert_eq!(state.run_after_search(), None, "once");
        // The demo's own can be chosen again, and the others after that.
        let names = |state: &State| state.scores_choices().into_iter().map(|c| (c.name, c.in_use)).collect::<Vec<_>>();
        act(&mut state, DiscoverAction::ScoresChosen(3));
        assert_eq!(
            names(&state),
            [("scores.safetensors (the demo's)".to_owned(), true), ("EAP on reverse.safetensors".to_owned(), false)]
        );
        assert_eq!(state.requested, 2);
        act(&mut state, DiscoverAction::ScoresChosen(10));
        assert_eq!(state.inputs.file(Role::Scores), Some(10));
        assert_eq!(state.search_order(false).unwrap().name, "EAP on reverse (2).safetensors");
    }

    #[test]
    fn scores_are_in_use_with_the_model_that_they_were_found_on() {
        let mut state = State::demo();
        start(&mut state, 1, false);
        let found = file(&state, 10, "a.safetensors");
        act(&mut state, DiscoverAction::Ended(1, SearchEnd::Found(found, tick(1500.0, 1, 1))));
        let config = include_str!("../../tests/fixtures/cases/gpt2/config.json");
        let content = crate::state::files::read_json("config.json", config).map_err(|e| e.to_string());
        let entry =
            FileEntry { id: 11, name: "config.json".to_owned(), n_bytes: 1, demo: false, content: Load::Loading };
        state.apply(Action::FileFound(entry));
        state.apply(Action::FileRead(11, content));
        assert_eq!(state.inputs.file(Role::Scores), None);
        assert_eq!(state.scores_choices(), []);
        state.apply(Action::FileRemoved(11));
        assert_eq!(state.inputs.file(Role::Scores), Some(10));
    }

    #[test]
    fn the_time_is_told_once_a_pass_was_timed() {
        let mut state = State::demo();
        act(&mut state, DiscoverAction::AlgorithmChosen(5));
        assert_eq!(state.search_ms(), None);
        let cost = state.search_cost().unwrap();
        // One batch: the unpatched model, then a patch, a forward and a backward pass, or without the patch, each epoch.
        assert_eq!(cost.backward_passes, 20);
        let n_passes = cost.forward_passes + cost.backward_passes;
        start(&mut state, 1, true);
        act(&mut state, DiscoverAction::Ticked(1, tick(3000.0, 2, n_passes)));
        assert!(state.searching().unwrap().ms_left().is_none());
        act(&mut state, DiscoverAction::Ticked(1, tick(3200.0, 4, n_passes)));
        // 100 ms a pass; what came before the first one is left out.
        assert_eq!(state.searching().unwrap().ms_left(), Some(100.0 * (n_passes - 4) as f64));
        assert_eq!(state.searching().unwrap().losses, [(2, 1.0 / 3000.0), (4, 1.0 / 3200.0)]);
        act(&mut state, DiscoverAction::Ended(1, SearchEnd::Timed));
        assert!((state.search_ms().unwrap() - 100.0 * n_passes as f64).abs() < 1e-6);
        act(&mut state, DiscoverAction::Entered(0, "40".to_owned()));
        assert!(state.search_ms().unwrap() > 150.0 * n_passes as f64, "more epochs take longer");
        act(&mut state, DiscoverAction::AlgorithmChosen(0));
        assert_eq!(state.search_ms(), None, "another algorithm has another pace");
    }

    #[test]
    fn a_search_that_was_cancelled_or_superseded_tells_nothing_more() {
        let mut state = State::demo();
        start(&mut state, 1, false);
        state.apply(Action::RunEnded(1, Outcome::Cancelled));
        let found = file(&state, 10, "a.safetensors");
        act(&mut state, DiscoverAction::Ended(1, SearchEnd::Found(found, tick(1500.0, 1, 1))));
        assert_eq!(state.inputs.file(Role::Scores), Some(3));
        assert_eq!(state.failure, None);
    }

    #[test]
    fn what_keeps_a_search_from_starting_is_told() {
        let mut state = State::demo();
        act(&mut state, DiscoverAction::AlgorithmChosen(5));
        act(&mut state, DiscoverAction::Entered(0, "no".to_owned()));
        assert_eq!(state.search_order(false).unwrap_err(), "Epochs: a whole number from 1 to 100000");
        act(&mut state, DiscoverAction::AlgorithmChosen(0));
        assert!(matches!(state.search_order(false).unwrap().settings.algorithm, Algorithm::MaskGradient(_)));
        let run = RunSettings { batch_size: 7, ..state.settings.run.clone() };
        state.apply(Action::SettingsChanged(run));
        assert_eq!(state.search_order(false).unwrap_err(), "from 1 to 6, the number of prompts");
        state.files.retain(|file| file.role() != Some(Role::Prompts));
        state.read_inputs();
        assert_eq!(state.search_order(false).unwrap_err(), "Still missing: prompts.");
    }

    #[test]
    fn some_edges_of_scores_become_scores_of_their_own() {
        let mut state = State::demo();
        let found = file(&state, 10, "EAP on reverse.safetensors");
        state.files.push(found);
        state.read_inputs();
        let (name, bytes, n_kept) = state.keep_some().unwrap();
        assert_eq!(name, "EAP on reverse, connected 10.safetensors");
        let graph = &state.scored().unwrap().graph;
        let kept = PruneScores::from_bytes(&name, &bytes, graph).unwrap();
        assert_eq!(kept.values().iter().filter(|score| **score != 0.0).count(), n_kept);
        assert!((1..=10).contains(&n_kept));
        let info = TensorFile::from_bytes(&name, &bytes).unwrap().metadata;
        assert_eq!(info["algorithm"], "mask_gradient, connected 10");
        act(&mut state, DiscoverAction::KeptEntered("78".to_owned()));
        assert_eq!(state.keep_some().unwrap_err(), "a whole number from 1 to 77");
    }

    #[test]
    fn costs_and_durations_are_told_in_words() {
        let cost = |forward_passes, backward_passes| DiscoverCost { forward_passes, backward_passes, bytes: 1_200_000 };
        assert_eq!(cost_line(&cost(24, 8), false), "24 forward and 8 backward passes, about 1.2 MB beside the weights");
        assert_eq!(cost_line(&cost(1, 0), false), "1 forward pass, about 1.2 MB beside the weights");
        assert!(cost_line(&cost(649_820, 0), true).starts_with("At most 649\u{202f}820 forward passes"));
        assert_eq!(cost_line(&cost(0, 0), false), "No pass of the model is needed.");
        assert_eq!(
            [20.0, 2_340.0, 40_000.0, 200_000.0, 7_200_000.0].map(duration),
            ["less than a second", "2.3 s", "40 s", "3 min", "2.0 h"]
        );
    }
}
