//! The files.

use web_sys::File;
use yew::prelude::*;

use super::hub_panel::{HubPanel, is_offered};
use super::list::{self, FileList};
use super::remember::{Remember, remember};
use crate::state::graph_choice::GraphChoice;
use crate::state::inputs::Subject;
use crate::tasks::folder::{Dropped, found};
use crate::update::Action;
use crate::view::connected::Connected;
use crate::{select, tasks};

/// The files.
#[component]
pub fn FilesPanel(props: &Connected) -> Html {
    let (tasks, links) = (props.tasks.0.clone(), &props.state.links.remembered);
    // Where nothing was ever kept, no worker is started to look.
    let ask = links.on.is_some() && links.kept.is_none();
    use_effect_with(ask, move |ask| {
        if *ask {
            tasks::ask_remembered(&tasks);
        }
    });
    files(props)
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
        state.dispatch(Action::ExampleWanted);
    });
    let list = FileList {
        rows: select::files::rows(&props.state),
        n_refused: select::files::n_refused(&props.state),
        example: props.state.example_name(),
        demo: props.state.files.iter().all(|f| f.demo),
        note: select::files::note(&props.state),
        memory: select::files::memory_line(&props.state),
        on_files: props.with(|_, tasks, files: Vec<File>| {
            tasks::add_dropped(tasks, Dropped::Files(files.into_iter().map(found).collect()));
        }),
        on_remove: props.on(Action::FileRemoved),
        on_clear: props.on(|()| Action::RefusedCleared),
        on_fix,
        on_demo,
    };
    html! {
        <>
            { list::file_list(&list) }
            { remember(&Remember {
                remark: select::link::remembered(&props.state),
                on_choose: props.with(|_, tasks, on| tasks::choose_to_remember(tasks, on)),
                on_forget: props.with(|_, tasks, ()| tasks::forget_files(tasks)),
            }) }
            if is_offered() {
                <HubPanel on_files={props.with(|_, tasks, files| tasks::add_files(tasks, files))} />
            }
        </>
    }
}
