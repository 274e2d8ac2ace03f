//! Scores of any format, both ways: a file to [`PruneScores`] of a graph of a model, and back.

use super::edge_list::{self, EdgeListScores, Placing};
use super::error::FormatError;
use super::torch::{TorchFile, TorchTensor};
use super::{mib, mib_torch};
use circuitscope_core::files::tensor_file::write_tensors;
use circuitscope_core::{Extent, FORMATS, FormatId, recognise};
use circuitscope_core::{Graph, GraphConfig, ModelConfig, PruneScores, ScoresInfo, TensorFile};

/// What scores are wanted for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub model: &'a ModelConfig,
    /// The graph that is set at present: what an edge list is tried on first.
    pub graph: GraphConfig,
    /// The prompts' length, where there is one: that of a token-wise edge list.
    pub seq_len: Option<usize>,
    /// Which of several in the file, by its name in [`FoundScores::choices`]; the first where nothing is asked for.
    pub pick: Option<&'a str>,
}

/// The scores of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundScores {
    pub format: FormatId,
    /// The graph that they are of.
    pub graph: Graph,
    pub scores: PruneScores,
    /// The names of the scores that the file holds, where there are several.
    pub choices: Vec<String>,
    /// Which of them these are.
    pub chosen: usize,
    /// How many edges the circuit has that the file marks, or that it is.
    pub n_circuit: Option<usize>,
    /// What is to be known of them, each a sentence or two.
    pub notes: Vec<String>,
    /// What the file says of itself.
    pub info: ScoresInfo,
}

/// What is written.
#[derive(Debug, Clone, Copy)]
pub struct WriteRequest<'a> {
    pub format: FormatId,
    pub model: &'a ModelConfig,
    pub graph: &'a Graph,
    pub scores: &'a PruneScores,
    /// The edge count of the circuit that is marked, or written alone.
    pub edge_count: usize,
    pub extent: Extent,
    pub algorithm: Option<&'a str>,
    /// `2026-11-23`.
    pub date: Option<&'a str>,
}

/// Reads scores of any format.
///
/// # Errors
/// When the file is of none, cannot be read, is of another model, or holds no such choice.
pub fn read_scores(file: &str, bytes: &[u8], wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let kind = recognise(bytes);
    let format = kind.scores_format().ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        FormatError::Unrecognised { file: file.to_owned(), expected: names.join("; "), found: kind.to_string() }
    })?;
    let placing = Placing { model: wanted.model, graph: wanted.graph, seq_len: wanted.seq_len };
    match format {
        FormatId::Safetensors => read_safetensors(file, bytes, wanted),
        FormatId::Torch | FormatId::MibTorch => {
            let mut torch = TorchFile::open(file, bytes)?;
            if mib_torch::is_circuit(&torch) {
                let circuit = mib_torch::read(file, &mut torch, wanted.model)?;
                from_mib(file, FormatId::MibTorch, circuit, wanted)
            } else {
                read_torch(file, &mut torch, wanted)
            }
        }
        FormatId::MibJson => from_mib(file, format, mib::read_json(file, bytes, wanted.model)?, wanted),
        FormatId::EdgeListJson => Ok(from_edge_list(format, edge_list::read_json(file, bytes, &placing)?)),
        FormatId::EdgeListCsv => Ok(from_edge_list(format, edge_list::read_csv(file, bytes, &placing)?)),
    }
}

/// Writes scores.
///
/// # Errors
/// When the format is only read, cannot hold the graph, or the circuit has more edges than the graph.
pub fn write_scores(request: &WriteRequest) -> Result<Vec<u8>, FormatError> {
    let &WriteRequest { format, model, graph, scores, edge_count, extent, algorithm, date } = request;
    let circuit = scores.circuit(edge_count)?;
    let only = (extent == Extent::Circuit).then_some(&circuit);
    match format {
        FormatId::Safetensors => {
            let info = ScoresInfo {
                model: Some(circuitscope_core::ModelSize::of(model)),
                graph: Some(graph.config),
                algorithm: algorithm.map(str::to_owned),
                date: date.map(str::to_owned),
                ..ScoresInfo::default()
            };
            Ok(scores.to_bytes(graph, &info))
        }
        FormatId::MibJson => mib::write_json(model, graph, scores, &circuit),
        FormatId::EdgeListJson => Ok(edge_list::write_json(graph, scores, only)),
        FormatId::EdgeListCsv => Ok(edge_list::write_csv(graph, scores, only)),
        FormatId::Torch | FormatId::MibTorch => Err(FormatError::CannotHold {
            format: format.format().name,
            what: "scores from here".to_owned(),
            why: "it is only read; write safetensors, which torch reads as well",
        }),
    }
}

fn read_safetensors(file: &str, bytes: &[u8], wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let tensors = TensorFile::from_bytes(file, bytes)?;
    let info = ScoresInfo::from_metadata(file, &tensors.metadata)?;
    let shapes: Vec<_> = tensors.tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice())).collect();
    let graph = implied_graph(&shapes, wanted);
    let scores = PruneScores::from_bytes(file, bytes, &graph)?;
    Ok(FoundScores {
        format: FormatId::Safetensors,
        graph,
        scores,
        choices: Vec::new(),
        chosen: 0,
        n_circuit: None,
        notes: Vec::new(),
        info,
    })
}

fn read_torch(file: &str, torch: &mut TorchFile, wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let choices = torch.choices()?;
    let names: Vec<_> = choices.iter().map(|choice| choice.name.clone()).collect();
    let chosen = match wanted.pick {
        None => 0,
        Some(pick) => names.iter().position(|name| name == pick).ok_or_else(|| {
            let listed: Vec<_> = names.iter().take(20).map(String::as_str).collect();
            let more = if names.len() > listed.len() { ", …" } else { "" };
            let choices = format!("{}{more}", listed.join(", "));
            FormatError::NoSuchChoice { file: file.to_owned(), pick: pick.to_owned(), choices }
        })?,
    };
    let tensors = torch.read(&choices[chosen])?;
    let shapes: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.shape.as_slice())).collect();
    let graph = implied_graph(&shapes, wanted);
    let views =
        tensors.iter().map(|(name, TorchTensor { shape, numbers })| (name.as_str(), shape.clone(), numbers.as_slice()));
    let scores = PruneScores::from_bytes(file, &write_tensors(views, &ScoresInfo::default().to_metadata()), &graph)?;
    let algorithm = names[chosen].rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(FoundScores {
        format: FormatId::Torch,
        graph,
        scores,
        choices: if names.len() > 1 { names } else { Vec::new() },
        chosen,
        n_circuit: None,
        notes: Vec::new(),
        info: ScoresInfo { algorithm, ..ScoresInfo::default() },
    })
}

fn from_mib(
    file: &str,
    format: FormatId,
    circuit: mib::MibCircuit,
    wanted: &Wanted,
) -> Result<FoundScores, FormatError> {
    let mib::MibScores { values, choices, chosen, n_circuit, notes } = circuit.choose(file, wanted.pick)?;
    let chosen = choices.iter().position(|choice| *choice == chosen).unwrap_or(0);
    Ok(FoundScores {
        format,
        graph: Graph::new(wanted.model, mib::GRAPH),
        scores: PruneScores::new(values),
        choices: if choices.len() > 1 { choices.into_iter().map(str::to_owned).collect() } else { Vec::new() },
        chosen,
        n_circuit,
        notes,
        info: ScoresInfo::default(),
    })
}

fn from_edge_list(format: FormatId, list: EdgeListScores) -> FoundScores {
    let EdgeListScores { graph, values, n_circuit, notes } = list;
    FoundScores {
        format,
        graph,
        scores: PruneScores::new(values),
        choices: Vec::new(),
        chosen: 0,
        n_circuit,
        notes,
        info: ScoresInfo::default(),
    }
}

/// The graph of the model whose masks have the names and shapes of some tensors; the present one where none has, so that the
/// error is told of that.
fn implied_graph(tensors: &[(&str, &[usize])], wanted: &Wanted) -> Graph {
    // The end of the residual stream has the mask `[seq?, n_src]`.
    let seq_len =
        tensors.iter().find(|(name, _)| name.ends_with("hook_resid_post")).and_then(|(_, shape)| match shape {
            [seq_len, _] => Some(*seq_len),
            _ => None,
        });
    let fits = |graph: &Graph| {
        let fits = |module: &circuitscope_core::DestModule| {
            tensors.iter().any(|(name, shape)| *name == module.module_name && *shape == graph.mask_shape(module))
        };
        graph.dests.len() == tensors.len() && graph.dests.iter().all(fits)
    };
    // Unfactorized graphs have no inputs that could be separate: that setting stays as it is.
    let kinds = [(true, true), (true, false), (false, wanted.graph.separate_qkv)];
    let graphs = kinds.map(|(factorized, separate_qkv)| GraphConfig { factorized, separate_qkv, seq_len });
    let mut graphs = graphs.into_iter().map(|config| Graph::new(wanted.model, config));
    graphs.find(fits).unwrap_or_else(|| Graph::new(wanted.model, wanted.graph))
}

/// The text of a file.
pub fn text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, FormatError> {
    let text = std::str::from_utf8(bytes).map_err(|e| FormatError::Unreadable {
        file: file.to_owned(),
        format: "text",
        reason: e.to_string(),
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// A score as it is kept: infinities are allowed (ACDC gives such), NaN and what only rounding would make infinite are not.
pub fn checked_number(file: &str, place: impl Fn() -> String, score: f64) -> Result<f32, FormatError> {
    let rounded = score as f32;
    if rounded.is_nan() || rounded.is_infinite() != score.is_infinite() {
        return Err(FormatError::wrong(file, place(), "a number of 32 bits", score.to_string()));
    }
    Ok(rounded)
}
