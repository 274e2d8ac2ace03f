//! A score for every edge, the circuits that are cut from scores, and where scores come from.
//!
//! [`prune_scores`] reads and writes them, [`ranking`] sorts them and gives circuits of a size, [`selection`] chooses edges that
//! are connected, which [`paths`] says of a graph, [`mask`] says how much of each edge is in a circuit, [`known_circuit`] and
//! [`official`] are circuits that others named, [`compare`] measures scores against them, [`overlap`] against each other, [`edge_list`] is a circuit as a table,
//! [`info`] a file's metadata, and [`format`](mod@format) lists the formats of all programs.

pub mod compare;
pub mod edge_list;
pub mod format;
pub mod info;
pub mod known_circuit;
pub mod mask;
pub mod official;
pub mod overlap;
pub mod paths;
pub mod prune_scores;
pub mod ranking;
pub mod selection;
