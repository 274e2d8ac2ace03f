//! The selected node: its strongest edges, and drawing only what is around it.

use yew::prelude::*;

use super::edge::{clear, edge_list};
use crate::select::inspector::NodeView;

/// The node and what to call.
pub struct NodeInspector {
    pub node: NodeView,
    /// What the drawing is focused on, how many edges away; none is any number.
    pub focused: Option<Option<usize>>,
    pub on_clear: Callback<()>,
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

/// How many edges away.
const FOCUS: [(&str, Option<Option<usize>>); 4] =
    [("Off", None), ("1 edge", Some(Some(1))), ("2 edges", Some(Some(2))), ("All", Some(None))];
