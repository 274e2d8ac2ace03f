//! Lists of edges, named as in the reference: `A0.1->MLP 1`, or `3:A0.1->MLP 1` at token position 3.
//!
//! As JSON: a list of names, a list of objects `{edge, position?, score?}`, or an object from name to score. As CSV (or with
//! tabs): an edge a line, with a header that names the columns, or without one `edge`, `edge,score` or
//! `edge,position,score`. A list without scores is a circuit: its edges have score 1, all others 0.

use serde::Deserialize;
use serde_json::Value;

use super::error::{FormatError, listed};
use super::json::{Number, Pairs};
use super::names::EdgeIndex;
use super::scores::checked_number;
use circuitscope_core::files::python_json::quote_infinities;
use circuitscope_core::{Circuit, CircuitError, Edge, Graph, GraphConfig, ModelConfig, PruneScores, describe_graph};

/// An edge as a list has it.
#[derive(Debug, Clone, PartialEq)]
struct ListedEdge {
    src: String,
    dest: String,
    position: Option<usize>,
    score: Option<f64>,
}

/// The scores of a list, and the graph whose edges it names.
pub struct EdgeListScores {
    pub graph: Graph,
    pub values: Vec<f32>,
    /// How many edges the list has, where it has no scores and so is a circuit.
    pub n_circuit: Option<usize>,
    pub notes: Vec<String>,
}

/// An entry of a JSON list.
#[derive(Deserialize)]
#[serde(untagged)]
enum JsonEdge {
    Name(String),
    Object {
        #[serde(alias = "name")]
        edge: String,
        #[serde(alias = "seq_idx", alias = "token_position")]
        position: Option<usize>,
        score: Option<Number>,
    },
}

/// Reads a JSON list.
///
/// # Errors
/// When it is none, or [`on_graph`] cannot place its edges.
pub fn read_json(file: &str, bytes: &[u8], on: &Placing) -> Result<EdgeListScores, FormatError> {
    let text = quote_infinities(super::scores::text(file, bytes)?);
    let json = |e: serde_json::Error| CircuitError::json(file, &e);
    let edges: Vec<_> = if text.trim_start().starts_with('[') {
        let list: Vec<JsonEdge> = serde_json::from_str(&text).map_err(json)?;
        let edge = |edge: JsonEdge| match edge {
            JsonEdge::Name(name) => parse_name(file, &name, None, None),
            JsonEdge::Object { edge, position, score } => parse_name(file, &edge, position, score.map(|s| s.0)),
        };
        list.into_iter().map(edge).collect::<Result<_, _>>()?
    } else {
        let pairs: Pairs<Number> = serde_json::from_str(&text).map_err(json)?;
        let edge = |(name, score): (String, Number)| parse_name(file, &name, None, Some(score.0));
        pairs.0.into_iter().map(edge).collect::<Result<_, _>>()?
    };
    on_graph(file, &edges, on)
}

/// The columns of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Columns {
    edge: usize,
    position: Option<usize>,
    score: Option<usize>,
}

/// Reads a CSV list. Empty lines and lines that start with `#` are skipped.
///
/// # Errors
/// When a line is no edge, or [`on_graph`] cannot place its edges.
pub fn read_csv(file: &str, bytes: &[u8], on: &Placing) -> Result<EdgeListScores, FormatError> {
    let text = super::scores::text(file, bytes)?;
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).peekable();
    let separator = if text.contains('\t') && !text.contains(',') { '\t' } else { ',' };
    let first = lines.peek().map(|(_, line)| fields(line, separator));
    let header = first.as_deref().and_then(header);
    if header.is_some() {
        lines.next();
    }
    let mut edges = Vec::new();
    for (number, line) in lines {
        let fields = fields(line, separator);
        let wrong = |expected: &str| FormatError::wrong(file, format!("line {number}"), expected, format!("{line:?}"));
        let columns = match (header, fields.len()) {
            (Some(columns), _) => columns,
            (None, 1..=3) => Columns::by_number(fields.len()),
            (None, _) => return Err(wrong("an edge, or edge,score, or edge,position,score")),
        };
        let field =
            |column: Option<usize>| column.and_then(|i| fields.get(i)).map(String::as_str).filter(|f| !f.is_empty());
        let edge = field(Some(columns.edge)).ok_or_else(|| wrong("one with an edge"))?;
        let position =
            field(columns.position).map(str::parse).transpose().map_err(|_| wrong("one with a whole position"))?;
        let score =
            field(columns.score).map(str::parse).transpose().map_err(|_| wrong("one whose score is a number"))?;
        edges.push(parse_name(file, edge, position, score)?);
    }
    on_graph(file, &edges, on)
}

impl Columns {
    fn by_number(n: usize) -> Self {
        match n {
            1 => Self { edge: 0, position: None, score: None },
            2 => Self { edge: 0, position: None, score: Some(1) },
            _ => Self { edge: 0, position: Some(1), score: Some(2) },
        }
    }
}

/// The columns that a first line names, where it does.
fn header(fields: &[String]) -> Option<Columns> {
    let find = |names: &[&str]| fields.iter().position(|field| names.contains(&field.to_lowercase().as_str()));
    let edge = find(&["edge", "name", "edge_name"])?;
    let position = find(&["position", "token_position", "seq_idx", "seq", "token"]);
    Some(Columns { edge, position, score: find(&["score", "prune_score", "weight"]) })
}

/// The fields of a line, which may stand in quotes.
fn fields(line: &str, separator: char) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
            '"' => quoted = !quoted,
            c if c == separator && !quoted => fields.push(std::mem::take(&mut field).trim().to_owned()),
            c => field.push(c),
        }
    }
    fields.push(field.trim().to_owned());
    fields
}

/// An edge from its name, which may begin with its position.
fn parse_name(file: &str, name: &str, position: Option<usize>, score: Option<f64>) -> Result<ListedEdge, FormatError> {
    let wrong =
        || FormatError::wrong(file, "an edge", "a name such as `A0.1->MLP 1` or `3:A0.1->MLP 1`", format!("{name:?}"));
    let (prefix, edge) = match name.split_once(':') {
        Some((prefix, edge)) => (Some(prefix.trim().parse().map_err(|_| wrong())?), edge),
        None => (None, name),
    };
    if prefix.is_some() && position.is_some() && prefix != position {
        return Err(FormatError::wrong(
            file,
            format!("the position of `{name}`"),
            "told once",
            format!("{position:?} as well"),
        ));
    }
    let (src, dest) = edge.split_once("->").ok_or_else(wrong)?;
    Ok(ListedEdge { src: src.trim().to_owned(), dest: dest.trim().to_owned(), position: prefix.or(position), score })
}

/// The model whose edges a list names, and what is known of the graph that is meant.
pub struct Placing<'a> {
    pub model: &'a ModelConfig,
    /// The graph that is set at present, tried first.
    pub graph: GraphConfig,
    /// The prompts' length, for a list with positions.
    pub seq_len: Option<usize>,
}

/// Finds the graph whose edges a list names, and puts its scores there.
///
/// # Errors
/// When no graph of the model has all of them: the message lists those that the nearest graph lacks. When an edge stands
/// there twice, or only some edges have scores.
fn on_graph(file: &str, edges: &[ListedEdge], on: &Placing) -> Result<EdgeListScores, FormatError> {
    if edges.is_empty() {
        return Err(FormatError::wrong(file, "the list", "one with an edge", "none"));
    }
    let graph = fitting_graph(file, edges, on)?;
    let token_wise = graph.config.seq_len.is_some();
    let with_scores = edges.iter().filter(|edge| edge.score.is_some()).count();
    if with_scores != 0 && with_scores != edges.len() {
        let found = format!("{with_scores} of {}", edges.len());
        return Err(FormatError::wrong(file, "scores", "there for all edges or for none", found));
    }
    let index = EdgeIndex::new(&graph);
    let mut values = vec![None; graph.n_edges()];
    let (mut repeated, mut n_spread) = (Vec::new(), 0);
    for edge in edges {
        let score = match edge.score {
            None => 1.0,
            Some(score) => checked_number(file, || format!("the score of `{}`", edge.name()), score)?,
        };
        n_spread += usize::from(token_wise && edge.position.is_none());
        let mut is_repeated = false;
        for place in edge.places(&index, &graph) {
            is_repeated |= values[place].replace(score).is_some();
        }
        if is_repeated {
            repeated.push(edge.name());
        }
    }
    if !repeated.is_empty() {
        return Err(FormatError::wrong(file, "each edge", "there once", listed("repeated edge", &repeated)));
    }
    let mut notes = Vec::new();
    if n_spread > 0 {
        notes.push(format!("{n_spread} edges have no position: they are meant at all positions."));
    }
    let n_listed = values.iter().filter(|value| value.is_some()).count();
    if with_scores > 0 && n_listed < values.len() {
        notes.push(format!("{n_listed} of {} edges are listed; the others have score 0.", values.len()));
    }
    let n_circuit = (with_scores == 0).then_some(n_listed);
    let values = values.into_iter().map(|value| value.unwrap_or(0.0)).collect();
    Ok(EdgeListScores { graph, values, n_circuit, notes })
}

/// The first graph of the model that has all edges: the present one, then those of the other settings.
fn fitting_graph(file: &str, edges: &[ListedEdge], on: &Placing) -> Result<Graph, FormatError> {
    let last = edges.iter().filter_map(|edge| edge.position).max();
    // Without the prompts' length the list's own positions are all there are.
    let seq_len = last.map(|last| on.seq_len.unwrap_or_else(|| last.saturating_add(1)));
    if let Some((seq_len, last)) = seq_len.zip(last).filter(|&(_, last)| last >= on.model.n_ctx.max(1)) {
        let expected = format!("below {}, the model's n_ctx", on.model.n_ctx);
        return Err(FormatError::wrong(file, "positions", expected, format!("{last} (of {seq_len})")));
    }
    let kinds = [(true, true), (true, false), (false, on.graph.separate_qkv)];
    let kinds = kinds.map(|(factorized, separate_qkv)| GraphConfig { factorized, separate_qkv, seq_len });
    let mut nearest: Option<(GraphConfig, Vec<String>)> = None;
    for config in [GraphConfig { seq_len, ..on.graph }].into_iter().chain(kinds) {
        let graph = Graph::new(on.model, config);
        let index = EdgeIndex::new(&graph);
        let is_unknown = |edge: &&ListedEdge| edge.places(&index, &graph).next().is_none();
        let unknown: Vec<_> = edges.iter().filter(is_unknown).map(ListedEdge::name).collect();
        if unknown.is_empty() {
            return Ok(graph);
        }
        if nearest.as_ref().is_none_or(|(_, names)| unknown.len() < names.len()) {
            nearest = Some((config, unknown));
        }
    }
    let (config, unknown) = nearest.expect("graphs were tried");
    Err(FormatError::Unknown {
        file: file.to_owned(),
        names: listed("edge", &unknown),
        graph: format!("{} of this {} model of {} layers", describe_graph(&config), on.model.family, on.model.n_layers),
        hint: "edges are named as in auto-circuit: `Resid Start->A0.1.Q`, `A0.1->MLP 0`, `MLP 0->Resid End`".to_owned(),
    })
}

impl ListedEdge {
    /// Where the edge is among the graph's: at one position, or at all where it has none.
    fn places<'a>(&'a self, index: &'a EdgeIndex, graph: &Graph) -> impl Iterator<Item = usize> + 'a {
        let positions = match (self.position, graph.config.seq_len) {
            (None, Some(seq_len)) => (0..seq_len).map(Some).collect(),
            (position, _) => vec![position],
        };
        positions.into_iter().filter_map(move |position| index.find(&self.src, &self.dest, position))
    }

    fn name(&self) -> String {
        let position = self.position.map(|position| format!("{position}:")).unwrap_or_default();
        format!("{position}{}->{}", self.src, self.dest)
    }
}

/// Writes edges and their scores as CSV: all, or a circuit's.
pub fn write_csv(graph: &Graph, scores: &PruneScores, only: Option<&Circuit>) -> Vec<u8> {
    let header = if graph.config.seq_len.is_some() { "edge,position,score\n" } else { "edge,score\n" };
    let mut csv = header.to_owned();
    for edge in written(graph, scores, only) {
        let position = edge.seq_idx.map(|seq_idx| format!("{seq_idx},")).unwrap_or_default();
        csv += &format!("{},{position}{}\n", graph.edge_name(edge), f64::from(scores.score(edge)));
    }
    csv.into_bytes()
}

/// Writes edges and their scores as a JSON list of objects, one a line: all, or a circuit's. JSON has no infinities: they
/// stand in quotes.
pub fn write_json(graph: &Graph, scores: &PruneScores, only: Option<&Circuit>) -> Vec<u8> {
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

fn written<'a>(
    graph: &'a Graph,
    scores: &'a PruneScores,
    only: Option<&'a Circuit>,
) -> impl Iterator<Item = Edge> + 'a {
    graph.edges().filter(move |&edge| only.is_none_or(|circuit| circuit.contains(scores.score(edge))))
}
