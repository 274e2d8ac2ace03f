//! The selected node: its strongest edges, and drawing only what is around it.

use yew::prelude::*;

use super::edge::{clear, edge_list};
use crate::select::insight::{NodeNumbers, NormRow, Seen};
use crate::select::inspector::NodeView;
use circuitscope_figure::{HeatMap, Shared};
use circuitscope_picture::strip::heat::HeatRequest;

/// The node and what to call.
pub struct NodeInspector {
    pub node: NodeView,
    /// The attention of a head.
    pub attention: Option<Seen<Shared<HeatRequest>>>,
    /// What it adds to the logits, and the size of its output.
    pub numbers: Option<Seen<NodeNumbers>>,
    /// What the drawing is focused on, how many edges away; none is any number.
    pub focused: Option<Option<usize>>,
    pub on_clear: Callback<()>,
    /// Runs the circuit, so that the engine can be asked about it.
    pub on_run: Callback<()>,
    pub on_edge: Callback<usize>,
    pub on_focus: Callback<Option<Option<usize>>>,
    /// Draws the heads of the node's block in one box, or apart.
    pub on_turn: Option<Callback<()>>,
}

/// The node.
pub fn node_inspector(props: &NodeInspector) -> Html {
    let node = &props.node;
    html! { <>
        <section>
            <div class="heading">
                <i class={classes!("swatch", node.kind.key())} />
                <h2>{ &node.title }</h2>
                <span class="grow" />
                { clear(&props.on_clear) }
            </div>
            <p class="quiet">{ &node.about }</p>
        </section>
        if let Some(attention) = &props.attention {
            <section>
                <div class="heading"><h2>{ "Attention" }</h2><span class="quiet">{ "query ↓ key →" }</span></div>
                { seen(attention, &props.on_run, |request| html! {
                    <HeatMap label={format!("Attention of head {}", node.title)} request={request.clone()} />
                }) }
            </section>
        }
        if let Some(numbers) = &props.numbers {
            <section>
                <h2>{ "What it adds to the logits" }</h2>
                { seen(numbers, &props.on_run, numbers_view) }
            </section>
        }
        <section>
            <h2>{ "Draw only what is around it" }</h2>
            <div class="segments" role="group" aria-label="Draw only what is around it">
                { for FOCUS.into_iter().map(|(label, focus)| {
                    let pressed = props.focused == focus;
                    html! { <button type="button" aria-pressed={pressed.to_string()} onclick={props.on_focus.reform(move |_: MouseEvent| focus)}>{ label }</button> }
                }) }
            </div>
            if let Some(on_turn) = &props.on_turn {
                <button type="button" class="small" onclick={on_turn.reform(|_: MouseEvent| ())}>{ "Heads of this layer in one box, or apart" }</button>
            }
        </section>
        <section>
            <h2>{ "Into it, strongest first" }</h2>
            { edge_list(&node.incoming, &props.on_edge) }
            <h2>{ "Out of it" }</h2>
            { edge_list(&node.outgoing, &props.on_edge) }
        </section>
    </> }
}

/// What there is to see, or why there is nothing yet.
pub fn seen<T>(seen: &Seen<T>, on_run: &Callback<()>, view: impl Fn(&T) -> Html) -> Html {
    match seen {
        Seen::Ready(value) => view(value),
        Seen::Waiting => html! { <p class="quiet">{ "Computing…" }</p> },
        Seen::Failed(why) => html! { <p class="wrong">{ why }</p> },
        Seen::NeedsRun => html! {
            <p class="quiet">{ "This needs the model itself. " }<button type="button" class="link" onclick={on_run.reform(|_: MouseEvent| ())}>{ "Run this circuit here" }</button></p>
        },
    }
}

/// Direct logit attribution, and the norm of the output at each position.
fn numbers_view(numbers: &NodeNumbers) -> Html {
    html! { <>
        <table class="effects">
            <caption class="visually-hidden">{ "Direct logit attribution" }</caption>
            <thead><tr><td /><th scope="col">{ "Clean" }</th><th scope="col">{ "Corrupt" }</th><th scope="col">{ "Circuit" }</th></tr></thead>
            <tbody>{ for ["Answer", "Wrong answer", "Difference"].iter().enumerate().map(|(i, name)| html! {
                <tr><th scope="row">{ *name }</th>{ for numbers.logits.iter().map(|run| html! { <td>{ &run[i] }</td> }) }</tr>
            }) }</tbody>
        </table>
        <p class="quiet">{ "Direct logit attribution: its output through the final norm, with that norm's scale as it was." }</p>
        <h3>{ "Size of its output by position (L2 norm, clean)" }</h3>
        <ul class="norms">{ for numbers.norms.iter().map(norm) }</ul>
    </> }
}

fn norm(row: &NormRow) -> Html {
    let [clean, corrupt, circuit] = row.widths;
    html! {
        <li title={format!("Share of the largest: clean {clean:.0} %, corrupt {corrupt:.0} %, circuit {circuit:.0} %")}>
            <span class="token">{ &row.token }</span>
            <span class="track" aria-hidden="true"><i class="bar" style={format!("width: {clean:.1}%")} /></span>
            <span class="number">{ &row.clean }</span>
        </li>
    }
}

/// How many edges away.
const FOCUS: [(&str, Option<Option<usize>>); 4] =
    [("Off", None), ("1 edge", Some(Some(1))), ("2 edges", Some(Some(2))), ("All", Some(None))];
