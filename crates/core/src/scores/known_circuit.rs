//! Known circuits, which scores are compared with: from a list of their edges' names or from scores. (`official` has the
//! published ones.)

use std::collections::HashMap;

use serde_json::Value;

use crate::error::CircuitError;
use crate::graph::{Edge, EdgeIndex, Graph};
use crate::scores::prune_scores::PruneScores;
use crate::scores::ranking::Circuit;

/// A circuit that scores are compared with: edges by their names, such as `A0.1->MLP 1`, or `3:A0.1->MLP 1` at position 3.
///
/// The name of each node is kept once: a circuit of a graph of 400,000 edges may have as many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownCircuit {
    nodes: Vec<String>,
    edges: Vec<NamedEdge>,
}

/// An edge by the names of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NamedEdge {
    seq_idx: Option<u32>,
    /// Indices in the circuit's nodes.
    src: u32,
    dest: u32,
}

impl KnownCircuit {
    /// Reads a list of edge names: a JSON array, or an object with one as `official_edges` or `edges`.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn from_json(file: &str, text: &str) -> Result<Self, CircuitError> {
        let json: Value = serde_json::from_str(text).map_err(|e| CircuitError::json(file, &e))?;
        let lists = ["official_edges", "edges"].into_iter().find_map(|key| json.get(key)?.as_array());
        let list = json.as_array().or(lists).filter(|list| !list.is_empty());
        let wrong = |found: String| CircuitError::field(file, "official circuit", EXPECTED, found);
        let mut builder = Builder::default();
        for name in list.ok_or_else(|| wrong("other JSON".to_owned()))? {
            name.as_str().and_then(|name| builder.add(name)).ok_or_else(|| wrong(name.to_string()))?;
        }
        Ok(builder.circuit)
    }

    /// The edges of a graph whose score is not 0: an official circuit written as scores.
    ///
    /// # Errors
    /// When no edge or every edge has such a score.
    pub fn from_scores(file: &str, scores: &PruneScores, graph: &Graph) -> Result<Self, CircuitError> {
        let known = Self::of_edges(graph, scores, |score| score != 0.0);
        if known.edges.is_empty() || known.n_edges() == graph.n_edges() {
            let expected = "scores that are 0 for the edges outside it, and not for all";
            let found = format!("{} of {} that are not 0", known.n_edges(), graph.n_edges());
            return Err(CircuitError::field(file, "official circuit", expected, found));
        }
        Ok(known)
    }

    /// The edges of a graph that are in a circuit of its scores.
    pub fn from_circuit(circuit: &Circuit, scores: &PruneScores, graph: &Graph) -> Self {
        Self::of_edges(graph, scores, |score| circuit.contains(score))
    }

    /// The edges of a graph whose scores `is_in` accepts, in the graph's order.
    fn of_edges(graph: &Graph, scores: &PruneScores, is_in: impl Fn(f32) -> bool) -> Self {
        let mut builder = Builder::default();
        let srcs: Vec<u32> = graph.srcs.iter().map(|src| builder.node(&src.name)).collect();
        for node in graph.dest_nodes() {
            let (first, module) = (node.first_edge, &graph.dests[node.module_idx]);
            let dest = builder.node(&graph.dest_node_name(node));
            let seq_idx = node.seq_idx.map(|position| position as u32);
            let srcs = &srcs[module.min_src_idx..][..module.n_src];
            let found = srcs.iter().zip(&scores.values()[first..]).filter(|&(_, &score)| is_in(score));
            builder.circuit.edges.extend(found.map(|(&src, _)| NamedEdge { seq_idx, src, dest }));
        }
        builder.circuit
    }

    /// The number of edges, those that were named twice counting twice.
    pub fn n_edges(&self) -> usize {
        self.edges.len()
    }

    /// The names of the edges.
    pub fn edge_names(&self) -> impl Iterator<Item = String> + '_ {
        self.edges.iter().map(|&edge| self.edge_name(edge))
    }

    fn edge_name(&self, edge: NamedEdge) -> String {
        let [src, dest] = [edge.src, edge.dest].map(|node| &self.nodes[node as usize]);
        position_prefix(edge.seq_idx.map(|position| position as usize)) + src + "->" + dest
    }

    /// For each edge of a graph, in order, whether it is in the circuit.
    ///
    /// # Errors
    /// When the circuit has an edge that the graph has not.
    pub fn mask(&self, graph: &Graph) -> Result<Vec<bool>, CircuitError> {
        let index = EdgeIndex::new(graph);
        let srcs: Vec<_> = self.nodes.iter().map(|name| index.src(name)).collect();
        let mut mask = vec![false; graph.n_edges()];
        // Most lists have the edges into a node next to each other.
        for edges in self.edges.chunk_by(|a, b| (a.seq_idx, a.dest) == (b.seq_idx, b.dest)) {
            let NamedEdge { seq_idx, dest, .. } = edges[0];
            let dest = index.dest(&self.nodes[dest as usize], seq_idx.map(|position| position as usize));
            for &edge in edges {
                let found = srcs[edge.src as usize].zip(dest).and_then(|(src_idx, dest)| index.edge(src_idx, dest));
                let Some(Edge { edge_idx, .. }) = found else {
                    let found = format!("{:?}", self.edge_name(edge));
                    return Err(CircuitError::field("official circuit", "edges", "edges of this graph", found));
                };
                mask[edge_idx] = true;
            }
        }
        Ok(mask)
    }
}

/// A circuit that edges are added to.
#[derive(Default)]
struct Builder {
    circuit: KnownCircuit,
    /// The index of each node.
    indices: HashMap<String, u32>,
}

impl Builder {
    fn node(&mut self, name: &str) -> u32 {
        if let Some(&node) = self.indices.get(name) {
            return node;
        }
        let node = self.circuit.nodes.len() as u32;
        self.circuit.nodes.push(name.to_owned());
        self.indices.insert(name.to_owned(), node);
        node
    }

    /// Adds an edge by its name; `None` where it is no edge's.
    fn add(&mut self, name: &str) -> Option<()> {
        let (src, dest) = name.split_once("->")?;
        let (seq_idx, src) = match src.split_once(':') {
            Some((position, src)) => (Some(position.parse().ok()?), src),
            None => (None, src),
        };
        let edge = NamedEdge { seq_idx, src: self.node(src), dest: self.node(dest) };
        self.circuit.edges.push(edge);
        Some(())
    }
}

const EXPECTED: &str = "a list of edge names such as [\"A0.1->MLP 1\"], by itself or as `official_edges`";

fn position_prefix(seq_idx: Option<usize>) -> String {
    seq_idx.map_or(String::new(), |seq_idx| format!("{seq_idx}:"))
}

/// The name of an edge, with its position in a token-wise graph.
pub fn edge_name(graph: &Graph, edge: Edge) -> String {
    position_prefix(edge.seq_idx) + &graph.edge_name(edge)
}
