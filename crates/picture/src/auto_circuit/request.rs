//! What is to be drawn: nodes, and the links of each sub-diagram.

use super::text::score_text;
use crate::geometry::Size;

/// Everything that a picture depends on. [`LayoutRequest::for_circuit`] writes it for a circuit of a graph.
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
    /// Whether the links' scores are their masks ([`LayoutRequest::of_mask`]). All links are as wide then.
    pub by_mask: bool,
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

impl Orientation {
    /// The other one.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Horizontal => Self::Vertical,
            Self::Vertical => Self::Horizontal,
        }
    }
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
    /// All of them: the reference's `show_all_seq_pos`.
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
    /// The index among all edges of the graph.
    pub edge_idx: usize,
    /// `A0.0->A1.1.K`.
    pub edge_name: String,
    /// The index in [`LayoutRequest::nodes`].
    pub src: usize,
    /// The index in [`LayoutRequest::nodes`].
    pub dest: usize,
    pub score: f32,
    /// What the edge carries, in words, where a mask is drawn and it is known.
    pub activation: Option<String>,
}

/// The width of a link in the unit of scores, where a mask is drawn: the reference's.
const MASK_WEIGHT: f32 = 0.8;

impl DrawnNode {
    /// The label of the node's box.
    pub fn label(&self) -> &str {
        match self.name.as_str() {
            "Resid Start" => "Embed",
            "Resid End" => "Unembed",
            name => name,
        }
    }

    /// The reference's label of the node: as [`DrawnNode::label`], but nothing at the end of a horizontal figure.
    pub fn reference_label(&self, orientation: Orientation) -> &str {
        if self.name == "Resid End" && orientation == Orientation::Horizontal { "" } else { self.label() }
    }
}

impl Link {
    /// The edge's name and score; or its activation and mask.
    pub fn hover_label(&self, by_mask: bool) -> String {
        if !by_mask {
            return format!("{}\nscore {}", self.edge_name, score_text(self.score));
        }
        let activation = self.activation.as_ref().map_or(String::new(), |activation| format!("\n{activation}"));
        let patched = if self.score == 0.0 { "not patched" } else { "patched" };
        format!("{}{activation}\nmask {:.2}, {patched}", self.edge_name, self.score)
    }

    /// How wide it is, in the unit of scores.
    pub fn weight(&self, by_mask: bool) -> f32 {
        if by_mask { MASK_WEIGHT } else { self.score.abs() }
    }
}

impl SubDiagram {
    /// The label of the sub-diagram: the position's label, or its number where there are no labels.
    pub fn label(&self) -> Option<String> {
        self.seq_label.clone().or_else(|| self.seq_idx.map(|seq_idx| format!("position {seq_idx}")))
    }
}

impl LayoutRequest {
    /// How many edges are drawn.
    pub fn n_links(&self) -> usize {
        self.sub_diagrams.iter().map(|sub| sub.links.len()).sum()
    }
}
