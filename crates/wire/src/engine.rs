//! What the page and the engine's worker tell each other: plain serde data, a [`Call`] one way and [`Reply`]s the other.
//!
//! A message posted to the worker is `[call, attachments]`, one posted back `[reply, attachments]`. Attachments are what
//! serde has no words for: `File`s, `Blob`s and byte arrays on the way in (named by [`Source::Attached`]), `Float32Array`s of
//! logits on the way out. Every call is answered by any number of [`Event::Progress`] and [`Event::Circuit`], then by exactly
//! one other event of the same `id`; [`Event::Failed`] where it could not be done. [`Event::DeviceLost`] carries the id 0.

use serde::{Deserialize, Serialize};

pub use circuitscope_core::{Areas, Baseline, Measurement, Source, TokenProb, Tokens};
use circuitscope_core::{
    Circuit, DiscoverCost, DiscoverSettings, GraphConfig, Limits, ModelConfig, RunSettings, ScoresInfo,
};

/// A request with the number that its replies will carry, counted from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub id: u32,
    pub request: Request,
}

/// An event with the number of the call that it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    pub id: u32,
    pub event: Event,
}

/// What the engine can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum Request {
    /// Makes the device; must come first. Answered by [`Event::Opened`].
    Open { device: DeviceChoice },
    /// Reads a model and puts it on the device, in place of the one before. Answered by [`Event::Loaded`].
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
        scores: Source,
        settings: RunSettings,
        /// Whether logits come back as attachments; if not they stay with the engine, for [`Request::Inspect`].
        logits: bool,
    },
    /// Looks for the edges that matter in the loaded model. Answered by [`Event::Discovered`].
    Discover { prompts: Source, settings: DiscoverSettings },
    /// The likeliest tokens of a prompt in the last run. Answered by [`Event::Tokens`].
    Inspect {
        /// The place of the circuit in the last run.
        circuit: usize,
        prompt: usize,
        /// The place among the output's positions.
        position: usize,
        top_k: usize,
    },
    /// Stops the running call of this number within one forward pass. It is then answered by [`Event::Cancelled`], this
    /// one by nothing.
    Cancel { id: u32 },
}

/// Which device is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
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
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    Webgpu,
    Cpu,
}

/// The device and why it was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceInfo {
    pub kind: DeviceKind,
    /// The adapter's own name, or what the CPU backend is.
    pub name: String,
    /// Why this one, in a sentence.
    pub reason: String,
    /// What fits.
    #[serde(default)]
    pub limits: Limits,
}

/// What the engine tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type", try_from = "EventFields")]
pub enum Event {
    Opened {
        device: DeviceInfo,
    },
    Loaded {
        /// For scripts. The page has read the config itself, and is smaller for not reading it again.
        config: Option<ModelConfig>,
        n_params: usize,
    },
    Graph {
        /// For scripts, too.
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
    },
    Tokens {
        tokens: Tokens,
    },
    /// A search is done. Two attachments: the scores as the bytes of a safetensors file, which says where they come from, and
    /// as numbers in the graph's edge order.
    Discovered {
        discovery: DiscoveryInfo,
    },
    Progress {
        done: usize,
        total: usize,
        label: String,
        /// The last loss, where a search has one.
        #[serde(skip_serializing_if = "Option::is_none")]
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

/// The fields of all events. Events are read through it, as serde's own way to read an enum by its tag would make the page
/// tens of kilobytes larger.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventFields {
    r#type: String,
    device: Option<DeviceInfo>,
    n_params: Option<usize>,
    result: Option<CircuitResult>,
    baseline: Option<Baseline>,
    areas: Option<Vec<Areas>>,
    tokens: Option<Tokens>,
    discovery: Option<DiscoveryInfo>,
    done: Option<usize>,
    total: Option<usize>,
    label: Option<String>,
    loss: Option<f64>,
    message: Option<String>,
}

impl TryFrom<EventFields> for Event {
    type Error = String;

    fn try_from(fields: EventFields) -> Result<Self, String> {
        let name = fields.r#type.clone();
        fields.event().ok_or_else(|| format!("expected an event with its fields, found one of type `{name}`"))
    }
}

impl EventFields {
    fn event(self) -> Option<Event> {
        Some(match self.r#type.as_str() {
            "opened" => Event::Opened { device: self.device? },
            "loaded" => Event::Loaded { config: None, n_params: self.n_params? },
            "graph" => Event::Graph { graph: GraphInfo::default() },
            "circuit" => Event::Circuit { result: self.result? },
            "ran" => Event::Ran { baseline: self.baseline?, areas: self.areas? },
            "tokens" => Event::Tokens { tokens: self.tokens? },
            "discovered" => Event::Discovered { discovery: self.discovery? },
            "progress" => Event::Progress { done: self.done?, total: self.total?, label: self.label?, loss: self.loss },
            "cancelled" => Event::Cancelled,
            "failed" => Event::Failed { message: self.message? },
            "deviceLost" => Event::DeviceLost { message: self.message? },
            _ => return None,
        })
    }
}

/// A graph, written out.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
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

/// What a search found, apart from the scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryInfo {
    /// What the scores' file says of itself.
    pub info: ScoresInfo,
    pub n_edges: usize,
    /// How many edges' scores were kept, where the settings say that some are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_kept: Option<usize>,
    /// The loss of the last pass, where the algorithm has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_loss: Option<f64>,
    pub cost: DiscoverCost,
    /// A sentence where the scores are all the same, so that no circuit can be cut from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A circuit that was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CircuitResult {
    /// The place in the run.
    pub index: usize,
    pub circuit: Circuit,
    /// `[prompt, d_vocab_out]` with the slice `last_seq`, else `[prompt, seq, d_vocab_out]`.
    pub shape: Vec<usize>,
    pub measurement: Measurement,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn events_are_read_as_they_are_written() {
        let demo: Value = serde_json::from_str(include_str!("../../../www/demo/tracr-reverse/recorded.json")).unwrap();
        let device = DeviceInfo {
            kind: DeviceKind::Cpu,
            name: "n".to_owned(),
            reason: "r".to_owned(),
            limits: Limits::default(),
        };
        let (n_kept, cost) = (Some(3), DiscoverCost { forward_passes: 2, ..DiscoverCost::default() });
        let discovery = DiscoveryInfo {
            info: ScoresInfo::default(),
            n_edges: 7,
            n_kept,
            last_loss: Some(0.5),
            cost,
            note: Some("n".to_owned()),
        };
        let told = |loss| Event::Progress { done: 1, total: 2, label: "b".to_owned(), loss };
        let events = [
            Event::Opened { device },
            Event::Loaded { config: None, n_params: 5 },
            Event::Graph { graph: GraphInfo::default() },
            Event::Circuit { result: serde_json::from_value(demo["circuits"][1].clone()).unwrap() },
            Event::Ran {
                baseline: serde_json::from_value(demo["baseline"].clone()).unwrap(),
                areas: vec![Areas::default()],
            },
            Event::Tokens { tokens: serde_json::from_value(demo["tokens"][0][0][0].clone()).unwrap() },
            Event::Discovered { discovery },
            told(Some(0.25)),
            told(None),
            Event::Cancelled,
            Event::Failed { message: "m".to_owned() },
            Event::DeviceLost { message: "m".to_owned() },
        ];
        for event in events {
            let written = serde_json::to_value(&event).unwrap();
            assert_eq!(serde_json::from_value::<Event>(written).unwrap(), event);
        }
        for wrong in [json!({ "type": "loaded" }), json!({ "type": "load", "nParams": 5 }), json!({ "nParams": 5 })] {
            assert!(serde_json::from_value::<Event>(wrong).is_err());
        }
    }
}
