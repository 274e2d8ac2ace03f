//! What all tasks share.

use std::rc::Rc;

use yew::UseReducerDispatcher;

use super::engine::EngineQueue;
use super::figure::{FigureTasks, First};
use super::handles::FileHandles;
use super::link::AddressBar;
use super::reader::TextReader;
use crate::state::State;
use crate::state::figure::Opening;
use crate::update::Action;
use crate::workers::{self, HubClient};

/// The handles that are no plain data.
pub struct Tasks {
    dispatcher: UseReducerDispatcher<State>,
    pub(super) files: FileHandles,
    pub(super) engine: Rc<EngineQueue>,
    pub(super) reader: TextReader,
    /// Where files are kept; a worker is started when it is asked for something.
    pub(super) hub: HubClient,
    pub(super) address: AddressBar,
    pub(super) figure: FigureTasks,
}

impl Tasks {
    /// Tasks that report to the reducer; the demo's files are there from the start, and those of the figure that the page opens on.
    pub fn new(dispatcher: UseReducerDispatcher<State>, first: Option<&First>) -> Rc<Self> {
        let engine = EngineQueue::new(dispatcher.clone());
        let files = FileHandles::of_demo();
        if let Some(First::Figure(open, made)) = first {
            files.reserve(Opening::n_ids(&open.figure));
            made.iter().for_each(|(id, name, bytes)| files.put(*id, name.clone(), bytes));
        }
        Rc::new(Self {
            dispatcher,
            files,
            engine,
            reader: TextReader::default(),
            hub: workers::hub(),
            address: AddressBar::default(),
            figure: FigureTasks::default(),
        })
    }

    pub(super) fn dispatch(&self, action: Action) {
        self.dispatcher.dispatch(action);
    }
}
