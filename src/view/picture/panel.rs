//! The circuit, and what is chosen over it.

use yew::prelude::*;

use super::circuit_svg::CircuitSvg;
use super::toolbar::{EdgeSlider, PictureActions, edge_slider, picture_actions};
use crate::select::picture::{self as select, PictureRequest};
use crate::state::State;
use crate::state::runs::Failure;
use crate::tasks::save;
use crate::update::Action;
use crate::view::connected::Connected;
use crate::workers::js_text;
use circuitscope_picture::{Layout, Theme, svg_string};

/// The circuit, and what is chosen over it.
#[component]
pub fn PicturePanel(props: &Connected) -> Html {
    let state = &props.state;
    let request = PictureRequest::new(state);
    let picture = use_memo(request.clone(), PictureRequest::layout);
    let hovered = use_state_eq(|| None::<AttrValue>);
    let on_hover = {
        let hovered = hovered.clone();
        Callback::from(move |text| hovered.set(text))
    };
    let on_slide = props.with(|state, _, position: usize| {
        if let Some(scored) = state.scored() {
            state.dispatch(Action::CircuitRequested(scored.steps.count(position)));
        }
    });
    let on_save = {
        let picture = picture.clone();
        props.with(move |state, _, ()| {
            if let Some(layout) = &*picture {
                save_picture(state, layout);
            }
        })
    };
    html! {
        <section class="picture" aria-label="Circuit">
            if let Some(slider) = select::slider(state) {
                { edge_slider(&EdgeSlider { slider, on_slide, on_count: props.on(Action::CircuitRequested) }) }
            }
            if let Some(part) = request.as_ref().and_then(PictureRequest::left_out) {
                <p class="partial">
                    { part }
                    <button type="button" onclick={props.on(|_: MouseEvent| Action::DrawAll)}>{ "Draw all" }</button>
                </p>
            }
            <div class="canvas" tabindex="0" role="region" aria-label="The drawn circuit" style={picture.as_ref().as_ref().map(|layout| format!("--width: {}px", layout.size.width))}>
                if let Some(layout) = &*picture {
                    <CircuitSvg layout={layout.clone()} {on_hover} />
                } else {
                    <p class="empty">{ select::no_picture(state) }</p>
                }
            </div>
            <div class="picture-foot">
                <p class="hover">{ hovered.as_ref().cloned().unwrap_or_else(|| select::HOVER_HINT.into()) }</p>
                { picture_actions(&PictureActions {
                    orientation: state.picture.orientation,
                    ready: picture.is_some(),
                    on_orientation: props.on(Action::OrientationChosen),
                    on_save,
                }) }
            </div>
        </section>
    }
}

fn save_picture(state: &UseReducerHandle<State>, layout: &Layout) {
    let n_edges = state.circuit().map_or(0, |circuit| circuit.n_edges);
    let name = format!("circuit-{n_edges}-edges.svg");
    if let Err(error) = save::save_text(&name, "image/svg+xml", &svg_string(layout, Theme::Light)) {
        let message = format!("The picture could not be saved: {}", js_text(&error));
        state.dispatch(Action::Failed(Failure::plain(message)));
    }
}
