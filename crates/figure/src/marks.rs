//! Classes on the elements of a drawing: `hot` at what is pointed at, `sel` at what is selected, `lit` at what belongs to either.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, NodeList};

use crate::walk::Target;

/// What is pointed at and what is selected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    pub hovered: Option<Target>,
    pub selected: Option<Target>,
}

/// Takes the classes of before away and gives those of now.
pub fn apply(figure: &Element, marks: &Marks) {
    for element in all(figure, ".hot,.sel,.lit") {
        // A list of classes that is written wrong is none.
        _ = element.class_list().remove_3("hot", "sel", "lit");
    }
    if let Some(target) = &marks.selected {
        mark(figure, target, "sel");
    }
    if let Some(target) = &marks.hovered {
        mark(figure, target, "hot");
    }
}

/// The node or edge that an event happened at.
pub fn target_at(event: &Event) -> Option<Target> {
    let element: Element = event.target()?.dyn_into().ok()?;
    let found = element.closest("[data-edge],[data-node]").ok()??;
    let name = |attribute: &str| found.get_attribute(attribute);
    name("data-edge").map(Target::Edge).or_else(|| name("data-node").map(Target::Node))
}

fn mark(figure: &Element, target: &Target, class: &str) {
    match target {
        Target::Edge(name) => {
            for ribbon in all(figure, &named("data-edge", name)) {
                add(&ribbon, class);
                for end in ["data-src", "data-dest"].into_iter().filter_map(|end| ribbon.get_attribute(end)) {
                    all(figure, &named("data-node", &end)).iter().for_each(|node| add(node, "lit"));
                }
            }
        }
        Target::Node(name) => {
            for node in all(figure, &named("data-node", name)) {
                add(&node, class);
                add(&node, "lit");
            }
            for (own, other) in [("data-src", "data-dest"), ("data-dest", "data-src")] {
                for ribbon in all(figure, &named(own, name)) {
                    add(&ribbon, "lit");
                    if let Some(end) = ribbon.get_attribute(other) {
                        all(figure, &named("data-node", &end)).iter().for_each(|node| add(node, "lit"));
                    }
                }
            }
        }
    }
}

fn add(element: &Element, class: &str) {
    // A class that is written wrong is none.
    _ = element.class_list().add_1(class);
}

/// A selector of the elements that carry a name.
fn named(attribute: &str, name: &str) -> String {
    let quoted = name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\a ");
    format!("[{attribute}=\"{quoted}\"]")
}

fn all(figure: &Element, selector: &str) -> Vec<Element> {
    let found: Option<NodeList> = figure.query_selector_all(selector).ok();
    let found = found.iter().flat_map(|list| (0..list.length()).filter_map(|i| list.item(i)));
    found.filter_map(|node| node.dyn_into().ok()).collect()
}
