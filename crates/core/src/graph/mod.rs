//! The computation graph of a model: its src nodes, its dest modules, and an edge for every entry of every patch mask.
//!
//! auto-circuit's `graph_edges` (`utils/graph_utils.py`). A *factorized* graph has an edge from every src node to every
//! dest node of a later layer (edge patching); an *unfactorized* one only to those of the next layer, with the residual
//! stream as nodes (node patching). Edges are not stored: an edge is an element of a mask, and edges are counted module
//! after module, each module's mask in row-major order.

mod build;
pub mod edge;
pub mod node;

use serde::{Deserialize, Serialize};

pub use self::build::n_edges;
pub use self::edge::{DestNode, Edge, EdgeIndex, EdgeLookup};
use self::node::{DestKind, DestModule, SrcNode};
use crate::config::ModelConfig;
use crate::error::CircuitError;

/// The kind of graph; auto-circuit's arguments of `patchable_model`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GraphConfig {
    /// Edges (true) or nodes (false).
    pub factorized: bool,
    /// Whether a head's query, key and value inputs are nodes apart. Unfactorized graphs have no such nodes.
    pub separate_qkv: bool,
    /// The sequence length, for a graph with an edge at every token position; `None` patches all positions alike.
    pub seq_len: Option<usize>,
}

impl Default for GraphConfig {
    fn default() -> Self {
        Self { factorized: true, separate_qkv: true, seq_len: None }
    }
}

/// The computation graph of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    pub config: GraphConfig,
    pub n_layers: usize,
    /// In `src_idx` order.
    pub srcs: Vec<SrcNode>,
    /// In the order of the forward pass.
    pub dests: Vec<DestModule>,
}

/// No graph has more edges: a score for each takes 1 GiB, and 32-bit WebAssembly can address 4. GPT-3's shape, 96 blocks of 96
/// heads, has 130 million.
pub const MAX_EDGES: u64 = 1 << 28;

impl Graph {
    /// The graph of a model, unless it is too large to work with.
    ///
    /// # Errors
    /// When it has more than [`MAX_EDGES`] edges.
    pub fn try_new(model: &ModelConfig, config: GraphConfig) -> Result<Self, CircuitError> {
        let (found, one_position) = (n_edges(model, config), n_edges(model, GraphConfig { seq_len: None, ..config }));
        if found <= MAX_EDGES {
            return Ok(Self::new(model, config));
        }
        match config.seq_len {
            Some(seq_len) if one_position <= MAX_EDGES => {
                let most = MAX_EDGES / one_position.max(1);
                let expected = format!("at most {most}, for a graph of at most {MAX_EDGES} edges (or not token-wise)");
                Err(CircuitError::field("graph", "seq_len", expected, seq_len.to_string()))
            }
            _ => Err(too_many_edges("graph", model, one_position)),
        }
    }

    /// The shape of a module's mask: `[seq?, head?, n_src]`.
    pub fn mask_shape(&self, module: &DestModule) -> Vec<usize> {
        self.config.seq_len.into_iter().chain(module.n_heads).chain([module.n_src]).collect()
    }

    /// How many edges end in a module's nodes.
    pub fn n_module_edges(&self, module: &DestModule) -> usize {
        self.config.seq_len.unwrap_or(1).saturating_mul(module.n_nodes()).saturating_mul(module.n_src)
    }

    /// How many edges the graph has; `usize::MAX` for a token-wise graph with more than that, which [`Graph::try_new`] refuses.
    pub fn n_edges(&self) -> usize {
        self.dests.iter().map(|module| self.n_module_edges(module)).fold(0, usize::saturating_add)
    }

    /// For each module, the index of its first edge.
    pub fn first_edges(&self) -> Vec<usize> {
        let sizes = self.dests.iter().map(|module| self.n_module_edges(module));
        sizes.scan(0_usize, |next, size| Some(std::mem::replace(next, next.saturating_add(size)))).collect()
    }

    /// The indices of the modules of these inputs of the model, in the same order; inputs that are not nodes are left out.
    /// In a graph with joint q, k and v any of the three is the joint module; the second value is then true.
    pub fn modules_of(&self, kinds: &[DestKind]) -> (Vec<usize>, bool) {
        let idx = |kind| self.dests.iter().position(|d| d.kind == kind);
        let joint = match kinds {
            [DestKind::Q(block) | DestKind::K(block) | DestKind::V(block), ..] => idx(DestKind::AttnIn(*block)),
            _ => None,
        };
        match joint {
            Some(m) => (vec![m], true),
            None => (kinds.iter().filter_map(|&kind| idx(kind)).collect(), false),
        }
    }
}

/// The error of a model whose graph has `found` edges at a position.
fn too_many_edges(file: &str, model: &ModelConfig, found: u64) -> CircuitError {
    let expected = format!("few enough, with {} layers, for a graph of at most {MAX_EDGES} edges", model.n_layers);
    CircuitError::field(file, "n_heads", expected, format!("{}, which gives {found}", model.n_heads))
}
