//! Everything that happens.

use crate::state::compare::{OtherPlan, With};
use crate::state::figure::{Next, OpenFigure, Slot, Stage};
use crate::state::files::{Content, FileEntry, FileId, Note, Refusal};
use crate::state::graph_choice::GraphChoice;
use crate::state::imports::{ImportKey, ImportedScores};
use crate::state::insight::{Attention, AttentionQuestion, Attribution, AttributionQuestion, Values, ValuesQuestion};
use crate::state::link::FileHash;
use crate::state::load::{Load, Shared};
use crate::state::measures::{Official, ScoreSet, SensitivityPlan};
use crate::state::pace::Tick;
use crate::state::picture::{Selection, View};
use crate::state::random::RandomPlan;
use crate::state::results::Question;
use crate::state::runs::{Engine, Failure, Job, Outcome, Plan};
use crate::state::screen::{Drawer, Section};
use crate::state::search::SearchOrder;
use crate::state::settings::Machine;
use crate::state::texts::{OpenTokenizer, PromptsKey, ReadPrompts, TokenizerKey};
use circuitscope_core::{Metric, PromptSettings, RunSettings};
use circuitscope_wire::engine::{Event, Tokens};

/// What is to be done to the view as it then is. Two of them in one frame both count, whatever a component last saw.
pub type ViewChange = Box<dyn FnOnce(&mut View)>;

/// Everything that happens.
pub enum Action {
    /// Files were dropped together, with what is to be said of them.
    FilesSorted(Option<Note>),
    FileFound(FileEntry),
    FileRead(FileId, Result<Content, Refusal>),
    /// A file of a folder is nothing that the page knows.
    FileUnused(FileId),
    FileRemoved(FileId),
    /// All files that were refused are taken away.
    RefusedCleared,
    DemoWanted,
    /// Back to the example as it is at first: the open figure, or the demo.
    ExampleWanted,
    SettingsChanged(RunSettings),
    CountsTyped(String),
    /// The engine has loaded a model, on which so many workers may compute.
    ModelLoaded {
        workers: usize,
    },
    MachineChosen(Machine),
    GraphChosen(GraphChoice),
    Circuit(CircuitAction),
    Screen(ScreenAction),
    PromptChosen(usize),
    PositionChosen(usize),
    PageTurned(usize),
    Measure(MeasureAction),
    Compare(CompareAction),
    Search(SearchAction),
    Insight(InsightAction),
    Link(LinkAction),
    Figure(FigureAction),
    RunStarted(Job, Plan),
    /// The time is in milliseconds, from some moment.
    RunProgressed(Job, Vec<Event>, f64),
    RunEnded(Job, Outcome),
    EngineChanged(Engine),
    TokensAsked(Question),
    TokensArrived(Question, Result<Tokens, String>),
    PromptSettingsChanged(PromptSettings),
    TokenizerChanged(TokenizerKey, Load<Shared<OpenTokenizer>>),
    PromptsChanged(PromptsKey, Load<ReadPrompts>),
    ScoresPicked(String),
    ImportChanged(ImportKey, Load<ImportedScores>),
    Failed(Failure),
    FailureDismissed,
}

impl Action {
    /// A change of how the circuit is drawn.
    pub fn view(change: impl FnOnce(&mut View) + 'static) -> Self {
        Self::Circuit(CircuitAction::ViewChanged(Box::new(change)))
    }
}

/// What happens to the chosen circuit and its picture.
pub enum CircuitAction {
    /// That many of the largest scores, without the edits of another circuit.
    Requested(usize),
    /// The circuit is no more on its way to another: it can be come back to.
    Settled,
    /// How much of an edge, by its index, is in the circuit.
    MaskChanged(usize, f32),
    /// An edge, by its index, is put in or taken out.
    Toggled(usize),
    EditsCleared,
    Undone,
    Redone,
    Selected(Option<Selection>),
    ViewChanged(ViewChange),
    /// The heads of a block are drawn apart or together.
    BlockTurned(usize),
}

/// What is opened and shut on the screen.
pub enum ScreenAction {
    RailToggled,
    InspectorToggled,
    SectionOpened(Option<Section>),
    DrawerOpened(Option<Drawer>),
    HintsDismissed,
    HelpToggled,
}

/// What happens to measures and comparisons.
pub enum MeasureAction {
    MetricChosen(Metric),
    LogYChosen(bool),
    Pinned(ScoreSet),
    /// By its style.
    Unpinned(usize),
    /// A pinned run, by its style, and its new name.
    PinRenamed(usize, String),
    OfficialRead(Result<Official, String>),
    OfficialDropped,
    SensitivityStarted(Job, SensitivityPlan),
    /// One of [`variants`] comes next.
    SensitivityAt(Job, usize),
    RandomStarted(Job, RandomPlan),
    /// The next draw of random edges begins.
    RandomDrawn(Job),
    /// The curve of random edges is hidden, or shown again.
    RandomToggled,
}

/// What happens to the circuit that the shown one is compared with.
pub enum CompareAction {
    /// Nothing ends the comparison.
    Chosen(Option<With>),
    /// Its number of edges; nothing for as many as the shown one has.
    SizeChosen(Option<usize>),
    /// The other circuit is being run.
    OtherStarted(Job, OtherPlan),
}

/// Questions about the engine's last run, and their answers.
pub enum InsightAction {
    AttentionAsked(AttentionQuestion),
    AttentionArrived(AttentionQuestion, Result<Attention, String>),
    AttributionAsked(AttributionQuestion),
    AttributionArrived(AttributionQuestion, Result<Attribution, String>),
    ValuesAsked(ValuesQuestion),
    ValuesArrived(ValuesQuestion, Result<Values, String>),
}

/// What happens to searches and to the scores that they find.
pub enum SearchAction {
    AlgorithmChosen(usize),
    /// A field's index, and what was typed or chosen.
    Entered(usize, String),
    RunAfterChosen(bool),
    Started(Job, SearchOrder),
    Ticked(Job, Tick),
    Ended(Job, SearchEnd),
    ScoresChosen(FileId),
    SelectionChosen(usize),
    KeptEntered(String),
    /// A file of some of the scores in use, with how many edges it has, or why there is none.
    Kept(Result<(FileEntry, usize), String>),
}

/// What happens to the page's address and to the files that it names.
pub enum LinkAction {
    /// The fragment of the address is another than the page wrote.
    Opened(String),
    /// A link is not waited for any more, and what was wrong with it was seen.
    Dismissed,
    /// A file's hash; None where there is none.
    Hashed(FileId, Option<FileHash>),
    /// This browser's own store was asked for the files of the link,
    StoreAsked,
    /// and what it has of them is in the list.
    StoreAnswered,
    RememberChosen(bool),
    /// These files are handed over to be kept.
    Remembering(Vec<FileId>),
    /// How many files are kept and their size, or why they are not.
    Remembered(Result<(usize, u64), String>),
    /// Nothing is kept any more.
    Forgotten,
}

/// What happens to figures.
pub enum FigureAction {
    /// A figure is to be fetched, or a question is to be answered first, or it failed.
    Stage(Stage),
    /// A figure was read.
    Opened(Shared<OpenFigure>),
    /// A file of the open figure was dropped.
    Given(FileId),
    /// Files of the open figure are there; with what is to be known about them.
    Got(Vec<(FileEntry, Slot)>, Option<String>),
    /// All of them are: its circuits are to be run.
    Live(Next),
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
