//! The worker's side: an [`Inbox`] takes calls in, and [`serve`] has a [`Handler`] answer them, one after the other.
//! Cancellations are taken in between.
//!
//! Every call is answered, also where it was cancelled while it waited, or where its reply cannot be sent: nobody waits for ever.
//! Nothing here knows of a browser: [`Post`] says how a reply leaves.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::future::poll_fn;
use std::task::{Poll, Waker};

use crate::message::{Call, Post, Protocol, Reply};
use crate::source::ReadError;

/// What a program does with a request.
#[allow(async_fn_in_trait, reason = "used on one thread only")]
pub trait Handler {
    type Protocol: Protocol;
    /// What travels beside messages.
    type Attachments: Default;

    /// Does what is asked for, and gives the event that answers it.
    ///
    /// # Errors
    /// When it cannot be done, or was cancelled.
    async fn answer(
        &mut self,
        request: <Self::Protocol as Protocol>::Request,
        attachments: Self::Attachments,
        caller: &Caller<'_, Self::Protocol, Self::Attachments>,
    ) -> Result<(<Self::Protocol as Protocol>::Event, Self::Attachments), Refusal>;
}

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    Cancelled,
    /// It could not be done, for this reason.
    Failed(String),
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The calls that wait for their turn, and those that are to be stopped.
pub struct Inbox<P: Protocol, A> {
    waiting: RefCell<VecDeque<(Call<P::Request>, A)>>,
    cancelled: RefCell<BTreeSet<u32>>,
    /// Wakes the server when a call arrives.
    waker: Cell<Option<Waker>>,
}

impl<P: Protocol, A> Default for Inbox<P, A> {
    fn default() -> Self {
        Self { waiting: RefCell::default(), cancelled: RefCell::default(), waker: Cell::default() }
    }
}

impl<P: Protocol, A> Inbox<P, A> {
    /// Takes a call in.
    pub fn hear(&self, call: Call<P::Request>, attachments: A) {
        if let Some(id) = P::cancels(&call.request) {
            self.cancelled.borrow_mut().insert(id);
            return;
        }
        self.waiting.borrow_mut().push_back((call, attachments));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    async fn next(&self) -> (Call<P::Request>, A) {
        poll_fn(|context| match self.waiting.borrow_mut().pop_front() {
            Some(call) => Poll::Ready(call),
            None => {
                self.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }
}

/// The call that is being answered, with the means to post its events.
pub struct Caller<'a, P: Protocol, A> {
    id: u32,
    inbox: &'a Inbox<P, A>,
    outbox: &'a dyn Post<Reply<P::Event>, Attachments = A>,
    /// Why an event could not be sent.
    unsent: RefCell<Option<String>>,
}

impl<P: Protocol, A: Default> Caller<'_, P, A> {
    /// Whether the work should stop: the caller has cancelled it, or an event of it could not be sent.
    pub fn is_cancelled(&self) -> bool {
        self.unsent.borrow().is_some() || self.inbox.cancelled.borrow().contains(&self.id)
    }

    /// Posts an event that comes before the answer. Where it cannot be sent, the call fails.
    pub fn tell(&self, event: P::Event, attachments: &A) {
        if let Err(reason) = self.post(event, attachments) {
            self.unsent.borrow_mut().get_or_insert(reason);
        }
    }

    /// Posts the event that ends the call.
    fn end(self, answer: Result<(P::Event, A), Refusal>) {
        self.inbox.cancelled.borrow_mut().remove(&self.id);
        let answer = self.unsent.take().map_or(answer, |reason| Err(unsendable(&reason)));
        let sent = answer
            .and_then(|(event, attachments)| self.post(event, &attachments).map_err(|reason| unsendable(&reason)));
        let event = match sent {
            Ok(()) => return,
            Err(Refusal::Cancelled) => P::cancelled(),
            Err(Refusal::Failed(reason)) => P::failed(reason),
        };
        self.post(event, &A::default()).expect("a sentence can be posted");
    }

    fn post(&self, event: P::Event, attachments: &A) -> Result<(), String> {
        self.outbox.post(&Reply { id: self.id, event }, attachments)
    }
}

fn unsendable(reason: &str) -> Refusal {
    Refusal::Failed(format!("the reply could not be sent: {reason}"))
}

/// Answers calls for ever, one after the other.
pub async fn serve<H: Handler>(
    inbox: &Inbox<H::Protocol, H::Attachments>,
    handler: &mut H,
    outbox: &impl Post<Reply<<H::Protocol as Protocol>::Event>, Attachments = H::Attachments>,
) {
    loop {
        let (Call { id, request }, attachments) = inbox.next().await;
        let caller = Caller { id, inbox, outbox, unsent: RefCell::default() };
        let answer = match caller.is_cancelled() {
            true => Err(Refusal::Cancelled),
            false => handler.answer(request, attachments, &caller).await,
        };
        caller.end(answer);
    }
}

/// The reply to a message that is no call of this program: `id` is what could be read of its number, else 0.
pub fn refuse<P: Protocol>(id: u32, reason: &str) -> Reply<P::Event> {
    Reply { id, event: P::failed(format!("not a call that the {} knows: {reason}", P::NAME)) }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Context;

    use super::*;
    use crate::hub::{Event, Hub, Request};

    /// A hub that reports how far it is, waits for a turn and answers with the files that it was given.
    struct Fake;

    /// What travels beside a message; an empty name cannot be sent.
    type Files = Vec<&'static str>;

    impl Handler for Fake {
        type Protocol = Hub;
        type Attachments = Files;

        async fn answer(
            &mut self,
            request: Request,
            files: Files,
            caller: &Caller<'_, Hub, Files>,
        ) -> Result<(Event, Files), Refusal> {
            let Request::Fetch { key } = request else { return Err(Refusal::Failed("a fake only fetches".to_owned())) };
            let report = if key == "unsendable progress" { vec![""] } else { Vec::new() };
            caller.tell(progress(), &report);
            turn().await;
            if caller.is_cancelled() { Err(Refusal::Cancelled) } else { Ok((Event::Files, files)) }
        }
    }

    fn progress() -> Event {
        Event::Progress { done: 1, total: 2, file: "config.json".to_owned() }
    }

    fn failed(message: &str) -> Event {
        Event::Failed { message: message.to_owned() }
    }

    fn fetch(key: &str) -> Request {
        Request::Fetch { key: key.to_owned() }
    }

    /// Is ready when it is asked again, as a promise of the browser's is.
    async fn turn() {
        let mut asked = false;
        poll_fn(|_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    #[derive(Default)]
    struct Sent(RefCell<Vec<(u32, Event)>>);

    impl Post<Reply<Event>> for Sent {
        type Attachments = Files;

        fn post(&self, reply: &Reply<Event>, files: &Files) -> Result<(), String> {
            if files.contains(&"") {
                return Err("it is too large".to_owned());
            }
            self.0.borrow_mut().push((reply.id, reply.event.clone()));
            Ok(())
        }
    }

    /// What is sent when `calls` arrive together and `later` while the first of them is being worked on.
    fn replies(calls: Vec<(u32, Request, Files)>, later: Vec<(u32, Request, Files)>) -> Vec<(u32, Event)> {
        let (inbox, sent, mut fake) = (Inbox::default(), Sent::default(), Fake);
        let hear = |calls: Vec<_>| {
            for (id, request, files) in calls {
                inbox.hear(Call { id, request }, files);
            }
        };
        let mut server = pin!(serve(&inbox, &mut fake, &sent));
        let mut context = Context::from_waker(Waker::noop());
        hear(calls);
        assert!(server.as_mut().poll(&mut context).is_pending());
        hear(later);
        for _ in 0..10 {
            assert!(server.as_mut().poll(&mut context).is_pending());
        }
        sent.0.take()
    }

    #[test]
    fn calls_are_answered_one_after_the_other() {
        let found = replies(vec![(1, fetch("a"), vec!["a"]), (2, fetch("b"), vec!["b"])], vec![]);
        assert_eq!(found, [(1, progress()), (1, Event::Files), (2, progress()), (2, Event::Files)]);
    }

    #[test]
    fn a_call_that_cannot_be_done_is_followed_by_the_next() {
        let found = replies(vec![(1, Request::Kept, vec![]), (2, fetch("b"), vec![])], vec![]);
        assert_eq!(found, [(1, failed("a fake only fetches")), (2, progress()), (2, Event::Files)]);
    }

    #[test]
    fn a_cancel_is_heard_while_its_call_is_worked_on() {
        let found = replies(
            vec![(1, fetch("a"), vec![]), (2, fetch("b"), vec![])],
            vec![(3, Request::Cancel { id: 1 }, vec![])],
        );
        assert_eq!(found, [(1, progress()), (1, Event::Cancelled), (2, progress()), (2, Event::Files)]);
    }

    #[test]
    fn a_call_that_is_cancelled_before_its_turn_is_not_begun() {
        let found = replies(
            vec![(1, fetch("a"), vec![]), (2, fetch("b"), vec![])],
            vec![(3, Request::Cancel { id: 2 }, vec![])],
        );
        assert_eq!(found, [(1, progress()), (1, Event::Files), (2, Event::Cancelled)]);
    }

    #[test]
    fn a_reply_that_cannot_be_sent_is_answered_with_why() {
        let why = failed("the reply could not be sent: it is too large");
        let found = replies(vec![(1, fetch("a"), vec![""]), (2, fetch("b"), vec![])], vec![]);
        assert_eq!(found, [(1, progress()), (1, why.clone()), (2, progress()), (2, Event::Files)]);
        let found = replies(vec![(1, fetch("unsendable progress"), vec![])], vec![]);
        assert_eq!(found, [(1, why)]);
    }

    #[test]
    fn a_call_wakes_a_server_that_waits() {
        let (inbox, sent, mut fake) = (Inbox::default(), Sent::default(), Fake);
        let woken = std::sync::Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut server = pin!(serve(&inbox, &mut fake, &sent));
        assert!(server.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        inbox.hear(Call { id: 1, request: Request::Kept }, vec![]);
        assert!(woken.0.load(std::sync::atomic::Ordering::Relaxed));
    }

    #[derive(Default)]
    struct Woken(std::sync::atomic::AtomicBool);

    impl std::task::Wake for Woken {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }

    #[test]
    fn a_message_that_is_no_call_is_refused_by_its_number() {
        let Reply { id, event } = refuse::<Hub>(7, "no field `type`");
        assert_eq!((id, event), (7, failed("not a call that the hub knows: no field `type`")));
    }
}
