//! What the inspector says of the selected edge or node.

use super::figure::{edge_title, node_title, signed};
use crate::state::State;
use crate::state::picture::Selection;
use crate::words::grouped;
use circuitscope_core::Metric;
use circuitscope_core::graph::Edge;
use circuitscope_picture::drawn::NodeKind;
use circuitscope_picture::view;

/// The selected edge.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeView {
    pub edge_idx: usize,
    /// Its name, as in `data-edge`.
    pub name: String,
    pub title: String,
    pub score: String,
    pub negative: bool,
    /// `5 of 1,519`.
    pub rank: String,
    pub position: Option<String>,
    /// How much of it is in the circuit, from 0 to 1.
    pub mask: f32,
    /// Whether that is another value than the scores alone give it.
    pub edited: bool,
    /// What the change does to measures: name, without, with, difference.
    pub effects: Vec<[String; 4]>,
    /// Whether the changed circuit is still to be run.
    pub pending: bool,
}

/// The selected node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeView {
    pub name: String,
    pub title: String,
    pub kind: NodeKind,
    pub about: String,
    /// The block that it is in.
    pub block: Option<usize>,
    pub incoming: Vec<EdgeRow>,
    pub outgoing: Vec<EdgeRow>,
}

/// An edge in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeRow {
    pub edge_idx: usize,
    pub title: String,
    pub score: String,
    pub negative: bool,
    /// |score| as a share of the largest of the list, in percent.
    pub width: f64,
}

/// The selected edge, where one is.
pub fn edge(state: &State) -> Option<EdgeView> {
    let Some(Selection::Edge(edge_idx)) = state.picture.selection else { return None };
    let scored = state.scored()?;
    let score = *scored.scores.values().get(edge_idx)?;
    let edge = scored.graph.edge(edge_idx)?;
    let name = view::edge_name_at(&scored.graph, edge_idx)?;
    let rank = view::rank(&scored.scores, score);
    Some(EdgeView {
        edge_idx,
        title: edge_title(&scored.graph.edge_name(edge)),
        name,
        score: signed(score.into()),
        negative: score < 0.0,
        rank: format!("{} of {}", grouped(rank), grouped(scored.scores.n_edges())),
        position: position(state, edge),
        mask: state.mask(edge_idx),
        edited: state.picture.edits.mask(edge_idx).is_some(),
        effects: effects(state),
        pending: !state.picture.edits.is_empty() && edited_row(state).is_none(),
    })
}

fn position(state: &State, edge: Edge) -> Option<String> {
    let seq_idx = edge.seq_idx?;
    let label = super::picture::seq_labels(state).and_then(|labels| labels.get(seq_idx).cloned());
    Some(label.filter(|label| *label != seq_idx.to_string()).map_or_else(|| seq_idx.to_string(), |label| format!("{seq_idx}, “{label}”")))
}

fn edited_row(state: &State) -> Option<&crate::state::results::Row> {
    let circuit = state.circuit().filter(|_| state.fresh())?;
    state.results.row_of(circuit.n_edges, &state.picture.edits)
}

/// What the edits do, where the circuit was run with and without them.
fn effects(state: &State) -> Vec<[String; 4]> {
    if state.picture.edits.is_empty() {
        return Vec::new();
    }
    let plain = state.circuit().filter(|_| state.fresh()).and_then(|circuit| state.results.row(circuit.n_edges));
    let (Some(before), Some(after)) = (plain, edited_row(state)) else { return Vec::new() };
    let mut metrics = vec![state.measures.metric, Metric::CleanKlDiv, Metric::LogitDiff];
    metrics.dedup();
    let effect = |metric: Metric| {
        let [before, after] = [before, after].map(|row| row.result.measurement.mean(metric));
        let (before, after) = (before?, after?);
        let short = crate::words::short;
        Some([metric.name().to_owned(), short(before), short(after), signed(after - before)])
    };
    metrics.into_iter().filter_map(effect).collect()
}

/// The selected node, where one is.
pub fn node(state: &State) -> Option<NodeView> {
    /// As many of a node's edges are listed each way.
    const MOST: usize = 8;
    let Some(Selection::Node(name)) = &state.picture.selection else { return None };
    let (scored, circuit) = (state.scored()?, state.circuit()?);
    let graph = &scored.graph;
    let in_circuit = |&edge_idx: &usize| state.mask(edge_idx) > 0.0;
    let (all_in, all_out) = (view::edges_into(graph, name), view::edges_out_of(graph, name));
    let edges_in: Vec<usize> = all_in.into_iter().filter(in_circuit).collect();
    let edges_out: Vec<usize> = all_out.into_iter().filter(in_circuit).collect();
    let kind = view::node_kind(graph, name)?;
    let block = view::node_block(graph, name);
    let part = match (kind, block) {
        (NodeKind::Head, Some(block)) => format!("head {} of layer {block}. ", name.rsplit('.').next().unwrap_or_default()),
        (NodeKind::Mlp, Some(block)) => format!("of layer {block}. "),
        _ => String::new(),
    };
    Some(NodeView {
        title: node_title(name).to_owned(),
        about: format!("{part}{} in, {} out, of {} edges.", edges_in.len(), edges_out.len(), grouped(circuit.n_edges)),
        kind,
        block,
        incoming: rows(state, edges_in, MOST),
        outgoing: rows(state, edges_out, MOST),
        name: name.clone(),
    })
}

/// The strongest of some edges, strongest first.
pub fn rows(state: &State, mut edges: Vec<usize>, most: usize) -> Vec<EdgeRow> {
    let Some(scored) = state.scored() else { return Vec::new() };
    let score = |edge_idx: usize| scored.scores.values().get(edge_idx).copied().unwrap_or(0.0);
    edges.sort_by(|&a, &b| score(b).abs().total_cmp(&score(a).abs()).then(a.cmp(&b)));
    edges.truncate(most);
    let finite = |score: f32| if score.is_finite() { score.abs() } else { 0.0 };
    let largest = edges.iter().map(|&edge_idx| finite(score(edge_idx))).fold(0.0, f32::max);
    let row = |edge_idx: usize| {
        let name = view::edge_name_at(&scored.graph, edge_idx)?;
        let score = score(edge_idx);
        let width = if !score.is_finite() || largest == 0.0 { 100.0 } else { 100.0 * f64::from(score.abs() / largest) };
        Some(EdgeRow { edge_idx, title: edge_title(&name), score: signed(score.into()), negative: score < 0.0, width })
    };
    edges.into_iter().filter_map(row).collect()
}
