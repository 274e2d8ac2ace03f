//! One running worker.

use std::cell::RefCell;
use std::rc::Rc;

use super::calls::{Called, Calls};
use super::{Fault, Launch};
use crate::message::{Call, Post, Protocol};

/// One worker. Once it has ended, every call is answered with the reason.
pub struct Connection<P: Protocol, L: Launch<P>> {
    /// Nothing once it has ended.
    worker: RefCell<Option<L::Worker>>,
    calls: Rc<Calls<P, L::Attachments>>,
    generation: u32,
}

impl<P: Protocol, L: Launch<P>> Connection<P, L> {
    pub(super) fn new(worker: L::Worker, calls: Rc<Calls<P, L::Attachments>>, generation: u32) -> Self {
        Self { worker: RefCell::new(Some(worker)), calls, generation }
    }

    /// See [`super::Client::call`]; but where this worker has ended, no other is started.
    pub fn call(
        &self,
        request: P::Request,
        attachments: &L::Attachments,
        on_event: impl Fn(P::Event) + 'static,
    ) -> Called<P, L::Attachments> {
        let id = self.calls.next_id();
        match self.post(Call { id, request }, attachments) {
            Ok(()) => self.calls.add(id, Rc::new(on_event)),
            Err(fault) => Called::refused(fault),
        }
    }

    /// See [`super::Client::cancel`].
    pub fn cancel(&self, id: u32) {
        if let Some(request) = P::cancel(id) {
            // The call's own answer tells whether it was stopped.
            _ = self.post(Call { id: self.calls.next_id(), request }, &L::Attachments::default());
        }
    }

    /// The worker's number among those of its client, counted from 1.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Ends the worker; its calls count as cancelled.
    pub(super) fn end(&self) {
        self.drop_worker();
        self.calls.answer_all(&Fault::Cancelled);
    }

    /// Ends the worker, whose calls are answered already.
    pub(super) fn drop_worker(&self) {
        self.worker.take();
    }

    fn post(&self, call: Call<P::Request>, attachments: &L::Attachments) -> Result<(), Fault> {
        match &*self.worker.borrow() {
            Some(worker) => worker.post(&call, attachments).map_err(Fault::Failed),
            None => Err(self.calls.fault().unwrap_or(Fault::Cancelled)),
        }
    }
}
