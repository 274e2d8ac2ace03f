//! The calls to one worker, and their answers.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_channel::oneshot;

use super::{Answer, Fault};
use crate::message::{Meaning, Protocol, Reply};

/// The calls to one worker.
pub struct Calls<P: Protocol, A> {
    last_id: Cell<u32>,
    unanswered: RefCell<BTreeMap<u32, Unanswered<P, A>>>,
    /// The reason, once no call will be answered any more.
    fault: RefCell<Option<Fault>>,
    on_end: Box<dyn Fn(Fault)>,
}

struct Unanswered<P: Protocol, A> {
    on_event: Rc<dyn Fn(P::Event)>,
    answer: oneshot::Sender<Answer<P, A>>,
}

/// A call that was made: a future of its answer.
pub struct Called<P: Protocol, A> {
    id: u32,
    answer: oneshot::Receiver<Answer<P, A>>,
}

impl<P: Protocol, A> Calls<P, A> {
    pub(super) fn new(on_end: Box<dyn Fn(Fault)>) -> Self {
        Self { last_id: Cell::new(0), unanswered: RefCell::default(), fault: RefCell::default(), on_end }
    }

    /// Hands a reply to its call; one that nobody waits for is dropped.
    pub fn hear(&self, Reply { id, event }: Reply<P::Event>, attachments: A) {
        let answer = match P::meaning(&event) {
            Meaning::Progress => return self.report(id, event),
            Meaning::DeviceLost(reason) => return self.end(Fault::DeviceLost(reason)),
            Meaning::Answer => Ok((event, attachments)),
            Meaning::Failed(reason) => Err(Fault::Failed(reason)),
            Meaning::Cancelled => Err(Fault::Cancelled),
        };
        let call = self.unanswered.borrow_mut().remove(&id);
        if let Some(call) = call {
            // The caller may have stopped waiting.
            _ = call.answer.send(answer);
        }
    }

    fn report(&self, id: u32, event: P::Event) {
        // Cloned, because the callback may make calls of its own.
        let on_event = self.unanswered.borrow().get(&id).map(|call| call.on_event.clone());
        if let Some(on_event) = on_event {
            on_event(event);
        }
    }

    /// The worker has ended: answers every call with the fault, these and later ones.
    pub fn end(&self, fault: Fault) {
        if self.fault.borrow().is_none() {
            self.answer_all(&fault);
            (self.on_end)(fault);
        }
    }

    /// The reason, once no call will be answered any more.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.borrow().clone()
    }

    pub(super) fn answer_all(&self, fault: &Fault) {
        self.fault.replace(Some(fault.clone()));
        for (_, call) in self.unanswered.take() {
            _ = call.answer.send(Err(fault.clone()));
        }
    }

    pub(super) fn next_id(&self) -> u32 {
        self.last_id.set(self.last_id.get() + 1);
        self.last_id.get()
    }

    pub(super) fn add(&self, id: u32, on_event: Rc<dyn Fn(P::Event)>) -> Called<P, A> {
        let (sender, answer) = oneshot::channel();
        self.unanswered.borrow_mut().insert(id, Unanswered { on_event, answer: sender });
        Called { id, answer }
    }
}

impl<P: Protocol, A> Called<P, A> {
    /// The number with which the call can be cancelled.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// A call that was not posted.
    pub(super) fn refused(fault: Fault) -> Self {
        let (sender, answer) = oneshot::channel();
        // The receiver still exists.
        _ = sender.send(Err(fault));
        Self { id: 0, answer }
    }
}

impl<P: Protocol, A> Future for Called<P, A> {
    type Output = Answer<P, A>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The sender is dropped without an answer only with the whole client.
        Pin::new(&mut self.answer).poll(context).map(|answer| answer.unwrap_or(Err(Fault::Cancelled)))
    }
}
