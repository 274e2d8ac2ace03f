//! What is taken away from the page: the drawing and its edges as files.

use std::rc::Rc;

use super::context::Tasks;
use super::link::copy_link;
use super::save::save_text;
use crate::select::export as select;
use crate::select::link::fragment;
use crate::state::State;
use crate::state::runs::Failure;
use crate::update::Action;
use crate::workers::js_text;
use circuitscope_picture::Theme;

/// What can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    Link,
    Svg,
    Csv,
    Json,
}

impl Export {
    pub const ALL: [Self; 4] = [Self::Link, Self::Svg, Self::Csv, Self::Json];

    pub fn label(self) -> &'static str {
        match self {
            Self::Link => "Copy link",
            Self::Svg => "Drawing as SVG",
            Self::Csv => "Edges as CSV",
            Self::Json => "Edges as JSON",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Self::Link => "to what is seen; it names files and holds none",
            Self::Svg => "for a paper",
            Self::Csv => "with scores and ranks",
            Self::Json => "can be dropped here again",
        }
    }
}

/// Saves a file.
pub fn export(tasks: &Rc<Tasks>, state: &State, what: Export) {
    let name = select::file_name(state);
    let saved = match what {
        Export::Link => return copy_link(tasks, &fragment(state)),
        Export::Svg => {
            select::svg(state, Theme::Light).map(|svg| save_text(&format!("{name}.svg"), "image/svg+xml", &svg))
        }
        Export::Csv => select::csv(state).map(|csv| save_text(&format!("{name}.csv"), "text/csv", &csv)),
        Export::Json => select::json(state).map(|json| save_text(&format!("{name}.json"), "application/json", &json)),
    };
    if let Some(Err(error)) = saved {
        let message = format!("The file could not be saved: {}", js_text(&error));
        tasks.dispatch(Action::Failed(Failure::plain(message)));
    }
}
