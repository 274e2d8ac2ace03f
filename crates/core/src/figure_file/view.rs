//! What of a figure is drawn, and how. Enums are words, so that a drawing program of any kind can read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::edges::EdgeEdit;
use crate::measure::metric::Metric;

/// What is on the screen when the figure opens. All but the size may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FigureView {
    pub size: CircuitSize,
    /// Masks that were changed by hand; each edge at most once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<EdgeEdit>,
    #[serde(default)]
    pub look: FigureLook,
    /// The prompt that is shown, by its index among the prompts.
    #[serde(default)]
    pub prompt: usize,
    /// Which of the output's positions is shown.
    #[serde(default)]
    pub position: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<FigureSelection>,
    /// The metric of the curve.
    #[serde(default)]
    pub metric: Metric,
    /// Whether its axis is logarithmic, where that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_y: Option<bool>,
    #[serde(default)]
    pub theme: FigureTheme,
    /// What nodes are called in place of their names: `"A1.4": "induction head"`. Labels are text, never markup.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Nodes that belong together, by the group's name. No node is in two groups.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
}

impl FigureView {
    /// A circuit of a size, drawn as usual.
    pub fn new(size: CircuitSize) -> Self {
        Self {
            size,
            edits: Vec::new(),
            look: FigureLook::default(),
            prompt: 0,
            position: 0,
            selection: None,
            metric: Metric::default(),
            log_y: None,
            theme: FigureTheme::default(),
            labels: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }
}

/// How large a circuit is shown: `{"edges": 31}` or `{"threshold": 0.5}`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CircuitSize {
    /// The number of edges that is asked for.
    Edges(usize),
    /// The least absolute score.
    Threshold(f32),
}

/// How a circuit is drawn; the fields of the page's view and of `circuitscope_picture::view::ViewOptions`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FigureLook {
    pub manner: Manner,
    pub orientation: FigureOrientation,
    /// Whether boxes are ordered for the drawn edges alone.
    pub compact: bool,
    /// Whether every layer has a column, drawn edges or not.
    pub layer_spacing: bool,
    /// Whether `autoCircuit` draws which edges are patched, in place of their scores.
    pub by_mask: bool,
    /// Whether edges that lie on no path from the embedding to the end are left out.
    pub on_path_only: bool,
    /// The part of the circuit around a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focus: Option<FigureFocus>,
    pub heads: HeadBoxes,
    /// Blocks whose heads are apart where those of others are in one box.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opened: Vec<usize>,
    /// Blocks whose heads are in one box where those of others are apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<usize>,
    /// Blocks to look at closely; all where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<BlockWindow>,
    /// Whether the links to a head's q, k and v are drawn as one.
    pub merge_ports: bool,
    /// Heads whose q, k and v are drawn as one where those of others are apart, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged_heads: Vec<String>,
    /// Whether token positions without links have a band.
    pub all_positions: bool,
}

/// In which manner a circuit is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Manner {
    #[default]
    Flow,
    Matrix,
    /// As auto-circuit draws it.
    AutoCircuit,
}

/// Which way a drawing runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FigureOrientation {
    /// From left to right.
    #[default]
    Horizontal,
    /// From top to bottom.
    Vertical,
}

/// How heads are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HeadBoxes {
    /// By layer where there are many edges, else apart.
    #[default]
    Auto,
    /// A box each.
    Apart,
    /// Those of a layer in one box.
    ByLayer,
}

/// A node and what is around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureFocus {
    /// A node's name without `.Q`, `.K` or `.V`, such as `A0.1`, or `A0` for all heads of a block.
    pub node: String,
    /// How many edges away; none for as many as there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hops: Option<usize>,
}

/// Blocks from `first` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockWindow {
    pub first: usize,
    pub end: usize,
}

/// What a reader looks into: `{"node": "A0.1"}` or `{"edge": "A0.1->MLP 1"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FigureSelection {
    /// A node's name, without `.Q`, `.K` or `.V`.
    Node(String),
    /// An edge's name, as in [`EdgeEdit`].
    Edge(String),
}

/// Light, dark, or as the page around the figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FigureTheme {
    #[default]
    Auto,
    Light,
    Dark,
}
