//! What a run or a search is asked for, and what it costs.

pub mod discovery;
pub mod edge_counts;
pub mod memory;
pub mod run;
