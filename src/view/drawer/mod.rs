//! The drawer below the strip: the circuit's edges, the circuits that were run, the circuit under every setting, comparisons.

mod edges;
pub mod panel;
