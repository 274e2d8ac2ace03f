//! Collects the nodes and edges that a file of EAP-IG names, and checks that they are the graph's.

use std::collections::HashSet;

use circuitscope_core::{DestModule, Edge, Graph, ModelConfig, PositionalEmbedding};

use super::MibCircuit;
use crate::scores::error::{FormatError, listed};
use crate::scores::names::{EdgeIndex, mib_dest, mib_edge_name, mib_node, mib_src};
use crate::scores::values::checked_number;

/// What a file has named so far.
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
    /// Of a graph whose size has been checked, without any edge yet.
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

    /// Checks that the file is whole.
    ///
    /// # Errors
    /// When a name is not the graph's or stands twice, or only some of the edges have scores.
    pub fn finish(self, model: &ModelConfig) -> Result<MibCircuit, FormatError> {
        self.check_names()?;
        let in_graph: Vec<bool> = self.in_graph.iter().map(|mark| *mark == Some(true)).collect();
        Ok(MibCircuit { scores: self.checked_scores()?, notes: self.notes(&in_graph, model), in_graph })
    }

    /// What a user should know of the file.
    fn notes(&self, in_graph: &[bool], model: &ModelConfig) -> Vec<String> {
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
        let n_lost = self.edges_of_nodes_out(in_graph);
        if n_lost > 0 {
            notes.push(format!(
                "{n_lost} marked edges touch nodes that are not marked; EAP-IG would prune them before a run, here they stay."
            ));
        }
        if self.n_neuron_nodes > 0 {
            notes.push("The file's neurons are not read: a node is patched whole.".to_owned());
        }
        notes
    }

    fn check_names(&self) -> Result<(), FormatError> {
        let Self { graph, .. } = self;
        let names: Vec<_> = [("node", &self.unknown_nodes), ("edge", &self.unknown_edges)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| listed(what, names))
            .collect();
        if !names.is_empty() {
            let n_heads = graph.dests.first().map_or(0, DestModule::n_nodes);
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
            let what = || format!("the score of `{}`", name(edge).unwrap_or_default());
            checked_number(self.file, what, score.unwrap_or(0.0))
        });
        scores.collect::<Result<_, _>>().map(Some)
    }

    /// How many marked edges touch a node that is marked as out.
    fn edges_of_nodes_out(&self, in_graph: &[bool]) -> usize {
        let out: HashSet<&str> = self.nodes_out.iter().map(String::as_str).collect();
        if out.is_empty() {
            return 0;
        }
        let touches = |edge: Edge| {
            let dest = mib_dest(self.graph.dests[edge.module_idx].kind, edge.head_idx);
            out.contains(mib_src(&self.graph.srcs[edge.src_idx]).as_str()) || out.contains(mib_node(&dest))
        };
        self.graph.edges().filter(|&edge| in_graph[edge.edge_idx] && touches(edge)).count()
    }
}
