//! Lists of edges as JSON: a list of names, a list of objects `{edge, position?, score?}` (also as `rows` of an object), or an
//! object from name to score.

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

/// A circuit as `edges_to_json` writes it.
#[derive(Deserialize)]
struct Rows {
    rows: Vec<JsonEdge>,
}

/// Reads a list.
///
/// # Errors
/// When it is not of one of these forms, or [`on_graph`] fails.
pub fn read(file: &str, bytes: &[u8], wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let text = quote_infinities(text(file, bytes)?);
    let rows = if text.trim_start().starts_with('[') {
        let items: Vec<JsonEdge> = serde_json::from_str(&text).map_err(|e| CircuitError::json(file, &e))?;
        listed(file, &items)?
    } else if let Ok(Rows { rows }) = serde_json::from_str(&text) {
        listed(file, &rows)?
    } else {
        read_fields(file, &text)?
    };
    on_graph(file, FormatId::EdgeListJson, &rows, wanted)
}

fn listed(file: &str, items: &[JsonEdge]) -> Result<Vec<ListedEdge>, FormatError> {
    let edge = |(n, item): (u64, &JsonEdge)| {
        let (name, position, score) = match item {
            JsonEdge::Name(name) => (name, None, None),
            JsonEdge::Object { edge, position, score } => (edge, *position, score.map(|score| score.0)),
        };
        ListedEdge::parse(file, RawEdge { row: Row::Item(n), name, position, score })
    };
    (1..).zip(items).map(edge).collect()
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

#[cfg(test)]
mod tests {
    use circuitscope_core::config::{ModelConfig, Sizes};
    use circuitscope_core::{GraphConfig, edge_rows, edges_to_json};

    use super::*;
    use crate::read_scores;

    #[test]
    fn a_circuit_that_was_saved_with_ranks_and_masks_is_read_again() {
        let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (8, 2, Some(8), 16, 16);
        let model =
            ModelConfig::decoder("gpt2", Sizes { n_layers: 1, n_heads: 1, d_model, d_head, d_mlp, n_ctx, d_vocab });
        for seq_len in [None, Some(2)] {
            let graph = Graph::new(&model, GraphConfig { seq_len, ..GraphConfig::default() });
            let scores = PruneScores::new((0..graph.n_edges()).map(|edge| 1.0 + edge as f32).collect());
            let saved = edges_to_json(&edge_rows(&graph, &scores, [(2, 1.0), (5, 0.5)]));
            let wanted = Wanted { model: &model, graph: graph.config, seq_len, pick: None };
            let found = read_scores("saved.json", saved.as_bytes(), &wanted).unwrap();
            assert_eq!(found.format, FormatId::EdgeListJson);
            let expected: Vec<f32> =
                (0..graph.n_edges()).map(|edge| if edge == 2 || edge == 5 { 1.0 + edge as f32 } else { 0.0 }).collect();
            assert_eq!(found.scores.values(), expected);
        }
    }
}
