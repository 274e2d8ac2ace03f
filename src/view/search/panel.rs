//! The section that finds circuits, wired to the state.

use std::rc::Rc;

use web_sys::Element;
use yew::prelude::*;

use crate::select as show;
use crate::state::algorithms::{Field, Kind, LABELS};
use crate::state::files::Role;
use crate::state::search::{DiscoverAction, ScoresChoice, Search, cost_line, duration};
use crate::state::{Action, Run, State};
use crate::view::panels::PartProps;
use crate::view::{
    self, DiscoverBar, DiscoverForm, FieldView, KeepForm, PlotSvg, Progress, ScoresList, ScoresView, ValueView,
};
use circuitscope_core::Algorithm;
use circuitscope_picture::{Axis, PlotLayout, PlotRequest, PlotValue, Scale, Series, Size, plot};

/// In the order of [`crate::state::search::SELECTIONS`].
const SELECTIONS: &[&str] = &["largest that hang together", "greedily from the output"];
const ABOUT_SELECTIONS: [&str; 2] = [
    "Of the largest scores those that lie on a path from the embedding to the output.",
    "Beginning at the output, always the largest score among the edges into nodes that are there already.",
];

/// As wide as the section.
const LOSS_SIZE: Size = Size { width: 288.0, height: 150.0 };

/// Fewer passes are as well done as timed.
const MIN_TIMED_PASSES: usize = 6;

/// The section, drawn when it is open.
#[component]
pub fn DiscoverPart(props: &PartProps) -> Html {
    let open = use_state_eq(|| false);
    // Where scores are all that is missing, this is the way to them.
    let lacks_scores = props.state.lacks_only_scores();
    use_effect_with(lacks_scores, {
        let open = open.clone();
        move |&lacks| {
            if lacks {
                open.set(true);
            }
        }
    });
    let ontoggle = {
        let open = open.clone();
        move |event: Event| open.set(event.target_unchecked_into::<Element>().has_attribute("open"))
    };
    html! {
        <details class="fold discover" open={*open} {ontoggle}>
            <summary>{ "Find a circuit" }</summary>
            if *open {
                { form(props) }
                { bar(props) }
                { scores(props) }
            }
        </details>
    }
}

/// A callback that makes an action of what a view gives.
fn on<T: 'static>(props: &PartProps, action: impl Fn(T) -> DiscoverAction + 'static) -> Callback<T> {
    props.on(move |value| Action::Find(action(value)))
}

fn form(props: &PartProps) -> Html {
    let discover = &props.state.discover;
    let offer = discover.offer();
    let errors = offer.errors(discover.entries());
    let field = |((field, entry), error): ((&'static Field, &String), Option<String>)| FieldView {
        id: field.id,
        label: field.label,
        title: field.title,
        value: match field.kind {
            Kind::Choice(values, labels) => ValueView::Choice { values, labels, chosen: field.choice(entry) },
            _ => ValueView::Text { text: entry.clone(), error },
        },
        advanced: field.advanced,
    };
    view::discover_form(&DiscoverForm {
        algorithms: &LABELS[..],
        chosen: discover.chosen,
        about: offer.about,
        paper: offer.paper,
        fields: offer.fields.iter().zip(discover.entries()).zip(errors).map(field).collect(),
        on_algorithm: on(props, DiscoverAction::AlgorithmChosen),
        on_entry: on(props, |(field, text)| DiscoverAction::Entered(field, text)),
    })
}

fn bar(props: &PartProps) -> Html {
    let state = &props.state;
    let search = |trial: bool| {
        props.with(move |state, tasks, ()| {
            if let Ok(order) = state.search_order(trial) {
                tasks.search(order);
            }
        })
    };
    let problem = state.search_order(false).err();
    let passes = state.search_cost().map_or(0, |cost| cost.forward_passes + cost.backward_passes);
    let idle = matches!(state.run, Run::Idle(_));
    view::discover_bar(&DiscoverBar {
        cost: cost(state),
        can_time: idle && problem.is_none() && passes >= MIN_TIMED_PASSES && state.search_ms().is_none(),
        problem,
        run_after: state.discover.run_after,
        progress: progress(state),
        outcome: outcome(state),
        loss: html! { <LossPlot ..props.clone() /> },
        on_run_after: on(props, DiscoverAction::RunAfterChosen),
        on_find: search(false),
        on_time: search(true),
        on_cancel: props.with(|_, tasks, ()| tasks.cancel()),
    })
}

/// The loss of the last search, pass by pass, where it is made smaller step by step.
#[component]
fn LossPlot(props: &PartProps) -> Html {
    let search = props.state.discover.search.as_ref();
    let losses = search
        .filter(|search| search.is_learning() && search.is_of(&props.state.discover))
        .map(|search| search.losses.clone());
    let layout = use_memo(losses, |losses| losses.as_deref().filter(|losses| losses.len() > 1).map(loss_plot));
    let hovered = use_state_eq(|| None::<f64>);
    let Some(layout) = &*layout else { return Html::default() };
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |x| hovered.set(x))
    };
    let last = layout.series[0].points.last().map_or_else(String::new, |point| point.hover.clone());
    let pointed = hovered.and_then(|x| layout.nearest(0, x)).map(|i| layout.series[0].points[i].hover.clone());
    html! {
        <div class="loss">
            <PlotSvg layout={layout.clone()} label="Loss" {on_hover} />
            <p class="about">{ pointed.unwrap_or(last) }</p>
        </div>
    }
}

fn loss_plot(losses: &[(usize, f64)]) -> Rc<PlotLayout> {
    let value = |(i, &(_, loss)): (usize, &(usize, f64))| PlotValue {
        x: losses[i].0 as f64,
        y: loss,
        band: None,
        hover: format!("loss {} after {} passes", show::short(loss), losses[i].0),
    };
    let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Linear, range: None };
    let values = losses.iter().enumerate().map(value).collect();
    Rc::new(plot(&PlotRequest {
        size: LOSS_SIZE,
        x: axis("Passes"),
        y: axis("Loss"),
        series: vec![Series { name: "loss".to_owned(), style: 0, values }],
        levels: Vec::new(),
        diagonal: false,
        legend: false,
    }))
}

/// Passes, memory and time.
fn cost(state: &State) -> Option<String> {
    let cost = state.search_cost()?;
    let at_most = matches!(state.discover.offer().algorithm(state.discover.entries()), Ok(Algorithm::Acdc(_)));
    let time = state.search_ms().map(|ms| format!(", {} on this device", about(ms)));
    Some(format!("{}{}.", cost_line(&cost, at_most).trim_end_matches('.'), time.unwrap_or_default()))
}

fn about(ms: f64) -> String {
    if ms < 1000.0 { duration(ms) } else { format!("about {}", duration(ms)) }
}

fn progress(state: &State) -> Option<Progress> {
    let search = state.searching()?;
    let progress = show::progress(state)?;
    let left = search.ms_left().filter(|_| !search.order.trial).map(|ms| format!(", {} left", about(ms)));
    Some(Progress { label: format!("{}{}", progress.label, left.unwrap_or_default()), ..progress })
}

fn outcome(state: &State) -> Option<String> {
    let search: &Search = state.discover.search.as_ref().filter(|search| search.is_of(&state.discover))?;
    // One that something else took the place of has no end of its own.
    Some(search.end.clone().unwrap_or_else(|| "Cancelled.".to_owned()))
}

/// The scores that there are, and keeping some of their edges.
fn scores(props: &PartProps) -> Html {
    let state = &props.state;
    let view = |ScoresChoice { id, name, in_use, removable }| ScoresView { id, name, chosen: in_use, removable };
    let scores: Vec<_> = state.scores_choices().into_iter().map(view).collect();
    let discover = &state.discover;
    html! { <>
        if scores.len() > 1 {
            { view::scores_list(&ScoresList {
                scores,
                on_choose: on(props, DiscoverAction::ScoresChosen),
                on_remove: props.on(Action::FileRemoved),
            }) }
        }
        if state.scored().is_some() {
            <details class="more">
                <summary>{ "Keep only some edges of these scores" }</summary>
                { view::keep_form(&KeepForm {
                    selections: SELECTIONS,
                    chosen: discover.selection,
                    about: ABOUT_SELECTIONS[discover.selection],
                    n_kept: discover.n_kept.clone(),
                    kept: discover.kept.clone(),
                    on_selection: on(props, DiscoverAction::SelectionChosen),
                    on_entry: on(props, DiscoverAction::KeptEntered),
                    on_keep: props.with(|state, tasks, ()| tasks.keep_some(state)),
                }) }
            </details>
        }
    </> }
}

impl State {
    /// Whether all is there but scores.
    pub fn lacks_only_scores(&self) -> bool {
        let has = |role: Role| self.inputs.file(role).is_some();
        Role::ALL.into_iter().all(|role| has(role) != (role == Role::Scores))
    }
}
