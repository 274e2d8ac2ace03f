//! Choosing an official circuit, and the ROC curve against it.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::select::compare::Compared;
use crate::select::curves::pointed;
use crate::select::measures::shown_as_official;
use crate::tasks;
use crate::update::{Action, MeasureAction};
use crate::view::connected::Connected;
use crate::view::parts::plot_svg::PlotSvg;
use crate::words::counted;

/// Choosing an official circuit, and the ROC curve against it.
#[component]
pub fn OfficialRoc(props: &Connected) -> Html {
    let state = &props.state;
    let layout = use_memo(Compared::new(state), |compared| compared.plot().map(Rc::new));
    let hovered = use_state_eq(|| None::<f64>);
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |x| hovered.set(x))
    };
    let onfile = props.with(|state, tasks, event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let file = input.files().and_then(|files| files.get(0));
        if let (Some(file), Some(scored)) = (file, state.inputs.scored.clone()) {
            tasks::read_official(tasks, file, scored);
        }
        // The same file can be chosen again.
        input.set_value("");
    });
    let shown = props.with(|state, _, _: MouseEvent| {
        if let Some(official) = shown_as_official(state) {
            state.dispatch(Action::Measure(MeasureAction::OfficialRead(Ok(official))));
        }
    });
    let dropped = props.on(|_: MouseEvent| Action::Measure(MeasureAction::OfficialDropped));
    let n_edges = state.circuit().map_or(0, |circuit| circuit.n_edges);
    html! {
        <div class="official">
            <h2>{ "Against an official circuit" }</h2>
            <div class="curve-choices">
                <label class="button" title="A JSON list of edge names, or scores that are 0 for all other edges">
                    <input type="file" accept=".json,.safetensors" class="visually-hidden" onchange={onfile} />{ "Choose a file…" }
                </label>
                <button type="button" onclick={shown} disabled={n_edges == 0}>{ "Take the shown one" }</button>
                if let Some(official) = &state.measures.official {
                    <span class="quiet">{ format!("{}: {}", official.name, counted(official.circuit.n_edges(), "edge")) }</span>
                    <button type="button" class="remove" aria-label="Forget the official circuit" title="Forget" onclick={dropped}>{ "×" }</button>
                }
            </div>
            if let Some(error) = &state.measures.official_error {
                <p class="wrong">{ error }</p>
            }
            if let Some(layout) = &*layout {
                <PlotSvg layout={layout.clone()} label="ROC curve" {on_hover} />
                <p class="hover">{ hovered.map_or_else(|| ROC_HINT.to_owned(), |x| pointed(layout, x)) }</p>
            } else if state.measures.official.is_some() && state.scored().is_some() {
                <p class="note">{ "It has other edges than this graph." }</p>
            }
        </div>
    }
}

const ROC_HINT: &str =
    "From the largest score to the least: the share of official edges found against the share of others.";
