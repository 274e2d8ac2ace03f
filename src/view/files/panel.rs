//! The files and the scores among them.

use web_sys::File;
use yew::prelude::*;

use super::hub_panel::{HubPanel, is_offered};
use super::list::{self, FileList};
use super::scores::{ScoresIo, scores_io};
use crate::state::graph_choice::GraphChoice;
use crate::state::inputs::Subject;
use crate::tasks::folder::{Dropped, found};
use crate::update::Action;
use crate::view::connected::Connected;
use crate::{select, tasks};
use circuitscope_core::{Extent, FormatId};

/// The files and the scores among them.
#[component]
pub fn FilesPanel(props: &Connected) -> Html {
    let saving = use_state_eq(|| (FormatId::Safetensors, Extent::default()));
    html! { <>
        { files(props) }
        { scores(props, &saving) }
    </> }
}

fn files(props: &Connected) -> Html {
    let on_fix = props.with(|state, _, id| {
        let fix: Option<GraphChoice> = state.inputs.problem(Subject::File(id)).and_then(|problem| problem.fix);
        if let Some(choice) = fix {
            state.dispatch(Action::GraphChosen(choice));
        }
    });
    let on_demo = props.with(|state, tasks, ()| {
        tasks::cancel(tasks);
        state.dispatch(Action::DemoWanted);
    });
    let list = FileList {
        rows: select::files::rows(&props.state),
        demo: props.state.files.iter().all(|f| f.demo),
        note: select::files::note(&props.state),
        memory: select::files::memory_line(&props.state),
        on_files: props.with(|_, tasks, files: Vec<File>| {
            tasks::add_dropped(tasks, Dropped::Files(files.into_iter().map(found).collect()));
        }),
        on_remove: props.on(Action::FileRemoved),
        on_fix,
        on_demo,
    };
    html! {
        <>
            { list::file_list(&list) }
            if is_offered() {
                <HubPanel on_files={props.with(|_, tasks, files| tasks::add_files(tasks, files))} />
            }
        </>
    }
}

/// The scores in use, and saving them.
fn scores(props: &Connected, saving: &UseStateHandle<(FormatId, Extent)>) -> Html {
    scores_io(&ScoresIo {
        panel: select::scores::panel(&props.state),
        saving: saving.clone(),
        on_pick: props.on(Action::ScoresPicked),
        on_save: props.with(|state, tasks, (format, extent)| tasks::save_scores(tasks, state, format, extent)),
    })
}
