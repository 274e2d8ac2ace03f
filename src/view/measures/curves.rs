//! The curves of the strip in numbers, and saving them.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::tables::{CurveTable, curve_table, curve_terms, similarity_table};
use crate::select::compare::{Compared, SimilarityRequest};
use crate::select::curves::{CurvePlot, at_label, curve_rows, hint, no_curve, sets};
use crate::select::random;
use crate::state::measures::ScoreSet;
use crate::state::runs::Failure;
use crate::tasks::save::save_text;
use crate::update::{Action, MeasureAction};
use crate::view::connected::Connected;
use crate::workers::js_text;
use circuitscope_core::AreaLabels;
use circuitscope_core::measure::measures::{to_csv, to_json};
use circuitscope_picture::{Size, Theme, plot, plot_string};

/// The size of a saved plot.
const SAVED: Size = Size { width: 600.0, height: 240.0 };

/// The curves of the strip in numbers, and how alike their scores are.
#[component]
pub fn Curves(props: &Connected) -> Html {
    let state = &props.state;
    let curves = CurvePlot::new(state, SAVED);
    let compared = Compared::new(state);
    let rocs = use_memo(compared.clone(), Compared::rocs);
    let similarities = use_memo(SimilarityRequest::new(state, compared), SimilarityRequest::similarities);
    let areas = AreaLabels::of(curves.sets.iter().map(|(_, set)| &set.key.settings));
    let has_values = curves.sets.iter().any(|(_, set)| !set.rows.is_empty());
    let table = CurveTable {
        rows: &curve_rows(state, &curves.sets, &rocs),
        at: &at_label(state),
        areas: &areas,
        on_unpin: props.on(|style| Action::Measure(MeasureAction::Unpinned(style))),
        on_rename: props.on(|(style, name)| Action::Measure(MeasureAction::PinRenamed(style, name))),
    };
    html! {
        <div class="curves-part">
            <h2>{ "Curves in numbers" }</h2>
            { curve_choices(props, &curves) }
            if has_values {
                <p class="quiet">{ hint(&curves) }</p>
                <div class="table-scroll" tabindex="0" role="region" aria-label="The curves in numbers">
                    { curve_table(&table) }
                </div>
                { curve_terms(&areas, rocs.is_some()) }
                if let Some(note) = areas.note {
                    <p class="quiet">{ note }</p>
                }
                if let Some(note) = random::said(state) {
                    <p class="quiet">{ note }</p>
                }
            } else {
                <p class="note">{ no_curve(state) }</p>
            }
            if let Some(similarities) = &*similarities {
                <div class="table-scroll" tabindex="0" role="region" aria-label="Common edges of the scores">{ similarity_table(similarities) }</div>
            }
        </div>
    }
}

/// The measure's axis, and saving all curves.
fn curve_choices(props: &Connected, curves: &CurvePlot) -> Html {
    let state = &props.state;
    let log = props.on(|log: bool| Action::Measure(MeasureAction::LogYChosen(log)));
    let onlog = move |event: Event| log.emit(event.target_unchecked_into::<HtmlInputElement>().checked());
    let save = |what: &'static str| {
        let (sets, curves, props) = (sets(state), curves.clone(), props.clone());
        Callback::from(move |_: MouseEvent| save(&props, what, &sets, &curves))
    };
    let nothing = curves.sets.is_empty();
    html! {
        <div class="curve-choices">
            <b>{ state.measures.metric.name() }</b>
            if curves.metric.log_y_min().is_some() {
                <label class="check" title="auto-circuit draws this measure on a logarithmic axis">
                    <input type="checkbox" checked={curves.log_y().is_some()} onchange={onlog} />{ "logarithmic" }
                </label>
            }
            <span class="saves">
                <button type="button" disabled={nothing} onclick={save("csv")} title="All measures of all curves as CSV, random edges draw by draw">{ "CSV" }</button>
                <button type="button" disabled={nothing} onclick={save("json")} title="All measures of all curves as JSON, random edges draw by draw">{ "JSON" }</button>
                <button type="button" disabled={nothing} onclick={save("svg")} title="The curves as SVG">{ "SVG" }</button>
            </span>
        </div>
    }
}

fn save(props: &Connected, what: &str, sets: &[(usize, ScoreSet)], curves: &CurvePlot) {
    let measured: Vec<_> = sets.iter().map(|(_, set)| set.measured()).chain(random::measured(&props.state)).collect();
    let saved = match what {
        "csv" => save_text("measures.csv", "text/csv", &to_csv(&measured)),
        "json" => save_text("measures.json", "application/json", &to_json(&measured).to_string()),
        _ => {
            let name = format!("{}.svg", curves.metric.key().to_lowercase().replace(' ', "-"));
            let picture = plot_string(&plot(&CurvePlot { legend: true, ..curves.clone() }.request()), Theme::Light);
            save_text(&name, "image/svg+xml", &picture)
        }
    };
    if let Err(error) = saved {
        let message = format!("The measures could not be saved: {}", js_text(&error));
        props.state.dispatch(Action::Failed(Failure::plain(message)));
    }
}
