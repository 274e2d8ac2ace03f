//! Prune scores: a number for every edge, whose size says how much the edge matters; and the circuits they give.
//!
//! auto-circuit's `PruneScores` (`types.py`) is a dictionary from dest module name to a tensor `[seq?, head?, n_src]`; here
//! it is that dictionary as a safetensors file, checked against a graph and laid flat in the graph's edge order.

use serde::{Deserialize, Serialize};

use crate::error::CircuitError;
use crate::files::tensor_file::{TensorFile, TensorInfo, write_tensors};
use crate::graph::{Edge, Graph};
use crate::scores::scores_info::{ScoresInfo, describe_graph};

/// A score for every edge of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct PruneScores {
    /// In the graph's edge order.
    values: Vec<f32>,
    /// Absolute values, largest first.
    descending: Vec<f32>,
}

/// The edges whose score is at least a threshold in absolute value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Circuit {
    /// The number of edges that was asked for.
    pub requested: usize,
    /// The number of edges that it has. Tied scores come in together, so it may be more than was asked for.
    pub n_edges: usize,
    /// The `requested`-th largest absolute score; infinity where none was asked for.
    #[serde(with = "infinite")]
    #[cfg_attr(feature = "schema", ts(as = "Option<f32>"))]
    pub threshold: f32,
}

impl Circuit {
    /// Whether an edge of this score is in the circuit.
    ///
    /// Here 0 edges is always the empty circuit. In the reference an edge of infinite score (ACDC gives such) is in it.
    pub fn contains(&self, score: f32) -> bool {
        self.requested > 0 && score.abs() >= self.threshold
    }
}

impl PruneScores {
    /// Reads the scores of a graph from a safetensors file.
    ///
    /// # Errors
    /// When the file is not one, says of itself that it is for another graph, names a module that the graph does not
    /// have, lacks one, has one in another shape, or holds NaN.
    pub fn from_bytes(file: &str, bytes: &[u8], graph: &Graph) -> Result<Self, CircuitError> {
        let tensors = TensorFile::from_bytes(file, bytes)?;
        ScoresInfo::from_metadata(file, &tensors.metadata)?.check(file, graph)?;
        refuse_unknown(&tensors, graph)?;
        let mut values = Vec::with_capacity(graph.n_edges());
        for module in &graph.dests {
            let expected = graph.mask_shape(module);
            let tensor = tensors.get(&module.module_name).ok_or_else(|| CircuitError::MissingTensor {
                file: file.to_owned(),
                tensor: module.module_name.clone(),
                expected: format!("{expected:?}"),
                hint: hint(&tensors, graph),
            })?;
            if tensor.shape != expected {
                return Err(CircuitError::Shape {
                    file: file.to_owned(),
                    tensor: module.module_name.clone(),
                    expected: format!("{expected:?} in this graph"),
                    found: format!("{:?}{}", tensor.shape, hint(&tensors, graph)),
                });
            }
            values.extend(checked_numbers(&tensors, tensor, bytes)?);
        }
        Ok(Self::new(values))
    }

    /// Writes the scores of a graph as a safetensors file, which [`PruneScores::from_bytes`] reads, with what is to be known
    /// of them as its metadata.
    ///
    /// # Panics
    /// When there is not a score for every edge of the graph.
    pub fn to_bytes(&self, graph: &Graph, info: &ScoresInfo) -> Vec<u8> {
        assert_eq!(self.n_edges(), graph.n_edges(), "a score for every edge");
        let first_edges = graph.first_edges();
        let tensors = graph.dests.iter().zip(first_edges).map(|(module, first)| {
            let numbers = &self.values[first..first + graph.n_module_edges(module)];
            (module.module_name.as_str(), graph.mask_shape(module), numbers)
        });
        write_tensors(tensors, &info.to_metadata())
    }

    /// The scores of edges in a graph's edge order. Infinite scores are allowed; NaN is not.
    pub fn new(values: Vec<f32>) -> Self {
        debug_assert!(values.iter().all(|v| !v.is_nan()));
        let mut descending: Vec<f32> = values.iter().map(|v| v.abs()).collect();
        descending.sort_unstable_by(|a, b| b.total_cmp(a));
        Self { values, descending }
    }

    /// The number of edges.
    pub fn n_edges(&self) -> usize {
        self.values.len()
    }

    /// The scores, in the graph's edge order.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// An edge's score.
    pub fn score(&self, edge: Edge) -> f32 {
        self.values[edge.edge_idx]
    }

    /// The circuit of the `n` largest scores (auto-circuit's `prune_scores_threshold`).
    ///
    /// # Errors
    /// When there are fewer edges than that.
    pub fn circuit(&self, n: usize) -> Result<Circuit, CircuitError> {
        let n_edges = self.n_edges();
        if n > n_edges {
            return Err(CircuitError::EdgeCount { n_edges, found: n });
        }
        if n == 0 {
            return Ok(Circuit { requested: 0, n_edges: 0, threshold: f32::INFINITY });
        }
        let threshold = self.descending[n - 1];
        Ok(Circuit { requested: n, n_edges: self.n_at_least(threshold), threshold })
    }

    /// How many edges have an absolute score of at least `threshold`.
    pub fn n_at_least(&self, threshold: f32) -> usize {
        self.descending.partition_point(|&s| s >= threshold)
    }

    /// For each group of equal absolute scores, largest first, how many edges it and those before it have.
    pub fn group_counts(&self) -> Vec<usize> {
        let ends = self.descending.windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]).map(|(i, _)| i + 1);
        ends.chain([self.n_edges()]).collect()
    }
}

/// The numbers of a tensor, none of them NaN.
fn checked_numbers(tensors: &TensorFile, tensor: &TensorInfo, bytes: &[u8]) -> Result<Vec<f32>, CircuitError> {
    let numbers = tensors.read(tensor, bytes)?;
    match numbers.iter().position(|v| v.is_nan()) {
        None => Ok(numbers),
        Some(place) => Err(CircuitError::NotANumber {
            file: tensors.file.clone(),
            tensor: tensor.name.clone(),
            index: format!("{:?}", index_of(place, &tensor.shape)),
        }),
    }
}

/// The index in a row-major tensor of the element at `place`.
fn index_of(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &size) in shape.iter().enumerate().rev() {
        (index[i], place) = (place % size, place / size);
    }
    index
}

/// Scores for another graph most often name its modules.
fn refuse_unknown(tensors: &TensorFile, graph: &Graph) -> Result<(), CircuitError> {
    let known = |name: &str| graph.dests.iter().any(|d| d.module_name == name);
    let Some(unknown) = tensors.tensors.iter().find(|t| !known(&t.name)) else { return Ok(()) };
    let mut names: Vec<_> = graph.dests.iter().take(4).map(|d| d.module_name.as_str()).collect();
    if graph.dests.len() > names.len() {
        names.push("…");
    }
    Err(CircuitError::UnknownModule {
        file: tensors.file.clone(),
        module: unknown.name.clone(),
        expected: names.join(", "),
        hint: hint(tensors, graph),
    })
}

/// The setting under which the scores might fit, in words, where their module names or shapes tell.
fn hint(tensors: &TensorFile, graph: &Graph) -> String {
    let has = |part: &str| tensors.tensors.iter().any(|t| t.name.ends_with(part));
    let rank = |part: &str| tensors.tensors.iter().find(|t| t.name.ends_with(part)).map(|t| t.shape.len());
    let token_wise = rank("hook_resid_post").map(|rank| rank == 2);
    let config = graph.config;
    let setting = if has("hook_q_input") && !(config.factorized && config.separate_qkv) {
        "an edge (factorized) graph with separate q, k and v"
    } else if has("hook_attn_in") && (!config.factorized || config.separate_qkv) {
        "an edge (factorized) graph with joint q, k and v"
    } else if has("hook_resid_mid") && config.factorized {
        "a node (unfactorized) graph"
    } else if token_wise == Some(true) && config.seq_len.is_none() {
        "a token-wise graph"
    } else if token_wise == Some(false) && config.seq_len.is_some() {
        "a graph that is not token-wise"
    } else {
        return String::new();
    };
    format!("; these look like the scores of {setting}, the graph is {}", describe_graph(&config))
}

/// JSON has no infinity: the empty circuit's threshold travels as `null`.
mod infinite {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &f32, to: S) -> Result<S::Ok, S::Error> {
        value.is_finite().then_some(*value).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f32::INFINITY))
    }
}
