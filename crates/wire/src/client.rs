//! The caller's side: a [`Client`] starts a worker with its first call and another after the last one ended; a [`Connection`] is one
//! running worker; [`Calls`] matches its replies to the calls that have no answer yet.
//!
//! Nothing here knows of a browser: [`Launch`] says how a worker is started and posted to.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_channel::oneshot;

use crate::message::{Call, Meaning, Post, Protocol, Reply};

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The worker could not do it, for this reason.
    Failed(String),
    Cancelled,
    /// The wanted device could not be opened. Never made here, but by who asks for a device and is answered [`Fault::Failed`].
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

/// The way to a program, whether its worker runs or not.
pub struct Client<P: Protocol, L: Launch<P>> {
    launcher: L,
    running: Slot<P, L>,
    /// How many workers were started.
    n_started: Cell<u32>,
    on_end: Rc<dyn Fn(Fault)>,
}

/// One worker. Once it has ended, every call is answered with why.
pub struct Connection<P: Protocol, L: Launch<P>> {
    /// Nothing once it has ended.
    worker: RefCell<Option<L::Worker>>,
    calls: Rc<Calls<P, L::Attachments>>,
    generation: u32,
}

/// The calls to one worker.
pub struct Calls<P: Protocol, A> {
    last_id: Cell<u32>,
    unanswered: RefCell<BTreeMap<u32, Unanswered<P, A>>>,
    /// Why no call will be answered any more.
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
        let connection = Rc::new(Connection { worker: RefCell::new(Some(worker)), calls, generation });
        self.n_started.set(generation);
        self.running.replace(Some(connection.clone()));
        Ok(connection)
    }

    /// The number of the worker that runs, or that the next call will start: what an earlier one knew is gone.
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
            let ended = running.borrow_mut().take_if(|running| running.generation == generation);
            if let Some(connection) = ended {
                // An error does not end a worker, nor does it give back its memory.
                connection.worker.take();
            }
            on_end(fault);
        })
    }
}

impl<P: Protocol, L: Launch<P>> Connection<P, L> {
    /// See [`Client::call`]; but where this worker has ended, no other is started.
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

    /// See [`Client::cancel`].
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

    fn end(&self) {
        self.worker.take();
        self.calls.answer_all(&Fault::Cancelled);
    }

    fn post(&self, call: Call<P::Request>, attachments: &L::Attachments) -> Result<(), Fault> {
        match &*self.worker.borrow() {
            Some(worker) => worker.post(&call, attachments).map_err(Fault::Failed),
            None => Err(self.calls.fault.borrow().clone().unwrap_or(Fault::Cancelled)),
        }
    }
}

impl<P: Protocol, A> Calls<P, A> {
    fn new(on_end: Box<dyn Fn(Fault)>) -> Self {
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
            // Whoever called may have stopped waiting.
            _ = call.answer.send(answer);
        }
    }

    fn report(&self, id: u32, event: P::Event) {
        // What hears of it may make calls of its own.
        let on_event = self.unanswered.borrow().get(&id).map(|call| call.on_event.clone());
        if let Some(on_event) = on_event {
            on_event(event);
        }
    }

    /// The worker has ended: answers every call with why, these and later ones.
    pub fn end(&self, fault: Fault) {
        if self.fault.borrow().is_none() {
            self.answer_all(&fault);
            (self.on_end)(fault);
        }
    }

    fn answer_all(&self, fault: &Fault) {
        self.fault.replace(Some(fault.clone()));
        for (_, call) in self.unanswered.take() {
            _ = call.answer.send(Err(fault.clone()));
        }
    }

    fn next_id(&self) -> u32 {
        self.last_id.set(self.last_id.get() + 1);
        self.last_id.get()
    }

    fn add(&self, id: u32, on_event: Rc<dyn Fn(P::Event)>) -> Called<P, A> {
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
    fn refused(fault: Fault) -> Self {
        let (sender, answer) = oneshot::channel();
        // The receiver is there.
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

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::hub::{Event, Hub, Request};

    type Files = Vec<&'static str>;

    /// Starts workers that only keep what is posted to them. A file without a name cannot be posted.
    #[derive(Default)]
    struct Fake {
        started: RefCell<Vec<Rc<Calls<Hub, Files>>>>,
        posted: Rc<RefCell<Vec<Call<Request>>>>,
        n_running: Rc<Cell<u32>>,
        refuses: Cell<bool>,
    }

    struct FakeWorker {
        posted: Rc<RefCell<Vec<Call<Request>>>>,
        n_running: Rc<Cell<u32>>,
    }

    impl Launch<Hub> for Rc<Fake> {
        type Attachments = Files;
        type Worker = FakeWorker;

        fn launch(&self, calls: &Rc<Calls<Hub, Files>>) -> Result<FakeWorker, String> {
            if self.refuses.get() {
                return Err("no workers here".to_owned());
            }
            self.started.borrow_mut().push(calls.clone());
            self.n_running.set(self.n_running.get() + 1);
            Ok(FakeWorker { posted: self.posted.clone(), n_running: self.n_running.clone() })
        }
    }

    impl Post<Call<Request>> for FakeWorker {
        type Attachments = Files;

        fn post(&self, call: &Call<Request>, files: &Files) -> Result<(), String> {
            self.posted.borrow_mut().push(call.clone());
            if files.contains(&"") { Err("a file is gone".to_owned()) } else { Ok(()) }
        }
    }

    impl Drop for FakeWorker {
        fn drop(&mut self) {
            self.n_running.set(self.n_running.get() - 1);
        }
    }

    struct Test {
        fake: Rc<Fake>,
        client: Client<Hub, Rc<Fake>>,
        ends: Rc<RefCell<Vec<Fault>>>,
    }

    impl Test {
        fn new() -> Self {
            let (fake, ends) = (Rc::new(Fake::default()), Rc::new(RefCell::new(Vec::new())));
            let told = ends.clone();
            let client = Client::new(fake.clone(), move |fault| told.borrow_mut().push(fault));
            Self { fake, client, ends }
        }

        fn call(&self) -> Called<Hub, Files> {
            self.client.call(Request::Kept, &vec![], |_| {})
        }

        /// The calls of the worker that was started last.
        fn calls(&self) -> Rc<Calls<Hub, Files>> {
            self.fake.started.borrow().last().expect("a worker was started").clone()
        }

        fn reply(&self, id: u32, event: Event) {
            self.calls().hear(Reply { id, event }, vec!["a file"]);
        }
    }

    fn failed(message: &str) -> Event {
        Event::Failed { message: message.to_owned() }
    }

    fn died() -> Fault {
        Fault::Died("out of memory".to_owned())
    }

    #[test]
    fn replies_reach_the_calls_of_their_number() {
        let test = Test::new();
        let (first, second, third) = (test.call(), test.call(), test.call());
        test.reply(2, failed("no room"));
        test.reply(3, Event::Cancelled);
        test.reply(9, Event::Files);
        test.reply(1, Event::Files);
        assert_eq!(block_on(first), Ok((Event::Files, vec!["a file"])));
        assert_eq!(block_on(second), Err(Fault::Failed("no room".to_owned())));
        assert_eq!(block_on(third), Err(Fault::Cancelled));
        assert_eq!(test.fake.started.borrow().len(), 1);
    }

    #[test]
    fn events_before_the_answer_reach_their_own_call_which_may_make_others_of_them() {
        let test = Test::new();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let (kept, connection) = (heard.clone(), test.client.connection().unwrap());
        let called = test.client.call(Request::Kept, &vec![], move |event| {
            kept.borrow_mut().push(event);
            connection.cancel(1);
            _ = connection.call(Request::Kept, &vec![], |_| {});
        });
        let progress = Event::Progress { done: 1, total: 2, file: "a".to_owned() };
        test.reply(1, progress.clone());
        test.reply(2, progress.clone());
        test.reply(1, Event::Files);
        assert_eq!(*heard.borrow(), [progress]);
        assert!(block_on(called).is_ok());
        let posted: Vec<_> = test.fake.posted.borrow().iter().map(|call| (call.id, call.request.clone())).collect();
        assert_eq!(posted, [(1, Request::Kept), (2, Request::Cancel { id: 1 }), (3, Request::Kept)]);
    }

    #[test]
    fn a_worker_that_dies_answers_all_calls_and_another_is_started() {
        let test = Test::new();
        assert_eq!(test.client.generation(), 1);
        let (first, second) = (test.call(), test.call());
        let connection = test.client.connection().unwrap();
        assert_eq!((test.client.generation(), connection.generation()), (1, 1));
        test.calls().end(died());
        test.calls().end(Fault::Died("again".to_owned()));
        assert_eq!([block_on(first), block_on(second)], [Err(died()), Err(died())]);
        assert_eq!(*test.ends.borrow(), [died()]);
        assert_eq!(test.fake.n_running.get(), 0, "a worker that failed is ended");
        assert_eq!(block_on(connection.call(Request::Kept, &vec![], |_| {})), Err(died()));
        assert_eq!(test.client.generation(), 2, "that of the worker to come");
        let third = test.call();
        assert_eq!((test.client.generation(), test.fake.n_running.get()), (2, 1));
        test.reply(1, Event::Files);
        assert!(block_on(third).is_ok());
    }

    #[test]
    fn a_lost_device_ends_the_worker() {
        let lost = Rc::new(RefCell::new(None));
        let heard = lost.clone();
        let engine: Calls<crate::Engine, ()> = Calls::new(Box::new(move |fault| _ = heard.replace(Some(fault))));
        let called = engine.add(1, Rc::new(|_| {}));
        let event = crate::engine::Event::DeviceLost { message: "unplugged".to_owned() };
        engine.hear(Reply { id: 0, event }, ());
        let fault = Fault::DeviceLost("unplugged".to_owned());
        assert_eq!((block_on(called), lost.take()), (Err(fault.clone()), Some(fault)));
    }

    #[test]
    fn the_end_of_an_earlier_worker_leaves_the_present_one() {
        let test = Test::new();
        let first = test.call();
        let earlier = test.calls();
        test.client.end();
        assert_eq!((block_on(first), test.fake.n_running.get()), (Err(Fault::Cancelled), 0));
        let second = test.call();
        earlier.end(died());
        assert_eq!((test.fake.n_running.get(), test.ends.borrow().len()), (1, 0));
        test.reply(1, Event::Files);
        assert!(block_on(second).is_ok());
    }

    #[test]
    fn a_call_that_cannot_be_posted_fails_alone() {
        let test = Test::new();
        let called = test.client.call(Request::Kept, &vec![""], |_| {});
        assert_eq!(block_on(called), Err(Fault::Failed("a file is gone".to_owned())));
        assert!(test.ends.borrow().is_empty());
        test.fake.refuses.set(true);
        test.client.end();
        assert_eq!(block_on(test.call()), Err(Fault::Died("no workers here".to_owned())));
    }
}
