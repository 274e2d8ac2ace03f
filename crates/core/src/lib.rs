//! The words: a model's configuration, the nodes and edges of its graph, prompts, prune scores, and their file formats.
//!
//! Plain data only: nothing here knows of tensors on a device or of a browser.
//!
//! In reading order: [`config`] holds what a model's configuration says, [`graph`] its nodes and edges, [`prompts`] the pairs of
//! prompts, [`scores`] a number for every edge and the circuits cut from them, [`settings`] what a run or a search is asked for and
//! what it costs, [`measure`] the numbers computed from outputs, [`figure_file`] a file that holds a circuit with all that shows it,
//! [`files`] how tensors lie in files, and [`error`] what can be wrong with any of it.

pub mod config;
pub mod error;
pub mod figure_file;
pub mod files;
pub mod graph;
pub mod labels;
pub mod measure;
pub mod prompts;
pub mod python;
pub mod scores;
pub mod settings;
pub mod sort;

pub use config::family;
pub use config::{
    ActFn, AttentionDir, Biases, ModelConfig, Normalization, PositionalEmbedding, Rotary, RotaryScaling, Sizes,
};
pub use error::CircuitError;
pub use figure_file::{FigureFile, FigureOnModel};
pub use files::recognise::{FileKind, recognise};
pub use files::shards::{self, ShardIndex, ShardName};
pub use files::source::Source;
pub use files::tensor_file::{self, FileDtype, TensorFile, TensorInfo};
pub use graph::node::{DestKind, DestModule, SrcKind, SrcNode};
pub use graph::{DestNode, Edge, EdgeIndex, EdgeLookup, Graph, GraphConfig, MAX_EDGES};
pub use labels::{count_label, csv_field, size_label};
pub use measure::area_labels::AreaLabels;
pub use measure::curves::{Areas, Curve, area_under_curve, faithfulness, faithfulness_areas};
pub use measure::measurement::{Baseline, Measured, Measurement, PromptValues, TokenProb, Tokens};
pub use measure::measures::{self, MeasuredCircuits};
pub use measure::metric::{Metric, Unit};
pub use prompts::{Answers, PaddedPrompt, PromptBatch, PromptPair, PromptSettings, Prompts};
pub use scores::compare::{Roc, RocPoint, roc, similarity};
pub use scores::edge_list::{EdgeRow, edge_rows, edges_to_csv, edges_to_json};
pub use scores::format::{Extent, FORMATS, Format, FormatId, supported_files};
pub use scores::info::{ModelSize, ScoresInfo, describe_graph};
pub use scores::known_circuit::{KnownCircuit, edge_name};
pub use scores::mask::{CircuitMasks, EdgeRef, EdgeValues, MaskEdit, MaskEdits};
pub use scores::official::OfficialCircuit;
pub use scores::overlap::{Overlap, log_sizes, overlaps, rank_correlation};
pub use scores::paths::Paths;
pub use scores::prune_scores::PruneScores;
pub use scores::ranking::{Circuit, Ranking};
pub use scores::selection::{Selection, connected_edges, select};
pub use settings::activations::ActivationSize;
pub use settings::cost::DiscoverCost;
pub use settings::discovery::{
    Acdc, AcdcPrompts, Algorithm, AlgorithmLabels, AnswerFunction, DiscoverSettings, Exact, FaithfulnessTarget,
    GradFunction, IgPoints, InputGradient, Keep, MaskGradient, Official, PromptSide, Random, SubnetworkProbing,
};
pub use settings::edge_counts::{EdgeCounts, edge_counts};
pub use settings::memory::{Limits, ModelMemory, RunSize};
pub use settings::run::{AblationType, DEFAULT_BATCH_SIZE, OutputSlice, PatchType, RunSettings, default_batch_size};
