//! Numbers computed from the outputs of circuits: metrics of a prompt, their means and spread, curves and areas.

pub mod curves;
pub mod measurement;
pub mod measures;
pub mod metric;
