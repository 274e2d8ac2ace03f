//! What EAP-IG's `Graph.to_pt` writes: a torch file of `cfg`, `src_nodes`,
//! `dst_nodes`, and the matrices `edges_scores` and `edges_in_graph` `[src, dst]` and `nodes_in_graph` `[src]`.
//!
//! The matrices have an entry for every pair of nodes, also for those that no edge connects.

use circuitscope_core::{DestModule, FormatId, Graph};
use serde_json::Value;

use super::builder::MibBuilder;
use super::graph_of;
use crate::scores::error::FormatError;
use crate::scores::names::EdgeIndex;
use crate::scores::read::{FoundScores, Wanted};
use crate::scores::torch::pickle::{Node, NodeId};
use crate::scores::torch::{TorchFile, TorchTensor, described};

/// The longest names are such as `a127.h127<q>`.
const MAX_NAME_BYTES: usize = 64;

/// Whether a torch file is of this kind.
pub fn is_circuit(torch: &TorchFile) -> bool {
    field(torch, "edges_scores").is_some() || field(torch, "edges_in_graph").is_some()
}

/// Reads a file for a model.
///
/// # Errors
/// When a tensor or a list of names is missing or has another shape than the names give it, the file is of another model, or
/// it names nodes that the model does not have.
pub fn read(file: &str, torch: &mut TorchFile, wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let graph = graph_of(file, |name| number(torch, entry(torch, field(torch, "cfg")?, name)?), wanted.model)?;
    let matrices = Matrices::read(file, torch, &graph)?;
    let index = EdgeIndex::mib(&graph);
    let mut circuit = MibBuilder::new(file, &graph);
    let has_neurons = field(torch, "neurons_in_graph").is_some();
    for (i, src) in matrices.srcs.iter().enumerate() {
        let in_graph = matrices.nodes.as_ref().is_none_or(|nodes| nodes[i] != 0.0);
        circuit.add_node(src, in_graph, has_neurons);
    }
    for dest in matrices.dests.iter().filter(|dest| !index.has_node(dest)) {
        circuit.add_node(dest, true, false);
    }
    for (src, dest, score, marked) in matrices.entries() {
        // A pair of nodes without an edge has an entry of 0 all the same; one that is marked is a mistake, which is reported.
        if marked || index.find(src, dest, None).is_some() {
            circuit.add_edge(&format!("{src}->{dest}"), score, marked);
        }
    }
    circuit.finish(wanted.model)?.choose(file, FormatId::MibTorch, graph, wanted)
}

/// The names and the matrices of a file.
struct Matrices {
    srcs: Vec<String>,
    dests: Vec<String>,
    /// `[src, dest]`.
    scores: Option<Vec<f32>>,
    /// `[src, dest]`, 0 or 1.
    marks: Option<Vec<f32>>,
    /// `[src]`, 0 or 1.
    nodes: Option<Vec<f32>>,
}

impl Matrices {
    fn read(file: &str, torch: &mut TorchFile, graph: &Graph) -> Result<Self, FormatError> {
        let n_dests = graph.dests.iter().map(DestModule::n_nodes).sum();
        let srcs = names(file, torch, "src_nodes", graph.srcs.len())?;
        let dests = names(file, torch, "dst_nodes", n_dests)?;
        let shape = [srcs.len(), dests.len()];
        let scores = matrix(file, torch, "edges_scores", &shape)?;
        let marks = matrix(file, torch, "edges_in_graph", &shape)?;
        let nodes = matrix(file, torch, "nodes_in_graph", &shape[..1])?;
        Ok(Self { srcs, dests, scores, marks, nodes })
    }

    /// For each pair of nodes its names, its score and whether it is marked.
    fn entries(&self) -> impl Iterator<Item = (&str, &str, Option<f64>, bool)> {
        let pairs = self.srcs.iter().flat_map(|src| self.dests.iter().map(move |dest| (src, dest)));
        pairs.enumerate().map(|(i, (src, dest))| {
            let score = self.scores.as_ref().map(|scores| f64::from(scores[i]));
            let marked = self.marks.as_ref().is_some_and(|marks| marks[i] != 0.0);
            (src.as_str(), dest.as_str(), score, marked)
        })
    }
}

/// A matrix, where the file has it.
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

/// A list of at most `n_most` names that has to be there.
fn names(file: &str, torch: &TorchFile, name: &str, n_most: usize) -> Result<Vec<String>, FormatError> {
    let wrong = |expected: &str, found: &str| FormatError::wrong(file, format!("`{name}`"), expected, found);
    let expected = "a list of node names";
    let node = field(torch, name).map(|id| torch.pickle.node(id)).ok_or_else(|| wrong(expected, "nothing"))?;
    let Node::List(items) = node else { return Err(wrong(expected, described(node))) };
    if items.len() > n_most {
        return Err(wrong(&format!("at most {n_most} names"), &items.len().to_string()));
    }
    let text = |&item: &NodeId| match torch.pickle.node(item) {
        // No node's name is longer than a few letters and numbers; a list may repeat a long one many times.
        Node::Text(text) if text.len() <= MAX_NAME_BYTES => Ok(text.clone()),
        other => Err(wrong(expected, described(other))),
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
