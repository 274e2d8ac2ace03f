//! The inspector.

use yew::prelude::*;

use super::edge::{EdgeInspector, edge_inspector, edge_list};
use super::layers::{Layers, WindowChange};
use super::node::{NodeInspector, node_inspector};
use super::values::{PromptsView, prompts_view};
use crate::select::insight::{self, Seen};
use crate::select::inspector::{self as select, EdgeRow};
use crate::select::{figure_words, runs, values};
use crate::state::figure::Next;
use crate::state::picture::{Selection, View};
use crate::state::runs::Plan;
use crate::tasks;
use crate::update::{Action, CircuitAction};
use crate::view::connected::Connected;
use crate::view::tokens::panel::TokensPanel;
use circuitscope_figure::Shared;
use circuitscope_picture::drawn::NodeKind;
use circuitscope_picture::strip::heat::HeatRequest;
use circuitscope_picture::view::Focus;

/// The inspector's element, for what leads to it.
pub const INSPECTOR_ID: &str = "inspector";

/// What is selected, or else the prompt.
#[component]
pub fn Inspector(props: &Connected) -> Html {
    let state = &props.state;
    let on_edge = props.on(|edge_idx| Action::Circuit(CircuitAction::Selected(Some(Selection::Edge(edge_idx)))));
    let on_clear = props.on(|()| Action::Circuit(CircuitAction::Selected(None)));
    html! {
        <aside class="inspector" id={INSPECTOR_ID} tabindex="-1" aria-label="Inspector">
            if let Some(edge) = select::edge(state) {
                { edge_inspector(&EdgeInspector {
                    on_clear,
                    on_toggle: circuit(props, CircuitAction::Toggled, edge.edge_idx),
                    on_mask: on_mask(props, edge.edge_idx),
                    on_settle: props.on(|()| Action::Circuit(CircuitAction::Settled)),
                    on_run: run(props),
                    edge,
                }) }
            } else if let Some(node) = select::node(state) {
                { node_inspector(&NodeInspector {
                    focused: focused(&state.picture.view, &node.name),
                    attention: attention(props),
                    numbers: insight::numbers(state),
                    on_clear,
                    on_run: run(props),
                    on_edge: on_edge.clone(),
                    on_focus: on_focus(props, node.name.clone()),
                    on_turn: node.block.filter(|_| node.kind == NodeKind::Head).map(|block| circuit(props, CircuitAction::BlockTurned, block)),
                    node,
                }) }
            }
            if state.inputs.prompts.is_some() {
                <TokensPanel ..props.clone() />
            }
            if state.picture.selection.is_none() {
                if let Some(prompts) = values::every_prompt(state) {
                    { prompts_view(&PromptsView { prompts, on_run: run(props), on_select: props.on(Action::PromptChosen) }) }
                }
                if let Some(bars) = select::layers(state) {
                    <Layers window={window(&state.picture.view)} on_window={on_window(props, bars.len())} {bars} />
                }
                { strongest(&select::strongest(state), &on_edge) }
            }
        </aside>
    }
}

/// The strongest edges of the circuit, where it has any.
fn strongest(rows: &[EdgeRow], on_edge: &Callback<usize>) -> Html {
    if rows.is_empty() {
        return Html::default();
    }
    html! { <>
        <section>
            <h2>{ "Strongest edges" }</h2>
            { edge_list(rows, on_edge) }
        </section>
        <p class="quiet">{ "Select a box or a ribbon to look inside it." }</p>
    </> }
}

/// The attention of the selected head.
fn attention(props: &Connected) -> Option<Seen<Shared<HeatRequest>>> {
    Some(match insight::attention(&props.state)? {
        Seen::Ready(request) => Seen::Ready(Shared::new(request)),
        Seen::NeedsRun => Seen::NeedsRun,
        Seen::Waiting => Seen::Waiting,
        Seen::Failed(why) => Seen::Failed(why),
    })
}

/// Runs the chosen circuit.
fn run(props: &Connected) -> Callback<()> {
    props.with(|state, tasks, ()| {
        if runs::ready(state) {
            tasks::run(tasks, Plan::circuit(state.key(), state.picture.choice(), &state.settings));
        } else if figure_words::is_waiting(state) {
            tasks::figure::fetch(tasks, state, Next::Run);
        }
    })
}

fn circuit(props: &Connected, action: fn(usize) -> CircuitAction, value: usize) -> Callback<()> {
    props.on(move |()| Action::Circuit(action(value)))
}

fn on_mask(props: &Connected, edge_idx: usize) -> Callback<f32> {
    props.on(move |mask| Action::Circuit(CircuitAction::MaskChanged(edge_idx, mask)))
}

fn focused(view: &View, name: &str) -> Option<Option<usize>> {
    view.options.focus.as_ref().filter(|focus| focus.name == name).map(|focus| focus.hops)
}

/// The first and the last layer that are drawn large.
fn window(view: &View) -> Option<(usize, usize)> {
    view.options.window.as_ref().map(|window| (window.start, window.end.saturating_sub(1)))
}

fn on_window(props: &Connected, n_layers: usize) -> Callback<WindowChange> {
    props.on(move |change: WindowChange| {
        Action::view(move |view| {
            let (first, last) = window(view).unwrap_or((0, n_layers.saturating_sub(1)));
            let to = match change {
                WindowChange::All => None,
                WindowChange::Layers(first, last) => Some((first, last)),
                WindowChange::First(first) => Some((first, last.max(first))),
                WindowChange::Last(last) => Some((first.min(last), last)),
            };
            view.options.window = to.map(|(first, last)| first..last + 1);
        })
    })
}

fn on_focus(props: &Connected, name: String) -> Callback<Option<Option<usize>>> {
    props.on(move |hops: Option<Option<usize>>| {
        let name = name.clone();
        Action::view(move |view| view.options.focus = hops.map(|hops| Focus { name, hops }))
    })
}
