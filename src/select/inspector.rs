//! What the inspector says of the selected edge or node.

use super::strip::short_name;
use crate::state::State;
use crate::state::picture::Selection;
use crate::state::runs::Run;
use crate::words::{change, counted, grouped, measure};
use circuitscope_core::graph::Edge;
use circuitscope_core::{EdgeLookup, Metric};
use circuitscope_figure::names::{edge_title, node_title, signed};
use circuitscope_picture::drawn::{NodeKind, Nodes};
use circuitscope_picture::view::{self, NodeEdges, Shown};

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
    /// Whether a run is going on.
    pub running: bool,
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

/// How strong a layer is: shares of the strongest, the square roots of summed |score|, so that weak ones are seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerBar {
    pub attn: f64,
    pub mlp: f64,
}

/// From as many layers on their strengths are worth a picture.
const LEAST_LAYERS: usize = 3;

/// The strength of each layer in the circuit, where there are several.
pub fn layers(state: &State) -> Option<Vec<LayerBar>> {
    let (scored, circuit) = (state.scored()?, state.circuit()?);
    let graph = &scored.graph;
    if graph.n_layers < LEAST_LAYERS || circuit.n_edges == 0 {
        return None;
    }
    let shown =
        view::shown(&scored.scores, &view::edges_in_circuit(&scored.scores, &circuit), state.picture.edits.map());
    let blocks = view::strength_by_block(graph, &Nodes::of(graph), &shown);
    let largest = blocks.iter().flat_map(|block| [block.attn, block.mlp]).fold(0.0, f64::max);
    let share = |strength: f64| if largest > 0.0 { (strength / largest).sqrt() } else { 0.0 };
    Some(blocks.iter().map(|block| LayerBar { attn: share(block.attn), mlp: share(block.mlp) }).collect())
}

/// The strongest edges of the circuit.
pub fn strongest(state: &State) -> Vec<EdgeRow> {
    const MOST: usize = 8;
    let Some((scored, circuit)) = state.scored().zip(state.circuit()) else { return Vec::new() };
    let shown =
        view::shown(&scored.scores, &view::edges_in_circuit(&scored.scores, &circuit), state.picture.edits.map());
    rows(state, &view::strongest(&shown, MOST), MOST)
}

/// The selected edge, where one is.
pub fn edge(state: &State) -> Option<EdgeView> {
    let Some(Selection::Edge(edge_idx)) = state.picture.selection else { return None };
    let scored = state.scored()?;
    let score = *scored.scores.values().get(edge_idx)?;
    let edge = EdgeLookup::new(&scored.graph).edge(edge_idx)?;
    let name = view::name_of(&scored.graph, edge_idx)?;
    let rank = scored.scores.ranking().rank(score);
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
        pending: !state.picture.edits.is_empty() && state.row().is_none(),
        running: matches!(state.run, Run::Running { .. }),
    })
}

fn position(state: &State, edge: Edge) -> Option<String> {
    let seq_idx = edge.seq_idx?;
    let label = super::picture::seq_labels(state).and_then(|labels| labels.get(seq_idx).cloned());
    Some(
        label
            .filter(|label| *label != seq_idx.to_string())
            .map_or_else(|| seq_idx.to_string(), |label| format!("{seq_idx}, “{label}”")),
    )
}

/// What the edits do, where the circuit was run with and without them.
fn effects(state: &State) -> Vec<[String; 4]> {
    if state.picture.edits.is_empty() {
        return Vec::new();
    }
    let plain = state.circuit().filter(|_| state.fresh()).and_then(|circuit| state.results.row(circuit.n_edges));
    let (Some(before), Some(after)) = (plain, state.row()) else { return Vec::new() };
    let chosen = state.measures.metric;
    let usual = [Metric::CleanKlDiv, Metric::LogitDiff].into_iter().filter(|metric| *metric != chosen);
    let metrics = std::iter::once(chosen).chain(usual);
    let effect = |metric: Metric| {
        let [before, after] = [before, after].map(|row| row.result.measurement.mean(metric));
        let (before, after) = (before?, after?);
        let [without, now] = [before, after].map(|value| measure(metric, value));
        Some([short_name(metric).to_owned(), without, now, change(metric, after - before)])
    };
    metrics.filter_map(effect).collect()
}

/// The selected node, where one is.
pub fn node(state: &State) -> Option<NodeView> {
    /// As many of a node's edges are listed each way.
    const MOST: usize = 8;
    let Some(Selection::Node(name)) = &state.picture.selection else { return None };
    let (scored, circuit) = (state.scored()?, state.circuit()?);
    let graph = &scored.graph;
    let nodes = Nodes::of(graph);
    let node = &nodes.nodes[nodes.find(name)?];
    let (kind, block) = (node.kind, nodes.layers.get(node.layer).and_then(|layer| layer.block));
    let shown =
        view::shown(&scored.scores, &view::edges_in_circuit(&scored.scores, &circuit), state.picture.edits.map());
    let NodeEdges { into, out_of } = view::edges_of(graph, &nodes, &shown, name);
    let in_circuit = |edges: Vec<Shown>| edges.into_iter().filter(Shown::is_in_circuit).collect::<Vec<_>>();
    let (edges_in, edges_out) = (in_circuit(into), in_circuit(out_of));
    let part = match (kind, block) {
        (NodeKind::Head, Some(block)) => {
            format!("head {} of layer {block}. ", name.rsplit('.').next().unwrap_or_default())
        }
        (NodeKind::Mlp, Some(block)) => format!("of layer {block}. "),
        _ => String::new(),
    };
    Some(NodeView {
        title: node_title(name).to_owned(),
        about: format!(
            "{part}{} in, {} out, of {}.",
            edges_in.len(),
            edges_out.len(),
            counted(circuit.n_edges, "edge")
        ),
        kind,
        block,
        incoming: rows(state, &edges_in, MOST),
        outgoing: rows(state, &edges_out, MOST),
        name: name.clone(),
    })
}

/// The first of some edges, which come strongest first.
pub fn rows(state: &State, edges: &[Shown], most: usize) -> Vec<EdgeRow> {
    let Some(scored) = state.scored() else { return Vec::new() };
    let largest = edges.iter().map(|shown| view::strength(shown.score)).fold(0.0, f64::max);
    let row = |shown: &Shown| {
        let width = if largest == 0.0 { 0.0 } else { 100.0 * view::strength(shown.score) / largest };
        let (title, score) = (edge_title(&view::name_of(&scored.graph, shown.edge_idx)?), signed(shown.score.into()));
        Some(EdgeRow { edge_idx: shown.edge_idx, title, score, negative: shown.score < 0.0, width })
    };
    edges.iter().take(most).filter_map(row).collect()
}
