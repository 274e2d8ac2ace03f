//! Models of the Hugging Face hub: what was looked up, what is being fetched, and what this browser keeps.

use std::rc::Rc;

use circuitscope_wire::hub::{FoundModel, KeptModel};

/// What is going on.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Stage {
    #[default]
    Idle,
    Asking,
    Found(Rc<FoundModel>),
    Fetching {
        title: String,
        done: u64,
        total: u64,
    },
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct HubState {
    pub stage: Stage,
    pub kept: Vec<KeptModel>,
}
