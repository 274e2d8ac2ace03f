//! Prune scores in other programs' formats: to our own, safetensors with metadata, and back.

use super::error::ReaderError;
use super::session::{Answer, File};
use crate::{FoundScores, Wanted, WriteRequest, read_scores, write_scores};
use circuitscope_core::{Graph, ModelSize, PruneScores, ScoresInfo, TensorFile};
use circuitscope_wire::reader::{Event, Request, ScoresFound};

/// Reads a file of scores.
///
/// # Errors
/// When it is of no format, cannot be read, or is not of the model.
pub fn read(files: &[File], wanted: &Wanted) -> Result<Answer, ReaderError> {
    let file = only(files)?;
    let FoundScores { format, graph, scores, choices, chosen, n_circuit, notes, info } =
        read_scores(&file.name, &file.bytes, wanted)?;
    let (model, config) = (Some(ModelSize::of(wanted.model)), Some(graph.config));
    let bytes = scores.to_bytes(&graph, &ScoresInfo { model, graph: config, ..info.clone() });
    let found = ScoresFound { format, graph: graph.config, choices, chosen, n_circuit, notes, info };
    Ok(Answer { event: Event::Scores { found }, attachments: vec![bytes] })
}

/// Writes the scores of a safetensors file in another format.
///
/// # Errors
/// When they are not of the graph, or the format cannot hold it.
pub fn write(files: &[File], request: &Request) -> Result<Answer, ReaderError> {
    let Request::WriteScores { model, graph, format, edge_count, extent, algorithm, date, .. } = request else {
        unreachable!("only requests to write come here")
    };
    let (file, graph) = (only(files)?, Graph::new(model, *graph));
    let scores = PruneScores::from_bytes(&file.name, &file.bytes, &graph)?;
    let metadata = TensorFile::from_bytes(&file.name, &file.bytes)?.metadata;
    let algorithm = ScoresInfo::from_metadata(&file.name, &metadata)?.algorithm.or_else(|| algorithm.clone());
    let bytes = write_scores(&WriteRequest {
        format: *format,
        model,
        graph: &graph,
        scores: &scores,
        edge_count: *edge_count,
        extent: *extent,
        algorithm: algorithm.as_deref(),
        date: date.as_deref(),
    })?;
    Ok(Answer { event: Event::Written, attachments: vec![bytes] })
}

fn only(files: &[File]) -> Result<&File, ReaderError> {
    let reason = "no file came with the request".to_owned();
    files.first().ok_or(ReaderError::Read { file: "scores".to_owned(), reason })
}
