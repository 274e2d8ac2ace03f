//! The words: a model's configuration, the nodes and edges of its graph, prompts, prune scores, and their file formats.
//!
//! Plain data only: nothing here knows of tensors on a device or of a browser.

pub mod compare;
pub mod config;
pub mod curves;
pub mod discovery;
pub mod edge_counts;
pub mod error;
pub mod family;
pub mod graph;
pub mod known_circuit;
pub mod measurement;
pub mod measures;
pub mod memory;
pub mod metric;
pub mod node;
pub mod official;
pub mod prompts;
pub mod prune_scores;
pub mod scores_info;
pub mod selection;
pub mod settings;
pub mod shards;
pub mod sorting;
pub mod source;
pub mod tensor_file;

pub use compare::{Roc, RocPoint, roc, similarity};
pub use config::{
    ActFn, AttentionDir, Biases, ModelConfig, Normalization, PositionalEmbedding, Rotary, RotaryScaling, Sizes,
};
pub use curves::{Areas, area_under_curve, faithfulness, faithfulness_areas};
pub use discovery::{Algorithm, DiscoverCost, DiscoverSettings};
pub use edge_counts::{EdgeCounts, edge_counts};
pub use error::CircuitError;
pub use graph::{Edge, Graph, GraphConfig};
pub use measurement::{Baseline, Measured, Measurement, PromptValues, TokenProb, Tokens};
pub use measures::MeasuredCircuits;
pub use memory::{Limits, ModelMemory};
pub use metric::{Metric, Unit};
pub use node::{DestKind, DestModule, SrcKind, SrcNode};
pub use official::OfficialCircuit;
pub use prompts::{Answers, PaddedPrompt, PromptBatch, PromptPair, PromptSettings, Prompts};
pub use prune_scores::{Circuit, PruneScores};
pub use scores_info::{ModelSize, ScoresInfo, describe_graph};
pub use selection::{Selection, select};
pub use settings::{AblationType, OutputSlice, PatchType, RunSettings};
pub use shards::ShardIndex;
pub use source::Source;
pub use tensor_file::{FileDtype, TensorFile, TensorInfo};
