//! What is to be drawn: the links of each sub-diagram, as auto-circuit's `draw_seq_graph` chooses them (`visualize.py`).

use std::collections::HashMap;

use super::domains::{self, Excess};
use super::geometry::Size;
use super::text::score_text;
use circuitscope_core::{Circuit, DestKind, Graph, PruneScores};

/// Everything that a picture depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct LayoutRequest {
    pub options: DrawOptions,
    /// Every node of the graph, with the q, k and v inputs of a head in the head's own node; drawn or not.
    pub nodes: Vec<DrawnNode>,
    /// How many layers the graph has; attention and MLP count as one each, embedding and unembedding too.
    pub n_graph_layers: usize,
    /// In the order of the token positions, or one for all positions.
    pub sub_diagrams: Vec<SubDiagram>,
    /// The size in pixels that the reference gives its figure. The layout is that large, or larger where more room is needed.
    pub reference_size: Size,
}

/// How a circuit is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DrawOptions {
    pub orientation: Orientation,
    /// Whether every layer has a column, or only those with a drawn edge.
    pub layer_spacing: bool,
    /// Which token positions of a token-wise graph get a sub-diagram.
    pub seq_positions: SeqPositions,
}

/// Which way the flow goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Orientation {
    /// From left to right; sub-diagrams below each other.
    #[default]
    Horizontal,
    /// From top to bottom; sub-diagrams beside each other.
    Vertical,
}

/// Which token positions get a sub-diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeqPositions {
    /// Those with a drawn edge. Differs from the reference only where a position's edges all lie exactly at the threshold.
    #[default]
    Drawn,
    /// Those with an edge above the threshold: the reference's rule, which leaves out the edge that set the threshold where
    /// it is alone in its position.
    AboveThreshold,
    /// All: the reference's `show_all_seq_pos`.
    All,
}

/// A node that may get a box.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnNode {
    /// auto-circuit's name, without `.Q`, `.K` or `.V`.
    pub name: String,
    /// Attention and MLP count as a layer each; the embedding is layer 0.
    pub layer: usize,
}

/// The links of one token position, or of all at once.
#[derive(Debug, Clone, PartialEq)]
pub struct SubDiagram {
    /// The token position, in a token-wise graph.
    pub seq_idx: Option<usize>,
    /// The label of the position, where labels were given; `All tokens` for all at once.
    pub seq_label: Option<String>,
    /// Which part of the figure's height the reference gives it, from the bottom: lower and upper end, within 0 and 1.
    pub domain: [f64; 2],
    /// In the graph's edge order.
    pub links: Vec<Link>,
}

/// A drawn edge.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The place among all edges of the graph.
    pub edge_idx: usize,
    /// `A0.0->A1.1.K`.
    pub edge_name: String,
    /// The place in [`LayoutRequest::nodes`].
    pub src: usize,
    /// The place in [`LayoutRequest::nodes`].
    pub dest: usize,
    pub score: f32,
}

impl DrawnNode {
    /// What stands at the node's box.
    pub fn label(&self) -> &str {
        match self.name.as_str() {
            "Resid Start" => "Embed",
            "Resid End" => "Unembed",
            name => name,
        }
    }

    /// What the reference writes at the node: as [`DrawnNode::label`], but nothing at the end of a horizontal figure.
    pub fn reference_label(&self, orientation: Orientation) -> &str {
        if self.name == "Resid End" && orientation == Orientation::Horizontal { "" } else { self.label() }
    }
}

impl Link {
    /// The edge's name and score.
    pub fn hover_label(&self) -> String {
        format!("{}\nscore {}", self.edge_name, score_text(self.score))
    }
}

impl SubDiagram {
    /// What is written at the sub-diagram: the position's label, or its number where there are no labels.
    pub fn label(&self) -> Option<String> {
        self.seq_label.clone().or_else(|| self.seq_idx.map(|seq_idx| format!("position {seq_idx}")))
    }
}

impl LayoutRequest {
    /// The edges whose score is at least `threshold` in absolute value. At threshold 0 that is every edge.
    ///
    /// `seq_labels` has a label for each token position; without them the reference writes no labels.
    pub fn new(
        graph: &Graph,
        scores: &PruneScores,
        threshold: f32,
        seq_labels: Option<&[String]>,
        options: DrawOptions,
    ) -> Self {
        Self::build(graph, scores, threshold, seq_labels, options, |score| score.abs() >= threshold)
    }

    /// The edges of a circuit; none for the empty one.
    pub fn for_circuit(
        graph: &Graph,
        scores: &PruneScores,
        circuit: &Circuit,
        seq_labels: Option<&[String]>,
        options: DrawOptions,
    ) -> Self {
        Self::build(graph, scores, circuit.threshold, seq_labels, options, |score| circuit.contains(score))
    }

    /// How many edges are drawn.
    pub fn n_links(&self) -> usize {
        self.sub_diagrams.iter().map(|sub| sub.links.len()).sum()
    }

    fn build(
        graph: &Graph,
        scores: &PruneScores,
        threshold: f32,
        seq_labels: Option<&[String]>,
        options: DrawOptions,
        drawn: impl Fn(f32) -> bool,
    ) -> Self {
        let NodeTable { nodes, srcs, dests } = NodeTable::new(graph);
        let seq = graph.config.seq_len.unwrap_or(1);
        let mut excess = Excess::new(seq, threshold, scores.values());
        let mut links = vec![Vec::new(); seq];
        for edge in graph.edges() {
            let (seq_idx, score) = (edge.seq_idx.unwrap_or(0), scores.score(edge));
            excess.add(seq_idx, score);
            if drawn(score) {
                let (src, dest) = (srcs[edge.src_idx], dests[edge.module_idx][edge.head_idx]);
                let edge_name = graph.edge_name(edge);
                links[seq_idx].push(Link { edge_idx: edge.edge_idx, edge_name, src, dest, score });
            }
        }
        let has_links: Vec<bool> = links.iter().map(|links| !links.is_empty()).collect();
        let sub_diagrams: Vec<_> = domains::domains(&excess, &has_links, options.seq_positions)
            .into_iter()
            .map(|(seq_idx, domain)| SubDiagram {
                seq_idx: graph.config.seq_len.map(|_| seq_idx),
                seq_label: seq_label(seq_labels, graph.config.seq_len.map(|_| seq_idx)),
                domain,
                links: std::mem::take(&mut links[seq_idx]),
            })
            .collect();
        let n_graph_layers = nodes.iter().map(|node| node.layer + 1).max().unwrap_or(0);
        let reference_size = domains::reference_size(&sub_diagrams, &nodes, n_graph_layers, options);
        Self { options, nodes, n_graph_layers, sub_diagrams, reference_size }
    }
}

/// The reference's label: none without labels, `All tokens` where positions are not apart.
fn seq_label(seq_labels: Option<&[String]>, seq_idx: Option<usize>) -> Option<String> {
    let labels = seq_labels.filter(|labels| !labels.is_empty())?;
    match seq_idx {
        None => Some("All tokens".to_owned()),
        Some(seq_idx) => labels.get(seq_idx).cloned(),
    }
}

/// The nodes of a graph with q, k and v merged, and where each src and dest node is among them.
struct NodeTable {
    nodes: Vec<DrawnNode>,
    /// For each `src_idx`, the place in `nodes`.
    srcs: Vec<usize>,
    /// For each dest module and head, the place in `nodes`.
    dests: Vec<Vec<usize>>,
}

impl NodeTable {
    /// Src nodes come first, in `src_idx` order, so that a node's place does not depend on what is drawn.
    fn new(graph: &Graph) -> Self {
        let mut nodes: Vec<DrawnNode> =
            graph.srcs.iter().map(|src| DrawnNode { name: src.name.clone(), layer: src.layer }).collect();
        let srcs: Vec<usize> = (0..nodes.len()).collect();
        let mut places: HashMap<String, usize> = srcs.iter().map(|&src| (nodes[src].name.clone(), src)).collect();
        let mut place = |name: String, layer: usize| {
            *places.entry(name).or_insert_with_key(|name| {
                nodes.push(DrawnNode { name: name.clone(), layer });
                nodes.len() - 1
            })
        };
        let dests = graph
            .dests
            .iter()
            .map(|module| {
                let name = |head| match module.kind {
                    DestKind::Q(block) | DestKind::K(block) | DestKind::V(block) => format!("A{block}.{head}"),
                    _ => module.node_name(head, graph.n_layers),
                };
                (0..module.n_nodes()).map(|head| place(name(head), module.layer)).collect()
            })
            .collect();
        Self { nodes, srcs, dests }
    }
}
