//! A worker's own program: listens to calls and posts replies.

use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, DataView, Promise};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

use super::error::js_text;
use super::message::{self, Unreadable};
use crate::message::{Post, Protocol, Reply};
use crate::server::{self, Handler, Inbox};

/// The scope of the worker that this program runs in.
pub struct Scope;

/// Answers calls from now on, one after the other.
///
/// # Panics
/// Outside of a worker.
pub fn serve<H: Handler<Attachments = Array> + 'static>(mut handler: H) {
    let inbox: Rc<Inbox<H::Protocol, Array>> = Rc::default();
    let calls = inbox.clone();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| hear(&calls, &event.data()));
    // The listener lives as long as the worker.
    let on_message = on_message.into_js_value();
    let listened = scope().add_event_listener_with_callback("message", on_message.unchecked_ref());
    listened.expect("a worker can listen to messages");
    spawn_local(async move { server::serve(&inbox, &mut handler, &Scope).await });
}

fn hear<P: Protocol>(inbox: &Inbox<P, Array>, data: &JsValue) {
    match message::read(data) {
        Ok((call, attachments)) => inbox.hear(call, attachments),
        Err(Unreadable { id, reason }) => {
            let posted = Scope.post(&server::refuse::<P>(id, &reason), &Array::new());
            posted.expect("a sentence can be posted");
        }
    }
}

impl<E: serde::Serialize> Post<Reply<E>> for Scope {
    type Attachments = Array;

    /// Posts a reply; the buffers of arrays are handed over, not copied.
    fn post(&self, reply: &Reply<E>, attachments: &Array) -> Result<(), String> {
        let message = message::write(reply, attachments)?;
        let buffers: Array = attachments.iter().filter_map(|attachment| buffer(&attachment)).collect();
        scope().post_message_with_transfer(&message, &buffers).map_err(|e| js_text(&e))
    }
}

/// The buffer of a typed array.
fn buffer(attachment: &JsValue) -> Option<JsValue> {
    ArrayBuffer::is_view(attachment).then(|| attachment.unchecked_ref::<DataView>().buffer().into())
}

/// Lets the messages that have arrived be handled, by waiting for a message to itself: browsers slow timers down, but not
/// messages.
pub async fn event_loop_turn() {
    thread_local! {
        static CHANNEL: Option<MessageChannel> = MessageChannel::new().ok();
    }
    let Some(channel) = CHANNEL.with(Clone::clone) else { return };
    // The promise resolves with the message, which is empty.
    let promise = Promise::new(&mut |resolve, _| channel.port1().set_onmessage(Some(&resolve)));
    if channel.port2().post_message(&JsValue::NULL).is_ok() {
        let _ = JsFuture::from(promise).await;
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
