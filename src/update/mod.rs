//! How the state changes: [`Action`] is everything that happens, and the one reducer makes the next state from it.
//!
//! A file here has the rules of some actions; those that hold whatever happened are in `inputs`.

pub mod action;
mod compare;
mod figure;
mod files;
mod hub;
mod inputs;
mod insight;
mod link;
mod measures;
mod picture;
mod runs;
mod scores;
mod search;
mod settings;

use std::rc::Rc;

use yew::Reducible;

use crate::state::State;
use crate::state::load::Load;
pub use action::{
    Action, CircuitAction, CompareAction, FigureAction, InsightAction, LinkAction, MeasureAction, ScreenAction,
    SearchAction, SearchEnd,
};
pub use hub::HubAction;

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
            Action::FileRead(id, content) => files::read(self, id, content),
            Action::FileUnused(id) => files::leave_out(self, id),
            Action::FileRemoved(id) => files::remove(self, id),
            Action::RefusedCleared => files::clear_refused(self),
            Action::DemoWanted => files::open_demo(self),
            Action::ExampleWanted => files::restore_example(self),
            Action::SettingsChanged(run) => settings::change(self, run),
            Action::CountsTyped(text) => settings::type_counts(self, text),
            Action::ModelLoaded { workers } => runs::load(self, workers),
            Action::MachineChosen(machine) => self.settings.machine = machine,
            Action::GraphChosen(choice) => settings::choose_graph(self, choice),
            Action::Circuit(action) => picture::apply(self, action),
            Action::Screen(action) => picture::apply_screen(self, action),
            Action::PromptChosen(prompt) => {
                (self.prompt, self.picture.newly_chosen) = (prompt, self.fresh());
            }
            Action::PositionChosen(position) => {
                (self.position, self.picture.newly_chosen) = (position, self.fresh());
            }
            Action::PageTurned(page) => self.page = Some(page),
            Action::Measure(action) => measures::apply(self, action),
            Action::Compare(action) => compare::apply(self, action),
            Action::Search(action) => search::apply(self, action),
            Action::Insight(action) => insight::apply(self, action),
            Action::Link(action) => link::apply(self, action),
            Action::Figure(action) => figure::apply(self, action),
            Action::RunStarted(job, plan) => runs::start(self, job, plan),
            Action::RunProgressed(job, events, at) => runs::progress(self, job, events, at),
            Action::RunEnded(job, outcome) => runs::end(self, job, outcome),
            Action::EngineChanged(engine) => runs::change_engine(self, engine),
            Action::TokensAsked(question) => self.results.set_tokens(question.at, Load::Loading),
            Action::TokensArrived(question, tokens) => runs::take_tokens(self, &question, tokens),
            Action::PromptSettingsChanged(settings) => {
                inputs::change_texts(self, |texts| texts.settings = settings);
            }
            Action::TokenizerChanged(key, tokenizer) => {
                inputs::change_texts(self, |texts| texts.set_tokenizer(key, tokenizer));
            }
            Action::PromptsChanged(key, prompts) => {
                inputs::change_texts(self, |texts| texts.set_prompts(key, prompts));
                files::refuse_texts(self, key);
                files::fit_batch_size(self);
            }
            Action::ScoresPicked(pick) => scores::pick(self, pick),
            Action::ImportChanged(key, import) => scores::take_import(self, key, import),
            Action::Failed(failure) => self.failure = Some(failure),
            Action::FailureDismissed => self.failure = None,
        }
        // Whatever happened may be what a link waited for.
        link::go_on(self);
        runs::recall(self);
    }
}
