//! The edges of a circuit as a table: for a page, as CSV and as JSON.

use std::fmt::Write;

use serde::Serialize;
use serde_json::json;

use crate::graph::edge::EdgeLookup;
use crate::graph::node::DestKind;
use crate::graph::{Edge, Graph};
use crate::labels::csv_field;
use crate::scores::known_circuit::edge_name;
use crate::scores::prune_scores::PruneScores;

/// An edge of a circuit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EdgeRow {
    /// [`crate::Ranking::rank`].
    pub rank: usize,
    /// As [`edge_name`] writes it.
    #[serde(rename = "edge")]
    pub name: String,
    pub src: String,
    /// Without the `.Q`, `.K` or `.V`.
    pub dest: String,
    /// `Q`, `K` or `V`, where these are apart.
    pub input: Option<&'static str>,
    pub position: Option<usize>,
    /// JSON has no infinity: such a score is written as `null`.
    pub score: f32,
    /// How much of the edge is in the circuit, from 0 to 1.
    pub mask: f32,
}

/// The rows of some edges with their masks, in the order given. An index that is no edge's has none.
pub fn edge_rows(graph: &Graph, scores: &PruneScores, edges: impl IntoIterator<Item = (usize, f32)>) -> Vec<EdgeRow> {
    let lookup = EdgeLookup::new(graph);
    let row = |(edge_idx, mask): (usize, f32)| {
        let (edge, &score) = (lookup.edge(edge_idx)?, scores.values().get(edge_idx)?);
        let (dest, input) = dest_and_input(graph, edge);
        Some(EdgeRow {
            rank: scores.ranking().rank(score),
            name: edge_name(graph, edge),
            src: graph.srcs[edge.src_idx].name.clone(),
            dest,
            input,
            position: edge.seq_idx,
            score,
            mask,
        })
    };
    edges.into_iter().filter_map(row).collect()
}

/// A line for each edge, under a line of headings.
pub fn edges_to_csv(rows: &[EdgeRow]) -> String {
    let mut csv = "rank,edge,src,dest,input,position,score,mask\n".to_owned();
    for EdgeRow { rank, name, src, dest, input, position, score, mask } in rows {
        let [name, src, dest] = [name, src, dest].map(|text| csv_field(text));
        let (input, position) = (input.unwrap_or(""), position.map_or(String::new(), |position| position.to_string()));
        let _ = writeln!(csv, "{rank},{name},{src},{dest},{input},{position},{score},{mask}");
    }
    csv
}

/// All that is known of the edges as `rows`, by which the file is recognised as a list of edges with scores, and their names as
/// `edges`, which [`crate::KnownCircuit::from_json`] reads.
pub fn edges_to_json(rows: &[EdgeRow]) -> String {
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    // Not as a value: that has 64-bit numbers only, and would write a score of 0.1 as 0.10000000149011612.
    let table: Vec<String> = rows.iter().filter_map(|row| serde_json::to_string(row).ok()).collect();
    format!("{{\"rows\":[\n{}\n],\n\"edges\":{}}}\n", table.join(",\n"), json!(names))
}

fn dest_and_input(graph: &Graph, edge: Edge) -> (String, Option<&'static str>) {
    let module = &graph.dests[edge.module_idx];
    let head = |block: usize| format!("A{block}.{}", edge.head_idx);
    match module.kind {
        DestKind::Q(block) => (head(block), Some("Q")),
        DestKind::K(block) => (head(block), Some("K")),
        DestKind::V(block) => (head(block), Some("V")),
        _ => (graph.dest_name(edge), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelConfig, Sizes};
    use crate::graph::GraphConfig;
    use crate::scores::known_circuit::KnownCircuit;

    fn graph(seq_len: Option<usize>) -> Graph {
        let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (8, 2, Some(8), 16, 16);
        let sizes = Sizes { n_layers: 1, n_heads: 1, d_model, d_head, d_mlp, n_ctx, d_vocab };
        Graph::new(&ModelConfig::decoder("gpt2", sizes), GraphConfig { seq_len, ..GraphConfig::default() })
    }

    #[test]
    fn a_circuit_is_a_table_with_ranks() {
        // Resid Start to Q, K, V and the MLP, A0.0 to the MLP, and three to the end.
        let scores = PruneScores::new(vec![0.5, -2.0, 0.5, 0.1, 0.0, f32::NEG_INFINITY, 0.0, 0.0]);
        let rows = edge_rows(&graph(None), &scores, [(1, 1.0), (2, 0.25), (5, 1.0), (99, 1.0)]);
        let expected = "rank,edge,src,dest,input,position,score,mask\n\
                        2,Resid Start->A0.0.K,Resid Start,A0.0,K,,-2,1\n\
                        3,Resid Start->A0.0.V,Resid Start,A0.0,V,,0.5,0.25\n\
                        1,Resid Start->Resid End,Resid Start,Resid End,,,-inf,1\n";
        assert_eq!(edges_to_csv(&rows), expected);
    }

    #[test]
    fn a_saved_circuit_is_read_again() {
        let graph = graph(Some(2));
        let scores = PruneScores::new((0..graph.n_edges()).map(|edge| edge as f32 / 10.0).collect());
        let edges = [0, 3, 7, 11];
        let json = edges_to_json(&edge_rows(&graph, &scores, edges.map(|edge| (edge, 1.0))));
        let mask = KnownCircuit::from_json("saved", &json).unwrap().mask(&graph).unwrap();
        assert!(mask.iter().enumerate().all(|(edge, &is_in)| is_in == edges.contains(&edge)));
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["rows"][1]["position"], 1);
        assert_eq!(value["rows"][1]["input"], "K");
        assert!(json.contains("\"score\":0.3,"), "{json}");
        assert_eq!(edges_to_json(&[]), "{\"rows\":[\n\n],\n\"edges\":[]}\n");
    }
}
