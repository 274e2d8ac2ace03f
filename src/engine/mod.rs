//! The seam between the page and the program that computes: [`protocol`] says what the two tell each other, [`session`] is
//! what the worker holds and does, [`source`] reads files and URLs in slices.

pub mod protocol;

pub use protocol::{
    Baseline, CircuitResult, DeviceChoice, DeviceInfo, DeviceKind, Event, GraphInfo, Measurement, Reply, Request, Source,
    TokenProb, Tokens,
};
