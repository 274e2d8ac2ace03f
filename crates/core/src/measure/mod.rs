//! Numbers computed from the outputs of circuits.
//!
//! [`metric`] lists the metrics, [`measurement`] has the metrics of one output with their spread over prompts, [`measures`] the
//! curves of a whole set of circuits, as CSV and JSON, [`curves`] the areas under a curve, and [`area_labels`] what those areas
//! are called.

pub mod area_labels;
pub mod curves;
pub mod measurement;
pub mod measures;
pub mod metric;
