//! Prune scores: a number for every edge, whose size says how much the edge matters.
//!
//! auto-circuit's `PruneScores` (`types.py`) is a dictionary from dest module name to a tensor `[seq?, head?, n_src]`; here
//! it is that dictionary as a safetensors file, checked against a graph and laid flat in the graph's edge order.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::error::CircuitError;
use crate::files::tensor_file::{TensorFile, TensorInfo, write_tensors};
use crate::graph::node::DestModule;
use crate::graph::{Edge, Graph};
use crate::scores::info::{ScoresInfo, describe_graph};
use crate::scores::ranking::{Circuit, Ranking};

/// A score for every edge of a graph.
///
/// The ranking of the scores takes a sort. It is made when it is first asked for, and kept: keep the scores, not the file's
/// bytes, where circuits are asked for again and again.
#[derive(Debug, Clone)]
pub struct PruneScores {
    /// In the graph's edge order.
    values: Vec<f32>,
    ranking: OnceLock<Ranking>,
}

impl PartialEq for PruneScores {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
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
        // The graph may ask for any number of scores: nothing is allocated before each tensor is known to have its share.
        let modules = graph.dests.iter().map(|module| module_tensor(&tensors, module, graph));
        let modules = modules.collect::<Result<Vec<_>, _>>()?;
        let mut values = Vec::with_capacity(graph.n_edges());
        for tensor in modules {
            append_numbers(&tensors, tensor, bytes, &mut values)?;
        }
        Ok(Self::new(values))
    }

    /// Writes the scores of a graph as a safetensors file, which [`PruneScores::from_bytes`] reads. `info` becomes its
    /// metadata.
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
        Self { values, ranking: OnceLock::new() }
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

    /// The scores in the order of their size. The first call sorts them.
    pub fn ranking(&self) -> &Ranking {
        self.ranking.get_or_init(|| Ranking::new(&self.values))
    }

    /// [`Ranking::circuit`].
    ///
    /// # Errors
    /// When there are fewer edges than that.
    pub fn circuit(&self, n: usize) -> Result<Circuit, CircuitError> {
        self.ranking().circuit(n)
    }

    /// [`Ranking::n_at_least`].
    pub fn n_at_least(&self, threshold: f32) -> usize {
        self.ranking().n_at_least(threshold)
    }

    /// [`Ranking::group_counts`].
    pub fn group_counts(&self) -> Vec<usize> {
        self.ranking().group_counts()
    }
}

/// The tensor of a module's scores, in the shape of its mask.
fn module_tensor<'a>(
    tensors: &'a TensorFile,
    module: &DestModule,
    graph: &Graph,
) -> Result<&'a TensorInfo, CircuitError> {
    let (file, name, shape) = (tensors.file.clone(), module.module_name.clone(), graph.mask_shape(module));
    match tensors.get(&name) {
        None => {
            let (expected, hint) = (format!("{shape:?}"), hint(tensors, graph));
            Err(CircuitError::MissingTensor { file, tensor: name, expected, hint })
        }
        Some(tensor) if tensor.shape != shape => {
            let expected = format!("{shape:?} in this graph");
            let found = format!("{:?}{}", tensor.shape, hint(tensors, graph));
            Err(CircuitError::Shape { file, tensor: name, expected, found })
        }
        Some(tensor) => Ok(tensor),
    }
}

/// Appends the numbers of a tensor, none of them NaN.
fn append_numbers(
    tensors: &TensorFile,
    tensor: &TensorInfo,
    file: &[u8],
    to: &mut Vec<f32>,
) -> Result<(), CircuitError> {
    let first = to.len();
    tensors.decode_into(tensor, &file[tensor.bytes.start as usize..tensor.bytes.end as usize], to)?;
    match to[first..].iter().position(|v| v.is_nan()) {
        None => Ok(()),
        Some(offset) => Err(CircuitError::NotANumber {
            file: tensors.file.clone(),
            tensor: tensor.name.clone(),
            index: format!("{:?}", index_of(offset, &tensor.shape)),
        }),
    }
}

/// The index in a row-major tensor of its element number `offset`.
fn index_of(mut offset: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &size) in shape.iter().enumerate().rev() {
        (index[i], offset) = (offset % size, offset / size);
    }
    index
}

/// Scores for another graph most often name its modules.
fn refuse_unknown(tensors: &TensorFile, graph: &Graph) -> Result<(), CircuitError> {
    let known: HashSet<&str> = graph.dests.iter().map(|d| d.module_name.as_str()).collect();
    let Some(unknown) = tensors.tensors.iter().find(|t| !known.contains(t.name.as_str())) else { return Ok(()) };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelConfig, Sizes};
    use crate::graph::GraphConfig;

    fn graph(seq_len: Option<usize>) -> Graph {
        let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (8, 4, Some(8), 16, 16);
        let sizes = Sizes { n_layers: 2, n_heads: 2, d_model, d_head, d_mlp, n_ctx, d_vocab };
        Graph::new(&ModelConfig::decoder("gpt2", sizes), GraphConfig { seq_len, ..GraphConfig::default() })
    }

    #[test]
    fn scores_of_a_graph_that_no_memory_holds_are_refused_by_their_shapes() {
        let small = graph(None);
        let bytes = PruneScores::new(vec![1.0; small.n_edges()]).to_bytes(&small, &ScoresInfo::default());
        assert_eq!(PruneScores::from_bytes("s", &bytes, &small).unwrap().n_edges(), small.n_edges());
        // Without metadata nothing but the shapes says that the file is for another graph. This one's scores would take 2^50
        // bytes or more: to allocate that ends the program.
        let metadata = TensorFile::from_bytes("s", &bytes).unwrap().metadata;
        let huge = graph(Some(1 << 46));
        let tensors = small.dests.iter().map(|d| (d.module_name.as_str(), small.mask_shape(d)));
        let zeros = vec![0.0; small.n_edges()];
        let bare = write_tensors(
            tensors.map(|(name, shape)| {
                let n = shape.iter().product();
                (name, shape, &zeros[..n])
            }),
            &std::collections::BTreeMap::new(),
        );
        assert!(!metadata.is_empty());
        for (file, bytes) in [("bare", &bare), ("s", &bytes)] {
            let error = PruneScores::from_bytes(file, bytes, &huge).unwrap_err();
            assert!(matches!(error, CircuitError::Shape { .. }), "{error}");
        }
    }
}
