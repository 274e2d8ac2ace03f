//! The picture of a circuit as a component: the elements of `svg` as the page's nodes, and what the pointer does.
//!
//! The ribbons and the boxes are components of their own that are drawn again only when the layout changes. Pointing at
//! something dims the ribbons and draws those that belong to it once more, above: few nodes, however large the circuit.
//! There is one listener for the picture, not one a ribbon; elements say what they are by `data-ribbon` and `data-box`.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use yew::prelude::*;
use yew::virtual_dom::VNode;

use crate::view::parts::svg::to_tag;
use circuitscope_picture::auto_circuit::svg;
use circuitscope_picture::{Layout, Ribbon};

#[derive(Properties, PartialEq)]
pub struct CircuitSvgProps {
    pub layout: Rc<Layout>,
    /// Called with what the pointer is at: an edge's name and score, or a node's name and number of edges.
    #[prop_or_default]
    pub on_hover: Callback<Option<AttrValue>>,
}

/// What the pointer is at: an index in the layout's ribbons or boxes.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Ribbon(usize),
    Box(usize),
}

/// A circuit, drawn.
#[component]
pub fn CircuitSvg(props: &CircuitSvgProps) -> Html {
    let CircuitSvgProps { layout, on_hover } = props;
    let id = use_memo((), |()| next_id());
    let target = use_state_eq(|| None);
    let point = {
        let (target, layout, on_hover) = (target.clone(), layout.clone(), on_hover.clone());
        Callback::from(move |found: Option<Target>| {
            if found != *target {
                target.set(found);
                on_hover.emit(found.and_then(|found| hover(&layout, found)).map(|text| text.to_owned().into()));
            }
        })
    };
    let onmouseover = point.reform(|event: MouseEvent| target_of(&event));
    let onmouseleave = point.reform(|_: MouseEvent| None);
    // A layout that has just changed may have fewer ribbons than the pointer knows of.
    let shown = target.filter(|&target| hover(layout, target).is_some());
    let highlight = svg::highlight(belonging(layout, shown), &id);
    let mut frame = to_tag(svg::frame(layout, &id));
    frame.add_child(html! { <RibbonLayer layout={layout.clone()} id={(*id).clone()} /> });
    frame.add_child(to_tag(highlight).into());
    frame.add_child(html! { <BoxLayer layout={layout.clone()} id={(*id).clone()} /> });
    let class = classes!("circuit-figure", shown.map(|_| "highlighting"));
    html! { <div {class} {onmouseover} {onmouseleave}>{ VNode::from(frame) }</div> }
}

/// What the parts of the picture that the pointer does not change are drawn from.
#[derive(Clone, Properties, PartialEq)]
struct LayerProps {
    layout: Rc<Layout>,
    id: AttrValue,
}

/// The boxes, their labels and the legend.
#[component]
fn BoxLayer(props: &LayerProps) -> Html {
    to_tag(svg::boxes(&props.layout, &props.id)).into()
}

/// All ribbons, written as one text that the browser reads at once: a node of Yew's for each would cost half as much again
/// where they are a thousand. Nothing that a file says is in it, as the names of edges are shown at the pointer only.
#[component]
fn RibbonLayer(props: &LayerProps) -> Html {
    let group = use_node_ref();
    use_effect_with(props.clone(), {
        let group = group.clone();
        move |LayerProps { layout, id }| {
            if let Some(group) = group.cast::<web_sys::Element>() {
                group.set_inner_html(&svg::ribbon_markup(layout, id));
            }
        }
    });
    html! { <g class="ribbons" fill="none" ref={group} /> }
}

/// A picture's own id: two pictures on a page must not share their hatching, as one of them may be hidden.
fn next_id() -> AttrValue {
    thread_local! {
        static NEXT: Cell<usize> = const { Cell::new(0) };
    }
    format!("circuit-{}", NEXT.replace(NEXT.get() + 1)).into()
}

/// What is shown about a target; `None` where the layout has no such thing.
fn hover(layout: &Layout, target: Target) -> Option<&str> {
    match target {
        Target::Ribbon(i) => layout.ribbons.get(i).map(|ribbon| ribbon.hover.as_str()),
        Target::Box(i) => layout.boxes.get(i).map(|node| node.hover.as_str()),
    }
}

/// The ribbons that are the target or end at it.
fn belonging(layout: &Layout, target: Option<Target>) -> impl Iterator<Item = &Ribbon> {
    let belongs = move |i: usize, ribbon: &Ribbon| match target {
        None => false,
        Some(Target::Ribbon(at)) => i == at,
        Some(Target::Box(at)) => ribbon.src_box == at || ribbon.dest_box == at,
    };
    layout.ribbons.iter().enumerate().filter(move |&(i, ribbon)| belongs(i, ribbon)).map(|(_, ribbon)| ribbon)
}

/// The ribbon or box that an event happened at.
fn target_of(event: &MouseEvent) -> Option<Target> {
    let element: web_sys::Element = event.target()?.dyn_into().ok()?;
    let index = |attribute: &str| element.get_attribute(attribute)?.parse().ok();
    index("data-ribbon").map(Target::Ribbon).or_else(|| index("data-box").map(Target::Box))
}
