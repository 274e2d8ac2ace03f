//! What pointer and keys do to the strip's cursor.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use yew::prelude::*;

use circuitscope_picture::Point;
use circuitscope_picture::strip::keys::{KeyEffect, press};
use circuitscope_picture::strip::{Cursor, StripLayout};

use super::StripEvent;
use crate::place;

/// A key's value is settled when no other key has followed for so long.
const SETTLE_MS: u32 = 200;
/// The lower end of the groove's room: half of a target of 44 pixels below its middle.
const GROOVE_FOOT: f64 = 36.0;

/// What is under way between two renderings.
#[derive(Default)]
pub struct Drag {
    /// Whether a pointer is down.
    down: bool,
    /// How far right of the cursor its knob was taken hold of, so that it does not jump.
    hold: f64,
    /// The count that was last told and is not settled yet.
    unsettled: Option<usize>,
    /// Settles what keys have set; it ends when it is dropped.
    timer: Option<Timeout>,
}

/// What pointer and keys do to the cursor.
#[derive(Clone)]
pub struct Pointer {
    pub layout: Rc<StripLayout>,
    pub figure: NodeRef,
    pub drag: Rc<RefCell<Drag>>,
    /// The count at the cursor when the strip was last rendered.
    pub k: usize,
    pub on_move: Callback<StripEvent>,
}

impl Pointer {
    /// A callback that does something with the event of a pointer.
    pub fn on(&self, act: impl Fn(&Self, &PointerEvent) + 'static) -> Callback<PointerEvent> {
        let pointer = self.clone();
        Callback::from(move |event: PointerEvent| act(&pointer, &event))
    }

    /// A key on the knob. Returns the digits that are typed after it, if it is one of the knob's keys.
    pub fn key(&self, event: &KeyboardEvent, typed: &str) -> Option<String> {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return None;
        }
        // Keys may follow each other faster than the page renders what they do.
        let k = self.drag.borrow().unsettled.unwrap_or(self.k);
        let digits = match press(&self.layout.stops, k, typed, &event.key(), event.shift_key()) {
            KeyEffect::Pass => return None,
            KeyEffect::Type(digits) => digits,
            KeyEffect::Move(to) => {
                self.step(to);
                String::new()
            }
        };
        event.prevent_default();
        // Escape ends the typing here, and not also what the page ends by it; a digit is not a page's shortcut.
        event.stop_propagation();
        Some(digits)
    }

    pub fn down(&self, event: &PointerEvent, knob: &NodeRef) {
        let Some(Point { x, y }) = self.place(event).filter(|_| event.button() == 0) else { return };
        if let Some(element) = self.figure.cast::<web_sys::Element>() {
            // Without capture a drag ends where the pointer leaves the strip, which does no harm.
            _ = element.set_pointer_capture(event.pointer_id());
        }
        if let Some(element) = knob.cast::<web_sys::HtmlElement>() {
            // A knob that cannot be focused can still be dragged.
            _ = element.focus();
        }
        // Otherwise the browser would select text, or move the focus away from the knob.
        event.prevent_default();
        let hold = self.hold(x, y);
        {
            let mut drag = self.drag.borrow_mut();
            drag.down = true;
            drag.hold = hold.unwrap_or(0.0);
            drag.timer = None;
        }
        let may_scroll = event.pointer_type() == "touch" && y > GROOVE_FOOT;
        if hold.is_none() && !may_scroll {
            self.drag_to(x);
        }
    }

    /// How far right of the cursor a point is, if it is on the knob.
    fn hold(&self, x: f64, y: f64) -> Option<f64> {
        let at = self.layout.cursor(&Cursor::at(self.k));
        let on_knob = y <= GROOVE_FOOT && (x - at.knob_x).abs() <= at.knob_width / 2.0;
        on_knob.then_some(x - at.x)
    }

    /// Returns the count of the measured circuit at the pointer.
    pub fn moved(&self, event: &PointerEvent) -> Option<usize> {
        let Point { x, .. } = self.place(event)?;
        // A button that was released outside of the window is not held any more.
        let down = self.drag.borrow().down && event.buttons() & 1 == 1;
        if down {
            self.drag_to(x);
            return None;
        }
        self.layout.measured_near(x)
    }

    pub fn up(&self, event: &PointerEvent) {
        if let Some(Point { x, .. }) = self.place(event).filter(|_| self.drag.borrow().down) {
            self.drag_to(x);
        }
        self.settle();
    }

    /// A key's step: it settles when no other follows.
    fn step(&self, k: usize) {
        self.tell(k);
        let pointer = self.clone();
        let timer = Timeout::new(SETTLE_MS, move || pointer.settle());
        self.drag.borrow_mut().timer = Some(timer);
    }

    fn drag_to(&self, x: f64) {
        let (hold, before) = {
            let drag = self.drag.borrow();
            (drag.hold, drag.unsettled.unwrap_or(self.k))
        };
        let k = self.layout.k_at(x - hold);
        if k != before {
            self.tell(k);
        }
    }

    fn tell(&self, k: usize) {
        self.drag.borrow_mut().unsettled = Some(k);
        self.on_move.emit(StripEvent::Drag(k));
    }

    /// Ends a drag or a row of keys.
    pub fn settle(&self) {
        let unsettled = {
            let mut drag = self.drag.borrow_mut();
            drag.down = false;
            drag.unsettled.take()
        };
        if let Some(k) = unsettled {
            self.on_move.emit(StripEvent::Settle(k));
        }
    }

    /// Where the pointer is, in the strip's own pixels.
    fn place(&self, event: &PointerEvent) -> Option<Point> {
        place::of(event, &self.figure, self.layout.size.width)
    }
}
