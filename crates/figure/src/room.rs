//! How much room an element has on the screen.

use gloo_events::EventListener;
use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

use circuitscope_picture::Size;

/// The size of an element in CSS pixels, kept up to date; `None` before it is on the screen. Sizes are whole, so that a
/// fraction of a pixel draws nothing anew.
#[hook]
pub fn use_room(node: &NodeRef) -> Option<Size> {
    let room = use_state_eq(|| None::<Size>);
    use_effect_with(node.clone(), {
        let room = room.clone();
        move |node| {
            let watched = node.cast::<Element>().map(|element| watch(&element, room));
            move || drop(watched)
        }
    });
    *room
}

/// What ends the watching when it is dropped.
struct Watched {
    observer: Option<ResizeObserver>,
    _call: Closure<dyn FnMut(Array)>,
    _window: Option<EventListener>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}

fn watch(element: &Element, room: UseStateHandle<Option<Size>>) -> Watched {
    let measure = {
        let element = element.clone();
        move || {
            let rect = element.get_bounding_client_rect();
            let size = Size { width: rect.width().floor(), height: rect.height().floor() };
            if size.width > 0.0 && size.height > 0.0 {
                room.set(Some(size));
            }
        }
    };
    measure();
    let resized = measure.clone();
    let call = Closure::<dyn FnMut(Array)>::new(move |_: Array| resized());
    let observer = ResizeObserver::new(call.as_ref().unchecked_ref()).ok();
    if let Some(observer) = &observer {
        observer.observe(element);
    }
    let window = web_sys::window().map(|window| EventListener::new(&window, "resize", move |_| measure()));
    Watched { observer, _call: call, _window: window }
}
