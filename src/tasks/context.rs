//! What all tasks share.

use std::rc::Rc;

use yew::UseReducerDispatcher;

use super::engine::EngineQueue;
use super::handles::FileHandles;
use super::reader::TextReader;
use crate::state::State;
use crate::update::Action;

/// The handles that are no plain data.
pub struct Tasks {
    dispatcher: UseReducerDispatcher<State>,
    pub(super) files: FileHandles,
    pub(super) engine: Rc<EngineQueue>,
    pub(super) reader: TextReader,
}

impl Tasks {
    /// Tasks that report to the reducer; the demo's files are there from the start.
    pub fn new(dispatcher: UseReducerDispatcher<State>) -> Rc<Self> {
        let engine = EngineQueue::new(dispatcher.clone());
        Rc::new(Self { dispatcher, files: FileHandles::of_demo(), engine, reader: TextReader::default() })
    }

    pub(super) fn dispatch(&self, action: Action) {
        self.dispatcher.dispatch(action);
    }
}
