//! What all tasks share.

use std::rc::Rc;

use yew::UseReducerDispatcher;

use super::engine::EngineQueue;
use super::handles::FileHandles;
use super::link::AddressBar;
use super::reader::TextReader;
use crate::state::State;
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
}

impl Tasks {
    /// Tasks that report to the reducer; the demo's files are there from the start.
    pub fn new(dispatcher: UseReducerDispatcher<State>) -> Rc<Self> {
        let engine = EngineQueue::new(dispatcher.clone());
        Rc::new(Self {
            dispatcher,
            files: FileHandles::of_demo(),
            engine,
            reader: TextReader::default(),
            hub: workers::hub(),
            address: AddressBar::default(),
        })
    }

    pub(super) fn dispatch(&self, action: Action) {
        self.dispatcher.dispatch(action);
    }
}
