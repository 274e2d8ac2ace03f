//! Circuits of EAP-IG and of the MIB benchmark as their `Graph.to_pt` writes them: a torch file of `cfg`, `src_nodes`,
//! `dst_nodes`, and the matrices `edges_scores` and `edges_in_graph` `[src, dst]` and `nodes_in_graph` `[src]`.
//!
//! The matrices have an entry for every pair of nodes, also for those that no edge connects.

use serde_json::Value;

use super::error::FormatError;
use super::mib::{GRAPH, MibBuilder, MibCircuit, check_cfg};
use super::names::EdgeIndex;
use super::pickle::{Node, NodeId};
use super::torch::{TorchFile, TorchTensor, described};
use circuitscope_core::{DestModule, Graph, ModelConfig};

/// Whether a torch file is of this kind.
pub fn is_circuit(torch: &TorchFile) -> bool {
    field(torch, "edges_scores").is_some() || field(torch, "edges_in_graph").is_some()
}

/// Reads a file for a model.
///
/// # Errors
/// When a part is missing or of another shape than the names give it, it is of another model, or names nodes that the
/// model does not have.
pub fn read(file: &str, torch: &mut TorchFile, model: &ModelConfig) -> Result<MibCircuit, FormatError> {
    let graph = Graph::new(model, GRAPH);
    check_cfg(file, |name| number(torch, entry(torch, field(torch, "cfg")?, name)?), model)?;
    let (srcs, dests) = (names(file, torch, "src_nodes")?, names(file, torch, "dst_nodes")?);
    let n_dests = graph.dests.iter().map(DestModule::n_nodes).sum::<usize>();
    for (name, found, expected) in [("src_nodes", srcs.len(), graph.srcs.len()), ("dst_nodes", dests.len(), n_dests)] {
        if found > expected {
            return Err(FormatError::wrong(
                file,
                format!("`{name}`"),
                format!("at most {expected} names"),
                found.to_string(),
            ));
        }
    }
    let shape = [srcs.len(), dests.len()];
    let scores = matrix(file, torch, "edges_scores", &shape)?;
    let marks = matrix(file, torch, "edges_in_graph", &shape)?;
    let nodes = matrix(file, torch, "nodes_in_graph", &shape[..1])?;
    let has_neurons = field(torch, "neurons_in_graph").is_some();
    let index = EdgeIndex::mib(&graph);
    let mut circuit = MibBuilder::new(file, &graph);
    for (i, src) in srcs.iter().enumerate() {
        circuit.add_node(src, nodes.as_ref().is_none_or(|nodes| nodes[i] != 0.0), has_neurons);
    }
    for dest in dests.iter().filter(|dest| !index.has_node(dest)) {
        circuit.add_node(dest, true, false);
    }
    for (i, src) in srcs.iter().enumerate() {
        for (j, dest) in dests.iter().enumerate() {
            let place = i * dests.len() + j;
            let marked = marks.as_ref().is_some_and(|marks| marks[place] != 0.0);
            // What is no edge has an entry of 0 all the same; one that is marked is a mistake to be told.
            if marked || index.find(src, dest, None).is_some() {
                let score = scores.as_ref().map(|scores| f64::from(scores[place]));
                circuit.add_edge(&format!("{src}->{dest}"), score, marked);
            }
        }
    }
    circuit.finish(model)
}

/// A matrix, where it is there.
fn matrix(file: &str, torch: &mut TorchFile, name: &str, expected: &[usize]) -> Result<Option<Vec<f32>>, FormatError> {
    let node = match field(torch, name) {
        None => return Ok(None),
        Some(id) => torch.pickle.node(id).clone(),
    };
    let Node::Tensor(tensor) = &node else {
        return Err(FormatError::wrong(file, format!("`{name}`"), "a tensor", described(&node)));
    };
    let TorchTensor { shape, numbers } = torch.tensor(name, tensor)?;
    if shape != expected {
        let expected = format!("a tensor of shape {expected:?}, by src_nodes and dst_nodes");
        return Err(FormatError::wrong(file, format!("`{name}`"), expected, format!("{shape:?}")));
    }
    Ok(Some(numbers))
}

/// A list of names that must be there.
fn names(file: &str, torch: &TorchFile, name: &str) -> Result<Vec<String>, FormatError> {
    let wrong = |found: &str| FormatError::wrong(file, format!("`{name}`"), "a list of node names", found);
    let node = field(torch, name).map(|id| torch.pickle.node(id)).ok_or_else(|| wrong("nothing"))?;
    let Node::List(items) = node else { return Err(wrong(described(node))) };
    let text = |&item: &NodeId| match torch.pickle.node(item) {
        // No node's name is longer than a few letters and numbers; a list may repeat a long one for ever.
        Node::Text(text) if text.len() <= 64 => Ok(text.clone()),
        other => Err(wrong(described(other))),
    };
    items.iter().map(text).collect()
}

/// The value of a key of the file's dictionary.
fn field(torch: &TorchFile, name: &str) -> Option<NodeId> {
    entry_of(torch, torch.pickle.root(), name)
}

fn entry(torch: &TorchFile, dict: NodeId, name: &str) -> Option<NodeId> {
    entry_of(torch, torch.pickle.node(dict), name)
}

fn entry_of(torch: &TorchFile, dict: &Node, name: &str) -> Option<NodeId> {
    let Node::Dict(pairs) = dict else { return None };
    let is_key = |key: NodeId| matches!(torch.pickle.node(key), Node::Text(text) if text == name);
    pairs.iter().find(|(key, _)| is_key(*key)).map(|&(_, value)| value)
}

/// A number or a truth value, as JSON has it.
fn number(torch: &TorchFile, id: NodeId) -> Option<Value> {
    match torch.pickle.node(id) {
        Node::Bool(flag) => Some(Value::from(*flag)),
        Node::Int(n) => Some(Value::from(*n)),
        _ => None,
    }
}
