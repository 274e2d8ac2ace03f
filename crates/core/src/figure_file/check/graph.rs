//! Checks of a figure against the model that it is of, and its circuit in that model's graph.

use super::values::values;
use super::{at_most, below, quoted, shortened};
use crate::config::ModelConfig;
use crate::error::CircuitError;
use crate::figure_file::edges::EdgeScores;
use crate::figure_file::recorded::FigureResults;
use crate::figure_file::view::{CircuitSize, FigureLook, FigureSelection};
use crate::figure_file::{FigureFile, FigureOnModel, MAX_FIGURE_EDGES};
use crate::graph::{self, EdgeIndex, Graph};
use crate::scores::mask::{MaskEdit, MaskEdits};
use crate::scores::prune_scores::PruneScores;

/// No model of a figure has more heads: GPT-3 has 9,216. Each is a node with a name.
const MAX_HEADS: usize = 1 << 14;

impl FigureFile {
    /// The figure's circuit in the graph of a model; everything that names a part of the model is checked. `file` is the figure's name
    /// in messages.
    ///
    /// # Errors
    /// When the graph is too large, or the figure names an edge, a node, a head, a token or a number of edges that is not there, or
    /// its caption cannot be filled in.
    pub fn on_model(&self, file: &str, model: &ModelConfig) -> Result<FigureOnModel, CircuitError> {
        let graph = self.graph_of(file, model)?;
        let index = EdgeIndex::new(&graph);
        let values = self.circuit.as_ref().map(|circuit| values(file, circuit, &index, &graph)).transpose()?;
        let requested = self.requested(file, values.as_ref(), &graph)?;
        let edits: Vec<MaskEdit> = self.view.edits.iter().map(MaskEdit::from).collect();
        let edits = MaskEdits::new(&edits, &graph).map_err(|error| in_view(file, error))?;
        let names = Names { names: graph.node_names(), n_layers: graph.n_layers };
        self.check_names(file, &names, &index)?;
        look(file, &self.view.look, &names)?;
        self.texts.to_prompts(&format!("{file}: texts")).check(model)?;
        if self.run.edge_counts.check(graph.n_edges()).is_err() {
            let expected = format!("counts of at most {}, the number of edges of the graph", graph.n_edges());
            return Err(CircuitError::field(file, "run.edgeCounts.list", expected, "a larger one"));
        }
        if let Some(results) = &self.recorded {
            recorded(file, results, model, graph.n_edges())?;
        }
        let n_known = self.n_known(&graph);
        let on_model = FigureOnModel { graph, values, n_known, edits, requested };
        self.caption_text(file, &on_model)?;
        Ok(on_model)
    }

    /// The graph, unless it is too large for a figure. Nothing of it is made before.
    fn graph_of(&self, file: &str, model: &ModelConfig) -> Result<Graph, CircuitError> {
        if let Some(seq_len) = self.graph.seq_len.filter(|&seq_len| seq_len == 0 || seq_len > model.n_ctx) {
            let expected = format!("from 1 to {}, the model's context", model.n_ctx);
            return Err(CircuitError::field(file, "graph.seqLen", expected, seq_len.to_string()));
        }
        let n_heads = model.n_layers.saturating_mul(model.n_heads);
        at_most(file, "files.config: n_heads", n_heads, MAX_HEADS, "heads in all blocks")?;
        let n_edges = graph::n_edges(model, self.graph);
        if n_edges > MAX_FIGURE_EDGES as u64 {
            let expected = format!("a graph of at most {MAX_FIGURE_EDGES} edges");
            return Err(CircuitError::field(file, "graph", expected, n_edges.to_string()));
        }
        Ok(Graph::new(model, self.graph))
    }

    /// How many edges have a score of their own in the figure.
    fn n_known(&self, graph: &Graph) -> usize {
        match self.circuit.as_ref().map(|circuit| &circuit.scores) {
            None => 0,
            Some(EdgeScores::All(_)) => graph.n_edges(),
            Some(EdgeScores::Listed(listed)) => listed.len(),
        }
    }

    /// The number of edges that is shown.
    fn requested(
        &self,
        file: &str,
        values: Option<&PruneScores>,
        graph: &Graph,
    ) -> Result<Option<usize>, CircuitError> {
        let (field, requested) = match self.view.size {
            CircuitSize::Edges(n) => ("view.size.edges", Some(n)),
            CircuitSize::Threshold(least) => ("view.size.threshold", values.map(|values| values.n_at_least(least))),
        };
        let n_known = if values.is_some() { self.n_known(graph) } else { graph.n_edges() };
        match requested.filter(|&n| n > n_known) {
            Some(n) => {
                let expected = format!("a circuit of at most {n_known} edges, those that the figure has");
                Err(CircuitError::field(file, field, expected, n.to_string()))
            }
            None => Ok(requested),
        }
    }

    fn check_names(&self, file: &str, names: &Names, index: &EdgeIndex<'_>) -> Result<(), CircuitError> {
        let view = &self.view;
        match &view.selection {
            Some(FigureSelection::Node(node)) => names.check(file, "view.selection.node", node)?,
            Some(FigureSelection::Edge(edge)) if index.find_named(edge).is_none() => {
                return Err(CircuitError::field(file, "view.selection.edge", "an edge of the graph", quoted(edge)));
            }
            _ => {}
        }
        view.labels.keys().try_for_each(|node| names.check(file, "view.labels", node))?;
        view.groups.iter().try_for_each(|(group, nodes)| {
            nodes.iter().try_for_each(|node| names.check(file, &format!("view.groups.{}", shortened(group)), node))
        })
    }
}

/// The names of a graph's nodes.
struct Names {
    /// Sorted.
    names: Vec<String>,
    n_layers: usize,
}

impl Names {
    /// Checks that a name is a node's, or that of all heads of a block, such as `A0`.
    fn check(&self, file: &str, field: &str, name: &str) -> Result<(), CircuitError> {
        let is_node = self.names.binary_search_by(|node| node.as_str().cmp(name)).is_ok();
        let block = name.strip_prefix('A').and_then(|block| block.parse::<usize>().ok());
        if is_node || block.is_some_and(|block| block < self.n_layers && name == format!("A{block}")) {
            return Ok(());
        }
        Err(CircuitError::field(file, field, "nodes of the graph such as A0.0 or Resid Start", quoted(name)))
    }
}

fn look(file: &str, look: &FigureLook, names: &Names) -> Result<(), CircuitError> {
    for (field, blocks) in [("view.look.opened", &look.opened), ("view.look.closed", &look.closed)] {
        blocks.iter().try_for_each(|&block| below(file, field, block, names.n_layers, "blocks"))?;
    }
    if let Some(window) = look.window {
        at_most(file, "view.look.window.end", window.end, names.n_layers, "blocks")?;
    }
    look.merged_heads.iter().try_for_each(|head| names.check(file, "view.look.mergedHeads", head))?;
    look.focus.as_ref().map_or(Ok(()), |focus| names.check(file, "view.look.focus.node", &focus.node))
}

fn recorded(file: &str, results: &FigureResults, model: &ModelConfig, n_edges: usize) -> Result<(), CircuitError> {
    let shape = &results.baseline.shape;
    if shape.last() != Some(&model.d_vocab_out) {
        let expected = format!("a shape that ends in {}, the number of logits", model.d_vocab_out);
        return Err(CircuitError::field(file, "recorded.baseline.shape", expected, format!("{:?}", shape.last())));
    }
    for (i, recorded) in results.circuits.iter().chain(&results.edited).enumerate() {
        let most = recorded.circuit.requested.max(recorded.circuit.n_edges);
        at_most(file, &format!("recorded.circuits[{i}].circuit"), most, n_edges, "edges, as the graph has")?;
    }
    for (i, head) in results.attention.iter().enumerate() {
        let field = |name: &str| format!("recorded.attention[{i}].{name}");
        below(file, &field("block"), head.block, model.n_layers, "blocks")?;
        below(file, &field("headIdx"), head.head_idx, model.n_heads, "heads of a block")?;
        at_most(file, &field("seq"), head.seq, model.n_ctx, "positions, the model's context")?;
    }
    let tokens = results.tokens.iter().flatten().flatten();
    let mut all = tokens.flat_map(|tokens| [&tokens.clean, &tokens.corrupt, &tokens.circuit]).flatten();
    all.try_for_each(|prob| below(file, "recorded.tokens: token", prob.token as usize, model.d_vocab_out, "logits"))
}

/// An error of an edit, named as the figure names it.
fn in_view(file: &str, error: CircuitError) -> CircuitError {
    match error {
        CircuitError::Field { field, expected, found, .. } => {
            CircuitError::field(file, &format!("view.{field}"), expected, shortened(&found))
        }
        other => other,
    }
}
