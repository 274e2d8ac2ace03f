//! The choices of a run, in auto-circuit's words (`types.py`).

use serde::{Deserialize, Serialize};

/// Whether the circuit's edges are patched (`edge`) or all others (`tree`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum PatchType {
    /// Runs the *corrupt* prompt and patches the circuit's edges with *clean* activations.
    #[default]
    Edge,
    /// Runs the *clean* prompt and patches every edge outside the circuit with *corrupt* activations.
    Tree,
}

/// What an edge is patched with: the activation on the other prompt, zeros, or one of five means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AblationType {
    /// The activation on the other prompt of the pair.
    #[default]
    Resample,
    /// Zeros.
    Zero,
    /// The mean at each position over all clean prompts.
    TokenwiseMeanClean,
    /// The mean at each position over all corrupt prompts.
    TokenwiseMeanCorrupt,
    /// The mean at each position over all prompts.
    TokenwiseMeanCleanAndCorrupt,
    /// The mean at each position over the other prompts of the batch.
    BatchTokenwiseMean,
    /// The mean over all positions and prompts of the batch's other prompts.
    BatchAllTokMean,
}

impl AblationType {
    /// All seven, in the reference's order.
    pub const ALL: [Self; 7] = [
        Self::Resample,
        Self::Zero,
        Self::TokenwiseMeanClean,
        Self::TokenwiseMeanCorrupt,
        Self::TokenwiseMeanCleanAndCorrupt,
        Self::BatchTokenwiseMean,
        Self::BatchAllTokMean,
    ];

    /// Whether the mean is taken over the clean prompts of the whole dataset, and over the corrupt ones.
    pub fn dataset_means(self) -> Option<(bool, bool)> {
        match self {
            Self::TokenwiseMeanClean => Some((true, false)),
            Self::TokenwiseMeanCorrupt => Some((false, true)),
            Self::TokenwiseMeanCleanAndCorrupt => Some((true, true)),
            _ => None,
        }
    }
}

/// The positions of the output that are compared: all (`none`), the last one, or all but the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OutputSlice {
    /// All.
    None,
    /// The last one.
    #[default]
    LastSeq,
    /// All but the first.
    NotFirstSeq,
}

impl OutputSlice {
    /// The positions that are kept of a sequence of length `seq`.
    pub fn positions(self, seq: usize) -> std::ops::Range<usize> {
        match self {
            Self::None => 0..seq,
            Self::LastSeq => seq.saturating_sub(1)..seq,
            Self::NotFirstSeq => 1.min(seq)..seq,
        }
    }
}

/// How many prompts a batch has unless a caller says otherwise.
pub const DEFAULT_BATCH_SIZE: usize = 8;

/// The settings of a run of circuits: everything but the model, the prompts and the scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct RunSettings {
    /// Edges (true) or nodes (false).
    pub factorized: bool,
    /// Whether a head's query, key and value inputs are nodes apart.
    pub separate_qkv: bool,
    /// Whether the graph has an edge at every token position.
    pub token_wise: bool,
    /// The positions of the output that are compared.
    pub slice: OutputSlice,
    /// Whether the circuit's edges are patched with clean activations (`edge`), the model running on the corrupt prompts, or
    /// all other edges with corrupt ones (`tree`), the model running on the clean prompts.
    pub patch_type: PatchType,
    /// What an edge is patched with.
    pub ablation: AblationType,
    /// Swaps clean and corrupt.
    pub reverse: bool,
    /// Prompts a batch; a short last batch is dropped. The means of `batch_tokenwise_mean` and `batch_all_tok_mean` are taken
    /// over a batch, so they depend on it.
    pub batch_size: usize,
    /// Which circuit sizes to test.
    pub edge_counts: crate::settings::edge_counts::EdgeCounts,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            factorized: true,
            separate_qkv: true,
            token_wise: false,
            slice: OutputSlice::default(),
            patch_type: PatchType::default(),
            ablation: AblationType::default(),
            reverse: false,
            batch_size: DEFAULT_BATCH_SIZE,
            edge_counts: crate::settings::edge_counts::EdgeCounts::Default,
        }
    }
}
