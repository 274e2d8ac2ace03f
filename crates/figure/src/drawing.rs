//! The drawing of a circuit: its markup in a room, what the pointer and the keys point at, and zoom.
//!
//! The markup is set as one text and stays until the scene is another. Pointing at something and selecting something change
//! classes of its elements, found by the names that they carry (`data-node`, `data-edge`); there is one listener for all of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo_events::{EventListener, EventListenerOptions};
use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, WheelEvent};
use yew::prelude::*;

use crate::marks::{self, Marks};
use crate::motion::Places;
use crate::scene::{Markup, Scene};
use crate::walk::{Place, Step, Target, place_of, step, target_of};
use crate::zoom::Zoom;
use circuitscope_picture::{Point, Size};

/// One step of the zoom's keys and buttons.
pub const ZOOM_STEP: f64 = 1.4;
/// A wheel's notch is about 100 pixels and magnifies by a fifth.
const WHEEL_RATE: f64 = 0.0018;
/// A drawing rests when no other has followed for so long.
const REST_MS: u32 = 150;
/// A press that moves further than this many pixels is a drag and no click.
const CLICK_REACH: f64 = 4.0;

#[derive(Properties, PartialEq)]
pub struct DrawingProps {
    pub scene: Scene,
    pub room: Size,
    /// Whether the flow goes from top to bottom.
    #[prop_or_default]
    pub vertical: bool,
    pub zoom: Zoom,
    /// Whether the boxes of another scene come from where they were in the one before.
    #[prop_or_default]
    pub glides: bool,
    #[prop_or_default]
    pub selection: Option<Target>,
    /// What stands beside the pointer while it points at something.
    #[prop_or_default]
    pub tip: Option<Html>,
    /// What the pointer or the keys are at.
    #[prop_or_default]
    pub on_hover: Callback<Option<Target>>,
    /// What is to be looked into; nothing, where what was selected is let go.
    #[prop_or_default]
    pub on_select: Callback<Option<Target>>,
    /// A selected edge was chosen once more.
    #[prop_or_default]
    pub on_toggle: Callback<Target>,
    #[prop_or_default]
    pub on_zoom: Callback<Zoom>,
    /// The whole screen is wanted, or no more.
    #[prop_or_default]
    pub on_full: Callback<()>,
}

/// The fingers or buttons that are down, and where they were last.
#[derive(Default)]
struct Pressed {
    pointers: BTreeMap<i32, Point>,
    /// How far the pointer went since it came down.
    way: f64,
}

/// A circuit, drawn.
#[component]
pub fn Drawing(props: &DrawingProps) -> Html {
    let figure = use_node_ref();
    let tip_node = use_node_ref();
    let hovered = use_state_eq(|| None::<Target>);
    let place = use_state_eq(|| None::<Place>);
    let pressed = use_mut_ref(Pressed::default);
    let last = use_tip_place(&figure, &tip_node, &props.tip);
    let marks = Marks { hovered: (*hovered).clone(), selected: props.selection.clone() };
    let marked = use_mut_ref(Marks::default);
    marked.replace(marks.clone());
    use_marks(&figure, &props.scene, marks);
    let latest = use_mut_ref(Zoom::default);
    latest.replace(props.zoom);
    use_wheel(&figure, props, &latest);
    let point = point(&hovered, &props.on_hover);
    let pointer = Pointer {
        figure: figure.clone(),
        tip: tip_node.clone(),
        last,
        pressed,
        point: point.clone(),
        zoom: latest,
        room: props.room,
        on_zoom: props.on_zoom.clone(),
    };
    let on = |handle: fn(&Pointer, &PointerEvent)| {
        let pointer = pointer.clone();
        Callback::from(move |event: PointerEvent| handle(&pointer, &event))
    };
    let (onpointermove, onpointerdown) = (on(Pointer::moved), on(Pointer::down));
    let (onpointerup, onpointerleave) = (on(Pointer::up), on(Pointer::left));
    let onclick = clicked(props, &place, &pointer);
    let onkeydown = keys(props, &place, &point);
    let onblur = {
        let point = point.clone();
        move |_: FocusEvent| point.emit(None)
    };
    let class = classes!(
        "cs-drawing",
        (!props.zoom.is_whole()).then_some("zoomed"),
        (props.selection.is_some() || matches!(*hovered, Some(Target::Node(_)))).then_some("dim")
    );
    html! {
        <div
            {class} ref={figure} tabindex="0" role="group" aria-roledescription="circuit drawing" aria-label={props.scene.description.clone()}
            aria-keyshortcuts="ArrowLeft ArrowRight ArrowUp ArrowDown Enter e Escape + - 0"
            {onpointermove} {onpointerdown} {onpointerup} onpointercancel={onpointerleave.clone()} {onpointerleave} {onclick} {onkeydown} {onblur}
        >
            <SceneLayer
                scene={props.scene.clone()} view_box={props.zoom.view_box(props.scene.size())} glides={props.glides} {marked}
            />
            <div class="cs-tip" ref={tip_node} hidden={props.tip.is_none() || hovered.is_none()}>{ props.tip.clone().unwrap_or_default() }</div>
        </div>
    }
}

/// Says what is pointed at, where it is something else.
fn point(hovered: &UseStateHandle<Option<Target>>, on_hover: &Callback<Option<Target>>) -> Callback<Option<Target>> {
    let (hovered, on_hover) = (hovered.clone(), on_hover.clone());
    Callback::from(move |target: Option<Target>| {
        if *hovered != target {
            hovered.set(target.clone());
            on_hover.emit(target);
        }
    })
}

/// Puts another tip beside the pointer once it stands there: only then it has a size to be placed by. Returns where the pointer
/// was last, while it is over the drawing.
#[hook]
fn use_tip_place(figure: &NodeRef, tip_node: &NodeRef, tip: &Option<Html>) -> Rc<RefCell<Option<Point>>> {
    let last = use_mut_ref(|| None::<Point>);
    use_effect_with(tip.clone(), {
        let (tip_node, figure, last) = (tip_node.clone(), figure.clone(), last.clone());
        move |_| move_tip(&tip_node, &figure, *last.borrow())
    });
    last
}

/// What the pointer does.
#[derive(Clone)]
struct Pointer {
    figure: NodeRef,
    tip: NodeRef,
    /// Where it was last, while it is over the drawing.
    last: Rc<RefCell<Option<Point>>>,
    pressed: Rc<RefCell<Pressed>>,
    /// Called with what it is at.
    point: Callback<Option<Target>>,
    /// The zoom as it was last set: two fingers may both move before the drawing is rendered again.
    zoom: Rc<RefCell<Zoom>>,
    room: Size,
    on_zoom: Callback<Zoom>,
}

impl Pointer {
    fn moved(&self, event: &PointerEvent) {
        let zoom = *self.zoom.borrow();
        if let Some(zoomed) = dragged(&mut self.pressed.borrow_mut(), event, &self.figure, zoom, self.room) {
            self.zoom.replace(zoomed);
            self.on_zoom.emit(zoomed);
        } else if event.pointer_type() != "touch" {
            let at = at(event, &self.figure);
            self.last.replace(at);
            self.point.emit(marks::target_at(event));
            move_tip(&self.tip, &self.figure, at);
        }
    }

    fn down(&self, event: &PointerEvent) {
        let mut pressed = self.pressed.borrow_mut();
        pressed.way = 0.0;
        if let Some(at) = at(event, &self.figure) {
            pressed.pointers.insert(event.pointer_id(), at);
        }
    }

    fn up(&self, event: &PointerEvent) {
        self.pressed.borrow_mut().pointers.remove(&event.pointer_id());
    }

    fn left(&self, event: &PointerEvent) {
        self.up(event);
        self.last.replace(None);
        self.point.emit(None);
    }
}

/// A click selects what it is at, and a second one lets go. The end of a drag is no click.
fn clicked(props: &DrawingProps, place: &UseStateHandle<Option<Place>>, pointer: &Pointer) -> Callback<MouseEvent> {
    let (on_select, selection, scene) = (props.on_select.clone(), props.selection.clone(), props.scene.clone());
    let (place, pressed) = (place.clone(), pointer.pressed.clone());
    Callback::from(move |event: MouseEvent| {
        if pressed.borrow().way > CLICK_REACH {
            return;
        }
        let target = marks::target_at(&event);
        place.set(target.as_ref().and_then(|target| place_of(&scene, target)));
        on_select.emit(target.filter(|target| selection.as_ref() != Some(target)));
    })
}

#[derive(Properties, PartialEq)]
struct SceneProps {
    scene: Scene,
    view_box: String,
    glides: bool,
    /// What is marked at present.
    marked: Rc<RefCell<Marks>>,
}

/// The markup, set as one text that the browser reads at once: a node of Yew's for each ribbon would cost half as much again
/// where they are a thousand.
#[component]
fn SceneLayer(props: &SceneProps) -> Html {
    let svg = use_node_ref();
    use_effect_with(props.scene.clone(), {
        let (svg, glides, marked) = (svg.clone(), props.glides, props.marked.clone());
        move |scene| {
            let later = svg.cast::<Element>().and_then(|svg| {
                let before = glides.then(|| Places::of(&svg));
                let later = show(&svg, scene, marked);
                if let Some(before) = before {
                    before.glide(&svg);
                }
                later
            });
            move || drop(later)
        }
    });
    html! {
        <svg
            ref={svg} class={props.scene.class} viewBox={props.view_box.clone()} data-figure="circuit" aria-hidden="true"
            preserveAspectRatio="xMidYMid meet"
        />
    }
}

/// Sets the markup: the quick one first where something else was drawn before and nothing is marked. The whole follows when
/// no other scene does, unless what is returned is dropped.
fn show(svg: &Element, scene: &Scene, marked: Rc<RefCell<Marks>>) -> Option<Timeout> {
    let (quick, whole) = match &scene.markup {
        Markup::Whole(markup) => {
            svg.set_inner_html(markup);
            return None;
        }
        Markup::InSteps { quick, whole } => (quick, whole),
    };
    if svg.first_element_child().is_none() || *marked.borrow() != Marks::default() {
        svg.set_inner_html(&whole());
        return None;
    }
    svg.set_inner_html(quick);
    let (svg, scene) = (svg.clone(), scene.clone());
    Some(Timeout::new(REST_MS, move || {
        if let Markup::InSteps { whole, .. } = &scene.markup {
            svg.set_inner_html(&whole());
            marks::apply(&svg, &marked.borrow());
        }
    }))
}

/// Gives the elements of what is pointed at and selected their classes, whenever that or the scene is another.
#[hook]
fn use_marks(figure: &NodeRef, scene: &Scene, now: Marks) {
    let figure = figure.clone();
    use_effect_with((scene.clone(), now), move |(_, now)| {
        if let Some(figure) = figure.cast::<Element>() {
            marks::apply(&figure, now);
        }
    });
}

/// The wheel magnifies with Ctrl, as a pinch of a touch pad does; without, it scrolls the page.
#[hook]
fn use_wheel(figure: &NodeRef, props: &DrawingProps, zoom: &Rc<RefCell<Zoom>>) {
    let (figure, room, on_zoom, zoom) = (figure.clone(), props.room, props.on_zoom.clone(), zoom.clone());
    use_effect_with((figure, room, on_zoom), move |(figure, room, on_zoom)| {
        let (node, room, on_zoom) = (figure.clone(), *room, on_zoom.clone());
        let listener = figure.cast::<Element>().map(|element| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&element, "wheel", options, move |event| {
                let Some(event) = event.dyn_ref::<WheelEvent>().filter(|event| event.ctrl_key() || event.meta_key())
                else {
                    return;
                };
                event.prevent_default();
                if let Some(around) = at(event, &node) {
                    let zoomed = zoom.borrow().by((-event.delta_y() * WHEEL_RATE).exp(), around, room);
                    zoom.replace(zoomed);
                    on_zoom.emit(zoomed);
                }
            })
        });
        move || drop(listener)
    });
}

/// Where an event happened, in pixels from the drawing's corner.
fn at(event: &MouseEvent, figure: &NodeRef) -> Option<Point> {
    let rect = figure.cast::<Element>()?.get_bounding_client_rect();
    Some(Point { x: f64::from(event.client_x()) - rect.left(), y: f64::from(event.client_y()) - rect.top() })
}

/// The zoom after a pointer that is down was moved: one moves the magnified drawing, two pinch it.
fn dragged(pressed: &mut Pressed, event: &PointerEvent, figure: &NodeRef, zoom: Zoom, room: Size) -> Option<Zoom> {
    let now = at(event, figure)?;
    let before = pressed.pointers.insert(event.pointer_id(), now).or_else(|| {
        pressed.pointers.remove(&event.pointer_id());
        None
    })?;
    let (dx, dy) = (now.x - before.x, now.y - before.y);
    pressed.way += dx.hypot(dy);
    let other = pressed.pointers.iter().find(|(id, _)| **id != event.pointer_id()).map(|(_, &other)| other);
    match other {
        Some(other) => {
            let apart = |a: Point| (a.x - other.x).hypot(a.y - other.y).max(1.0);
            Some(zoom.by(apart(now) / apart(before), other, room))
        }
        None => (!zoom.is_whole()).then(|| zoom.moved(dx, dy, room)),
    }
}

/// Puts the tip beside the pointer, within the drawing.
fn move_tip(tip: &NodeRef, figure: &NodeRef, at: Option<Point>) {
    let (Some(tip), Some(figure), Some(at)) = (tip.cast::<HtmlElement>(), figure.cast::<HtmlElement>(), at) else {
        return;
    };
    let (width, height) = (f64::from(tip.offset_width()), f64::from(tip.offset_height()));
    let left = (at.x - width / 2.0).clamp(4.0, (f64::from(figure.offset_width()) - width - 4.0).max(4.0));
    let top = if at.y - height - 12.0 < 2.0 { at.y + 16.0 } else { at.y - height - 12.0 };
    let style = tip.style();
    // Without a place it stands in the corner, where it can be read as well.
    _ = style.set_property("left", &format!("{left:.0}px"));
    _ = style.set_property("top", &format!("{top:.0}px"));
}

fn keys(
    props: &DrawingProps,
    place: &UseStateHandle<Option<Place>>,
    point: &Callback<Option<Target>>,
) -> Callback<KeyboardEvent> {
    let (place, point, scene, vertical) = (place.clone(), point.clone(), props.scene.clone(), props.vertical);
    let (zoom, room, selection) = (props.zoom, props.room, props.selection.clone());
    let (on_select, on_toggle) = (props.on_select.clone(), props.on_toggle.clone());
    let (on_zoom, on_full) = (props.on_zoom.clone(), props.on_full.clone());
    let middle = Point { x: room.width / 2.0, y: room.height / 2.0 };
    Callback::from(move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let walk = |next: Step| {
            let found = step(&scene, *place, next);
            place.set(found);
            point.emit(found.and_then(|place| target_of(&scene, place)));
        };
        match (event.key().as_str(), vertical) {
            ("ArrowRight", false) | ("ArrowDown", true) => walk(Step::On),
            ("ArrowLeft", false) | ("ArrowUp", true) => walk(Step::Back),
            ("ArrowUp", false) | ("ArrowLeft", true) => walk(Step::Up),
            ("ArrowDown", false) | ("ArrowRight", true) => walk(Step::Down),
            ("e", _) => walk(Step::Edges),
            ("Enter" | " ", _) => match place.and_then(|place| target_of(&scene, place)) {
                Some(target @ Target::Edge(_)) if selection.as_ref() == Some(&target) => on_toggle.emit(target),
                target => on_select.emit(target),
            },
            ("Escape", _) => {
                place.set(None);
                point.emit(None);
                on_select.emit(None);
            }
            ("+" | "=", _) => on_zoom.emit(zoom.by(ZOOM_STEP, middle, room)),
            ("-", _) => on_zoom.emit(zoom.by(1.0 / ZOOM_STEP, middle, room)),
            ("0", _) => on_zoom.emit(Zoom::default()),
            ("f", _) => on_full.emit(()),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    })
}
