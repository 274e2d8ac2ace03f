//! The strip as a component: the faithfulness curve, and above it a groove with the knob that sets the number of edges.
//!
//! The curve is one piece of markup, made again only when the request changes. The cursor lies above it in a few nodes, so
//! that moving it is cheap. Dragging anywhere sets the count; a touch outside the groove may also be the start of a scroll,
//! so that it sets nothing before it moves sideways or ends.

mod pointer;

use yew::prelude::*;

use circuitscope_picture::strip::text::count_text;
use circuitscope_picture::strip::{self, Cursor, CursorShape, StripLayout, StripRequest, svg};

use crate::shared::Shared;
use pointer::{Drag, Pointer};

/// Counts of more characters leave no room for the knob's arrows.
const ARROW_CHARS: usize = 4;

#[derive(Properties, PartialEq)]
pub struct StripProps {
    /// Its size is the room that the page has for the strip, in CSS pixels.
    pub request: Shared<StripRequest>,
    pub cursor: Cursor,
    /// The reading in words: `aria-valuetext`.
    pub value_text: AttrValue,
    #[prop_or_default]
    pub disabled: bool,
    pub on_move: Callback<StripEvent>,
    /// Called with the count of the measured circuit that the pointer is at.
    #[prop_or_default]
    pub on_point: Callback<Option<usize>>,
}

/// The cursor was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripEvent {
    /// To this count, perhaps not for long: a pointer is down, or keys follow each other. One that was typed may lie between two
    /// stops; the circuit is then the next larger one.
    Drag(usize),
    /// The last count that was told stays: the pointer was released, or no key has followed for 200 ms. Drags end in one.
    Settle(usize),
}

/// The strip. Its knob is the element with `data-strip-handle`, a slider whose `aria-valuenow` is the count.
#[component]
pub fn Strip(props: &StripProps) -> Html {
    let StripProps { request, cursor, value_text, disabled, on_move, on_point } = props;
    let layout = use_memo(request.clone(), |request| strip::layout(request));
    let picture = use_memo(request.clone(), {
        let layout = layout.clone();
        move |_| AttrValue::from(svg::markup(&layout))
    });
    let (figure, knob) = (use_node_ref(), use_node_ref());
    let typed = use_state_eq(String::new);
    let pointed = use_state_eq(|| None::<usize>);
    let drag = use_mut_ref(Drag::default);
    use_effect_with((), {
        let drag = drag.clone();
        move |()| move || drop(drag.take())
    });
    let pointer =
        Pointer { layout: layout.clone(), figure: figure.clone(), drag, k: cursor.k, on_move: on_move.clone() };
    let point = point(&pointed, on_point);
    let onpointerleave = point.reform(|_: PointerEvent| None);
    let onpointerdown = {
        let knob = knob.clone();
        pointer.on(move |pointer, event| pointer.down(event, &knob))
    };
    let onpointermove = pointer.on(move |pointer, event| point.emit(pointer.moved(event)));
    let (onpointerup, onpointercancel) = (pointer.on(Pointer::up), pointer.on(|pointer, _| pointer.settle()));
    let onkeydown = keys(pointer, typed.clone());
    let onblur = {
        let typed = typed.clone();
        Callback::from(move |_: FocusEvent| typed.set(String::new()))
    };
    let (width, height) = (layout.size.width, layout.size.height);
    // A disabled strip shows its curve and its cursor, and answers to nothing.
    let unless_disabled = !disabled;
    html! {
        <div
            class={classes!("cs-strip", disabled.then_some("disabled"))} ref={figure}
            style={format!("width:{width}px;height:{height}px")}
            onpointerdown={unless_disabled.then_some(onpointerdown)}
            onpointermove={unless_disabled.then_some(onpointermove)}
            onpointerup={unless_disabled.then_some(onpointerup)}
            onpointercancel={unless_disabled.then_some(onpointercancel)}
            {onpointerleave}
        >
            <StripPicture markup={(*picture).clone()} />
            <CursorLayer layout={Shared::from(layout.clone())} cursor={*cursor} pointed={*pointed} />
            <div class="groove" aria-hidden="true" />
            <div
                class={classes!("knob", (!typed.is_empty()).then_some("typing"))} ref={knob} data-strip-handle=""
                style={knob_style(&layout, cursor)}
                role="slider" tabindex={if *disabled { "-1" } else { "0" }} aria-label="Edges kept in the circuit"
                aria-disabled={disabled.then_some("true")}
                aria-valuemin="0" aria-valuemax={layout.stops.n_edges().to_string()}
                aria-valuenow={cursor.k.to_string()} aria-valuetext={value_text}
                onkeydown={unless_disabled.then_some(onkeydown)} {onblur}
            >
                { knob_text(cursor.k, &typed) }
            </div>
        </div>
    }
}

/// Says which count is pointed at, where it is another.
fn point(pointed: &UseStateHandle<Option<usize>>, on_point: &Callback<Option<usize>>) -> Callback<Option<usize>> {
    let (pointed, on_point) = (pointed.clone(), on_point.clone());
    Callback::from(move |k| {
        if *pointed != k {
            pointed.set(k);
            on_point.emit(k);
        }
    })
}

/// The knob's keys, with the digits that are being typed.
fn keys(pointer: Pointer, typed: UseStateHandle<String>) -> Callback<KeyboardEvent> {
    Callback::from(move |event: KeyboardEvent| {
        if let Some(digits) = pointer.key(&event, &typed) {
            typed.set(digits);
        }
    })
}

/// The knob's place as a share of the width, so that it stays with the picture when a page scales it.
fn knob_style(layout: &StripLayout, cursor: &Cursor) -> String {
    format!("left:{:.4}%", 100.0 * layout.cursor(cursor).knob_x / layout.size.width.max(1.0))
}

/// The count, or the digits that are being typed.
fn knob_text(k: usize, typed: &str) -> Html {
    let text = if typed.is_empty() { count_text(k) } else { format!("{typed}_") };
    let has_arrows = text.len() <= ARROW_CHARS && typed.is_empty();
    html! {
        <span class="count">
            if has_arrows {
                <svg viewBox="0 0 4 8" aria-hidden="true"><path d="M3.5 .5L.5 4l3 3.5" /></svg>
            }
            <span>{ text }</span>
            if has_arrows {
                <svg viewBox="0 0 4 8" aria-hidden="true"><path d="M.5 .5l3 3.5l-3 3.5" /></svg>
            }
        </span>
    }
}

#[derive(Properties, PartialEq)]
struct StripPictureProps {
    markup: AttrValue,
}

/// What the cursor does not change.
#[component]
fn StripPicture(props: &StripPictureProps) -> Html {
    html! { <div class="picture">{ Html::from_html_unchecked(props.markup.clone()) }</div> }
}

#[derive(Properties, PartialEq)]
struct CursorLayerProps {
    layout: Shared<StripLayout>,
    cursor: Cursor,
    /// The count of the measured circuit at the pointer.
    pointed: Option<usize>,
}

/// The part of the groove left of the knob, the line down to the axis, the mark on the curve, and a ring at the pointer.
#[component]
fn CursorLayer(props: &CursorLayerProps) -> Html {
    let CursorLayerProps { layout, cursor, pointed } = props;
    let at = layout.cursor(cursor);
    let (zero, groove) = (layout.counts.zero, strip::GROOVE_Y);
    let bottom = layout.frame.y + layout.frame.height;
    html! {
        <svg class="above" viewBox={format!("0 0 {} {}", layout.size.width, layout.size.height)} aria-hidden="true">
            <path class="rail" d={format!("M{zero:.2} {groove}H{:.2}", layout.counts.end)} />
            <path class="done" d={format!("M{zero:.2} {groove}H{:.2}", at.x)} />
            <path class="fall" d={format!("M{:.2} {}V{bottom:.2}", at.x, strip::KNOB_FOOT)} />
            if let Some(dot) = pointed.and_then(|k| layout.dot_of(k)) {
                <circle class="pointed" cx={format!("{:.2}", dot.x)} cy={format!("{:.2}", dot.y)} r="5" />
            }
            if let Some((dot, shape)) = at.mark {
                if shape == CursorShape::Edited {
                    <path class="mark edited" d={svg::diamond(dot)} />
                } else {
                    <circle
                        class={classes!("mark", (shape == CursorShape::Interpolated).then_some("between"))}
                        cx={format!("{:.2}", dot.x)} cy={format!("{:.2}", dot.y)} r="4.5"
                    />
                }
            }
        </svg>
    }
}
