//! The requests to the engine, the program that computes, and its replies.
//!
//! Every call is answered by any number of [`Event::Progress`] and [`Event::Circuit`], then by exactly one other event of the same
//! number; [`Event::Failed`] where it could not be done. [`Event::DeviceLost`] carries the number 0. Attachments are `File`s, `Blob`s
//! and byte arrays on the way in (named by [`Source::Attached`]), arrays of numbers on the way out.

use serde::{Deserialize, Serialize};

use crate::help::{Help, Helped};
use crate::message::{Meaning, Protocol};
pub use circuitscope_core::{Areas, Baseline, EdgeRef, EdgeValues, MaskEdit, Measurement, Source, TokenProb, Tokens};
use circuitscope_core::{
    Circuit, DiscoverCost, DiscoverSettings, GraphConfig, Limits, Metric, ModelConfig, RunSettings, ScoresInfo,
};

/// The engine's protocol.
pub struct Engine;

/// What the engine can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(rename = "EngineRequest"))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum Request {
    /// Makes the device; must come first. Answered by [`Event::Opened`].
    Open {
        device: DeviceChoice,
        /// How many workers compute on the CPU, this one among them: at most as many as there is memory for. Where it is not given,
        /// as many as the processor has cores, at most 8, and others than this one only for calls that last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workers: Option<usize>,
    },
    /// Reads a model and puts it on the device, replacing the previous one. Answered by [`Event::Loaded`].
    LoadModel {
        config: Source,
        /// One file, or the shards of a model in any order.
        weights: Vec<Source>,
        /// `model.safetensors.index.json`, where the shards come with one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<Source>,
    },
    /// Describes a graph of the loaded model. Answered by [`Event::Graph`].
    Graph { graph: GraphConfig },
    /// Runs circuits of the loaded model. An [`Event::Circuit`] each, then [`Event::Ran`].
    Run {
        prompts: Source,
        /// Prune scores, or a mask in the same layout.
        scores: Source,
        /// Which of the two `scores` is. Of a mask one circuit is run, whatever edge counts the settings have.
        #[serde(default)]
        values: EdgeValues,
        /// Laid over every circuit of the run.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edits: Vec<MaskEdit>,
        settings: RunSettings,
        /// Whether logits come back as attachments; if not they stay with the engine, for [`Request::Inspect`].
        logits: bool,
    },
    /// Looks for the edges that matter in the loaded model. Answered by [`Event::Discovered`].
    Discover { prompts: Source, settings: DiscoverSettings },
    /// The likeliest tokens of a prompt in the last run. Answered by [`Event::Tokens`].
    Inspect {
        /// Which circuit of the last run, by its index in the run.
        circuit: usize,
        prompt: usize,
        /// The index among the output's positions.
        position: usize,
        top_k: usize,
    },
    /// A metric of every prompt of the last run. Answered by [`Event::Values`].
    Values {
        /// Which circuit of the last run, by its index in the run.
        circuit: usize,
        metric: Metric,
    },
    /// The attention patterns of heads on a prompt of the last run. Answered by [`Event::Attention`].
    Attention { prompt: usize, circuit: CircuitChoice, heads: Vec<Head> },
    /// What the src nodes put out on a prompt of the last run, and what they add to the logits of its answers. Answered by
    /// [`Event::Attribution`].
    Attribution { prompt: usize, circuit: CircuitChoice },
    /// Helps another engine; see [`crate::help`]. Answered by [`Event::Helped`].
    #[cfg_attr(feature = "schema", ts(skip))]
    Help { with: Help },
    /// Stops the running call of this number within one forward pass. It is then answered by [`Event::Cancelled`], this
    /// one by nothing.
    Cancel { id: u32 },
}

/// A circuit that a question is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum CircuitChoice {
    /// One of the last run, with the run's edits.
    Ran {
        /// Its index in the run.
        index: usize,
    },
    /// One of the scores of the last run, or the mask of the last run, with edits in place of the run's.
    Edited {
        /// Of a mask there is one circuit, whatever is asked for.
        edge_count: usize,
        #[serde(default)]
        edits: Vec<MaskEdit>,
    },
}

/// An attention head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Head {
    pub block: usize,
    pub head_idx: usize,
}

/// Which device is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// WebGPU where it works, else the CPU.
    #[default]
    Auto,
    /// WebGPU, or an error.
    Webgpu,
    Cpu,
}

/// Which device is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    Webgpu,
    Cpu,
}

/// The device and why it was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct DeviceInfo {
    pub kind: DeviceKind,
    /// The adapter's own name, or what the CPU backend is.
    pub name: String,
    /// Why this one, in a sentence.
    pub reason: String,
    /// How much it can hold.
    #[serde(default)]
    pub limits: Limits,
    /// How many workers may compute on it.
    #[serde(default = "one")]
    pub workers: usize,
}

fn one() -> usize {
    1
}

/// What the engine replies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", ts(rename = "EngineEvent"))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum Event {
    Opened {
        device: DeviceInfo,
    },
    Loaded {
        config: ModelConfig,
        n_params: usize,
        /// How many workers may compute on it, each with a copy: as many as there is memory for.
        #[serde(default = "one")]
        workers: usize,
    },
    Graph {
        graph: GraphInfo,
    },
    /// A circuit is done for all batches. With logits: two attachments, the logits in row-major order of `result.shape`, and
    /// as 64-bit floats the metrics of every prompt, `[metric, prompt]`, NaN where one does not apply.
    Circuit {
        result: CircuitResult,
    },
    /// All circuits are done. With logits: two attachments, the unpatched model on the clean and on the corrupt prompts.
    Ran {
        baseline: Baseline,
        /// Of each metric's curve over the circuits of the run, in the order of [`circuitscope_core::Metric::ALL`].
        areas: Vec<Areas>,
        /// How many workers computed.
        #[serde(default = "one")]
        workers: usize,
    },
    Tokens {
        tokens: Tokens,
    },
    /// Three attachments, as 64-bit floats: the metric of every prompt, of the unpatched model on the clean and on the corrupt prompts
    /// and of the circuit, a mean over the output's positions. NaN where the metric does not apply.
    Values {
        values: ValuesInfo,
    },
    /// Three attachments: the patterns on the clean prompt, on the corrupt one and of the circuit, each `[head, query, key]` in the
    /// order of the heads that were asked for. A row adds up to 1, or is 0 where the query is a pad token.
    Attention {
        attention: AttentionInfo,
    },
    /// Six attachments, two for the clean prompt, two for the corrupt one and two for the circuit:
    ///
    /// - What is added to the logits, `[src + 2, output position, 2]`: the last axis is answer and wrong answer, the mean where there
    ///   are several, NaN where there is none. After the src nodes come what the biases add, and the logits.
    /// - The norm and the first values of each output, `[src, position, 1 + nValues]`.
    Attribution {
        attribution: AttributionInfo,
    },
    /// A search is done. Two attachments: the scores as the bytes of a safetensors file, which says where they come from, and
    /// as numbers in the graph's edge order.
    Discovered {
        discovery: DiscoveryInfo,
        /// How many workers computed.
        #[serde(default = "one")]
        workers: usize,
    },
    /// Another engine is helped. Attachments: see [`Helped`].
    #[cfg_attr(feature = "schema", ts(skip))]
    Helped {
        with: Helped,
    },
    Progress {
        done: usize,
        total: usize,
        label: String,
        /// The last loss, where a search has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loss: Option<f64>,
    },
    Cancelled,
    Failed {
        message: String,
    },
    /// The device is gone; the worker must be opened anew.
    DeviceLost {
        message: String,
    },
}

/// A graph, written out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GraphInfo {
    pub n_edges: usize,
    /// Names of the src nodes, in `src_idx` order.
    pub srcs: Vec<String>,
    /// Names of all nodes, sorted.
    pub nodes: Vec<String>,
    /// Names of the edges in the order of the flattened scores: `A0.1->MLP 1`, or `3:A0.1->MLP 1` at position 3.
    pub edges: Vec<String>,
    /// Dest module name and shape of its mask, in the order of the forward pass.
    pub masks: Vec<(String, Vec<usize>)>,
}

/// Which values of prompts are attached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ValuesInfo {
    pub circuit: Circuit,
    pub metric: Metric,
    /// How many prompts were run; a short last batch is not.
    pub n_prompts: usize,
}

/// Whose attention patterns are attached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AttentionInfo {
    pub circuit: Circuit,
    pub heads: Vec<Head>,
    /// The number of the prompt's positions, pad tokens among them.
    pub seq: usize,
    /// How many pad tokens the clean prompt, the corrupt one, and the one that the circuit is run on begin with.
    pub n_pads: [usize; 3],
}

/// Whose outputs and attributions are attached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AttributionInfo {
    pub circuit: Circuit,
    /// Names of the src nodes, in `src_idx` order.
    pub srcs: Vec<String>,
    /// The number of the prompt's positions, pad tokens among them.
    pub seq: usize,
    /// How many of the last positions the output has.
    pub n_positions: usize,
    /// How many values of an output are told after its norm.
    pub n_values: usize,
    /// How many pad tokens the clean prompt, the corrupt one, and the one that the circuit is run on begin with.
    pub n_pads: [usize; 3],
}

/// What a search found, apart from the scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryInfo {
    /// The metadata of the scores' file.
    pub info: ScoresInfo,
    pub n_edges: usize,
    /// How many edges' scores were kept, where the settings say that some are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_kept: Option<usize>,
    /// The loss of the last pass, where the algorithm has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_loss: Option<f64>,
    pub cost: DiscoverCost,
    /// A sentence for the user, where no circuit can be cut from the scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A circuit that was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CircuitResult {
    /// The index in the run.
    pub index: usize,
    pub circuit: Circuit,
    /// `[prompt, d_vocab_out]` with the slice `last_seq`, else `[prompt, seq, d_vocab_out]`.
    pub shape: Vec<usize>,
    pub measurement: Measurement,
}

impl Protocol for Engine {
    const NAME: &'static str = "engine";
    type Request = Request;
    type Event = Event;

    fn failed(message: String) -> Event {
        Event::Failed { message }
    }

    fn cancelled() -> Event {
        Event::Cancelled
    }

    fn cancel(id: u32) -> Option<Request> {
        Some(Request::Cancel { id })
    }

    fn cancels(request: &Request) -> Option<u32> {
        if let Request::Cancel { id } = request { Some(*id) } else { None }
    }

    fn meaning(event: &Event) -> Meaning {
        match event {
            Event::Progress { .. } | Event::Circuit { .. } => Meaning::Progress,
            Event::Opened { .. }
            | Event::Loaded { .. }
            | Event::Graph { .. }
            | Event::Ran { .. }
            | Event::Tokens { .. }
            | Event::Values { .. }
            | Event::Attention { .. }
            | Event::Attribution { .. }
            | Event::Discovered { .. }
            | Event::Helped { .. } => Meaning::Answer,
            Event::Failed { message } => Meaning::Failed(message.clone()),
            Event::Cancelled => Meaning::Cancelled,
            Event::DeviceLost { message } => Meaning::DeviceLost(message.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
