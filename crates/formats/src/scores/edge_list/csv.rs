//! Lists of edges as CSV, or with tabs: an edge a row, with a header that names the columns `edge`, `position` and `score`, or
//! without one as `edge`, `edge,score` or `edge,position,score`. Lines that begin with `#` are comments.

use circuitscope_core::{Circuit, FormatId, Graph, PruneScores};
use csv::{ReaderBuilder, StringRecord, Trim};

use super::on_graph::on_graph;
use super::{ListedEdge, RawEdge, Row, written};
use crate::file::text;
use crate::scores::error::{FormatError, shortened};
use crate::scores::read::{FoundScores, Wanted};

/// The indices of the columns that are read.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Columns {
    edge: usize,
    position: Option<usize>,
    score: Option<usize>,
}

/// Reads a list.
///
/// # Errors
/// When a row is not an edge, or [`on_graph`] fails.
pub fn read(file: &str, bytes: &[u8], wanted: &Wanted) -> Result<FoundScores, FormatError> {
    let text = text(file, bytes)?;
    let separator = if text.contains('\t') && !text.contains(',') { b'\t' } else { b',' };
    let mut reader = ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(separator).comment(Some(b'#')).trim(Trim::All);
    let (mut edges, mut header, mut is_first) = (Vec::new(), None, true);
    for record in reader.from_reader(text.as_bytes()).records() {
        let record = record.map_err(|error| FormatError::unreadable(file, "CSV file", error.to_string()))?;
        if is_skipped(&record) {
            continue;
        }
        if std::mem::take(&mut is_first) {
            header = Columns::of_header(&record);
            if header.is_some() {
                continue;
            }
        }
        edges.push(read_row(file, &record, header)?);
    }
    on_graph(file, FormatId::EdgeListCsv, &edges, wanted)
}

/// Whether a record is a blank line, or a comment behind spaces.
fn is_skipped(record: &StringRecord) -> bool {
    match record.get(0) {
        None => true,
        Some("") => record.len() == 1,
        Some(first) => first.starts_with('#'),
    }
}

fn read_row(file: &str, record: &StringRecord, header: Option<Columns>) -> Result<ListedEdge, FormatError> {
    let row = Row::Line(record.position().map_or(0, csv::Position::line));
    let wrong = |expected: &str| {
        let found = record.iter().collect::<Vec<_>>().join(",");
        FormatError::wrong(file, row.to_string(), expected, format!("{:?}", shortened(&found)))
    };
    let columns = header.or_else(|| Columns::of_count(record.len()));
    let columns = columns.ok_or_else(|| wrong("`edge`, `edge,score` or `edge,position,score`"))?;
    let field = |column: Option<usize>| column.and_then(|i| record.get(i)).filter(|field| !field.is_empty());
    let name = field(Some(columns.edge)).ok_or_else(|| wrong("one with an edge"))?;
    let position = field(columns.position).map(str::parse).transpose();
    let position = position.map_err(|_| wrong("one whose position is a whole number from 0 on"))?;
    let score = field(columns.score).map(str::parse).transpose();
    let score = score.map_err(|_| wrong("one whose score is a number"))?;
    ListedEdge::parse(file, RawEdge { row, name, position, score })
}

impl Columns {
    /// The columns that a first row names, where it does.
    fn of_header(record: &StringRecord) -> Option<Self> {
        let find = |names: &[&str]| record.iter().position(|field| names.contains(&field.to_lowercase().as_str()));
        let edge = find(&["edge", "name", "edge_name"])?;
        let position = find(&["position", "token_position", "seq_idx", "seq", "token"]);
        Some(Self { edge, position, score: find(&["score", "prune_score", "weight"]) })
    }

    /// The columns of a row in a file without a header.
    fn of_count(n_columns: usize) -> Option<Self> {
        let (position, score) = match n_columns {
            1 => (None, None),
            2 => (None, Some(1)),
            3 => (Some(1), Some(2)),
            _ => return None,
        };
        Some(Self { edge: 0, position, score })
    }
}

/// Writes edges and their scores: all, or a circuit's. No name of an edge needs quotes.
pub fn write(graph: &Graph, scores: &PruneScores, only: Option<&Circuit>) -> Vec<u8> {
    let header = if graph.config.seq_len.is_some() { "edge,position,score\n" } else { "edge,score\n" };
    let mut csv = header.to_owned();
    for edge in written(graph, scores, only) {
        let position = edge.seq_idx.map(|seq_idx| format!("{seq_idx},")).unwrap_or_default();
        csv += &format!("{},{position}{}\n", graph.edge_name(edge), f64::from(scores.score(edge)));
    }
    csv.into_bytes()
}
