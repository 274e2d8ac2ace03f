//! The caller's side: a [`Client`] starts a worker with its first call and another after the last one ended; a [`Connection`] is one
//! running worker; [`Calls`] matches its replies to the calls that have no answer yet.
//!
//! Nothing here knows of a browser: [`Launch`] says how a worker is started and posted to.

mod calls;
mod connection;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub use calls::{Called, Calls};
pub use connection::Connection;

use crate::message::{Call, Post, Protocol};

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The worker could not do it, for this reason.
    Failed(String),
    Cancelled,
    /// The requested device could not be opened. Nothing here returns it: who asks for a device makes it from
    /// [`Fault::Failed`].
    NoDevice(String),
    /// The device is gone, and the worker with it.
    DeviceLost(String),
    /// The worker could not be started, or is gone.
    Died(String),
}

/// The event that answers a call, with its attachments.
pub type Answer<P, A> = Result<(<P as Protocol>::Event, A), Fault>;

/// How the workers of a program are started.
pub trait Launch<P: Protocol> {
    /// What travels beside messages.
    type Attachments: Default + 'static;
    /// A running worker, which ends when this is dropped.
    type Worker: Post<Call<P::Request>, Attachments = Self::Attachments> + 'static;

    /// Starts a worker, whose replies and whose end are to be reported to `calls`.
    ///
    /// # Errors
    /// Why no worker was started.
    fn launch(&self, calls: &Rc<Calls<P, Self::Attachments>>) -> Result<Self::Worker, String>;
}

type Slot<P, L> = Rc<RefCell<Option<Rc<Connection<P, L>>>>>;

/// The client of a program, whether its worker runs or not.
pub struct Client<P: Protocol, L: Launch<P>> {
    launcher: L,
    running: Slot<P, L>,
    /// How many workers were started.
    n_started: Cell<u32>,
    on_end: Rc<dyn Fn(Fault)>,
}

impl<P: Protocol, L: Launch<P> + 'static> Client<P, L> {
    /// A client that has not started a worker yet. `on_end` is called when a worker dies or loses its device, once for each, after
    /// its calls were answered with the same fault.
    pub fn new(launcher: L, on_end: impl Fn(Fault) + 'static) -> Self {
        Self { launcher, running: Rc::default(), n_started: Cell::new(0), on_end: Rc::new(on_end) }
    }

    /// Makes a call, for which a worker is started where none runs. It is posted at once; calls are worked on in their order.
    /// `on_event` is given the events that come before the answer.
    pub fn call(
        &self,
        request: P::Request,
        attachments: &L::Attachments,
        on_event: impl Fn(P::Event) + 'static,
    ) -> Called<P, L::Attachments> {
        match self.connection() {
            Ok(connection) => connection.call(request, attachments, on_event),
            Err(fault) => Called::refused(fault),
        }
    }

    /// Asks for a call to be stopped, which is then answered with [`Fault::Cancelled`]. A worker that is gone has nothing to stop.
    pub fn cancel(&self, id: u32) {
        if let Some(connection) = &*self.running.borrow() {
            connection.cancel(id);
        }
    }

    /// The worker that runs, or a new one.
    ///
    /// # Errors
    /// When no worker can be started.
    pub fn connection(&self) -> Result<Rc<Connection<P, L>>, Fault> {
        if let Some(running) = &*self.running.borrow() {
            return Ok(running.clone());
        }
        let generation = self.generation();
        let calls = Rc::new(Calls::new(self.ends(generation)));
        let worker = self.launcher.launch(&calls).map_err(Fault::Died)?;
        let connection = Rc::new(Connection::new(worker, calls, generation));
        self.n_started.set(generation);
        self.running.replace(Some(connection.clone()));
        Ok(connection)
    }

    /// The number of the worker that runs, or that the next call will start; whatever an earlier worker had loaded is gone.
    pub fn generation(&self) -> u32 {
        self.n_started.get() + u32::from(self.running.borrow().is_none())
    }

    /// Ends the worker; calls without an answer count as cancelled.
    pub fn end(&self) {
        let running = self.running.take();
        if let Some(connection) = running {
            connection.end();
        }
    }

    /// What happens when a worker ends by itself: it makes room for another.
    fn ends(&self, generation: u32) -> Box<dyn Fn(Fault)> {
        let (running, on_end) = (Rc::downgrade(&self.running), self.on_end.clone());
        Box::new(move |fault| {
            let Some(running) = running.upgrade() else { return };
            let ended = running.borrow_mut().take_if(|running| running.generation() == generation);
            if let Some(connection) = ended {
                // An error does not end a worker, nor does it give back its memory.
                connection.drop_worker();
            }
            on_end(fault);
        })
    }
}
