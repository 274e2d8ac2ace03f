//! The metadata of a file of prune scores: their model and graph, what computed them and when.
//!
//! They are in the `__metadata__` of a safetensors file, texts under [`KIND`], [`FORMAT_VERSION`] and a key a field.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::config::ModelConfig;
use crate::error::CircuitError;
use crate::graph::node::SrcKind;
use crate::graph::{Graph, GraphConfig};
use crate::labels::count_label;

/// The metadata key that marks a file of prune scores, with the text `PruneScores`.
pub const KIND: &str = "kind";
/// The metadata key of the version of these keys.
pub const FORMAT_VERSION: &str = "format_version";

const PRUNE_SCORES: &str = "PruneScores";
const VERSION: &str = "1";

/// What is known of prune scores besides the numbers. Any field may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct ScoresInfo {
    pub model: Option<ModelSize>,
    pub graph: Option<GraphConfig>,
    /// The algorithm that gave the scores, by its name (`eap`, `acdc`), or the name of a file.
    pub algorithm: Option<String>,
    /// The settings of the search that gave them, as JSON ([`crate::DiscoverSettings`]).
    pub settings: Option<String>,
    /// The file of prompts that they were found on.
    pub prompts: Option<String>,
    /// `2026-11-23`.
    pub date: Option<String>,
}

/// A model, by what its graph depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ModelSize {
    pub family: String,
    pub n_layers: usize,
    pub n_heads: usize,
    pub d_model: usize,
}

impl ModelSize {
    /// The size of a model.
    pub fn of(model: &ModelConfig) -> Self {
        let &ModelConfig { n_layers, n_heads, d_model, .. } = model;
        Self { family: model.family.clone(), n_layers, n_heads, d_model }
    }
}

impl ScoresInfo {
    /// Reads a file's metadata; of another program's file nothing is known.
    ///
    /// # Errors
    /// When it is of a later version, or a field is not what it should be.
    pub fn from_metadata(file: &str, metadata: &BTreeMap<String, String>) -> Result<Self, CircuitError> {
        if metadata.get(KIND).is_none_or(|kind| kind != PRUNE_SCORES) {
            return Ok(Self::default());
        }
        let version = metadata.get(FORMAT_VERSION).map_or("none", String::as_str);
        if version != VERSION {
            return Err(CircuitError::field(file, FORMAT_VERSION, VERSION, version));
        }
        Ok(Self {
            model: parsed(file, metadata, "model")?,
            graph: parsed(file, metadata, "graph")?,
            algorithm: metadata.get("algorithm").cloned(),
            settings: metadata.get("settings").cloned(),
            prompts: metadata.get("prompts").cloned(),
            date: metadata.get("date").cloned(),
        })
    }

    /// The metadata of a file.
    pub fn to_metadata(&self) -> BTreeMap<String, String> {
        let json = |json: serde_json::Result<String>| json.expect("names and numbers can be written as JSON");
        let fields = [
            ("model", self.model.as_ref().map(|model| json(serde_json::to_string(model)))),
            ("graph", self.graph.as_ref().map(|graph| json(serde_json::to_string(graph)))),
            ("algorithm", self.algorithm.clone()),
            ("settings", self.settings.clone()),
            ("prompts", self.prompts.clone()),
            ("date", self.date.clone()),
        ];
        let marks = [(KIND, PRUNE_SCORES), (FORMAT_VERSION, VERSION)].map(|(key, text)| (key, Some(text.to_owned())));
        let all = marks.into_iter().chain(fields);
        all.filter_map(|(key, text)| Some((key.to_owned(), text?))).collect()
    }

    /// Checks that the scores are of a graph, as far as the metadata say.
    ///
    /// # Errors
    /// When they are of another one.
    pub fn check(&self, file: &str, graph: &Graph) -> Result<(), CircuitError> {
        let other =
            |expected: String, found: String| Err(CircuitError::OtherGraph { file: file.to_owned(), expected, found });
        if let Some(model) = &self.model {
            let n_heads = graph.srcs.iter().filter(|src| src.kind == SrcKind::Heads(0)).count();
            if (model.n_layers, model.n_heads) != (graph.n_layers, n_heads) {
                let found = size_of(model.n_layers, model.n_heads);
                let found = format!("a {} model of {found}", model.family);
                return other(format!("of {}", size_of(graph.n_layers, n_heads)), found);
            }
        }
        match self.graph {
            Some(config) if !same_graph(config, graph.config) => {
                other(describe_graph(&graph.config), describe_graph(&config))
            }
            _ => Ok(()),
        }
    }

    /// What is known, in a line; `None` where nothing is.
    pub fn line(&self) -> Option<String> {
        let model = self.model.as_ref().map(|m| {
            let (n_layers, n_heads) = (layers(m.n_layers), count_label(m.n_heads, "head", "heads"));
            format!("{}, {n_layers}, {n_heads}", m.family)
        });
        let graph = self.graph.as_ref().map(describe_graph);
        let known: Vec<_> = [self.algorithm.clone(), model, graph, self.date.clone()].into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.join(" · "))
    }
}

/// A graph in words: `an edge (factorized) graph with separate q, k and v, token-wise at 6 positions`.
pub fn describe_graph(config: &GraphConfig) -> String {
    let kind = match (config.factorized, config.separate_qkv) {
        (true, true) => "an edge (factorized) graph with separate q, k and v",
        (true, false) => "an edge (factorized) graph with joint q, k and v",
        (false, _) => "a node (unfactorized) graph",
    };
    config.seq_len.map_or_else(
        || kind.to_owned(),
        |seq_len| format!("{kind}, token-wise at {}", count_label(seq_len, "position", "positions")),
    )
}

fn layers(n: usize) -> String {
    count_label(n, "layer", "layers")
}

fn size_of(n_layers: usize, n_heads: usize) -> String {
    format!("{} with {}", layers(n_layers), count_label(n_heads, "head", "heads"))
}

/// Unfactorized graphs have no inputs of heads that could be separate.
fn same_graph(a: GraphConfig, b: GraphConfig) -> bool {
    let inputs = |c: GraphConfig| c.factorized && c.separate_qkv;
    (a.factorized, a.seq_len, inputs(a)) == (b.factorized, b.seq_len, inputs(b))
}

fn parsed<T: DeserializeOwned>(
    file: &str,
    metadata: &BTreeMap<String, String>,
    key: &str,
) -> Result<Option<T>, CircuitError> {
    let parse = |text: &String| {
        serde_json::from_str(text).map_err(|e| CircuitError::field(file, key, "JSON of this field", e.to_string()))
    };
    metadata.get(key).map(parse).transpose()
}
