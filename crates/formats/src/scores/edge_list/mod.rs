//! Lists of edges, named as in auto-circuit: `A0.1->MLP 1`, or `3:A0.1->MLP 1` at token position 3.
//!
//! [`json`] and [`csv`] read the rows of a list, and [`on_graph`] finds the graph whose edges they name. A list without scores
//! is a circuit: its edges have score 1, all others 0.

pub mod csv;
pub mod json;
mod on_graph;

use std::fmt;

use circuitscope_core::{Circuit, Edge, Graph, PruneScores};

use super::error::{FormatError, shortened};

/// A row of a list.
#[derive(Debug, Clone, PartialEq)]
struct ListedEdge {
    row: Row,
    src: String,
    dest: String,
    /// The token position; 64 bits, so that it is the same number on a machine of 32 bits.
    position: Option<u64>,
    score: Option<f64>,
}

/// Which row of a file, counted from 1; for messages.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Row {
    /// A line of text.
    Line(u64),
    /// An item of a JSON list, or a field of a JSON object.
    Item(u64),
}

/// What a row says of an edge, its name still to be read.
struct RawEdge<'a> {
    row: Row,
    name: &'a str,
    position: Option<u64>,
    score: Option<f64>,
}

impl ListedEdge {
    /// Reads the name of a row's edge, which may begin with its position.
    ///
    /// # Errors
    /// When it is not the name of an edge, or the row has another position than the name.
    fn parse(file: &str, raw: RawEdge) -> Result<Self, FormatError> {
        let RawEdge { row, name, position, score } = raw;
        let wrong =
            |expected: &str| FormatError::wrong(file, row.to_string(), expected, format!("{:?}", shortened(name)));
        let no_name = || wrong("the name of an edge such as `A0.1->MLP 1` or `3:A0.1->MLP 1`");
        let (prefix, edge) = match name.split_once(':') {
            Some((prefix, edge)) => (Some(prefix.trim().parse().map_err(|_| no_name())?), edge),
            None => (None, name),
        };
        if let Some((in_name, beside)) = prefix.zip(position).filter(|(a, b)| a != b) {
            let expected = format!("an edge with one position, not with {in_name} in its name and {beside} beside it");
            return Err(wrong(&expected));
        }
        let (src, dest) = edge.split_once("->").ok_or_else(no_name)?;
        let [src, dest] = [src, dest].map(|node| node.trim().to_owned());
        Ok(Self { row, src, dest, position: prefix.or(position), score })
    }

    /// `3:A0.1->MLP 1`.
    fn name(&self) -> String {
        let position = self.position.map(|position| format!("{position}:")).unwrap_or_default();
        format!("{position}{}->{}", self.src, self.dest)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Line(n) => write!(f, "line {n}"),
            Self::Item(n) => write!(f, "item {n}"),
        }
    }
}

/// The edges that are written: all, or a circuit's.
fn written<'a>(
    graph: &'a Graph,
    scores: &'a PruneScores,
    only: Option<&'a Circuit>,
) -> impl Iterator<Item = Edge> + 'a {
    graph.edges().filter(move |&edge| only.is_none_or(|circuit| circuit.contains(scores.score(edge))))
}
