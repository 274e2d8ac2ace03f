//! Choosing a metric, its curves, and their numbers.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::tables::{curve_table, similarity_table};
use crate::select::compare::{Compared, SimilarityRequest};
use crate::select::curves::{CurvePlot, at_label, curve_rows, hint, no_curve, pointed, sets};
use crate::select::measures::current_set;
use crate::select::scores::equal_scores;
use crate::state::measures::ScoreSet;
use crate::state::runs::Failure;
use crate::tasks::save::save_text;
use crate::update::{Action, MeasureAction};
use crate::view::connected::Connected;
use crate::view::parts::plot_svg::{PlotCursor, PlotSvg};
use crate::view::parts::screen::is_narrow;
use crate::words::counted;
use crate::workers::js_text;
use circuitscope_core::measure::measures::{to_csv, to_json};
use circuitscope_core::{AreaLabels, Metric};
use circuitscope_picture::{Size, Theme, plot, plot_string};

/// The plot's size on a wide and on a narrow screen.
const WIDE: Size = Size { width: 600.0, height: 240.0 };
const NARROW: Size = Size { width: 368.0, height: 260.0 };

/// Choosing a metric, its curves, and their numbers.
#[component]
pub fn Curves(props: &Connected) -> Html {
    let state = &props.state;
    let curves = CurvePlot::new(state, if is_narrow() { NARROW } else { WIDE });
    let layout = use_memo(curves.clone(), |curves| Rc::new(plot(&curves.request())));
    let compared = Compared::new(state);
    let rocs = use_memo(compared.clone(), Compared::rocs);
    let similarities = use_memo(SimilarityRequest::new(state, compared), SimilarityRequest::similarities);
    let hovered = use_state_eq(|| None::<f64>);
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |x| hovered.set(x))
    };
    let on_unpin = props.on(|style| Action::Measure(MeasureAction::Unpinned(style)));
    let areas = AreaLabels::of(curves.sets.iter().map(|(_, set)| &set.key.settings));
    let has_values = layout.series.iter().any(|series| !series.points.is_empty());
    html! {
        <div class="curves-part">
            { curve_choices(props, &curves) }
            if has_values {
                <PlotSvg
                    layout={(*layout).clone()} label="Circuit on the curve" {on_hover} cursor={cursor(props, &curves)}
                />
                <p class="hover">{ hovered.map_or_else(|| hint(&curves), |x| pointed(&layout, x)) }</p>
            } else {
                <p class="note">{ no_curve(state) }</p>
            }
            if let Some(note) = equal_scores(state) {
                <p class="note">{ note }</p>
            }
            if has_values {
                <div class="table-scroll" tabindex="0" role="region" aria-label="The curves in numbers">
                    { curve_table(&curve_rows(state, &curves.sets, &rocs), &at_label(state), &areas, &on_unpin) }
                </div>
                if let Some(note) = areas.note {
                    <p class="note">{ note }</p>
                }
            }
            if let Some(similarities) = &*similarities {
                <div class="table-scroll" tabindex="0" role="region" aria-label="Common edges of the scores">{ similarity_table(similarities) }</div>
            }
        </div>
    }
}

fn curve_choices(props: &Connected, curves: &CurvePlot) -> Html {
    let state = &props.state;
    let choose = props.on(|metric| Action::Measure(MeasureAction::MetricChosen(metric)));
    let onchange = move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        if let Some(&metric) = usize::try_from(select.selected_index()).ok().and_then(|i| Metric::ALL.get(i)) {
            choose.emit(metric);
        }
    };
    let log = props.on(|log: bool| Action::Measure(MeasureAction::LogYChosen(log)));
    let onlog = move |event: Event| log.emit(event.target_unchecked_into::<HtmlInputElement>().checked());
    let option = |&metric: &Metric| {
        let (name, key) = (metric.name(), metric.key());
        html! {
            <option key={key} selected={metric == curves.metric}>{ format!("{name} — {key}") }</option>
        }
    };
    let pin = props.with(|state, _, _: MouseEvent| {
        if let Some(set) = current_set(state) {
            state.dispatch(Action::Measure(MeasureAction::Pinned(set)));
        }
    });
    let can_pin = current_set(state).is_some() && state.measures.can_pin();
    let save = |what: &'static str| {
        let (sets, curves, props) = (sets(state), curves.clone(), props.clone());
        Callback::from(move |_: MouseEvent| save(&props, what, &sets, &curves))
    };
    let nothing = curves.sets.is_empty();
    html! {
        <div class="curve-choices">
            <select id="metric" aria-label="Metric" {onchange}>{ for Metric::ALL.iter().map(option) }</select>
            if curves.metric.log_y_min().is_some() {
                <label class="check" title="auto-circuit draws this metric on a logarithmic axis">
                    <input type="checkbox" checked={curves.log_y().is_some()} onchange={onlog} />{ "log" }
                </label>
            }
            <button type="button" onclick={pin} disabled={!can_pin} title="Keep these curves to compare later runs with">{ "Pin" }</button>
            <span class="saves">
                <button type="button" disabled={nothing} onclick={save("csv")} title="All metrics of all curves as CSV">{ "CSV" }</button>
                <button type="button" disabled={nothing} onclick={save("json")} title="All metrics of all curves as JSON">{ "JSON" }</button>
                <button type="button" disabled={nothing} onclick={save("svg")} title="This plot as SVG">{ "SVG" }</button>
            </span>
        </div>
    }
}

/// The shown circuit on the curve of what was run last.
fn cursor(props: &Connected, curves: &CurvePlot) -> Option<PlotCursor> {
    let circuit =
        props.state.circuit().filter(|_| !curves.stale && curves.sets.first().is_some_and(|(style, _)| *style == 0))?;
    let measured = curves.sets[0].1.rows.iter().find(|row| row.result.circuit.n_edges == circuit.n_edges);
    let y = measured.and_then(|row| row.result.measurement.mean(curves.metric));
    let on_move = props.on(|x: f64| Action::CircuitRequested(x as usize));
    Some(PlotCursor { x: circuit.n_edges as f64, y, text: counted(circuit.n_edges, "edge"), on_move })
}

fn save(props: &Connected, what: &str, sets: &[(usize, ScoreSet)], curves: &CurvePlot) {
    let measured: Vec<_> = sets.iter().map(|(_, set)| set.measured()).collect();
    let saved = match what {
        "csv" => save_text("measures.csv", "text/csv", &to_csv(&measured)),
        "json" => save_text("measures.json", "application/json", &to_json(&measured).to_string()),
        _ => {
            let name = format!("{}.svg", curves.metric.key().to_lowercase().replace(' ', "-"));
            let picture =
                plot_string(&plot(&CurvePlot { legend: true, size: WIDE, ..curves.clone() }.request()), Theme::Light);
            save_text(&name, "image/svg+xml", &picture)
        }
    };
    if let Err(error) = saved {
        let message = format!("The measures could not be saved: {}", js_text(&error));
        props.state.dispatch(Action::Failed(Failure::plain(message)));
    }
}
