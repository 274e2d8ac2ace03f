//! A score for every edge, the circuits that are cut from scores, and where scores come from.

pub mod compare;
pub mod format;
pub mod known_circuit;
pub mod official;
pub mod prune_scores;
pub mod scores_info;
pub mod selection;
