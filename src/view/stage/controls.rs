//! How the circuit is drawn: its manner, how far heads are told apart, and zoom.

use std::rc::Rc;

use yew::prelude::*;

use crate::state::picture::{Look, View};
use crate::update::action::ViewChange;
use crate::view::parts::controls::{Check, check};
use crate::view::parts::menu::Menu;
use circuitscope_figure::{ZOOM_STEP, Zoom};
use circuitscope_picture::view::{Heads, ViewOptions};
use circuitscope_picture::{Orientation, Point, Size};

/// From as many edges on the matrix is offered beside the flow.
const MATRIX_FROM: usize = 100;

/// What is chosen, and what to call.
pub struct Controls {
    pub view: View,
    /// How many edges the circuit has.
    pub n_edges: usize,
    pub token_wise: bool,
    pub zoom: Zoom,
    pub room: Size,
    /// What is drawn and what is not, in words.
    pub left_out: String,
    pub can_undo: bool,
    pub can_redo: bool,
    pub on_view: Callback<ViewChange>,
    pub on_zoom: Callback<Zoom>,
    pub on_full: Callback<()>,
    pub on_undo: Callback<()>,
    pub on_redo: Callback<()>,
}

/// The choices that lead, at the left.
pub fn choices(props: &Controls) -> Html {
    let view = &props.view;
    let large = props.n_edges > view.options.limits.overview_above;
    let many = props.n_edges >= MATRIX_FROM || view.look == Look::Matrix;
    html! {
        <div class="choices">
            if many {
                { segments("Manner", &[("Flow", view.look == Look::Flow), ("Matrix", view.look == Look::Matrix)], change(props, |view, i: usize| view.look = [Look::Flow, Look::Matrix][i])) }
            }
            if view.look == Look::Flow && (large || view.options.heads != Heads::Auto) {
                { segments(
                    "Heads", &[("Heads apart", view.options.heads == Heads::Apart), ("By layer", view.options.heads != Heads::Apart)],
                    change(props, |view, i: usize| {
                        view.options.heads = [Heads::Apart, Heads::ByLayer][i];
                        // Of all layers: what was opened or shut one by one was so beside the others.
                        view.options.opened.clear();
                        view.options.closed.clear();
                    }),
                ) }
            }
            if let Some((first, last)) = view.options.window.as_ref().map(|w| (w.start, w.end.saturating_sub(1))) {
                <button type="button" onclick={change(props, |view, _: MouseEvent| view.options.window = None)}>{ format!("‹ All layers (now {first} to {last})") }</button>
            }
            if let Some(focus) = &view.options.focus {
                <button type="button" onclick={change(props, |view, _: MouseEvent| view.options.focus = None)}>{ format!("‹ All nodes (now around {})", circuitscope_figure::names::node_title(&focus.name)) }</button>
            }
        </div>
    }
}

/// Zoom, and the menu of the other choices, at the right.
pub fn buttons(props: &Controls) -> Html {
    let Size { width, height } = props.room;
    let middle = Point { x: width / 2.0, y: height / 2.0 };
    let (zoom, room) = (props.zoom, props.room);
    let by = |factor: f64| props.on_zoom.reform(move |_: MouseEvent| zoom.by(factor, middle, room));
    html! {
        <div class="zoom">
            <button type="button" class="icon" aria-label="Undo" title="Undo (Ctrl+Z)" disabled={!props.can_undo} onclick={props.on_undo.reform(|_: MouseEvent| ())}>{ icon("M5 2L2 5l3 3M2 5h6a4 4 0 0 1 0 8H5") }</button>
            <button type="button" class="icon" aria-label="Redo" title="Redo (Ctrl+Y)" disabled={!props.can_redo} onclick={props.on_redo.reform(|_: MouseEvent| ())}>{ icon("M9 2l3 3-3 3M12 5H6a4 4 0 0 0 0 8h3") }</button>
            <button type="button" class="icon" aria-label="Zoom out" title="Zoom out (−)" onclick={by(1.0 / ZOOM_STEP)}>{ icon("M2 7h10") }</button>
            <button type="button" class="icon" aria-label="Zoom in" title="Zoom in (+)" onclick={by(ZOOM_STEP)}>{ icon("M2 7h10M7 2v10") }</button>
            <button type="button" class="icon" aria-label="Fit to view" title="Fit (0)" disabled={props.zoom.is_whole()} onclick={props.on_zoom.reform(|_: MouseEvent| Zoom::default())}>{ icon("M1 5V1h4M9 1h4v4M13 9v4H9M5 13H1V9") }</button>
            <button type="button" class="icon" aria-label="Turn the drawing" title="Turn (r)" aria-pressed={(props.view.orientation == Orientation::Vertical).to_string()} onclick={change(props, |view, _: MouseEvent| view.orientation = view.orientation.turned())}>{ icon("M3 2v9M1 9l2 2.5L5 9M6 3h6M10 1l2.2 2L10 5") }</button>
            <Menu class="view-menu" button={html! { { "View" } }} label="View: how the circuit is drawn">
                { menu(props) }
            </Menu>
        </div>
    }
}

fn menu(props: &Controls) -> Html {
    let view = &props.view;
    let option = |label: &'static str, title: &'static str, checked: bool, set: fn(&mut View, bool)| {
        check(Check { label, title, checked, on_check: change(props, set), ..Check::default() })
    };
    html! { <>
        { for Look::ALL.into_iter().map(|look| html! {
            <button type="button" aria-current={(look == view.look).then_some("true")} onclick={change(props, move |view, _: MouseEvent| view.look = look)}>{ look.label() }</button>
        }) }
        <hr />
        { option("Merge Q, K and V", "Draws what enters a head's query, key and value as one", view.options.merge_ports, |view, on| view.options.merge_ports = on) }
        { option("Compact order", "Orders the boxes for these edges alone: fewer crossings, but boxes change their order with the circuit", view.compact, |view, on| view.compact = on) }
        { option("Every layer", "Gives layers without edges room as well (auto-circuit: layer_spacing)", view.layer_spacing, |view, on| view.layer_spacing = on) }
        if view.look == Look::AutoCircuit {
            { option("Patched edges", "Colours edges by whether they are patched, in place of their scores (auto-circuit: draw_seq_graph without prune_scores)", view.by_mask, |view, on| view.by_mask = on) }
        }
        if props.token_wise {
            { option("Every position", "Draws token positions without edges as well (auto-circuit: show_all_seq_pos)", view.options.all_positions, |view, on| view.options.all_positions = on) }
        }
        <hr />
        <button type="button" onclick={change(props, |view, _: MouseEvent| view.options = ViewOptions { heads: view.options.heads, ..ViewOptions::default() })}>{ "Show all of it" }</button>
        <button type="button" onclick={props.on_full.reform(|_: MouseEvent| ())}>{ "Full screen" }<span class="quiet">{ "f" }</span></button>
    </> }
}

/// A sign of lines, 14 pixels wide.
fn icon(d: &'static str) -> Html {
    html! { <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><path {d} /></svg> }
}

fn change<T: 'static>(props: &Controls, set: impl Fn(&mut View, T) + 'static) -> Callback<T> {
    let set = Rc::new(set);
    props.on_view.reform(move |value| {
        let set = set.clone();
        Box::new(move |view: &mut View| set(view, value)) as ViewChange
    })
}

/// A row of buttons of which one is pressed.
fn segments(label: &'static str, options: &[(&'static str, bool)], on_choose: Callback<usize>) -> Html {
    let button = |(i, &(label, pressed)): (usize, &(&'static str, bool))| {
        html! { <button type="button" aria-pressed={pressed.to_string()} onclick={on_choose.reform(move |_: MouseEvent| i)}>{ label }</button> }
    };
    html! { <span class="segments" role="group" aria-label={label}>{ for options.iter().enumerate().map(button) }</span> }
}
