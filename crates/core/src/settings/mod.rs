//! What a run or a search is asked to do, and what it costs.
//!
//! [`run`] has the choices of a run, [`edge_counts`] the sizes of its circuits, [`discovery`] the choices of a search;
//! [`activations`] estimates the memory of a forward pass, [`memory`] says whether a model and a run fit a device, and [`cost`]
//! what a search takes.

pub mod activations;
pub mod cost;
pub mod discovery;
pub mod edge_counts;
pub mod memory;
pub mod run;
