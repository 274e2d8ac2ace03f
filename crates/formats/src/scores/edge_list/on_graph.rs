//! Finds the graph whose edges a list names, and lays the list's scores out in that graph's edge order.

use circuitscope_core::{FormatId, Graph, GraphConfig, PruneScores, describe_graph};

use super::ListedEdge;
use crate::scores::error::{FormatError, listed};
use crate::scores::names::EdgeIndex;
use crate::scores::read::{FoundScores, Wanted};
use crate::scores::values::{check_size, checked_number};

/// The scores of a list, on the first graph of the model that has all of its edges.
///
/// # Errors
/// - The list is empty, or only some of its edges have scores.
/// - A position is not within the prompts or the model's context, or there would be too many edges.
/// - No graph of the model has all edges: the message lists those that the nearest graph lacks.
/// - An edge is listed twice, or a score is not a number.
pub fn on_graph(
    file: &str,
    format: FormatId,
    edges: &[ListedEdge],
    wanted: &Wanted,
) -> Result<FoundScores, FormatError> {
    if edges.is_empty() {
        return Err(FormatError::wrong(file, "the list", "one with an edge", "none"));
    }
    let has_scores = all_or_none_have_scores(file, edges)?;
    let graph = fitting_graph(file, edges, wanted)?;
    let values = lay_out(file, edges, &graph)?;
    let n_listed = values.iter().filter(|value| !value.is_nan()).count();
    let notes = notes(edges, &graph, has_scores.then_some(n_listed));
    let n_circuit = (!has_scores).then_some(n_listed);
    let values = values.into_iter().map(|value| if value.is_nan() { 0.0 } else { value }).collect();
    Ok(FoundScores { n_circuit, notes, ..FoundScores::new(format, graph, PruneScores::new(values)) })
}

fn all_or_none_have_scores(file: &str, edges: &[ListedEdge]) -> Result<bool, FormatError> {
    let n_scores = edges.iter().filter(|edge| edge.score.is_some()).count();
    if n_scores != 0 && n_scores != edges.len() {
        let found = format!("{n_scores} of {}", edges.len());
        return Err(FormatError::wrong(file, "scores", "there for all edges or for none", found));
    }
    Ok(n_scores > 0)
}

/// The first graph of the model that has all edges: the present one, then those of the other settings. Its size is checked.
fn fitting_graph(file: &str, edges: &[ListedEdge], wanted: &Wanted) -> Result<Graph, FormatError> {
    let seq_len = seq_len(file, edges, wanted)?;
    let last = edges.iter().max_by_key(|edge| edge.position).filter(|edge| edge.position.is_some());
    let field = || last.map_or_else(|| "the list".to_owned(), position_field);
    let (mut nearest, mut too_large) = (None, None);
    for config in candidates(wanted, seq_len) {
        // Whether there are such edges does not depend on the number of positions.
        let graph = Graph::try_new(wanted.model, GraphConfig { seq_len: None, ..config }).map_err(FormatError::from);
        let graph = match graph.and_then(|graph| check_size(file, field, &graph).map(|()| graph)) {
            Ok(graph) => graph,
            Err(error) => {
                too_large.get_or_insert(error);
                continue;
            }
        };
        let index = EdgeIndex::new(&graph);
        let is_unknown = |edge: &&ListedEdge| index.find(&edge.src, &edge.dest, None).is_none();
        let unknown: Vec<_> = edges.iter().filter(is_unknown).map(ListedEdge::name).collect();
        if unknown.is_empty() {
            let graph = Graph { config, ..graph };
            check_size(file, field, &graph)?;
            return Ok(graph);
        }
        if nearest.as_ref().is_none_or(|(_, names): &(_, Vec<_>)| unknown.len() < names.len()) {
            nearest = Some((config, unknown));
        }
    }
    Err(match (too_large, nearest) {
        (None, Some((config, unknown))) => unknown_edges(file, &unknown, config, wanted),
        (Some(too_large), _) => too_large,
        (None, None) => unreachable!("there are four candidates"),
    })
}

/// The graphs that a list may be of, the present one first.
fn candidates(wanted: &Wanted, seq_len: Option<usize>) -> impl Iterator<Item = GraphConfig> {
    let kinds = [(true, true), (true, false), (false, wanted.graph.separate_qkv)];
    let kinds = kinds.map(|(factorized, separate_qkv)| GraphConfig { factorized, separate_qkv, seq_len });
    [GraphConfig { seq_len, ..wanted.graph }].into_iter().chain(kinds)
}

/// The number of positions of a list's graph: the prompts' length or, without one, as many as the list has. `None` for a
/// list without positions.
///
/// # Errors
/// When a position is not below the prompts' length or the model's context.
fn seq_len(file: &str, edges: &[ListedEdge], wanted: &Wanted) -> Result<Option<usize>, FormatError> {
    let n_ctx = wanted.model.n_ctx;
    let (limit, whose) = match wanted.seq_len.filter(|&seq_len| seq_len <= n_ctx) {
        Some(seq_len) => (seq_len, "the prompts' length"),
        None => (n_ctx, "the model's n_ctx"),
    };
    let mut n_listed = None;
    for (edge, position) in edges.iter().filter_map(|edge| edge.position.map(|position| (edge, position))) {
        if position >= limit as u64 {
            let expected = format!("below {limit}, {whose}");
            return Err(FormatError::wrong(file, position_field(edge), expected, position.to_string()));
        }
        n_listed = n_listed.max(Some(position as usize + 1));
    }
    Ok(n_listed.map(|n_listed| wanted.seq_len.unwrap_or(n_listed)))
}

/// An edge's position, as a message calls it.
fn position_field(edge: &ListedEdge) -> String {
    format!("the position of `{}` ({})", edge.name(), edge.row)
}

fn unknown_edges(file: &str, unknown: &[String], nearest: GraphConfig, wanted: &Wanted) -> FormatError {
    let (family, n_layers) = (&wanted.model.family, wanted.model.n_layers);
    FormatError::Unknown {
        file: file.to_owned(),
        names: listed("edge", unknown),
        graph: format!("{} of this {family} model of {n_layers} layers", describe_graph(&nearest)),
        hint: "edges are named as in auto-circuit: `Resid Start->A0.1.Q`, `A0.1->MLP 0`, `MLP 0->Resid End`".to_owned(),
    }
}

/// The score of each edge of a graph; NaN where the list does not have the edge, which no listed score is.
fn lay_out(file: &str, edges: &[ListedEdge], graph: &Graph) -> Result<Vec<f32>, FormatError> {
    let index = EdgeIndex::new(graph);
    let (mut values, mut repeated) = (vec![f32::NAN; graph.n_edges()], Vec::new());
    for edge in edges {
        let score = match edge.score {
            None => 1.0,
            Some(score) => checked_number(file, || format!("the score of `{}` ({})", edge.name(), edge.row), score)?,
        };
        for edge_idx in edge.seq_idxs(graph).filter_map(|seq_idx| index.find(&edge.src, &edge.dest, seq_idx)) {
            if !std::mem::replace(&mut values[edge_idx], score).is_nan() {
                repeated.push(edge.name());
                break;
            }
        }
    }
    if !repeated.is_empty() {
        return Err(FormatError::wrong(file, "each edge", "listed once", listed("repeated edge", &repeated)));
    }
    Ok(values)
}

/// What a user should know of a list; `n_listed` is given where it has scores.
fn notes(edges: &[ListedEdge], graph: &Graph, n_listed: Option<usize>) -> Vec<String> {
    let mut notes = Vec::new();
    let n_spread = edges.iter().filter(|edge| edge.position.is_none()).count();
    if graph.config.seq_len.is_some() && n_spread > 0 {
        let (edges, have) = if n_spread == 1 { ("edge", "has") } else { ("edges", "have") };
        notes.push(format!("{n_spread} {edges} {have} no position and count at all positions."));
    }
    let n_edges = graph.n_edges();
    if let Some(n_listed) = n_listed.filter(|&n_listed| n_listed < n_edges) {
        let are = if n_listed == 1 { "is" } else { "are" };
        notes.push(format!("{n_listed} of {n_edges} edges {are} listed; the others have score 0."));
    }
    notes
}

impl ListedEdge {
    /// The positions that the edge is meant at: its own or, where it has none, every position of a token-wise graph.
    fn seq_idxs(&self, graph: &Graph) -> impl Iterator<Item = Option<usize>> + use<> {
        let all = graph.config.seq_len.filter(|_| self.position.is_none());
        let one = all.is_none().then_some(self.position.map(|position| position as usize));
        all.into_iter().flat_map(|seq_len| (0..seq_len).map(Some)).chain(one)
    }
}
