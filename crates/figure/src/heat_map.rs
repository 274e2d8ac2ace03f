//! The attention patterns of a head as heat maps.
//!
//! The cell at the pointer, or the one that arrow keys lead to, is outlined and read in every map, so that clean, corrupt and
//! patched can be compared; without one it is what the query of interest attends to most.

use yew::prelude::*;

use circuitscope_picture::Rect;
use circuitscope_picture::strip::heat::{HeatCell, HeatLayout, HeatRequest, heat, markup};

use crate::place;
use crate::shared::Shared;

#[derive(Properties, PartialEq)]
pub struct HeatMapProps {
    /// What the maps show: `Attention of head A3.1`.
    pub label: AttrValue,
    pub request: Shared<HeatRequest>,
    /// The query of interest; the last, which predicts the answer, where none is given.
    #[prop_or_default]
    pub query: Option<usize>,
}

/// Attention patterns, one for each run.
#[component]
pub fn HeatMap(props: &HeatMapProps) -> Html {
    let HeatMapProps { label, request, query } = props;
    let layout = use_memo(request.clone(), |request| heat(request));
    let picture = use_memo(request.clone(), {
        let layout = layout.clone();
        move |_| AttrValue::from(markup(&layout))
    });
    let figure = use_node_ref();
    // Query and key.
    let pointed = use_state_eq(|| None::<(usize, usize)>);
    let onpointermove = {
        let (figure, layout, pointed) = (figure.clone(), layout.clone(), pointed.clone());
        Callback::from(move |event: PointerEvent| {
            let at = place::of(&event, &figure, layout.size.width);
            pointed.set(at.and_then(|at| layout.cell_at(at)).map(|cell| (cell.query, cell.key)));
        })
    };
    let onpointerleave = {
        let pointed = pointed.clone();
        Callback::from(move |_: PointerEvent| pointed.set(None))
    };
    let cells = layout.cells(*pointed, *query);
    let onkeydown = {
        let (layout, pointed) = (layout.clone(), pointed.clone());
        let from = cells.first().map(|cell| (cell.query, cell.key));
        Callback::from(move |event: KeyboardEvent| {
            let to = from.and_then(|from| layout.step(from, &event.key()));
            if to.is_some() {
                event.prevent_default();
                pointed.set(to);
            } else if event.key() == "Escape" && pointed.is_some() {
                // It ends the pointing here, and not also what the page ends by it.
                event.prevent_default();
                event.stop_propagation();
                pointed.set(None);
            }
        })
    };
    let read = cells
        .iter()
        .filter_map(|&cell| Some(format!("{} {}", layout.maps[cell.map].name.text, layout.cell_text(cell)?)));
    html! {
        <div
            class="cs-heat" ref={figure} role="group" tabindex="0" aria-label={label.clone()}
            style={format!("width:{}px", layout.size.width)} {onpointermove} {onpointerleave} {onkeydown}
        >
            { Html::from_html_unchecked((*picture).clone()) }
            <svg class="above" viewBox={format!("0 0 {} {}", layout.size.width, layout.size.height)} aria-hidden="true">
                { for cells.iter().map(|&cell| outlined(&layout, cell)) }
            </svg>
            <p class="cs-hidden" aria-live="polite">{ read.collect::<Vec<_>>().join("; ") }</p>
        </div>
    }
}

/// The outline of a cell, and its value beside the map's name.
fn outlined(layout: &HeatLayout, cell: HeatCell) -> Html {
    let Some(Rect { x, y, width, height }) = layout.cell_rect(cell) else { return Html::default() };
    let reading = layout.maps[cell.map].reading_spot.at;
    html! {
        <>
            <rect
                class="cell" x={format!("{:.2}", x - 1.0)} y={format!("{:.2}", y - 1.0)}
                width={format!("{:.2}", width + 1.3)} height={format!("{:.2}", height + 1.3)}
            />
            <text x={format!("{:.2}", reading.x)} y={format!("{:.2}", reading.y)} text-anchor="end">
                { layout.cell_text(cell) }
            </text>
        </>
    }
}
