//! Figures: one is fetched or dropped and opened, its files are got when it is run, and one is written.
//!
//! No host but the page's own is asked before the reader agreed to it by name; nothing is run with a file that is not the one that
//! the figure names.

mod fetch;
mod open;
mod parts;
mod unzip;
mod write;
mod zip;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use super::context::Tasks;
use crate::state::State;
use crate::state::figure::{Asked, Asking, Next, OpenFigure, Stage};
use crate::state::files::FileId;
use crate::state::load::Shared;
use crate::update::{Action, FigureAction};

pub use open::{First, fail, first, go_to, open_address, open_file, open_first};
pub use parts::offer;
pub use unzip::unzip;
pub use write::{MAX_INLINE_WEIGHTS, Saving, save_figure};

/// What is got of figures, and what may be asked.
#[derive(Default)]
pub struct FigureTasks {
    /// The hosts that the reader agreed to ask.
    agreed: RefCell<BTreeSet<String>>,
    /// What was begun last; what was begun before counts no more.
    turn: Cell<u32>,
    /// The figure that is open.
    open: RefCell<Option<Shared<OpenFigure>>>,
    /// Files that were dropped and are the figure's.
    given: RefCell<HashMap<FileId, Blob>>,
}

/// Why something was not got.
pub enum Trouble {
    /// Something else was begun meanwhile.
    Superseded,
    Failed(String),
    /// These hosts would be asked.
    Asks(Vec<String>),
}

impl FigureTasks {
    fn begin(&self) -> u32 {
        self.turn.set(self.turn.get() + 1);
        self.turn.get()
    }

    fn is_current(&self, turn: u32) -> bool {
        self.turn.get() == turn
    }

    /// Those of some hosts that the reader did not agree to.
    fn not_agreed(&self, mut hosts: Vec<String>) -> Vec<String> {
        let agreed = self.agreed.borrow();
        hosts.retain(|host| !agreed.contains(host));
        hosts
    }
}

/// Keeps to the figure that is open.
pub fn follow_figure(tasks: &Rc<Tasks>, open: Option<Shared<OpenFigure>>) {
    tasks.figure.given.borrow_mut().retain(|id, _| open.as_ref().is_some_and(|open| open.part(*id).is_some()));
    tasks.figure.open.replace(open);
}

/// Asks hosts that the reader agreed to, for what was to be asked of them.
pub fn agree(tasks: &Rc<Tasks>, asking: Asking, state: &State) {
    tasks.figure.agreed.borrow_mut().extend(asking.hosts);
    tasks.dispatch(Action::Figure(FigureAction::Stage(Stage::Idle)));
    match asking.what {
        Asked::Figure { link, fragment } => open_address(tasks, link, fragment),
        Asked::Files(next) => fetch(tasks, state, next),
    }
}

/// Gets the files of the open figure, for what is done with them next.
pub fn fetch(tasks: &Rc<Tasks>, state: &State, next: Next) {
    let Some(open) = state.figure().cloned() else { return };
    let hosts = tasks.figure.not_agreed(parts::hosts(tasks, &open));
    if !hosts.is_empty() {
        return ask(tasks, hosts, Asked::Files(next));
    }
    let turn = tasks.figure.begin();
    let tasks = tasks.clone();
    spawn_local(async move {
        match parts::get_all(&tasks, turn, &open).await {
            Ok((files, note)) if tasks.figure.is_current(turn) => {
                tasks.dispatch(Action::Figure(FigureAction::Got(files, note)));
                tasks.dispatch(Action::Figure(FigureAction::Live(next)));
            }
            Ok(_) | Err(Trouble::Superseded) => {}
            Err(Trouble::Asks(hosts)) => ask(&tasks, hosts, Asked::Files(next)),
            Err(Trouble::Failed(why)) => tasks.dispatch(Action::Figure(FigureAction::Stage(Stage::Failed(why)))),
        }
    });
}

/// Stops what is being fetched.
pub fn cancel_fetch(tasks: &Tasks) {
    tasks.figure.begin();
    tasks.dispatch(Action::Figure(FigureAction::Stage(Stage::Idle)));
}

fn ask(tasks: &Tasks, hosts: Vec<String>, what: Asked) {
    tasks.dispatch(Action::Figure(FigureAction::Stage(Stage::Asking(Asking { hosts, what }))));
}
