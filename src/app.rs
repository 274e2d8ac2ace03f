//! The page: its state (`state`), the work that takes time (`tasks`) and the views, wired together.
//!
//! Whatever happens is a `state::Action`; `reduce` makes the next state of it. Files are recognised in `files` and
//! read in `reading`, checked together in `inputs`; `results` keeps what was run. `tasks` holds all handles and talks
//! to the engine through `worker`; `reader` is the worker that reads tokenizers and foreign formats. `show` puts the state
//! into the words that the views are given.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use yew::prelude::*;

use crate::select as show;
use crate::state::results::Plan;
use crate::state::{Action, Failure, Remedy, State};
use crate::tasks::Tasks;
use crate::tasks::folder::Dropped;
use crate::view::measures::panel::MeasuresPart;
use crate::view::panels::{Handle, PartProps, Picture, Results, Setup, is_narrow};
use crate::view::{self, Notice, drags_files};
use circuitscope_picture::Orientation;
use circuitscope_wire::engine::DeviceChoice;

/// The slider has to rest this long before its circuit is run.
const REST_MS: u32 = 200;

/// Shows the page in the document's `#app`.
///
/// # Panics
/// When there is no such element.
pub fn mount() {
    let document = web_sys::window().and_then(|window| window.document());
    let root = document.and_then(|document| document.get_element_by_id("app"));
    yew::Renderer::<App>::with_root(root.expect("the document has an element with the id `app`")).render();
}

/// The page.
#[component]
pub fn App() -> Html {
    let state = use_reducer(|| State { orientation: fitting_orientation(), ..State::demo() });
    let tasks = use_memo((), |()| Tasks::new(state.dispatcher()));
    let props = PartProps { state: state.clone(), tasks: Handle(Rc::clone(&tasks)) };
    use_engine(&props);
    let dragging = use_state(|| false);
    let (ondragover, ondragleave, ondrop) = drop_handlers(&props, &dragging);
    let (device, reason) = show::device_line(&state);
    html! {
        <div class={classes!("page", dragging.then_some("dragging"))} {ondragover} {ondragleave} {ondrop}>
            <header>
                <h1>{ "Circuitscope" }</h1>
                <p class="model">{ show::model_line(&state) }</p>
                <p class="device" title={reason.clone()}><strong>{ device }</strong><span>{ reason }</span></p>
            </header>
            if let Some(failure) = &state.failure {
                { notice(failure, &props) }
            }
            <main>
                <Setup ..props.clone() />
                <div class="centre">
                    <Picture ..props.clone() />
                    <MeasuresPart ..props.clone() />
                </div>
                <Results ..props />
            </main>
        </div>
    }
}

/// A narrow screen has more room below than beside.
fn fitting_orientation() -> Orientation {
    if is_narrow() { Orientation::Vertical } else { Orientation::Horizontal }
}

/// Runs the circuit that the slider came to rest at, and asks for its tokens.
#[hook]
fn use_engine(props: &PartProps) {
    let tasks = props.tasks.0.clone();
    use_effect_with(props.state.wish(), move |wish| {
        let timer = wish.clone().map(|plan| Timeout::new(REST_MS, move || tasks.run(plan)));
        move || drop(timer)
    });
    let tasks = props.tasks.0.clone();
    use_effect_with(props.state.run_after_search(), move |plan| {
        if let Some(plan) = plan.clone() {
            tasks.run(plan);
        }
    });
    let tasks = props.tasks.0.clone();
    use_effect_with(props.state.texts.tokenizer_wish(&props.state.files), move |key| {
        if let Some(key) = *key {
            tasks.open_tokenizer(key);
        }
    });
    let tasks = props.tasks.0.clone();
    use_effect_with(props.state.texts.prompts_wish(&props.state.files), move |key| {
        if let Some(key) = *key {
            tasks.read_prompts(key);
        }
    });
    let tasks = props.tasks.0.clone();
    use_effect_with(props.state.import_wish(), move |wish| {
        if let Some(wish) = wish.clone() {
            tasks.import_scores(wish);
        }
    });
    let tasks = props.tasks.0.clone();
    use_effect_with(props.state.question(), move |question| {
        if let Some(question) = question.clone() {
            tasks.inspect(question);
        }
    });
}

type DragHandler = Callback<DragEvent>;

/// Files may be dropped anywhere.
fn drop_handlers(props: &PartProps, dragging: &UseStateHandle<bool>) -> (DragHandler, DragHandler, DragHandler) {
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
            tasks.add_dropped(Dropped::new(&data));
        }
    });
    (on_over, on_leave, on_drop)
}

/// A failure, over everything.
fn notice(failure: &Failure, props: &PartProps) -> Html {
    let remedy = match failure.remedy {
        Remedy::UseCpu => Some("Go on with the CPU"),
        Remedy::Restart => Some("Restart the engine"),
        Remedy::Dismiss => None,
    };
    let (state, tasks, failure) = (props.state.clone(), props.tasks.0.clone(), failure.clone());
    let message = failure.message.clone();
    let on_remedy = Callback::from(move |()| {
        let device = if failure.remedy == Remedy::UseCpu { DeviceChoice::Cpu } else { state.settings.device };
        state.dispatch(Action::DeviceChosen(device));
        state.dispatch(Action::FailureDismissed);
        match failure.plan.clone() {
            Some(plan) => tasks.run(Plan { device, ..plan }),
            None => tasks.start_engine(device),
        }
    });
    view::notice(&Notice { message, remedy, on_remedy, on_dismiss: props.on(|()| Action::FailureDismissed) })
}
