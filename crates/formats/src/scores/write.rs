//! Writes scores in any of the formats that are written.

use circuitscope_core::{Extent, FormatId, Graph, ModelConfig, ModelSize, PruneScores, ScoresInfo};

use super::error::FormatError;
use super::{edge_list, mib};

/// Scores, and how they should be written.
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

/// Writes scores.
///
/// # Errors
/// When the format is only read, cannot hold the graph, or the circuit has more edges than the graph.
pub fn write_scores(request: &WriteRequest) -> Result<Vec<u8>, FormatError> {
    let &WriteRequest { format, model, graph, scores, edge_count, extent, .. } = request;
    let circuit = scores.circuit(edge_count)?;
    let only = (extent == Extent::Circuit).then_some(&circuit);
    match format {
        FormatId::Safetensors => Ok(scores.to_bytes(graph, &info(request))),
        FormatId::MibJson => mib::write::json(model, graph, scores, &circuit),
        FormatId::EdgeListJson => Ok(edge_list::json::write(graph, scores, only)),
        FormatId::EdgeListCsv => Ok(edge_list::csv::write(graph, scores, only)),
        FormatId::Torch | FormatId::MibTorch => Err(FormatError::CannotHold {
            format: format.format().name,
            what: "scores from here".to_owned(),
            why: "it is only read; write safetensors, which torch reads as well",
        }),
    }
}

/// The metadata that is written into a safetensors file.
fn info(request: &WriteRequest) -> ScoresInfo {
    ScoresInfo {
        model: Some(ModelSize::of(request.model)),
        graph: Some(request.graph.config),
        algorithm: request.algorithm.map(str::to_owned),
        date: request.date.map(str::to_owned),
        ..ScoresInfo::default()
    }
}
