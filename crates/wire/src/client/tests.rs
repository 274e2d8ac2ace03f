//! A client with workers that only keep what is posted to them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use pollster::block_on;

use super::*;
use crate::hub::{Event, Hub, Request};
use crate::message::Reply;

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
