//! Lists of edges as JSON: a list of names, a list of objects `{edge, position?, score?}`, or an object from name to score.

use circuitscope_core::files::python_json::quote_infinities;
use circuitscope_core::{Circuit, CircuitError, FormatId, Graph, PruneScores};
use serde::Deserialize;
use serde_json::Value;

use super::on_graph::on_graph;
use super::{ListedEdge, RawEdge, Row, written};
use crate::file::text;
use crate::scores::error::FormatError;
use crate::scores::python_values::{Number, Pairs};
use crate::scores::read::{FoundScores, Wanted};

/// An item of a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum JsonEdge {
    Name(String),
    Object {
        #[serde(alias = "name")]
        edge: String,
        #[serde(alias = "seq_idx", alias = "token_position")]
        position: Option<u64>,
        score: Option<Number>,
    },
}

/// Reads a list.
///
/// # Errors
/// When it is not of one of the three forms, or [`on_graph`] fails.
pub fn read(file: &str, bytes: &[u8], wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let text = quote_infinities(text(file, bytes)?);
    let rows = if text.trim_start().starts_with('[') { read_items(file, &text)? } else { read_fields(file, &text)? };
    on_graph(file, FormatId::EdgeListJson, &rows, wanted)
}

fn read_items(file: &str, text: &str) -> Result<Vec<ListedEdge>, FormatError> {
    let items: Vec<JsonEdge> = serde_json::from_str(text).map_err(|e| CircuitError::json(file, &e))?;
    let edge = |(n, item): (u64, &JsonEdge)| {
        let (name, position, score) = match item {
            JsonEdge::Name(name) => (name, None, None),
            JsonEdge::Object { edge, position, score } => (edge, *position, score.map(|score| score.0)),
        };
        ListedEdge::parse(file, RawEdge { row: Row::Item(n), name, position, score })
    };
    (1..).zip(&items).map(edge).collect()
}

fn read_fields(file: &str, text: &str) -> Result<Vec<ListedEdge>, FormatError> {
    let fields: Pairs<Number> = serde_json::from_str(text).map_err(|e| CircuitError::json(file, &e))?;
    let edge = |(n, (name, score)): (u64, &(String, Number))| {
        ListedEdge::parse(file, RawEdge { row: Row::Item(n), name, position: None, score: Some(score.0) })
    };
    (1..).zip(&fields.0).map(edge).collect()
}

/// Writes edges and their scores as a list of objects, one a line: all, or a circuit's. JSON has no infinities: they are
/// written in quotes.
pub fn write(graph: &Graph, scores: &PruneScores, only: Option<&Circuit>) -> Vec<u8> {
    let edges = written(graph, scores, only).map(|edge| {
        let position = edge.seq_idx.map(|seq_idx| format!("\"position\": {seq_idx}, ")).unwrap_or_default();
        let score = match scores.score(edge) {
            f32::INFINITY => Value::from("Infinity"),
            f32::NEG_INFINITY => Value::from("-Infinity"),
            score => Value::from(f64::from(score)),
        };
        format!("  {{\"edge\": {}, {position}\"score\": {score}}}", Value::from(graph.edge_name(edge)))
    });
    let edges: Vec<_> = edges.collect();
    format!("[\n{}\n]\n", edges.join(",\n")).into_bytes()
}
