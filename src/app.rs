//! The root component: the state and the tasks, the panels that are given both, and what is started by itself.

use std::collections::BTreeSet;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use yew::prelude::*;

use crate::select::{self, figure_words, insight, runs, values};
use crate::state::State;
use crate::state::figure::Stage as FigureStage;
use crate::state::link::Usual;
use crate::state::runs::{Failure, Plan, Remedy};
use crate::state::settings::Machine;
use crate::tasks::figure::First;
use crate::tasks::folder::Dropped;
use crate::tasks::{self, Tasks};
use crate::update::{Action, FigureAction, LinkAction};
use crate::view::connected::{Connected, TasksHandle};
use crate::view::figure_notice::figure_notice;
use crate::view::files::list::drags_files;
use crate::view::inspector::panel::Inspector;
use crate::view::link_notice::link_notice;
use crate::view::parts::help::help;
use crate::view::parts::notice::{Notice, notice};
use crate::view::parts::remembered;
use crate::view::parts::screen::{is_narrow, is_tight};
use crate::view::rail::panel::Rail;
use crate::view::shortcuts::use_shortcuts;
use crate::view::stage::panel::{HINTS, Stage};
use crate::view::top::panel::TopBar;
use circuitscope_picture::Orientation;
use circuitscope_picture::sankey::svg;
use circuitscope_wire::engine::DeviceChoice;

/// The slider has to rest this long before its circuit is run.
const REST_MS: u32 = 200;

#[derive(Clone, PartialEq, Properties)]
pub struct AppProps {
    /// The figure that the page opens on; none for the demo.
    pub first: Option<First>,
}

/// The page.
#[component]
pub fn App(props: &AppProps) -> Html {
    let first = props.first.clone();
    let state = use_reducer(|| initial_state(first.as_ref()));
    let tasks = use_memo((), |()| Tasks::new(state.dispatcher(), props.first.as_ref()));
    let props = Connected { state: state.clone(), tasks: TasksHandle(Rc::clone(&tasks)) };
    use_later(first, &props);
    use_tasks(&props);
    use_address(&props);
    let dragging = use_state(|| false);
    let (ondragover, ondragleave, ondrop) = drop_handlers(&props, &dragging);
    let screen = &state.screen;
    let class = classes!(
        "page",
        dragging.then_some("dragging"),
        (!screen.rail).then_some("rail-folded"),
        (!screen.inspector).then_some("no-inspector"),
        screen.drawer.is_some().then_some("drawer-open")
    );
    use_shortcuts(&props);
    html! {
        <div {class} {ondragover} {ondragleave} {ondrop}>
            <style>{ svg::style() }{ circuitscope_figure::STYLE }{ circuitscope_picture::strip::svg::STYLE }</style>
            <TopBar ..props.clone() />
            if let Some(failure) = &state.failure {
                { failure_notice(failure, &props) }
            } else if let Some(notice) = figure_words::notice(&state) {
                { figure_notice(&notice, &props) }
            } else if let Some(remark) = select::link::remark(&state) {
                { link_notice(&remark, props.on(|()| Action::Link(LinkAction::Dismissed))) }
            }
            <main>
                <Rail ..props.clone() />
                <Stage ..props.clone() />
                <Inspector ..props.clone() />
            </main>
            if screen.help {
                { help(&props) }
            }
        </div>
    }
}

/// The figure or the demo, as the page's address says; a narrow screen has more room below than beside.
fn initial_state(first: Option<&First>) -> State {
    let narrow = is_narrow();
    let orientation = if narrow { Orientation::Vertical } else { Orientation::Horizontal };
    let mut state = State::demo();
    state.picture.view.orientation = orientation;
    state.screen.rail = !is_tight();
    state.screen.hints = remembered::get(HINTS).is_none();
    state.links.usual = Usual::of_demo(orientation);
    state.links.remembered.on = tasks::wants_to_remember();
    state.links.reloaded = tasks::link::is_reloaded();
    match first {
        Some(First::Figure(open, _)) => state.apply(Action::Figure(FigureAction::Opened(open.clone()))),
        Some(First::Stage(stage)) => {
            state.apply(Action::Figure(FigureAction::Stage(stage.clone())));
            // What the rest of the link says is of the figure.
            return state;
        }
        Some(First::Later(link)) => {
            state.apply(Action::Figure(FigureAction::Stage(FigureStage::Opening(link.clone()))));
            return state;
        }
        None => {}
    }
    let fragment = tasks::link::fragment();
    if !fragment.is_empty() {
        state.apply(Action::Link(LinkAction::Opened(fragment)));
    }
    state
}

/// Opens the figure that was not there yet.
#[hook]
fn use_later(first: Option<First>, props: &Connected) {
    let tasks = props.tasks.0.clone();
    use_effect_with((), move |()| {
        if let Some(First::Later(link)) = first {
            tasks::figure::open_address(&tasks, link, tasks::link::fragment());
        }
    });
}

/// Starts what follows from the state: runs, tokens, and what the reader is to read.
#[hook]
fn use_tasks(props: &Connected) {
    let tasks = props.tasks.0.clone();
    use_effect_with(runs::next_run(&props.state), move |plan| {
        // The circuit that the slider came to rest at.
        let timer = plan.clone().map(|plan| Timeout::new(REST_MS, move || tasks::run(&tasks, plan)));
        move || drop(timer)
    });
    use_task(props, runs::run_after_search(&props.state), tasks::run);
    use_task(props, runs::live_run(&props.state), tasks::run);
    use_task(props, select::search::search_after_fetch(&props.state), tasks::search);
    use_task(props, Some(props.state.figures.open.clone()), tasks::figure::follow_figure);
    use_task(props, props.state.texts.tokenizer_to_open(&props.state.files), tasks::open_tokenizer);
    use_task(props, props.state.texts.prompts_to_read(&props.state.files), tasks::read_prompts);
    use_task(props, select::scores::import_request(&props.state), tasks::import_scores);
    use_task(props, runs::question(&props.state), tasks::ask_tokens);
    use_task(props, insight::attention_question(&props.state), tasks::ask_attention);
    use_task(props, insight::attribution_question(&props.state), tasks::ask_attribution);
    use_task(props, values::question(&props.state), tasks::ask_values);
    use_task(props, select::link::file_to_hash(&props.state), tasks::hash_file);
    use_task(props, select::link::files_to_recall(&props.state), tasks::recall_files);
    use_task(props, select::link::files_to_remember(&props.state), tasks::remember_files);
    use_release(props);
}

/// Keeps the page's address and its state together.
#[hook]
fn use_address(props: &Connected) {
    use_task(props, select::link::address(&props.state), tasks::write_address);
    let tasks = props.tasks.0.clone();
    use_effect_with((), move |()| {
        let listeners = tasks::listen_to_address(&tasks);
        move || drop(listeners)
    });
}

/// Forgets files that the state referred to and does no longer. (A file that was just added may not be in the state yet.)
#[hook]
fn use_release(props: &Connected) {
    let tasks = props.tasks.0.clone();
    let before = use_mut_ref(BTreeSet::new);
    use_effect_with(select::files::referenced(&props.state), move |referenced| {
        let before = before.replace(referenced.clone());
        tasks::release_files(&tasks, before.difference(referenced));
    });
}

/// Starts a task for what is wanted, whenever that is another.
#[hook]
fn use_task<T: Clone + PartialEq + 'static>(props: &Connected, wanted: Option<T>, start: fn(&Rc<Tasks>, T)) {
    let tasks = props.tasks.0.clone();
    use_effect_with(wanted, move |wanted| {
        if let Some(wanted) = wanted.clone() {
            start(&tasks, wanted);
        }
    });
}

type DragHandler = Callback<DragEvent>;

/// Files may be dropped anywhere.
fn drop_handlers(props: &Connected, dragging: &UseStateHandle<bool>) -> (DragHandler, DragHandler, DragHandler) {
    let tasks = props.tasks.0.clone();
    let (over, left, dropped) = (dragging.clone(), dragging.clone(), dragging.clone());
    let on_over = Callback::from(move |event: DragEvent| {
        if drags_files(&event) {
            event.prevent_default();
            over.set(true);
        }
    });
    let on_leave = Callback::from(move |event: DragEvent| {
        // Leaving an element for one inside the page is no leaving.
        if event.related_target().is_none() {
            left.set(false);
        }
    });
    let on_drop = Callback::from(move |event: DragEvent| {
        event.prevent_default();
        dropped.set(false);
        if let Some(data) = event.data_transfer() {
            tasks::add_dropped(&tasks, Dropped::new(&data));
        }
    });
    (on_over, on_leave, on_drop)
}

/// A failure, over everything.
fn failure_notice(failure: &Failure, props: &Connected) -> Html {
    let remedy = match failure.remedy {
        Remedy::UseCpu => Some("Go on with the CPU"),
        Remedy::Restart => Some("Restart the engine"),
        Remedy::Dismiss => None,
    };
    let (state, tasks, failure) = (props.state.clone(), props.tasks.0.clone(), failure.clone());
    let message = failure.message.clone();
    let on_remedy = Callback::from(move |()| {
        let chosen = state.settings.machine;
        let device = if failure.remedy == Remedy::UseCpu { DeviceChoice::Cpu } else { chosen.device };
        let machine = Machine { device, ..chosen };
        state.dispatch(Action::MachineChosen(machine));
        state.dispatch(Action::FailureDismissed);
        match failure.plan.clone() {
            Some(plan) => tasks::run(&tasks, Plan { machine, ..plan }),
            None => tasks::start_engine(&tasks, machine),
        }
    });
    notice(&Notice { message, remedy, on_remedy, on_dismiss: props.on(|()| Action::FailureDismissed) })
}
