//! The strip: what is read at the cursor, the measure, and the curve that sets the circuit's size.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::select::measures::current_set;
use crate::select::random::RandomSwitch;
use crate::select::strip::{self as select, Reading, ScoreStops, StripValues};
use crate::select::{curves, random, scores};
use crate::state::measures::Pin;
use crate::tasks;
use crate::update::{Action, CircuitAction, MeasureAction, SearchAction};
use crate::view::connected::Connected;
use circuitscope_core::Metric;
use circuitscope_figure::{Shared, Strip, StripEvent, use_room};
use circuitscope_picture::Size;

/// The height of the curve on a page and on a phone.
const HEIGHT: f64 = 138.0;
/// Before it is on the screen.
const WIDTH: f64 = 720.0;

/// The strip.
#[component]
pub fn StripPanel(props: &Connected) -> Html {
    let state = &props.state;
    let frame = use_node_ref();
    let width = use_room(&frame).map_or(WIDTH, |room| room.width);
    let stops = use_memo(state.inputs.scored.clone(), ScoreStops::new);
    let values = StripValues::new(state, Size { width, height: HEIGHT });
    let request = use_memo((values, stops.clone()), |(values, stops)| {
        stops.as_ref().as_ref().map(|stops| Shared::new(values.request(stops)))
    });
    let on_move = props.with(|state, _, event: StripEvent| {
        match event {
            StripEvent::Drag(k) if state.picture.requested == k && state.picture.edits.is_empty() => {}
            StripEvent::Drag(k) => state.dispatch(Action::Circuit(CircuitAction::Requested(k))),
            // Keys settle a moment later, when another circuit may be there: it stays.
            StripEvent::Settle(_) => state.dispatch(Action::Circuit(CircuitAction::Settled)),
        }
    });
    html! {
        <section class="strip-panel" aria-label="Faithfulness by size">
            <div class="strip-head">
                if state.circuit().is_some() {
                    { reading(&select::reading(state)) }
                } else {
                    <p class="reading quiet">{ "No circuit yet" }</p>
                }
                <span class="grow" />
                { series(props) }
                { measure(props) }
            </div>
            <div class="curve" ref={frame}>
                if let Some(request) = request.as_ref() {
                    <Strip
                        request={request.clone()} cursor={select::cursor(state)} value_text={select::reading_text(state)} {on_move}
                    />
                }
            </div>
            if let Some(note) = scores::own_size(state) {
                <p class="note">{ note }</p>
            }
            if let Some(note) = scores::equal_scores(state) {
                <p class="note">{ note }</p>
            } else if state.has_results() && !has_values(props) {
                <p class="note">{ curves::no_curve(state) }</p>
            }
        </section>
    }
}

fn has_values(props: &Connected) -> bool {
    let metric = props.state.measures.metric;
    props.state.results.rows.iter().any(|row| row.result.measurement.get(metric).is_some())
}

/// `k = 31 edges · |score| ≥ 0.11 · KL 0.12`.
fn reading(reading: &Reading) -> Html {
    let dot = || html! { <span class="d" aria-hidden="true">{ "·" }</span> };
    html! {
        <p class="reading">
            { "k = " }<b class="k">{ &reading.k }</b>{ if reading.k == "1" { " edge" } else { " edges" } }
            if let Some(ties) = &reading.ties {
                <span class="quiet">{ format!(" ({ties})") }</span>
            }
            if let Some(threshold) = &reading.threshold {
                <span class="threshold">{ dot() }{ "|score| ≥ " }<b>{ threshold }</b></span>
            }
            { for reading.values.iter().map(|(name, value)| html! { <>{ dot() }<span class="value">{ format!("{name} ") }<b>{ value }</b></span></> }) }
            if let Some(note) = &reading.note {
                { dot() }<span class="quiet">{ note }</span>
            }
        </p>
    }
}

/// The pinned runs and random edges, and what adds them.
fn series(props: &Connected) -> Html {
    let state = &props.state;
    let pin = props.with(|state, _, _: MouseEvent| {
        if let Some(set) = current_set(state) {
            state.dispatch(Action::Measure(MeasureAction::Pinned(set)));
        }
    });
    let unpin = |style: usize| props.on(move |_: MouseEvent| Action::Measure(MeasureAction::Unpinned(style)));
    html! {
        <span class="series">
            { for state.measures.pins.iter().map(|pin| html! {
                <span class="key" key={pin.style}>
                    <svg width="20" height="10" aria-hidden="true"><path d="M0 5h20" class={format!("pin-{}", pin.style)} /></svg>
                    { pin_name(props, pin) }
                    <button type="button" class="bare" aria-label={format!("Unpin {}", pin.set.name)} title="Unpin" onclick={unpin(pin.style)}>{ "×" }</button>
                </span>
            }) }
            if let Some(switch) = random::switch(state) {
                { random_edges(props, switch) }
            }
            if select::can_pin(state) {
                <button type="button" class="small" title="Keep this curve to compare later runs with" onclick={pin}>{ "Pin" }</button>
            }
        </span>
    }
}

/// The switch of random edges: runs them the first time, hides and shows their curve afterwards.
fn random_edges(props: &Connected, switch: RandomSwitch) -> Html {
    let RandomSwitch { shown, title, enabled, behind } = switch;
    let run = props.with(|state, tasks, _: MouseEvent| {
        if let Some(plan) = random::plan(state) {
            tasks::run_random(tasks, plan);
        }
    });
    let turn = props.on(|_: MouseEvent| Action::Measure(MeasureAction::RandomToggled));
    let onclick = if props.state.random().is_some() { turn } else { run.clone() };
    html! { <>
        <button type="button" class="small" aria-pressed={shown.to_string()} {title} disabled={!enabled} {onclick}>
            if shown {
                <span aria-hidden="true">{ "✓ " }</span>
            }
            { "Random edges" }
        </button>
        if behind {
            <button
                type="button" class="small" aria-label="Run random edges at all sizes of the curve" onclick={run}
                title="Sizes were run since that random edges were not run at: runs them at all sizes of the curve"
            >{ "↻" }</button>
        }
    </> }
}

/// A pinned run's name; where its scores are still here a click takes them into use.
fn pin_name(props: &Connected, pin: &Pin) -> Html {
    let name = &pin.set.name;
    match scores::file_of(&props.state, &pin.set) {
        Some(id) => {
            let onclick = props.on(move |_: MouseEvent| Action::Search(SearchAction::ScoresChosen(id)));
            let title = format!("{name}. Click to use its scores");
            html! { <button type="button" class="bare name" {title} {onclick}>{ name }</button> }
        }
        None => html! { <span class="name" title={name.clone()}>{ name }</span> },
    }
}

fn measure(props: &Connected) -> Html {
    let choose = props.on(|metric| Action::Measure(MeasureAction::MetricChosen(metric)));
    let onchange = move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        if let Some(&metric) = usize::try_from(select.selected_index()).ok().and_then(|i| Metric::ALL.get(i)) {
            choose.emit(metric);
        }
    };
    let option = |&metric: &Metric| html! { <option key={metric.key()} selected={metric == props.state.measures.metric} title={metric.key()}>{ metric.name() }</option> };
    html! { <select id="metric" aria-label="Measure" title="What is on the curve" {onchange}>{ for Metric::ALL.iter().map(option) }</select> }
}
