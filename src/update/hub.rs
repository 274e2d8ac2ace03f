//! How the state of the hub's form changes: it is a state of its own, since nothing else on the page depends on it.

use std::rc::Rc;

use yew::Reducible;

use crate::state::hub::{HubState, Stage};
use circuitscope_wire::hub::KeptModel;

/// What happens to it.
pub enum HubAction {
    Stage(Stage),
    Kept(Vec<KeptModel>),
    /// Bytes that have arrived, and of how many.
    Progress {
        done: u64,
        total: u64,
    },
}

impl Reducible for HubState {
    type Action = HubAction;

    fn reduce(self: Rc<Self>, action: HubAction) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        match action {
            HubAction::Stage(stage) => state.stage = stage,
            HubAction::Kept(kept) => state.kept = kept,
            HubAction::Progress { done, total } => {
                if let Stage::Fetching { done: shown, total: of, .. } = &mut state.stage {
                    (*shown, *of) = (done, total);
                }
            }
        }
        Rc::new(state)
    }
}
