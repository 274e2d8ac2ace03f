//! Models of the Hugging Face hub, in words.

use super::memory;
use crate::state::hub::Stage;
use circuitscope_core::ModelConfig;
use circuitscope_core::settings::memory::size_label;
use circuitscope_wire::hub::{FoundModel, KeptModel};

/// What is going on.
#[derive(Debug, Clone, PartialEq)]
pub enum HubStage {
    Idle,
    Asking,
    /// What would be fetched.
    Found {
        /// The model and its commit.
        title: String,
        /// Each file with its size.
        files: Vec<(String, String)>,
        /// How much memory it takes, or why it cannot be opened.
        remark: String,
        /// What the button says; `None` where there is nothing to fetch for.
        action: Option<String>,
        /// What is to be known of keeping it.
        keeping: String,
    },
    Fetching {
        title: String,
        /// From 0 to 1.
        done: f64,
        text: String,
    },
    Failed(String),
}

/// A model that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRow {
    pub key: String,
    pub name: String,
    pub size: String,
    /// What the button says.
    pub action: &'static str,
}

/// A model by its name, and by its revision where that is not the usual one.
pub fn title(id: &str, revision: &str) -> String {
    if revision == "main" { id.to_owned() } else { format!("{id} at {revision}") }
}

/// A model that is kept, as it is listed.
pub fn kept_row(kept: &KeptModel) -> KeptRow {
    let KeptModel { key, id, revision, bytes, kept_bytes, complete } = kept;
    let size =
        if *complete { size_label(*bytes) } else { format!("{} of {}", size_label(*kept_bytes), size_label(*bytes)) };
    KeptRow { key: key.clone(), name: title(id, revision), size, action: if *complete { "Open" } else { "Go on" } }
}

/// The stage in words.
pub fn shown(stage: &Stage) -> HubStage {
    match stage {
        Stage::Idle => HubStage::Idle,
        Stage::Asking => HubStage::Asking,
        Stage::Failed(message) => HubStage::Failed(message.clone()),
        Stage::Fetching { title, done, total } => HubStage::Fetching {
            title: title.clone(),
            done: *done as f64 / (*total).max(1) as f64,
            text: format!("{} of {}", size_label(*done), size_label(*total)),
        },
        Stage::Found(found) => shown_found(found),
    }
}

fn shown_found(found: &FoundModel) -> HubStage {
    let model = ModelConfig::from_json(&found.config.name, &found.config.text);
    let refused = match &model {
        Ok(model) => memory::fits_nowhere(model),
        Err(error) => Some(error.to_string()),
    };
    let missing = found.bytes.saturating_sub(found.kept_bytes);
    let action = if missing == 0 {
        "Open: all of it is kept here".to_owned()
    } else if found.kept_bytes > 0 {
        format!("Download the other {}", size_label(missing))
    } else {
        format!("Download {}", size_label(found.bytes))
    };
    let keeping = if found.keeps {
        "Kept in this browser, until you remove it here."
    } else {
        "This browser keeps nothing for this page: it is fetched again next time."
    };
    HubStage::Found {
        title: format!(
            "{}, commit {}",
            title(&found.id, &found.revision),
            found.commit.get(..7).unwrap_or(&found.commit)
        ),
        files: found.files.iter().map(|file| (file.name.clone(), size_label(file.bytes))).collect(),
        action: refused.is_none().then_some(action),
        remark: refused.or_else(|| model.ok().map(|model| memory::line_of(&model, None))).unwrap_or_default(),
        keeping: keeping.to_owned(),
    }
}
