//! The seam between the page and the program that computes: [`protocol`] says what the two tell each other, [`session`] is
//! what the engine holds and does, [`device`] chooses what it computes on; in the browser, [`source`] reads files and URLs in
//! slices and [`worker`] answers messages.

#[cfg(feature = "tensors")]
pub mod device;
pub mod protocol;
#[cfg(feature = "tensors")]
pub mod session;
#[cfg(all(feature = "engine", target_arch = "wasm32"))]
pub mod source;
#[cfg(all(feature = "engine", target_arch = "wasm32"))]
pub mod worker;

pub use protocol::{
    Areas, Baseline, Call, CircuitResult, DeviceChoice, DeviceInfo, DeviceKind, DiscoveryInfo, Event, GraphInfo,
    Measurement, Reply, Request, Source, TokenProb, Tokens,
};
