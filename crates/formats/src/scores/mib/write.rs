//! Writes JSON as EAP-IG's `Graph.to_json` does, which its `Graph.from_json` reads.

use std::collections::HashSet;

use circuitscope_core::{Circuit, CircuitError, Edge, Graph, ModelConfig, PruneScores, describe_graph};
use serde::Serialize;
use serde_json::Value;

use crate::scores::error::FormatError;
use crate::scores::names::{mib_dest, mib_edge_name, mib_node, mib_src};

/// Writes scores, with the edges of a circuit marked.
///
/// # Errors
/// When the graph is not one that EAP-IG has.
pub fn json(
    model: &ModelConfig,
    graph: &Graph,
    scores: &PruneScores,
    circuit: &Circuit,
) -> Result<Vec<u8>, FormatError> {
    check_graph(model, graph)?;
    let cfg = serde_json::to_string(&Cfg::of(model)).map_err(|e| CircuitError::json("cfg", &e))?;
    let is_marked = |edge: &Edge| circuit.contains(scores.score(*edge));
    let used = nodes_of(graph, graph.edges().filter(is_marked));
    let nodes = graph.srcs.iter().map(mib_src).chain(["logits".to_owned()]);
    let nodes = nodes.map(|name| format!("{}: {{\"in_graph\": {}}}", Value::from(name.clone()), used.contains(&name)));
    let edges = graph.edges().map(|edge| {
        let (name, score) = (Value::from(mib_edge_name(graph, edge)), python_number(scores.score(edge)));
        format!("{name}: {{\"score\": {score}, \"in_graph\": {}}}", is_marked(&edge))
    });
    let (nodes, edges) = (joined(nodes), joined(edges));
    Ok(format!("{{\"cfg\": {cfg}, \"nodes\": {{{nodes}}}, \"edges\": {{{edges}}}}}\n").into_bytes())
}

fn check_graph(model: &ModelConfig, graph: &Graph) -> Result<(), FormatError> {
    let cannot =
        |what: String, why: &'static str| Err(FormatError::CannotHold { format: "An EAP-IG / MIB circuit", what, why });
    if !(graph.config.factorized && graph.config.separate_qkv) || graph.config.seq_len.is_some() {
        let why = "its edges are those between nodes with separate q, k and v, the same at all positions";
        return cannot(describe_graph(&graph.config), why);
    }
    if model.attn_only() {
        return cannot("a model without MLPs".to_owned(), "every layer of its graph has one");
    }
    Ok(())
}

/// EAP-IG's names of the nodes that edges connect, and of `input` and `logits`, which every circuit has.
fn nodes_of(graph: &Graph, edges: impl Iterator<Item = Edge>) -> HashSet<String> {
    let mut nodes: HashSet<String> = ["input".to_owned(), "logits".to_owned()].into();
    for edge in edges {
        nodes.insert(mib_src(&graph.srcs[edge.src_idx]));
        nodes.insert(mib_node(&mib_dest(graph.dests[edge.module_idx].kind, edge.head_idx)).to_owned());
    }
    nodes
}

fn joined(fields: impl Iterator<Item = String>) -> String {
    fields.collect::<Vec<_>>().join(", ")
}

#[derive(Serialize)]
struct Cfg {
    n_layers: usize,
    n_heads: usize,
    parallel_attn_mlp: bool,
    d_model: usize,
}

impl Cfg {
    fn of(model: &ModelConfig) -> Self {
        Self {
            n_layers: model.n_layers,
            n_heads: model.n_heads,
            parallel_attn_mlp: model.parallel_attn_mlp,
            d_model: model.d_model,
        }
    }
}

/// A number as Python's `json` writes it, which EAP-IG reads it with: it has infinities.
fn python_number(x: f32) -> String {
    match x {
        f32::INFINITY => "Infinity".to_owned(),
        f32::NEG_INFINITY => "-Infinity".to_owned(),
        // In full, so that whoever rounds it to 32 bits gets the same number.
        x => Value::from(f64::from(x)).to_string(),
    }
}
