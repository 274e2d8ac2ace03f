//! The programs that the page talks to, each in a worker of its own that is started with the first call.

use js_sys::Array;

use circuitscope_wire::browser::Script;
use circuitscope_wire::client::Answer;
use circuitscope_wire::{Client, Connection, Engine, Hub, Reader};

pub use circuitscope_wire::Fault;
pub use circuitscope_wire::browser::js_text;

pub type EngineClient = Client<Engine, Script>;
/// One of the engine's workers: what it has loaded is gone with it.
pub type EngineConnection = Connection<Engine, Script>;
pub type EngineAnswer = Answer<Engine, Array>;
pub type ReaderClient = Client<Reader, Script>;
pub type HubClient = Client<Hub, Script>;

/// The engine. `on_end` is called when its worker dies or loses its device.
pub fn engine(on_end: impl Fn(Fault) + 'static) -> EngineClient {
    Client::new(Script("./engine-worker.js"), on_end)
}

/// The reader. Where its worker dies, the calls to it say so.
pub fn reader() -> ReaderClient {
    Client::new(Script("./reader-worker.js"), |_| {})
}

/// The hub. Where its worker dies, the calls to it say so.
pub fn hub() -> HubClient {
    Client::new(Script("./module/hub-worker.js"), |_| {})
}
