//! Elements of the pictures as nodes of the page.

use yew::html;
use yew::virtual_dom::{VNode, VTag};

use circuitscope_picture::Element;

/// An element as the page's.
pub fn to_tag(element: Element) -> VTag {
    let Element { tag, attributes, text, children } = element;
    let mut node = VTag::new(tag);
    attributes.into_iter().for_each(|(name, value)| node.add_attribute(name, value));
    if !text.is_empty() {
        node.add_child(html! { { text } });
    }
    node.add_children(children.into_iter().map(|child| VNode::from(to_tag(child))));
    node
}
