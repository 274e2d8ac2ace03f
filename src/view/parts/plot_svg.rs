//! A plot as a component: it reports where the pointer is, and a cursor over the curves moves with the pointer or by keys.
//!
//! The curves are a component of their own, drawn again only when they change; cursor and pointer are drawn above them.

use std::rc::Rc;

use yew::prelude::*;
use yew::virtual_dom::VNode;

use super::svg::to_tag;
use circuitscope_picture as plot;
use circuitscope_picture::{PlotLayout, Rect};

#[derive(Properties, PartialEq)]
pub struct PlotSvgProps {
    pub layout: Rc<PlotLayout>,
    /// What the plot shows, in a few words.
    pub label: AttrValue,
    /// The cursor, if there is one.
    #[prop_or_default]
    pub cursor: Option<PlotCursor>,
    /// Called with where the pointer is, in the plot's pixels.
    pub on_hover: Callback<Option<f64>>,
}

/// A cursor over the first series.
#[derive(Clone, PartialEq)]
pub struct PlotCursor {
    /// On the x axis.
    pub x: f64,
    /// The value of the first series there; `None` where it has not been measured.
    pub y: Option<f64>,
    /// In words.
    pub text: String,
    /// Called with the x of the point that it is moved to.
    pub on_move: Callback<f64>,
}

/// A plot.
#[component]
pub fn PlotSvg(props: &PlotSvgProps) -> Html {
    let PlotSvgProps { layout, label, cursor, on_hover } = props;
    let figure = use_node_ref();
    let pointer = use_state_eq(|| None::<f64>);
    let point = {
        let (pointer, on_hover) = (pointer.clone(), on_hover.clone());
        move |x: Option<f64>| {
            pointer.set(x);
            on_hover.emit(x);
        }
    };
    let move_to = move_to(layout, cursor);
    let onpointerdown = {
        let (figure, width, move_to) = (figure.clone(), layout.size.width, move_to.clone());
        move |event: PointerEvent| {
            let (Some(x), Some(element)) = (x_of(&event, &figure, width), figure.cast::<web_sys::Element>()) else {
                return;
            };
            // Without capture a drag ends where the pointer leaves the plot, which does no harm.
            _ = element.set_pointer_capture(event.pointer_id());
            move_to.emit(x);
        }
    };
    let onpointermove = {
        let (figure, width, point) = (figure.clone(), layout.size.width, point.clone());
        move |event: PointerEvent| {
            let x = x_of(&event, &figure, width);
            point(x);
            if let Some(x) = x.filter(|_| event.buttons() & 1 == 1) {
                move_to.emit(x);
            }
        }
    };
    let onpointerleave = move |_: PointerEvent| point(None);
    let onkeydown = keys(layout, cursor);
    let (width, height) = (layout.size.width, layout.size.height);
    let range = layout.series.first().map_or(0, |series| series.points.len().saturating_sub(1));
    let now = cursor.as_ref().and_then(|cursor| layout.nearest(0, layout.x.px(cursor.x))).unwrap_or(0);
    html! {
        <div
            class={classes!("plot-figure", cursor.is_some().then_some("movable"))} ref={figure}
            style={format!("--width: {width}px")}
            role={if cursor.is_some() { "slider" } else { "group" }} aria-label={label.clone()}
            tabindex={cursor.is_some().then_some("0")}
            aria-valuemin={cursor.is_some().then_some("0")} aria-valuemax={cursor.is_some().then(|| range.to_string())}
            aria-valuenow={cursor.is_some().then(|| now.to_string())}
            aria-valuetext={cursor.as_ref().map(|cursor| cursor.text.clone())}
            {onpointerdown} {onpointermove} {onpointerleave} {onkeydown}
        >
            <PlotLayer layout={layout.clone()} />
            <svg class="plot overlay" viewBox={format!("0 0 {width} {height}")} aria-hidden="true">
                if let Some(x) = pointer.filter(|&x| within(layout.frame, x)) {
                    { pointed(layout, x) }
                }
                if let Some(cursor) = cursor.as_ref() {
                    <g class="cursor">{ VNode::from(to_tag(plot::cursor(layout, plot::Cursor { x: cursor.x, y: cursor.y }))) }</g>
                }
            </svg>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PlotLayerProps {
    layout: Rc<PlotLayout>,
}

/// What neither the pointer nor the cursor changes.
#[component]
fn PlotLayer(props: &PlotLayerProps) -> Html {
    to_tag(plot::plot_picture(&props.layout)).into()
}

/// Moves the cursor to the point of the first series that is nearest to a position in pixels.
fn move_to(layout: &Rc<PlotLayout>, cursor: &Option<PlotCursor>) -> Callback<f64> {
    let Some(cursor) = cursor.clone() else { return Callback::noop() };
    let layout = layout.clone();
    Callback::from(move |at: f64| {
        if let Some(i) = layout.nearest(0, at) {
            let x = layout.series[0].points[i].x;
            if x != cursor.x {
                cursor.on_move.emit(x);
            }
        }
    })
}

/// Arrow keys step from point to point; Home and End go to the ends.
fn keys(layout: &Rc<PlotLayout>, cursor: &Option<PlotCursor>) -> Callback<KeyboardEvent> {
    let Some(cursor) = cursor.clone() else { return Callback::noop() };
    let layout = layout.clone();
    Callback::from(move |event: KeyboardEvent| {
        let points = layout.series.first().map_or(&[][..], |series| &series.points);
        let before = points.iter().rposition(|point| point.x < cursor.x);
        let after = points.iter().position(|point| point.x > cursor.x);
        let next = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => before,
            "ArrowRight" | "ArrowUp" => after,
            "Home" => (!points.is_empty()).then_some(0),
            "End" => points.len().checked_sub(1),
            _ => return,
        };
        event.prevent_default();
        if let Some(i) = next {
            cursor.on_move.emit(points[i].x);
        }
    })
}

/// A thin line at the pointer, and rings around the points nearest to it.
fn pointed(layout: &PlotLayout, x: f64) -> Html {
    let Rect { y, height, .. } = layout.frame;
    let rings = layout.near(x).into_iter().map(|(series, i)| {
        let at = layout.series[series].points[i].at;
        html! { <circle cx={at.x.to_string()} cy={at.y.to_string()} r="5" /> }
    });
    html! {
        <g class="pointed">
            <path d={format!("M{x} {y}v{height}")} />
            { for rings }
        </g>
    }
}

fn within(frame: Rect, x: f64) -> bool {
    (frame.x - 1.0..=frame.x + frame.width + 1.0).contains(&x)
}

/// Where the pointer is, in the plot's own pixels.
fn x_of(event: &PointerEvent, figure: &NodeRef, width: f64) -> Option<f64> {
    let rect = figure.cast::<web_sys::Element>()?.get_bounding_client_rect();
    (rect.width() > 0.0).then(|| (f64::from(event.client_x()) - rect.left()) * width / rect.width())
}
