//! What is checked before scores are kept: that numbers are numbers, and that a graph is not too large to have a score for each
//! edge.

use circuitscope_core::{DestModule, Graph, describe_graph};

use super::error::FormatError;

/// A graph of more edges is refused before anything is allocated for it: scores of so many are 200 MB, which is as much as the
/// page opens.
pub const MAX_EDGES: u64 = 50_000_000;

/// A score of 32 bits. Infinities are allowed (ACDC gives such); NaN is not, nor a number that rounding makes infinite.
///
/// # Errors
/// Says `what` should be such a number.
pub fn checked_number(file: &str, what: impl Fn() -> String, score: f64) -> Result<f32, FormatError> {
    let rounded = score as f32;
    if rounded.is_nan() || rounded.is_infinite() != score.is_infinite() {
        return Err(FormatError::wrong(file, what(), "a number of 32 bits", score.to_string()));
    }
    Ok(rounded)
}

/// Checks that a graph has at most [`MAX_EDGES`] edges, without allocating anything.
///
/// # Errors
/// Names what the number of edges depends on: `field`, the graph or the position of a row.
pub fn check_size(file: &str, field: impl Fn() -> String, graph: &Graph) -> Result<(), FormatError> {
    let seq_len = graph.config.seq_len.unwrap_or(1) as u64;
    let n_module_edges = |module: &DestModule| module.n_nodes() as u64 * module.n_src as u64;
    let n_edges = graph.dests.iter().map(n_module_edges).fold(0, u64::saturating_add).saturating_mul(seq_len);
    if n_edges <= MAX_EDGES {
        return Ok(());
    }
    let expected = format!("in a graph of at most {MAX_EDGES} edges");
    let found = format!("one of {n_edges} edges ({})", describe_graph(&graph.config));
    Err(FormatError::wrong(file, field(), expected, found))
}
