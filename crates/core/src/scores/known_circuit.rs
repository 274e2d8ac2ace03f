//! Known circuits, which scores are compared with: from a list of their edges' names or from scores. (`official` has the
//! published ones.)

use serde_json::Value;

use crate::error::CircuitError;
use crate::graph::{Edge, EdgeIndex, Graph};
use crate::scores::prune_scores::PruneScores;

/// A circuit that scores are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCircuit {
    /// The names of its edges: `A0.1->MLP 1`, or `3:A0.1->MLP 1` at position 3.
    pub edges: Vec<String>,
}

impl KnownCircuit {
    /// Reads a list of edge names: a JSON array, or an object with one as `official_edges` or `edges`.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn from_json(file: &str, text: &str) -> Result<Self, CircuitError> {
        let json: Value = serde_json::from_str(text).map_err(|e| CircuitError::json(file, &e))?;
        let list =
            json.as_array().or_else(|| ["official_edges", "edges"].iter().find_map(|key| json.get(key)?.as_array()));
        let names =
            list.and_then(|list| list.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>());
        match names {
            Some(edges) if !edges.is_empty() => Ok(Self { edges }),
            _ => {
                let expected = "a list of edge names such as [\"A0.1->MLP 1\"], by itself or as `official_edges`";
                Err(CircuitError::field(file, "official circuit", expected, "other JSON"))
            }
        }
    }

    /// The edges of a graph whose score is not 0: an official circuit written as scores.
    ///
    /// # Errors
    /// When no edge or every edge has such a score.
    pub fn from_scores(file: &str, scores: &PruneScores, graph: &Graph) -> Result<Self, CircuitError> {
        let edges: Vec<_> = named_edges(graph, |edge| scores.score(edge) != 0.0).collect();
        if edges.is_empty() || edges.len() == graph.n_edges() {
            let expected = "scores that are 0 for the edges outside it, and not for all";
            let found = format!("{} of {} that are not 0", edges.len(), graph.n_edges());
            return Err(CircuitError::field(file, "official circuit", expected, found));
        }
        Ok(Self { edges })
    }

    /// For each edge of a graph, in order, whether it is in the circuit.
    ///
    /// # Errors
    /// When the circuit has an edge that the graph has not.
    pub fn mask(&self, graph: &Graph) -> Result<Vec<bool>, CircuitError> {
        let index = EdgeIndex::new(graph);
        let mut mask = vec![false; graph.n_edges()];
        for name in &self.edges {
            let Some(edge) = find(&index, name) else {
                let expected = "edges of this graph";
                return Err(CircuitError::field("official circuit", "edges", expected, format!("{name:?}")));
            };
            mask[edge.edge_idx] = true;
        }
        Ok(mask)
    }
}

/// The edge of a name with its position, where it has one.
fn find(index: &EdgeIndex, name: &str) -> Option<Edge> {
    match name.split_once(':') {
        Some((position, name)) => index.find(name, Some(position.parse().ok()?)),
        None => index.find(name, None),
    }
}

/// The names of some edges of a graph, in order. That of a dest node is written once for all its edges.
fn named_edges(graph: &Graph, is_named: impl Fn(Edge) -> bool) -> impl Iterator<Item = String> {
    graph.dest_nodes().flat_map(move |node| {
        let (prefix, dest) = (position_prefix(node.seq_idx), graph.dest_node_name(node));
        let is_named = &is_named;
        let edges: Vec<_> = graph.edges_into(node).filter(|&edge| is_named(edge)).collect();
        edges.into_iter().map(move |edge| [&prefix, &graph.srcs[edge.src_idx].name, "->", &dest].concat())
    })
}

fn position_prefix(seq_idx: Option<usize>) -> String {
    seq_idx.map_or(String::new(), |seq_idx| format!("{seq_idx}:"))
}

/// The name of an edge, with its position in a token-wise graph.
pub fn edge_name(graph: &Graph, edge: Edge) -> String {
    position_prefix(edge.seq_idx) + &graph.edge_name(edge)
}
