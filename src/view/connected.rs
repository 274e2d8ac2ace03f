//! What the connected components are given: the state and the tasks.
//!
//! Files named `panel` (and what they fold out) are connected; all others in `view` are given plain values and callbacks.

use std::rc::Rc;

use yew::prelude::*;

use crate::state::State;
use crate::tasks::Tasks;
use crate::update::Action;

/// The state and the tasks.
#[derive(Clone, PartialEq, Properties)]
pub struct Connected {
    pub state: UseReducerHandle<State>,
    pub tasks: TasksHandle,
}

/// The tasks, which are made once.
#[derive(Clone)]
pub struct TasksHandle(pub Rc<Tasks>);

impl PartialEq for TasksHandle {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Connected {
    /// A callback that makes an action of what a view gives.
    pub fn on<T: 'static>(&self, action: impl Fn(T) -> Action + 'static) -> Callback<T> {
        let dispatch = self.state.dispatcher();
        Callback::from(move |value| dispatch.dispatch(action(value)))
    }

    /// A callback that needs the state and the tasks.
    pub fn with<T: 'static>(&self, call: impl Fn(&UseReducerHandle<State>, &Rc<Tasks>, T) + 'static) -> Callback<T> {
        let (state, tasks) = (self.state.clone(), self.tasks.0.clone());
        Callback::from(move |value| call(&state, &tasks, value))
    }
}
