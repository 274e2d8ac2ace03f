//! What all messages share: the number of a call, and what an event means for the call that it answers.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A request with the number that its replies will carry, counted from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call<R> {
    pub id: u32,
    pub request: R,
}

/// An event with the number of the call that it answers; 0 where it answers none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply<E> {
    pub id: u32,
    pub event: E,
}

/// The requests and the events of one program.
pub trait Protocol: 'static {
    /// What the program is called in messages to a person.
    const NAME: &'static str;
    type Request: Serialize + DeserializeOwned + 'static;
    type Event: Serialize + DeserializeOwned + 'static;

    /// The event that says why a call could not be done.
    fn failed(message: String) -> Self::Event;

    /// The event that ends a call which was cancelled.
    fn cancelled() -> Self::Event {
        Self::failed("cancelled".to_owned())
    }

    /// The request that asks for a call to be stopped, where the program has one. It is answered by nothing itself.
    fn cancel(_id: u32) -> Option<Self::Request> {
        None
    }

    /// The call that a request asks to stop.
    fn cancels(_request: &Self::Request) -> Option<u32> {
        None
    }

    /// What an event means for its call.
    fn meaning(event: &Self::Event) -> Meaning;
}

/// What an event means for the call that it answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// More events of this call will follow.
    Progress,
    /// The call is done.
    Answer,
    /// The call could not be done, for this reason.
    Failed(String),
    /// The call was stopped.
    Cancelled,
    /// The device is gone, for this reason: no call will be answered any more.
    DeviceLost(String),
}

/// Where messages of type `M` are posted.
pub trait Post<M> {
    /// What travels beside a message.
    type Attachments;

    /// Posts a message.
    ///
    /// # Errors
    /// Why the message cannot be sent.
    fn post(&self, message: &M, attachments: &Self::Attachments) -> Result<(), String>;
}
