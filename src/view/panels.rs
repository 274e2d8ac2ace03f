//! The three parts of the page: setting up, the picture, and what was found.

use std::rc::Rc;

use web_sys::File;
use yew::prelude::*;

use crate::select::{self as show, DEVICES};
use crate::state::files;
use crate::state::inputs::{GraphChoice, Place};
use crate::state::{Action, State};
use crate::tasks::Tasks;
use crate::tasks::folder::{Dropped, placed};
use crate::tasks::save;
use crate::view::files::hub_panel::{self, HubPanel};
use crate::view::prompts::panel::PromptEditor;
use crate::view::search::panel::DiscoverPart;
use crate::view::{
    self, CircuitSvg, EdgeSlider, FileList, PictureActions, ResultsTable, RunBar, ScoresIo, SettingsForm, TokensPanel,
    use_table_nodes,
};
use circuitscope_core::{Extent, FormatId};
use circuitscope_picture::{DrawOptions, Layout, LayoutRequest, Orientation, layout, svg_string};

/// Circuits of more edges are drawn in part, unless they are asked for in full: a browser is slow with more.
const MAX_DRAWN: usize = 1_500;
/// Below this width the setup starts folded, so that the picture is on the first screen; the style has the same.
const NARROW: &str = "(max-width: 760px)";

/// What the parts of the page are given.
#[derive(Clone, PartialEq, Properties)]
pub struct PartProps {
    pub state: UseReducerHandle<State>,
    pub tasks: Handle,
}

/// The tasks, which are made once.
#[derive(Clone)]
pub struct Handle(pub Rc<Tasks>);

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl PartProps {
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

/// Files, settings, and the button that runs them.
#[component]
pub fn Setup(props: &PartProps) -> Html {
    let open = use_memo((), |()| !is_narrow());
    let saving = use_state_eq(|| (FormatId::Safetensors, Extent::default()));
    let state = &props.state;
    html! {
        <section class="setup" aria-label="Setup">
            <details class="fold" open={*open}>
                <summary>{ "Files" }</summary>
                { file_list(props) }
                { scores_io(props, &saving) }
            </details>
            <details class="fold">
                <summary>{ "Write prompts" }</summary>
                <PromptEditor ..props.clone() />
            </details>
            <DiscoverPart ..props.clone() />
            <details class="fold" open={*open}>
                <summary>{ "Settings" }</summary>
                { settings_form(props) }
            </details>
            { view::run_bar(&RunBar {
                ready: state.ready() && state.searching().is_none(),
                progress: show::run_progress(state),
                outcome: show::outcome(state),
                on_run: props.with(|state, tasks, ()| if let Some(plan) = state.sweep() { tasks.run(plan) }),
                on_cancel: props.with(|_, tasks, ()| tasks.cancel()),
            }) }
        </section>
    }
}

/// Whether the screen is that of a phone.
pub fn is_narrow() -> bool {
    let query = web_sys::window().and_then(|window| window.match_media(NARROW).ok().flatten());
    query.is_some_and(|query| query.matches())
}

fn file_list(props: &PartProps) -> Html {
    let on_fix = props.with(|state, _, id| {
        let fix: Option<GraphChoice> = state.inputs.problem(Place::File(id)).and_then(|problem| problem.fix);
        if let Some(choice) = fix {
            state.dispatch(Action::GraphChosen(choice));
        }
    });
    let on_demo = props.with(|state, tasks, ()| {
        tasks.cancel();
        state.dispatch(Action::DemoWanted);
    });
    let list = FileList {
        rows: show::file_rows(&props.state),
        demo: props.state.files.iter().all(|f| f.demo),
        note: show::file_note(&props.state),
        memory: show::memory(&props.state),
        on_files: props.with(|_, tasks, files: Vec<File>| {
            tasks.add_dropped(Dropped::Files(files.into_iter().map(placed).collect()));
        }),
        on_remove: props.on(Action::FileRemoved),
        on_fix,
        on_demo,
    };
    html! {
        <>
            { view::file_list(&list) }
            if hub_panel::is_offered() {
                <HubPanel on_files={props.with(|_, tasks, files| tasks.add_files(files))} />
            }
        </>
    }
}

/// What is said of the scores, and saving them.
fn scores_io(props: &PartProps, saving: &UseStateHandle<(FormatId, Extent)>) -> Html {
    view::scores_io(&ScoresIo {
        panel: props.state.scores_panel(),
        saving: saving.clone(),
        on_pick: props.on(Action::ScoresPicked),
        on_save: props.with(|state, tasks, (format, extent)| tasks.save_scores(state, format, extent)),
    })
}

fn settings_form(props: &PartProps) -> Html {
    let state = &props.state;
    let settings = &state.settings;
    view::settings_form(&SettingsForm {
        run: settings.run.clone(),
        counts_text: settings.counts_text.clone(),
        counts_error: settings.counts_error.clone(),
        batch_size_error: state.inputs.problem(Place::BatchSize).map(|p| p.message.clone()),
        n_prompts: state.inputs.prompts.as_ref().map_or(1, |p| p.pairs.len()),
        texts: show::prompt_settings(state),
        on_texts: props.on(Action::PromptSettingsChanged),
        device: DEVICES.iter().position(|d| *d == settings.device).unwrap_or(0),
        on_change: props.on(Action::SettingsChanged),
        on_counts: props.on(Action::CountsTyped),
        on_device: props.on(|i: usize| Action::DeviceChosen(DEVICES[i])),
    })
}

/// The circuit, and what is chosen over it.
#[component]
pub fn Picture(props: &PartProps) -> Html {
    let state = &props.state;
    let drawn = Drawn::new(state);
    let picture = use_memo(drawn.clone(), Drawn::layout);
    let hovered = use_state_eq(|| None::<AttrValue>);
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |text| hovered.set(text))
    };
    let on_slide = props.with(|state, _, position: usize| {
        if let Some(scored) = state.scored() {
            state.dispatch(Action::CircuitRequested(scored.steps.count(position)));
        }
    });
    let on_save = {
        let picture = picture.clone();
        props.with(move |state, _, ()| {
            if let Some(layout) = &*picture {
                save_picture(state, layout);
            }
        })
    };
    html! {
        <section class="picture" aria-label="Circuit">
            if let Some(slider) = show::slider(state) {
                { view::edge_slider(&EdgeSlider { slider, on_slide, on_count: props.on(Action::CircuitRequested) }) }
            }
            if let Some(part) = drawn.as_ref().and_then(Drawn::left_out) {
                <p class="partial">
                    { part }
                    <button type="button" onclick={props.on(|_: MouseEvent| Action::DrawAll)}>{ "Draw all" }</button>
                </p>
            }
            <div class="canvas" style={picture.as_ref().as_ref().map(|layout| format!("--width: {}px", layout.size.width))}>
                if let Some(layout) = &*picture {
                    <CircuitSvg layout={layout.clone()} {on_hover} />
                } else {
                    <p class="empty">{ show::no_picture(state) }</p>
                }
            </div>
            <div class="picture-foot">
                <p class="hover">{ hovered.as_ref().cloned().unwrap_or_else(|| show::HOVER_HINT.into()) }</p>
                { view::picture_actions(&PictureActions {
                    orientation: state.orientation,
                    ready: picture.is_some(),
                    on_orientation: props.on(Action::OrientationChosen),
                    on_save,
                }) }
            </div>
        </section>
    }
}

/// What the picture depends on.
#[derive(Clone, PartialEq)]
struct Drawn {
    scored: files::Shared<crate::state::inputs::Scored>,
    labels: Option<Vec<String>>,
    requested: usize,
    drawn: usize,
    orientation: Orientation,
}

impl Drawn {
    fn new(state: &State) -> Option<Self> {
        let scored = state.inputs.scored.clone()?;
        let n_edges = state.circuit()?.n_edges;
        let in_part = n_edges > MAX_DRAWN && !state.draw_all;
        let drawn = if in_part { scored.at_most(MAX_DRAWN) } else { state.requested };
        let labels = show::seq_labels(state);
        Some(Self { scored, labels, requested: state.requested, drawn, orientation: state.orientation })
    }

    fn layout(drawn: &Option<Self>) -> Option<Rc<Layout>> {
        let Self { scored, labels, drawn, orientation, .. } = drawn.as_ref()?;
        let circuit = scored.scores.circuit(*drawn).ok()?;
        let options = DrawOptions { orientation: *orientation, ..DrawOptions::default() };
        let request = LayoutRequest::for_circuit(&scored.graph, &scored.scores, &circuit, labels.as_deref(), options);
        Some(Rc::new(layout(&request)))
    }

    /// Says what is not drawn.
    fn left_out(&self) -> Option<String> {
        (self.drawn < self.requested).then(|| format!("The {} strongest of these edges are drawn. ", self.drawn))
    }
}

fn save_picture(state: &UseReducerHandle<State>, layout: &Layout) {
    let n_edges = state.circuit().map_or(0, |circuit| circuit.n_edges);
    let name = format!("circuit-{n_edges}-edges.svg");
    if let Err(error) = save::save_text(&name, "image/svg+xml", &svg_string(layout)) {
        let message = format!("The picture could not be saved: {}", crate::workers::engine::js_text(&error));
        state.dispatch(Action::Failed(crate::state::Failure::plain(message)));
    }
}

/// The table and the tokens.
#[component]
pub fn Results(props: &PartProps) -> Html {
    let state = &props.state;
    let page = state.has_results().then(|| show::table_page(state));
    let nodes = use_table_nodes(page.as_ref());
    let on_choose = props.with(|state, _, place: usize| {
        if let Some(row) = state.results.rows.get(place) {
            state.dispatch(Action::CircuitRequested(row.result.circuit.requested));
        }
    });
    html! {
        <section class="results" aria-label="Results">
            <h2>{ "Faithfulness" }</h2>
            if let Some(note) = show::results_note(state) {
                <p class="note">{ note }</p>
            }
            if let Some(page) = page {
                { view::results_table(&ResultsTable {
                    baselines: show::baseline_rows(state),
                    page,
                    stale: !state.fresh(),
                    nodes,
                    on_choose,
                    on_page: props.on(Action::PageTurned),
                }) }
            }
            if state.inputs.prompts.is_some() {
                <h2>{ "Likeliest tokens" }</h2>
                { view::tokens_panel(&TokensPanel {
                    prompts: show::prompt_labels(state),
                    prompt: state.prompt,
                    positions: show::position_labels(state),
                    position: state.position,
                    pairs: show::prompt_tokens(state),
                    columns: show::token_columns(state),
                    on_prompt: props.on(Action::PromptChosen),
                    on_position: props.on(Action::PositionChosen),
                }) }
            }
        </section>
    }
}
