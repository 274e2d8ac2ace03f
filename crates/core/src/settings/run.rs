//! The choices of a run, in auto-circuit's words (`types.py`).

use serde::{Deserialize, Serialize};

use crate::settings::edge_counts::EdgeCounts;

/// The default number of prompts in a batch, for runs and searches alike. A larger batch is quicker until the device is
/// full; auto-circuit's is 32. Where a result depends on it (means over a batch, ACDC on the first batch), the setting says
/// so.
pub const DEFAULT_BATCH_SIZE: usize = 8;

/// The default batch size for a file of some prompts: [`DEFAULT_BATCH_SIZE`], or all of them where they are fewer.
pub fn default_batch_size(n_prompts: usize) -> usize {
    DEFAULT_BATCH_SIZE.min(n_prompts).max(1)
}

/// Whether the circuit's edges are patched or all others.
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

/// What an edge is patched with.
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

impl PatchType {
    pub const ALL: [Self; 2] = [Self::Edge, Self::Tree];

    /// What is patched, as a form offers it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Edge => "the circuit (edge patch)",
            Self::Tree => "all else (tree patch)",
        }
    }

    /// The same in one word, for tables and names.
    pub fn short_label(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Tree => "tree",
        }
    }

    /// How much of its patch an edge gets that is this much in the circuit: 1 all of it, 0 none.
    pub fn amount(self, mask: f32) -> f32 {
        match self {
            Self::Edge => mask,
            Self::Tree => 1.0 - mask,
        }
    }

    /// What is run, and what is patched.
    pub fn about(self) -> &'static str {
        match self {
            Self::Edge => "the corrupt prompt is run, and the circuit's edges are patched with clean activations",
            Self::Tree => "the clean prompt is run, and all other edges are patched with corrupt activations",
        }
    }
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

    /// What a patched edge carries, as a form offers it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Resample => "other prompt (resample)",
            Self::Zero => "zero",
            Self::TokenwiseMeanClean => "tokenwise mean, clean",
            Self::TokenwiseMeanCorrupt => "tokenwise mean, corrupt",
            Self::TokenwiseMeanCleanAndCorrupt => "tokenwise mean, both",
            Self::BatchTokenwiseMean => "batch tokenwise mean",
            Self::BatchAllTokMean => "batch all-token mean",
        }
    }

    /// The same in few words, for tables and names.
    pub fn short_label(self) -> &'static str {
        match self {
            Self::Resample => "resample",
            Self::Zero => "zero",
            Self::TokenwiseMeanClean => "clean mean",
            Self::TokenwiseMeanCorrupt => "corrupt mean",
            Self::TokenwiseMeanCleanAndCorrupt => "mean of both",
            Self::BatchTokenwiseMean => "batch mean",
            Self::BatchAllTokMean => "batch mean, all positions",
        }
    }

    /// What a patched edge carries.
    pub fn about(self) -> &'static str {
        match self {
            Self::Resample => "the activation on the other prompt of the pair",
            Self::Zero => "zeros",
            Self::TokenwiseMeanClean => "the mean at each position over all clean prompts",
            Self::TokenwiseMeanCorrupt => "the mean at each position over all corrupt prompts",
            Self::TokenwiseMeanCleanAndCorrupt => "the mean at each position over all prompts",
            Self::BatchTokenwiseMean => "the mean at each position over the other prompts of the batch",
            Self::BatchAllTokMean => "the mean over all positions of the other prompts of the batch",
        }
    }

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

/// The positions of the output that are compared.
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
    /// All three, the usual one first.
    pub const ALL: [Self; 3] = [Self::LastSeq, Self::NotFirstSeq, Self::None];

    /// The positions, as a form offers them.
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "all positions",
            Self::LastSeq => "last position",
            Self::NotFirstSeq => "all but the first",
        }
    }

    /// The positions that are kept of a sequence of length `seq`.
    pub fn positions(self, seq: usize) -> std::ops::Range<usize> {
        match self {
            Self::None => 0..seq,
            Self::LastSeq => seq.saturating_sub(1)..seq,
            Self::NotFirstSeq => 1.min(seq)..seq,
        }
    }
}

/// The settings of a run of circuits: all that it depends on apart from the model, the prompts and the scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct RunSettings {
    pub factorized: bool,
    pub separate_qkv: bool,
    /// Whether the graph has an edge at every token position.
    pub token_wise: bool,
    pub slice: OutputSlice,
    pub patch_type: PatchType,
    pub ablation: AblationType,
    /// Swaps clean and corrupt.
    pub reverse: bool,
    /// Prompts per batch; a short last batch is dropped.
    pub batch_size: usize,
    pub edge_counts: EdgeCounts,
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
            edge_counts: EdgeCounts::Default,
        }
    }
}
