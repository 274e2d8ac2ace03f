//! Boxes that glide from where they were to where they are, so that the eye follows them into another order.
//!
//! The new drawing is there at once; each box is moved back by a transform, which then ends. The page's style has the transition,
//! and none for readers who want less motion.

use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;
use web_sys::{Element, SvgElement};

/// The boxes of a drawing and where they are on the screen.
pub struct Places(Vec<(String, f64, f64)>);

/// As long as the style's transition takes, and a little longer.
const END_MS: u32 = 400;

impl Places {
    /// Where the boxes are.
    pub fn of(svg: &Element) -> Self {
        let place = |node: Element| {
            let rect = node.query_selector(".box").ok().flatten()?.get_bounding_client_rect();
            Some((key(&node)?, rect.left() + rect.width() / 2.0, rect.top() + rect.height() / 2.0))
        };
        Self(boxes(svg).into_iter().filter_map(place).collect())
    }

    /// Lets the boxes of a new drawing come from where they were. Those that are new or did not move stay.
    pub fn glide(&self, svg: &Element) {
        let now = Self::of(svg);
        let mut moved = Vec::new();
        for node in boxes(svg) {
            let Some(name) = key(&node) else { continue };
            let at = |places: &Self| places.0.iter().find(|(of, ..)| *of == name).map(|(_, x, y)| (*x, *y));
            let (Some(before), Some(after)) = (at(self), at(&now)) else { continue };
            let (dx, dy) = (before.0 - after.0, before.1 - after.1);
            if dx.hypot(dy) > 1.0
                && let Some(node) = node.dyn_ref::<SvgElement>()
            {
                // A browser that knows no such style shows the boxes where they are.
                _ = node.style().set_property("transform", &format!("translate({dx:.1}px,{dy:.1}px)"));
                moved.push(node.clone());
            }
        }
        if moved.is_empty() {
            return;
        }
        _ = svg.class_list().add_1("gliding-from");
        let svg = svg.clone();
        // The browser has to have seen the boxes where they were.
        Timeout::new(20, move || {
            _ = svg.class_list().remove_1("gliding-from");
            _ = svg.class_list().add_1("gliding");
            moved.iter().for_each(|node| _ = node.style().remove_property("transform"));
            Timeout::new(END_MS, move || _ = svg.class_list().remove_1("gliding")).forget();
        })
        .forget();
    }
}

fn boxes(svg: &Element) -> Vec<Element> {
    let found = svg.query_selector_all(".nd").ok();
    let nodes = found.iter().flat_map(|list| (0..list.length()).filter_map(|i| list.item(i)));
    nodes.filter_map(|node| node.dyn_into().ok()).collect()
}

fn key(node: &Element) -> Option<String> {
    let seq = node.get_attribute("data-seq").unwrap_or_default();
    node.get_attribute("data-node").map(|name| format!("{seq}:{name}"))
}
