//! The drawing with its legend and controls.

use std::rc::Rc;

use web_sys::Element;
use yew::prelude::*;

use super::compare_bar::{CompareBar, compare_bar};
use super::controls::{Controls, buttons, choices};
use super::legend::matrix_legend;
use crate::select::figure::{DrawnRequest, nodes_of, placed_nodes};
use crate::select::picture::no_picture;
use crate::select::pointed as select;
use crate::select::scene::{self, DrawnRc, SceneRequest};
use crate::select::two_circuits::{self, PairRequest};
use crate::select::{carried, insight};
use crate::state::State;
use crate::state::picture::{Look, Selection};
use crate::update::{Action, CircuitAction, CompareAction};
use crate::view::connected::Connected;
use crate::words::grouped;
use circuitscope_core::Overlap;
use circuitscope_figure::tip::{blocks_to_open, tip_text, tip_view};
use circuitscope_figure::{Drawing, Target, Zoom, legend, use_room, use_zoom};
use circuitscope_picture::drawn::Drawn;
use circuitscope_picture::{Orientation, Size};

/// The drawing.
#[component]
pub fn DrawingPanel(props: &Connected) -> Html {
    let state = &props.state;
    let (frame, figure) = (use_node_ref(), use_node_ref());
    let room = use_room(&figure);
    let (drawn, drawing) = use_scene(state, room);
    // Boxes glide to another order or another view; a drag along the curve moves nothing but widths.
    let last_view = use_mut_ref(|| state.picture.view.clone());
    let glides = last_view.replace(state.picture.view.clone()) != state.picture.view;
    let (zoom, set_zoom) = use_zoom(room, state.picture.view.clone());
    let hovered = use_state_eq(|| None::<Target>);
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |target| hovered.set(target))
    };
    let overlap = use_memo(PairRequest::new(state), |request| request.as_ref().map(PairRequest::overlap));
    let (shown, size) = (drawn.as_ref().as_ref(), room.unwrap_or(Size { width: 1.0, height: 1.0 }));
    let tip = hovered.as_ref().zip(shown).and_then(|(target, drawn)| select::tip(state, drawn, target));
    let names = two_circuits::names(state);
    let on_full = full_screen(&frame);
    let controls = controls(props, shown, (zoom, size), (set_zoom.clone(), on_full.clone()));
    html! {
        <section class={classes!("figure", (state.has_results() && !state.fresh()).then_some("stale"))} ref={frame} aria-label="The circuit">
            if let Some(overlap) = *overlap {
                { compare_bar(&compare_props(props, overlap)) }
            }
            <div class="figure-bar">
                if let Some(drawing) = &*drawing {
                    { choices(&controls) }
                    { match state.picture.view.look {
                        Look::Matrix => matrix_legend(names.as_ref()),
                        Look::Flow | Look::AutoCircuit => legend(&drawing.legend, names.as_ref()),
                    } }
                }
                if state.scored().is_some() {
                    { buttons(&controls) }
                }
            </div>
            <div class="room" ref={figure}>
                if let (Some(drawing), Some(room)) = (drawing.as_ref(), room) {
                    <Drawing
                        scene={drawing.scene.clone()} {room} {zoom} {glides} selection={select::target(state)}
                        vertical={state.picture.view.orientation == Orientation::Vertical && state.picture.view.look == Look::Flow}
                        tip={tip.as_ref().map(tip_view)} {on_hover} on_zoom={set_zoom} {on_full}
                        on_select={on_select(props, &drawn)} on_toggle={on_toggle(props)}
                    />
                } else if state.scored().is_none() {
                    <p class="empty">{ no_picture(state) }</p>
                }
            </div>
            if state.scored().is_some() {
                { left_out(props, &controls.left_out) }
            }
            <p class="visually-hidden" role="status" aria-live="polite">{ tip.as_ref().map(tip_text) }</p>
        </section>
    }
}

/// What is drawn of the circuit, and where it goes in a room.
#[hook]
fn use_scene(state: &State, room: Option<Size>) -> (Rc<Option<Rc<Drawn>>>, Rc<Option<scene::Drawing>>) {
    let nodes = use_memo(nodes_of(state), placed_nodes);
    let request = DrawnRequest::new(state, (*nodes).clone());
    let drawn = use_memo(request.clone(), |request| request.as_ref().and_then(DrawnRequest::drawn));
    let scene_request = request.zip((*drawn).clone()).zip(room).map(|((request, drawn), size)| SceneRequest {
        request,
        drawn: DrawnRc(drawn),
        size,
        arcs: insight::arcs(state),
        activations: state.picture.view.by_mask.then(|| carried::activations(state)).flatten(),
    });
    (drawn, use_memo(scene_request, |request| request.as_ref().map(SceneRequest::drawing)))
}

/// What is drawn and what is not, what was changed with the way back, and the switch of edges on a path.
fn left_out(props: &Connected, text: &str) -> Html {
    let picture = &props.state.picture;
    let n_edges = props.state.circuit().map_or(0, |circuit| circuit.n_edges);
    html! {
        <p class="left-out">
            <span title={text.to_owned()}>{ text }</span>
            if let Some(edits) = select::edits_line(&picture.edits) {
                <span class="edits">{ edits }{ " " }<button type="button" class="link" onclick={props.on(|_: MouseEvent| Action::Circuit(CircuitAction::EditsCleared))}>{ format!("Back to the top {}", grouped(n_edges)) }</button></span>
            }
            { path_only(props) }
        </p>
    }
}

fn compare_props(props: &Connected, overlap: Overlap) -> CompareBar {
    let view = &props.state.picture.view;
    CompareBar {
        overlap: two_circuits::overlap_line(overlap),
        only_a: view.look == Look::AutoCircuit,
        only_differences: view.options.differences_only,
        on_only_differences: props.on(|on| Action::view(move |view| view.options.differences_only = on)),
        on_end: props.on(|()| Action::Compare(CompareAction::Chosen(None))),
    }
}

fn controls(
    props: &Connected,
    drawn: Option<&Rc<Drawn>>,
    (zoom, room): (Zoom, Size),
    (on_zoom, on_full): (Callback<Zoom>, Callback<()>),
) -> Controls {
    let state: &State = &props.state;
    Controls {
        view: state.picture.view.clone(),
        n_edges: state.circuit().map_or(0, |circuit| circuit.n_edges),
        token_wise: state.settings.run.token_wise,
        zoom,
        room,
        left_out: drawn.map_or(String::new(), |drawn| select::left_out(drawn)),
        can_undo: state.history.can_undo(),
        can_redo: state.history.can_redo(),
        on_view: props.on(|change| Action::Circuit(CircuitAction::ViewChanged(change))),
        on_zoom,
        on_full,
        on_undo: props.on(|()| Action::Circuit(CircuitAction::Undone)),
        on_redo: props.on(|()| Action::Circuit(CircuitAction::Redone)),
    }
}

/// Whether edges on no path from the embedding to the end are drawn.
fn path_only(props: &Connected) -> Html {
    let checked = props.state.picture.view.options.on_path_only;
    let onchange = props.on(|_: Event| Action::view(|view| view.options.on_path_only = !view.options.on_path_only));
    html! {
        <label class="check" title="Draws only edges on a path from Embed to Unembed; others are faded otherwise">
            <input type="checkbox" {checked} {onchange} />{ "on a path only" }
        </label>
    }
}

/// A click selects a node or an edge, and draws apart what is together.
fn on_select(props: &Connected, drawn: &Rc<Option<Rc<Drawn>>>) -> Callback<Option<Target>> {
    let drawn = drawn.clone();
    props.with(move |state, _, target: Option<Target>| {
        let Some((target, drawn)) = target.zip(drawn.as_ref().as_ref()) else {
            return state.dispatch(Action::Circuit(CircuitAction::Selected(None)));
        };
        match select::selection(drawn, &target) {
            Some(selection) => state.dispatch(Action::Circuit(CircuitAction::Selected(Some(selection)))),
            None => blocks_to_open(drawn, &target)
                .into_iter()
                .for_each(|block| state.dispatch(Action::Circuit(CircuitAction::BlockTurned(block)))),
        }
    })
}

/// The selected edge is put in or taken out.
fn on_toggle(props: &Connected) -> Callback<Target> {
    props.with(|state, _, _: Target| {
        if let Some(Selection::Edge(edge_idx)) = state.picture.selection {
            state.dispatch(Action::Circuit(CircuitAction::Toggled(edge_idx)));
        }
    })
}

fn full_screen(frame: &NodeRef) -> Callback<()> {
    let frame = frame.clone();
    Callback::from(move |()| {
        let document = web_sys::window().and_then(|window| window.document());
        if document.as_ref().is_some_and(|document| document.fullscreen_element().is_some()) {
            document.iter().for_each(web_sys::Document::exit_fullscreen);
        } else if let Some(frame) = frame.cast::<Element>() {
            // A browser that refuses leaves the drawing where it is.
            _ = frame.request_fullscreen();
        }
    })
}
