//! Where the pointer is, in the own pixels of a picture that may be scaled.

use yew::NodeRef;

use circuitscope_picture::Point;

/// The point of an event in an element that is `width` pixels wide before scaling.
pub fn of(event: &web_sys::MouseEvent, element: &NodeRef, width: f64) -> Option<Point> {
    let rect = element.cast::<web_sys::Element>()?.get_bounding_client_rect();
    let scale = (rect.width() > 0.0).then(|| width / rect.width())?;
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    Some(Point { x: (x - rect.left()) * scale, y: (y - rect.top()) * scale })
}
