//! Circuits of EAP-IG (Hanna et al. 2024) and of the MIB benchmark (Mueller et al. 2025), as their `Graph.to_json` writes them:
//! `{cfg, nodes: {"a0.h0": {in_graph}}, edges: {"a0.h0->m1": {score, in_graph}}}`.
//!
//! Such a file may hold a score for every edge, and a circuit: the edges that are `in_graph`. Both can be opened. EAP-IG's
//! graph is the factorized one with separate q, k and v; its `input` is the token embedding alone.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{FormatError, listed};
use super::json::{Number, Pairs};
use super::names::{EdgeIndex, mib_dest, mib_edge_name, mib_node, mib_src};
use circuitscope_core::files::python_json::quote_infinities;
use circuitscope_core::{Circuit, CircuitError, Graph, GraphConfig, ModelConfig, PositionalEmbedding, PruneScores};

/// The choice of all scores in a file of both.
pub const SCORES: &str = "scores";
/// The choice of the edges that the file marks.
pub const CIRCUIT: &str = "circuit";

/// EAP-IG's graph of a model.
pub const GRAPH: GraphConfig = GraphConfig { factorized: true, separate_qkv: true, seq_len: None };

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

/// What a file of EAP-IG says of a graph, checked.
pub struct MibCircuit {
    /// In the graph's edge order, where the file has scores.
    scores: Option<Vec<f32>>,
    in_graph: Vec<bool>,
    notes: Vec<String>,
}

/// A file's scores or its circuit, and what there is to know of them.
pub struct MibScores {
    pub values: Vec<f32>,
    /// The choices that there are.
    pub choices: Vec<&'static str>,
    pub chosen: &'static str,
    /// How many edges the file marks, where it marks any.
    pub n_circuit: Option<usize>,
    pub notes: Vec<String>,
}

/// Reads a file for a model.
///
/// # Errors
/// When it is not such a file, is of another model, or names nodes or edges that the model does not have.
pub fn read_json(file: &str, bytes: &[u8], model: &ModelConfig) -> Result<MibCircuit, FormatError> {
    let text = super::scores::text(file, bytes)?;
    let json: MibFile = serde_json::from_str(&quote_infinities(text)).map_err(|e| CircuitError::json(file, &e))?;
    let graph = Graph::new(model, GRAPH);
    check_cfg(file, |field| json.cfg.as_ref()?.get(field).cloned(), model)?;
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
    circuit.finish(model)
}

/// Checks the fields of `cfg` that the graph depends on, where they are there.
///
/// # Errors
/// When one differs from the model's.
pub fn check_cfg(file: &str, cfg: impl Fn(&str) -> Option<Value>, model: &ModelConfig) -> Result<(), FormatError> {
    if model.attn_only() {
        let found = "a model without MLPs";
        return Err(FormatError::wrong(file, "the model", "one with MLPs, as EAP-IG's graphs have them", found));
    }
    let expected = [
        ("n_layers", Value::from(model.n_layers)),
        ("n_heads", Value::from(model.n_heads)),
        ("d_model", Value::from(model.d_model)),
        ("parallel_attn_mlp", Value::from(model.parallel_attn_mlp)),
    ];
    for (field, expected) in expected {
        if let Some(found) = cfg(field).filter(|found| *found != expected) {
            let expected = format!("{expected}, as in the loaded model ({})", model.family);
            return Err(CircuitError::field(file, &format!("cfg.{field}"), expected, found.to_string()).into());
        }
    }
    Ok(())
}

/// Collects what a file names.
pub struct MibBuilder<'a> {
    file: &'a str,
    graph: &'a Graph,
    index: EdgeIndex<'a>,
    scores: Vec<Option<f64>>,
    in_graph: Vec<Option<bool>>,
    nodes_out: Vec<String>,
    unknown_nodes: Vec<String>,
    unknown_edges: Vec<String>,
    repeated: Vec<String>,
    n_neuron_nodes: usize,
}

impl<'a> MibBuilder<'a> {
    /// Nothing of a graph yet.
    pub fn new(file: &'a str, graph: &'a Graph) -> Self {
        let n_edges = graph.n_edges();
        Self {
            file,
            graph,
            index: EdgeIndex::mib(graph),
            scores: vec![None; n_edges],
            in_graph: vec![None; n_edges],
            nodes_out: Vec::new(),
            unknown_nodes: Vec::new(),
            unknown_edges: Vec::new(),
            repeated: Vec::new(),
            n_neuron_nodes: 0,
        }
    }

    pub fn add_node(&mut self, name: &str, in_graph: bool, has_neurons: bool) {
        self.n_neuron_nodes += usize::from(has_neurons);
        if !self.index.has_node(name) {
            self.unknown_nodes.push(name.to_owned());
        } else if !in_graph {
            self.nodes_out.push(name.to_owned());
        }
    }

    pub fn add_edge(&mut self, name: &str, score: Option<f64>, in_graph: bool) {
        let edge = name.split_once("->").and_then(|(src, dest)| self.index.find(src, dest, None));
        let Some(edge) = edge else { return self.unknown_edges.push(name.to_owned()) };
        if self.in_graph[edge].replace(in_graph).is_some() {
            self.repeated.push(name.to_owned());
        }
        self.scores[edge] = score;
    }

    /// What was collected.
    ///
    /// # Errors
    /// When a name is not the graph's or stands twice, or only some of the edges have scores.
    pub fn finish(self, model: &ModelConfig) -> Result<MibCircuit, FormatError> {
        self.check_names()?;
        let in_graph: Vec<bool> = self.in_graph.iter().map(|mark| *mark == Some(true)).collect();
        let scores = self.checked_scores()?;
        let mut notes = Vec::new();
        if model.positional_embedding == PositionalEmbedding::Standard {
            notes.push(
                "EAP-IG's input is the token embedding alone; here it is read as Resid Start, token plus position \
                 embedding: patching its edges changes the positions as well."
                    .to_owned(),
            );
        }
        let n_missing = self.in_graph.iter().filter(|mark| mark.is_none()).count();
        if n_missing > 0 {
            notes.push(format!(
                "The file lacks {n_missing} of the graph's edges: they have score 0 and are not marked."
            ));
        }
        let lost = self.edges_of_nodes_out(&in_graph);
        if lost > 0 {
            notes.push(format!(
                "{lost} marked edges touch nodes that are not marked; EAP-IG would prune them before a run, here they stay."
            ));
        }
        if self.n_neuron_nodes > 0 {
            notes.push("The file's neurons are not read: a node is patched whole.".to_owned());
        }
        Ok(MibCircuit { scores, in_graph, notes })
    }

    fn check_names(&self) -> Result<(), FormatError> {
        let Self { graph, .. } = self;
        let names: Vec<_> = [("node", &self.unknown_nodes), ("edge", &self.unknown_edges)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| listed(what, names))
            .collect();
        if !names.is_empty() {
            let n_heads = graph.dests.first().map_or(0, circuitscope_core::DestModule::n_nodes);
            return Err(FormatError::Unknown {
                file: self.file.to_owned(),
                names: names.join(" and "),
                graph: format!("EAP-IG's graph of this model of {} layers with {n_heads} heads", graph.n_layers),
                hint: "an edge is named as `input->a0.h0<q>`, `a0.h0->m0`, `m0->logits`".to_owned(),
            });
        }
        if self.repeated.is_empty() {
            return Ok(());
        }
        Err(FormatError::wrong(self.file, "each edge", "there once", listed("repeated edge", &self.repeated)))
    }

    /// A score for each edge, if any has one.
    fn checked_scores(&self) -> Result<Option<Vec<f32>>, FormatError> {
        if self.scores.iter().all(Option::is_none) {
            return Ok(None);
        }
        let name = |edge: usize| self.graph.edges().nth(edge).map(|edge| mib_edge_name(self.graph, edge));
        let without: Vec<_> = (0..self.scores.len())
            .filter(|&edge| self.scores[edge].is_none() && self.in_graph[edge].is_some())
            .collect();
        if !without.is_empty() {
            let found = format!("{} without, the first `{}`", without.len(), name(without[0]).unwrap_or_default());
            return Err(FormatError::wrong(self.file, "scores", "there for all edges or for none", found));
        }
        let scores = self.scores.iter().enumerate().map(|(edge, score)| {
            let place = || format!("the score of `{}`", name(edge).unwrap_or_default());
            super::scores::checked_number(self.file, place, score.unwrap_or(0.0))
        });
        scores.collect::<Result<_, _>>().map(Some)
    }

    /// How many marked edges touch a node that is marked as out.
    fn edges_of_nodes_out(&self, in_graph: &[bool]) -> usize {
        let out: std::collections::HashSet<&str> = self.nodes_out.iter().map(String::as_str).collect();
        if out.is_empty() {
            return 0;
        }
        let touches = |edge: circuitscope_core::Edge| {
            let dest = mib_dest(self.graph.dests[edge.module_idx].kind, edge.head_idx);
            out.contains(mib_src(&self.graph.srcs[edge.src_idx]).as_str()) || out.contains(mib_node(&dest))
        };
        self.graph.edges().filter(|&edge| in_graph[edge.edge_idx] && touches(edge)).count()
    }
}

impl MibCircuit {
    /// The scores, or the circuit as scores: the marked edges' own where none is 0, else 1, and 0 for all others.
    ///
    /// # Errors
    /// When the file has no such choice.
    pub fn choose(self, file: &str, pick: Option<&str>) -> Result<MibScores, FormatError> {
        let Self { scores, in_graph, mut notes } = self;
        let n_circuit = Some(in_graph.iter().filter(|&&mark| mark).count()).filter(|&n| n > 0);
        let choices: Vec<&'static str> =
            [scores.as_ref().map(|_| SCORES), n_circuit.map(|_| CIRCUIT)].into_iter().flatten().collect();
        let Some(chosen) = pick.map_or(choices.first(), |pick| choices.iter().find(|c| **c == pick)).copied() else {
            if choices.is_empty() {
                return Err(FormatError::wrong(file, "the file", "one with scores or with edges in_graph", "neither"));
            }
            let (pick, choices) = (pick.unwrap_or_default().to_owned(), choices.join(", "));
            return Err(FormatError::NoSuchChoice { file: file.to_owned(), pick, choices });
        };
        let values = match (scores, chosen) {
            (Some(scores), SCORES) => {
                notes.extend(n_circuit.and_then(|n| circuit_note(&scores, &in_graph, n)));
                scores
            }
            (scores, _) => circuit_scores(scores, &in_graph),
        };
        Ok(MibScores { values, choices, chosen, n_circuit, notes })
    }
}

/// What is to be known of a circuit that is not the strongest edges.
fn circuit_note(scores: &[f32], in_graph: &[bool], n_circuit: usize) -> Option<String> {
    let strongest = PruneScores::new(scores.to_vec()).circuit(n_circuit).ok()?;
    let both = scores.iter().zip(in_graph).filter(|&(&score, &mark)| mark && strongest.contains(score)).count();
    (both < n_circuit || strongest.n_edges != n_circuit).then(|| {
        format!(
            "The file marks {n_circuit} edges as its circuit, {both} of them among the {} of the largest scores. Choose \
             \"{CIRCUIT}\" for exactly the marked ones.",
            strongest.n_edges
        )
    })
}

fn circuit_scores(scores: Option<Vec<f32>>, in_graph: &[bool]) -> Vec<f32> {
    let own = scores.filter(|scores| scores.iter().zip(in_graph).all(|(&score, &mark)| !mark || score != 0.0));
    let score = |(edge, &mark): (usize, &bool)| if mark { own.as_ref().map_or(1.0, |own| own[edge]) } else { 0.0 };
    in_graph.iter().enumerate().map(score).collect()
}

/// Writes scores, with the edges of a circuit marked.
///
/// # Errors
/// When the graph is not one that EAP-IG has.
pub fn write_json(
    model: &ModelConfig,
    graph: &Graph,
    scores: &PruneScores,
    circuit: &Circuit,
) -> Result<Vec<u8>, FormatError> {
    let cannot =
        |what: String, why: &'static str| Err(FormatError::CannotHold { format: "An EAP-IG / MIB circuit", what, why });
    if !(graph.config.factorized && graph.config.separate_qkv) || graph.config.seq_len.is_some() {
        let why = "its edges are those between nodes with separate q, k and v, the same at all positions";
        return cannot(circuitscope_core::describe_graph(&graph.config), why);
    }
    if model.attn_only() {
        return cannot("a model without MLPs".to_owned(), "every layer of its graph has one");
    }
    let cfg = Cfg {
        n_layers: model.n_layers,
        n_heads: model.n_heads,
        parallel_attn_mlp: model.parallel_attn_mlp,
        d_model: model.d_model,
    };
    let marked = |edge: &circuitscope_core::Edge| circuit.contains(scores.score(*edge));
    let mut used: std::collections::HashSet<String> = ["input".to_owned(), "logits".to_owned()].into();
    for edge in graph.edges().filter(marked) {
        used.insert(mib_src(&graph.srcs[edge.src_idx]));
        used.insert(mib_node(&mib_dest(graph.dests[edge.module_idx].kind, edge.head_idx)).to_owned());
    }
    let nodes = graph.srcs.iter().map(mib_src).chain(["logits".to_owned()]);
    let nodes = nodes.map(|name| format!("{}: {{\"in_graph\": {}}}", Value::from(name.clone()), used.contains(&name)));
    let edges = graph.edges().map(|edge| {
        let (name, score) = (Value::from(mib_edge_name(graph, edge)), python_number(scores.score(edge)));
        format!("{name}: {{\"score\": {score}, \"in_graph\": {}}}", marked(&edge))
    });
    let joined = |parts: Vec<String>| parts.join(", ");
    let cfg = serde_json::to_string(&cfg).map_err(|e| CircuitError::json("cfg", &e))?;
    let (nodes, edges) = (joined(nodes.collect()), joined(edges.collect()));
    Ok(format!("{{\"cfg\": {cfg}, \"nodes\": {{{nodes}}}, \"edges\": {{{edges}}}}}\n").into_bytes())
}

#[derive(Serialize)]
struct Cfg {
    n_layers: usize,
    n_heads: usize,
    parallel_attn_mlp: bool,
    d_model: usize,
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
