//! What EAP-IG's `Graph.to_json` writes: `{cfg, nodes: {"a0.h0": {in_graph}}, edges: {"a0.h0->m1": {score, in_graph}}}`.

use circuitscope_core::files::python_json::quote_infinities;
use circuitscope_core::{CircuitError, FormatId};
use serde::Deserialize;
use serde_json::Value;

use super::builder::MibBuilder;
use super::graph_of;
use crate::file::text;
use crate::scores::error::FormatError;
use crate::scores::python_values::{Number, Pairs};
use crate::scores::read::{FoundScores, Wanted};

#[derive(Deserialize)]
struct MibFile {
    cfg: Option<Value>,
    #[serde(default)]
    nodes: Pairs<NodeMark>,
    edges: Pairs<EdgeMark>,
}

/// Early versions wrote the mark alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum NodeMark {
    Mark(bool),
    Node {
        in_graph: Option<bool>,
        /// Which of its neurons are in the circuit, in circuits of neurons.
        neurons: Option<Value>,
    },
}

#[derive(Deserialize)]
struct EdgeMark {
    score: Option<Number>,
    in_graph: Option<bool>,
}

/// Reads a file for a model.
///
/// # Errors
/// When it is not such a file, is of another model, or names nodes or edges that the model does not have.
pub fn read(file: &str, bytes: &[u8], wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let text = text(file, bytes)?;
    let json: MibFile = serde_json::from_str(&quote_infinities(text)).map_err(|e| CircuitError::json(file, &e))?;
    let graph = graph_of(file, |field| json.cfg.as_ref()?.get(field).cloned(), wanted.model)?;
    let mut circuit = MibBuilder::new(file, &graph);
    for (name, mark) in &json.nodes.0 {
        let (in_graph, has_neurons) = match mark {
            NodeMark::Mark(in_graph) => (*in_graph, false),
            NodeMark::Node { in_graph, neurons } => (in_graph.unwrap_or(true), neurons.is_some()),
        };
        circuit.add_node(name, in_graph, has_neurons);
    }
    for (name, mark) in &json.edges.0 {
        circuit.add_edge(name, mark.score.map(|score| score.0), mark.in_graph.unwrap_or(false));
    }
    circuit.finish(wanted.model)?.choose(file, FormatId::MibJson, graph, wanted)
}
