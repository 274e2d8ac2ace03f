//! What stands over and under the picture: the slider over the edge count; the direction, saving.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::select::picture::Slider;
use crate::words::counted;
use circuitscope_picture::Orientation;

/// The chosen circuit and what to call when another is.
pub struct EdgeSlider {
    pub slider: Slider,
    /// The slider's position.
    pub on_slide: Callback<usize>,
    pub on_count: Callback<usize>,
}

/// The slider, with the edge count to type and the score threshold beside it.
pub fn edge_slider(props: &EdgeSlider) -> Html {
    let (on_slide, on_count) = (props.on_slide.clone(), props.on_count.clone());
    let oninput = move |event: InputEvent| number(&event, &on_slide);
    let oncount = move |event: InputEvent| number(&event, &on_count);
    let Slider { position, max, requested, n_edges, n_graph_edges, threshold } = &props.slider;
    // What is typed and is no count, such as -5 or 7.5, is not drawn: the field goes back to the count that is.
    let drawn = requested.to_string();
    let onblur = move |event: FocusEvent| event.target_unchecked_into::<HtmlInputElement>().set_value(&drawn);
    html! {
        <div class="toolbar">
            <label for="edge-slider">{ "Edges" }</label>
            <input
                id="edge-slider" type="range" min="0" max={max.to_string()} value={position.to_string()} {oninput}
                aria-valuetext={format!("{n_edges} of {}, {threshold}", counted(*n_graph_edges, "edge"))}
            />
            <input
                class="count" type="number" min="0" max={n_graph_edges.to_string()} value={requested.to_string()}
                oninput={oncount} {onblur} aria-label="Edge count"
            />
            <output for="edge-slider" class="of">
                if n_edges != requested {
                    <span title="Edges with the same score come in together">{ format!("→ {n_edges} with ties, ") }</span>
                }
                { format!("of {n_graph_edges}") }
            </output>
            <output for="edge-slider" class="threshold">{ threshold }</output>
        </div>
    }
}

/// What can be done with the picture.
pub struct PictureActions {
    pub orientation: Orientation,
    /// Whether there is a picture.
    pub ready: bool,
    pub on_orientation: Callback<Orientation>,
    pub on_save: Callback<()>,
}

/// Its direction, and saving it.
pub fn picture_actions(props: &PictureActions) -> Html {
    html! {
        <div class="picture-actions">
            { orientation_button(props, Orientation::Horizontal, "Horizontal", "↔") }
            { orientation_button(props, Orientation::Vertical, "Vertical", "↕") }
            <button type="button" onclick={props.on_save.reform(|_| ())} disabled={!props.ready}>{ "Save as SVG" }</button>
        </div>
    }
}

/// Emits the number in the field, where there is one.
fn number(event: &InputEvent, to: &Callback<usize>) {
    if let Ok(n) = event.target_unchecked_into::<HtmlInputElement>().value().parse() {
        to.emit(n);
    }
}

fn orientation_button(
    props: &PictureActions,
    orientation: Orientation,
    label: &'static str,
    sign: &'static str,
) -> Html {
    let chosen = props.orientation == orientation;
    html! {
        <button
            type="button" class="sign" aria-label={label} title={label} aria-pressed={chosen.to_string()}
            onclick={props.on_orientation.reform(move |_| orientation)}
        >{ sign }</button>
    }
}
