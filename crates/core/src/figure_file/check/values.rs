//! The scores of a figure's edges, laid out in the edge order of a graph.

use super::quoted;
use crate::error::CircuitError;
use crate::figure_file::edges::{EdgeScores, FigureEdges, ListedEdge};
use crate::graph::{EdgeIndex, Graph};
use crate::scores::known_circuit::edge_name;
use crate::scores::mask::EdgeValues;
use crate::scores::prune_scores::PruneScores;

/// A number for every edge of the graph, which is known to be small enough for it.
pub fn values(
    file: &str,
    edges: &FigureEdges,
    index: &EdgeIndex<'_>,
    graph: &Graph,
) -> Result<PruneScores, CircuitError> {
    let n_edges = graph.n_edges();
    let values = match &edges.scores {
        EdgeScores::All(scores) if scores.values().len() != n_edges => {
            let expected = format!("{n_edges} numbers, one for each edge of the graph");
            let found = scores.values().len().to_string();
            return Err(CircuitError::field(file, "circuit.scores.all", expected, found));
        }
        EdgeScores::All(scores) => PruneScores::new(scores.values().to_vec()),
        EdgeScores::Listed(listed) => listed_values(file, listed, index, graph)?,
    };
    if edges.values == EdgeValues::Mask {
        edges.values.check(&format!("{file}: circuit.scores"), &values, graph)?;
    }
    Ok(values)
}

/// The numbers of the edges of a list, and 0 for all others.
fn listed_values(
    file: &str,
    listed: &[ListedEdge],
    index: &EdgeIndex<'_>,
    graph: &Graph,
) -> Result<PruneScores, CircuitError> {
    let mut values = vec![0.0; graph.n_edges()];
    for (i, ListedEdge { edge: name, score }) in listed.iter().enumerate() {
        let wrong = |field: &str, expected: &str, found: String| {
            CircuitError::field(file, &format!("circuit.scores.listed[{i}].{field}"), expected, found)
        };
        let edge = index.find_named(name).ok_or_else(|| wrong("edge", "an edge of the graph", quoted(name)))?;
        if *score == 0.0 || score.is_nan() {
            let expected = "a number other than 0, which all edges have that are not listed";
            return Err(wrong("score", expected, score.to_string()));
        }
        if values[edge.edge_idx] != 0.0 {
            return Err(wrong("edge", "an edge that is not yet listed", edge_name(graph, edge)));
        }
        values[edge.edge_idx] = *score;
    }
    Ok(PruneScores::new(values))
}
