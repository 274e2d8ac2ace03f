//! Published circuits, by the names of their edges and, for token-wise graphs, the positions at which each counts.
//!
//! The edges are those that auto-circuit lists (`metrics/official_circuits`), which follow the papers and the ACDC
//! repository; each circuit names its source, and has a file of its own but for Tracr's, which share one.

mod docstring;
mod edges;
mod greaterthan;
mod ioi;
#[cfg(test)]
mod tests;
mod tracr;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::CircuitError;
use crate::graph::node::SrcKind;
use crate::graph::{EdgeIndex, Graph};
use crate::scores::prune_scores::PruneScores;
use edges::{Edges, Words};

/// A circuit that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OfficialCircuit {
    /// Tracr's `reverse` under resample ablation (Miller et al. 2024).
    TracrReverse,
    /// Tracr's `reverse` as compiled, meant for zero ablation (Conmy et al. 2023).
    TracrReverseAcdc,
    /// Tracr's `xproportion` under resample ablation (Miller et al. 2024).
    TracrXproportion,
    /// Tracr's `xproportion` as compiled, meant for zero ablation (Conmy et al. 2023).
    TracrXproportionAcdc,
    /// Indirect object identification in GPT-2 small (Wang et al. 2022).
    Ioi,
    /// Docstring completion in a 4-layer attention-only model (Heimersheim and Janiak 2023).
    Docstring,
    /// Greater-than in GPT-2 small (Hanna et al. 2023).
    Greaterthan,
}

impl OfficialCircuit {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TracrReverse,
        Self::TracrReverseAcdc,
        Self::TracrXproportion,
        Self::TracrXproportionAcdc,
        Self::Ioi,
        Self::Docstring,
        Self::Greaterthan,
    ];

    /// What it is called, with the model and the paper where the name does not say them.
    pub fn label(self) -> &'static str {
        match self {
            Self::TracrReverse => "Tracr reverse",
            Self::TracrReverseAcdc => "Tracr reverse, as compiled",
            Self::TracrXproportion => "Tracr xproportion",
            Self::TracrXproportionAcdc => "Tracr xproportion, as compiled",
            Self::Ioi => "IOI, GPT-2 small (Wang et al. 2022)",
            Self::Docstring => "Docstring, 4 layers (Heimersheim & Janiak 2023)",
            Self::Greaterthan => "Greater-than, GPT-2 small (Hanna et al. 2023)",
        }
    }

    /// The circuits that fit a graph; see [`OfficialCircuit::fits`].
    pub fn fitting(graph: &Graph) -> Vec<Self> {
        Self::ALL.into_iter().filter(|circuit| circuit.fits(graph)).collect()
    }

    /// Whether a graph has the shape of the circuit's model, and inputs of queries, keys and values as the circuit's edges need
    /// them. (The weights of another model of the same shape look the same.)
    pub fn fits(self, graph: &Graph) -> bool {
        shape_of(graph) == self.shape() && graph.config.factorized && graph.config.separate_qkv
    }

    /// The shape of the model that it was found in.
    fn shape(self) -> ModelShape {
        let shape = |n_layers, n_heads, attn_only| ModelShape { n_layers, n_heads, attn_only };
        match self {
            Self::TracrReverse | Self::TracrReverseAcdc => shape(4, 1, false),
            Self::TracrXproportion | Self::TracrXproportionAcdc => shape(2, 1, false),
            Self::Ioi | Self::Greaterthan => shape(12, 12, false),
            Self::Docstring => shape(4, 8, true),
        }
    }

    /// 1 for every edge of the circuit, 0 for the others. In a token-wise graph edges count at the circuit's positions, and
    /// `word_idxs` has those of the prompts' named words; otherwise they are not looked at (as in auto-circuit, whose tasks
    /// leave them out then).
    ///
    /// # Errors
    /// When the graph has none of the circuit's edges or lacks some, or is token-wise and a named word is missing.
    pub fn scores(self, graph: &Graph, word_idxs: &BTreeMap<String, usize>) -> Result<PruneScores, CircuitError> {
        let index = EdgeIndex::new(graph);
        let words = graph.config.seq_len.map_or(Words::none(), |_| Words { idxs: Some(word_idxs) });
        let edges = self.edges(&words)?;
        if let Some(name) = edges.missing(&index) {
            let expected = format!("a circuit of this model and graph, which has no edge {name}");
            return Err(CircuitError::field("settings", "circuit", expected, self.label()));
        }
        let mut values = vec![0.0; graph.n_edges()];
        for (name, positions) in &edges.positions {
            for seq_idx in positions.of(graph) {
                if let Some(edge) = index.find(name, seq_idx) {
                    values[edge.edge_idx] = 1.0;
                }
            }
        }
        Ok(PruneScores::new(values))
    }

    fn edges(self, words: &Words) -> Result<Edges, CircuitError> {
        match self {
            Self::TracrReverse => Ok(tracr::reverse()),
            Self::TracrReverseAcdc => Ok(tracr::reverse_as_compiled()),
            Self::TracrXproportion => Ok(tracr::xproportion()),
            Self::TracrXproportionAcdc => Ok(tracr::xproportion_as_compiled()),
            Self::Ioi => ioi::edges(words),
            Self::Docstring => docstring::edges(words),
            Self::Greaterthan => Ok(greaterthan::edges()),
        }
    }
}

/// The shape of a graph's model.
fn shape_of(graph: &Graph) -> ModelShape {
    let n_heads = graph.srcs.iter().filter(|src| src.kind == SrcKind::Heads(0)).count();
    let attn_only = !graph.srcs.iter().any(|src| matches!(src.kind, SrcKind::Mlp(_)));
    ModelShape { n_layers: graph.n_layers, n_heads, attn_only }
}

/// What a model must share with the one that a circuit was found in.
#[derive(PartialEq)]
struct ModelShape {
    n_layers: usize,
    n_heads: usize,
    attn_only: bool,
}
