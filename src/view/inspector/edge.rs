//! The selected edge: its score and rank, whether it is in the circuit, and what a change does.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::select::inspector::{EdgeRow, EdgeView};

/// The edge and what to call.
pub struct EdgeInspector {
    pub edge: EdgeView,
    pub on_clear: Callback<()>,
    pub on_toggle: Callback<()>,
    /// Given the mask while it is moved.
    pub on_mask: Callback<f32>,
    /// The mask stays.
    pub on_settle: Callback<()>,
    /// Runs the circuit.
    pub on_run: Callback<()>,
}

/// The edge.
pub fn edge_inspector(props: &EdgeInspector) -> Html {
    let edge = &props.edge;
    let sign = if edge.negative { "negative-text" } else { "positive-text" };
    html! { <>
        <section>
            <div class="heading">
                <i class={if edge.negative { "swatch negative" } else { "swatch positive" }} />
                <h2>{ &edge.title }</h2>
                <span class="grow" />
                { clear(&props.on_clear) }
            </div>
            <p><span class={classes!("big", sign)}>{ &edge.score }</span><span class="quiet">{ if edge.negative { " score · hurts the answer" } else { " score · helps the answer" } }</span></p>
            <dl class="facts">
                <dt>{ "Rank" }</dt><dd>{ &edge.rank }</dd>
                if let Some(position) = &edge.position {
                    <dt>{ "Token position" }</dt><dd>{ position }</dd>
                }
                <dt>{ "auto-circuit's name" }</dt><dd><code>{ &edge.name }</code></dd>
            </dl>
        </section>
        <section>
            <div class="heading">
                <h2><label id="in-circuit" for="in-circuit-switch">{ "In the circuit" }</label></h2>
                <span class="grow" />
                <button type="button" id="in-circuit-switch" role="switch" class="switch" aria-checked={(edge.mask > 0.0).to_string()} aria-labelledby="in-circuit" onclick={props.on_toggle.reform(|_: MouseEvent| ())} />
            </div>
            { mask(props) }
            <p class="quiet">{ "Yours to change: a score is an estimate, and a run without the edge tells. The circuit is then no longer the top of the scores, and the curve shows it as a point of its own." }</p>
        </section>
        if !edge.effects.is_empty() || edge.pending {
            { effects(props) }
        }
    </> }
}

/// How much of the edge is in the circuit.
fn mask(props: &EdgeInspector) -> Html {
    let value = |input: HtmlInputElement| input.value().parse::<f32>().ok();
    let oninput = {
        let on_mask = props.on_mask.clone();
        move |event: InputEvent| value(event.target_unchecked_into()).into_iter().for_each(|mask| on_mask.emit(mask))
    };
    let onchange = props.on_settle.reform(|_: Event| ());
    html! {
        <div class="mask">
            <label for="mask"><span>{ "Mask" }</span><output for="mask">{ format!("{:.2}", props.edge.mask) }</output></label>
            <input
                id="mask" type="range" min="0" max="1" step="0.05" value={props.edge.mask.to_string()} {oninput} {onchange}
                aria-describedby="mask-ends"
            />
            <p class="quiet ends" id="mask-ends"><span>{ "0 out" }</span><span>{ "1 in" }</span></p>
        </div>
    }
}

fn effects(props: &EdgeInspector) -> Html {
    let edge = &props.edge;
    html! {
        <section>
            <h2>{ "What your changes do" }</h2>
            if edge.effects.is_empty() {
                if edge.running {
                    <p class="quiet">{ "Running the changed circuit…" }</p>
                } else {
                    <p class="quiet">{ "The changed circuit has not been run. " }<button type="button" class="link" onclick={props.on_run.reform(|_: MouseEvent| ())}>{ "Run it" }</button></p>
                }
            } else {
                <table class="effects">
                    <thead><tr><th scope="col">{ "Measure" }</th><th scope="col">{ "Without" }</th><th scope="col">{ "Now" }</th><th scope="col">{ "Change" }</th></tr></thead>
                    <tbody>{ for edge.effects.iter().map(|[name, before, after, change]| html! {
                        <tr><th scope="row">{ name }</th><td>{ before }</td><td>{ after }</td><td>{ change }</td></tr>
                    }) }</tbody>
                </table>
            }
        </section>
    }
}

/// The button that lets go of what is selected.
pub fn clear(on_clear: &Callback<()>) -> Html {
    html! { <button type="button" class="icon" aria-label="Clear the selection" title="Clear (Esc)" onclick={on_clear.reform(|_: MouseEvent| ())}>{ "×" }</button> }
}

/// Edges as a list, each with a bar of its strength.
pub fn edge_list(rows: &[EdgeRow], on_edge: &Callback<usize>) -> Html {
    if rows.is_empty() {
        return html! { <p class="quiet">{ "No edge of this circuit." }</p> };
    }
    let row = |row: &EdgeRow| {
        let edge_idx = row.edge_idx;
        let (bar, text) =
            if row.negative { ("bar negative", "negative-text") } else { ("bar positive", "positive-text") };
        html! {
            <li key={edge_idx}>
                <button type="button" class="bare" onclick={on_edge.reform(move |_: MouseEvent| edge_idx)}>{ &row.title }</button>
                <span class="track" aria-hidden="true"><i class={bar} style={format!("width: {:.1}%", if row.width > 0.0 { row.width.max(4.0) } else { 0.0 })} /></span>
                <span class={classes!("number", text)}>{ &row.score }</span>
            </li>
        }
    };
    html! { <ul class="edge-list">{ for rows.iter().map(row) }</ul> }
}
