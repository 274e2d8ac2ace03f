//! How strong each layer is in the circuit, and the window of layers that is drawn large.

use web_sys::{Element, HtmlSelectElement};
use yew::prelude::*;

use crate::select::inspector::LayerBar;

/// The height of a layer's bars, in pixels; fewer layers have higher ones.
const LEAST_ROW: f64 = 9.4;
const MOST_ROW: f64 = 16.0;
/// The width of the bars of each side, and of the picture.
const SIDE: f64 = 100.0;
const WIDTH: f64 = 256.0;
/// The numbers of layers stand in the middle.
const MIDDLE: f64 = 129.0;

/// Which layers are to be drawn large.
#[derive(Clone, Copy)]
pub enum WindowChange {
    All,
    /// The first and the last.
    Layers(usize, usize),
    /// From this one on, the last staying where it is.
    First(usize),
    /// Up to this one, the first staying where it is.
    Last(usize),
}

/// The layers and what to call.
#[derive(Properties, PartialEq)]
pub struct LayersProps {
    pub bars: Vec<LayerBar>,
    /// The first and the last layer of the window.
    pub window: Option<(usize, usize)>,
    pub on_window: Callback<WindowChange>,
}

/// Bars of attention to the left and of MLPs to the right. Dragging over rows zooms into those layers.
#[component]
pub fn Layers(props: &LayersProps) -> Html {
    let figure = use_node_ref();
    let from = use_state_eq(|| None::<usize>);
    let n = props.bars.len();
    let row = (180.0 / n.max(1) as f64).clamp(LEAST_ROW, MOST_ROW);
    let layer_at = {
        let figure = figure.clone();
        move |event: &PointerEvent| {
            let rect = figure.cast::<Element>()?.get_bounding_client_rect();
            let share = (f64::from(event.client_y()) - rect.top()) / rect.height();
            (n > 0).then(|| ((share * n as f64).floor().max(0.0) as usize).min(n - 1))
        }
    };
    let onpointerdown = {
        let (from, layer_at) = (from.clone(), layer_at.clone());
        move |event: PointerEvent| from.set(layer_at(&event))
    };
    let onpointerup = {
        let (from, on_window) = (from.clone(), props.on_window.clone());
        move |event: PointerEvent| {
            if let (Some(from), Some(to)) = (*from, layer_at(&event)) {
                on_window.emit(WindowChange::Layers(from.min(to), from.max(to)));
            }
            from.set(None);
        }
    };
    let height = row * n as f64;
    html! {
        <section>
            <div class="heading"><h2>{ "Strength by layer" }</h2><span class="grow" /><span class="quiet">{ "attention | MLP" }</span></div>
            <svg class="layers" ref={figure} viewBox={format!("0 0 {WIDTH} {height}")} role="img" aria-label="The summed score of each layer" {onpointerdown} {onpointerup}>
                { for props.bars.iter().enumerate().map(|(i, bar)| bars(i, bar, row, props.window)) }
            </svg>
            { window(props) }
        </section>
    }
}

fn bars(i: usize, bar: &LayerBar, row: f64, window: Option<(usize, usize)>) -> Html {
    let (y, high) = (row * i as f64, row - 2.4);
    let (attn, mlp) = (SIDE * bar.attn, SIDE * bar.mlp);
    let marked = window.is_some_and(|(first, last)| (first..=last).contains(&i));
    html! {
        <g key={i}>
            if marked {
                <rect class="marked" x="0" y={y.to_string()} width={WIDTH.to_string()} height={row.to_string()} />
            }
            <rect class="attn" x={format!("{:.1}", MIDDLE - 11.0 - attn)} y={format!("{:.1}", y + 1.2)} width={format!("{attn:.1}")} height={format!("{high:.1}")} />
            <rect class="mlp" x={format!("{:.1}", MIDDLE + 11.0)} y={format!("{:.1}", y + 1.2)} width={format!("{mlp:.1}")} height={format!("{high:.1}")} />
            if row > 12.0 || i.is_multiple_of(2) {
                <text x={MIDDLE.to_string()} y={format!("{:.1}", y + row / 2.0 + 3.2)} text-anchor="middle">{ i }</text>
            }
        </g>
    }
}

/// The window by choice, for those who do not drag.
fn window(props: &LayersProps) -> Html {
    let n = props.bars.len();
    let (first, last) = props.window.unwrap_or((0, n.saturating_sub(1)));
    let choice = |id: &'static str, label: &'static str, chosen: usize, on_choose: Callback<usize>| {
        let onchange = move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            on_choose.emit(usize::try_from(select.selected_index()).unwrap_or(0));
        };
        html! { <>
            <label for={id}>{ label }</label>
            <select {id} class="short" {onchange}>{ for (0..n).map(|i| html! { <option selected={i == chosen}>{ i }</option> }) }</select>
        </> }
    };
    html! { <>
        <div class="heading quiet">
            { choice("first-layer", "Look closely at layers", first, props.on_window.reform(WindowChange::First)) }
            { choice("last-layer", "to", last, props.on_window.reform(WindowChange::Last)) }
            if props.window.is_some() {
                <button type="button" class="link" onclick={props.on_window.reform(|_: MouseEvent| WindowChange::All)}>{ "All layers" }</button>
            }
        </div>
        <p class="quiet">{ "Draws these layers alone in full: all earlier ones share a column, all later ones another. Dragging over the bars does the same." }</p>
    </> }
}
