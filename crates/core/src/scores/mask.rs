//! Masks: a real number for every edge that says how much of it is in a circuit.
//!
//! 1 is in the circuit, 0 is out of it, and anything between goes that share of the way from the activation of an edge out of the
//! circuit to that of one in it. auto-circuit's patch masks hold real numbers as well (`PatchWrapper.forward`,
//! `model_utils/patch_wrapper.py`). The mask of a circuit is cut from scores, or given for every edge; either way single edges may
//! be edited.

use serde::{Deserialize, Serialize};

use crate::error::CircuitError;
use crate::graph::{Edge, EdgeIndex, Graph};
use crate::scores::known_circuit::edge_name;
use crate::scores::prune_scores::PruneScores;
use crate::scores::ranking::Circuit;
use crate::settings::edge_counts::{EdgeCounts, edge_counts};
use crate::sort::sort_by_key;

/// What the numbers of a file of scores are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum EdgeValues {
    /// Prune scores: circuits are the edges of the largest ones.
    #[default]
    Scores,
    /// The mask of one circuit.
    Mask,
}

/// An edge's mask, in place of the one that it has in a circuit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct MaskEdit {
    pub edge: EdgeRef,
    /// Any finite number: 1 is in the circuit, 0 out of it.
    pub mask: f32,
}

/// An edge of a graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum EdgeRef {
    /// Its index in the graph's edge order.
    Idx(usize),
    /// Its name: `A0.1->MLP 1`, or `3:A0.1->MLP 1` at position 3 of a token-wise graph.
    Name(String),
}

/// Edits that were found in a graph, each edge once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MaskEdits {
    /// Edge index and mask, by edge index.
    sorted: Vec<(usize, f32)>,
}

/// The masks of the circuits of a run.
#[derive(Debug, Clone, Copy)]
pub struct CircuitMasks<'a> {
    /// A number for every edge.
    pub values: &'a PruneScores,
    /// What these numbers are.
    pub meaning: EdgeValues,
    /// Laid over every circuit.
    pub edits: &'a MaskEdits,
}

impl EdgeValues {
    /// Reads the numbers of a graph's edges from a safetensors file.
    ///
    /// # Errors
    /// See [`PruneScores::from_bytes`] and [`EdgeValues::check`].
    pub fn read(self, file: &str, bytes: &[u8], graph: &Graph) -> Result<PruneScores, CircuitError> {
        let values = PruneScores::from_bytes(file, bytes, graph)?;
        self.check(file, &values, graph)?;
        Ok(values)
    }

    /// Checks that there is a number for every edge, and that a mask is finite. Scores may be infinite.
    ///
    /// # Errors
    /// When it is not so; `file` is named.
    pub fn check(self, file: &str, values: &PruneScores, graph: &Graph) -> Result<(), CircuitError> {
        let (found, n_edges) = (values.n_edges(), graph.n_edges());
        if found != n_edges {
            let expected = format!("{n_edges} numbers, one for each edge of the graph");
            return Err(CircuitError::field(file, "values", expected, found.to_string()));
        }
        let infinite = values.values().iter().position(|value| !value.is_finite());
        let Some(edge_idx) = infinite.filter(|_| self == Self::Mask) else { return Ok(()) };
        let name = graph.edges().nth(edge_idx).map_or(edge_idx.to_string(), |edge| edge_name(graph, edge));
        let found = values.values()[edge_idx].to_string();
        Err(CircuitError::field(file, &name, "a finite number, the mask of an edge", found))
    }
}

impl MaskEdit {
    /// Reads `A0.1->MLP 1=0.5`, or `3:A0.1->MLP 1=0.5` at position 3.
    ///
    /// # Errors
    /// When it is something else. Whether there is such an edge, [`MaskEdits::new`] finds.
    pub fn parse(text: &str) -> Result<Self, CircuitError> {
        let wrong = || {
            let expected = "an edge and its mask such as A0.1->MLP 1=0.5";
            CircuitError::field("edits", "edit", expected, format!("{text:?}"))
        };
        let (edge, mask) = text.rsplit_once('=').ok_or_else(wrong)?;
        let mask = mask.trim().parse().map_err(|_| wrong())?;
        Ok(Self { edge: EdgeRef::Name(edge.trim().to_owned()), mask })
    }
}

impl EdgeRef {
    /// The edge's index, where a graph has it.
    fn find(&self, index: &EdgeIndex<'_>, n_edges: usize) -> Option<usize> {
        match self {
            Self::Idx(edge_idx) => (*edge_idx < n_edges).then_some(*edge_idx),
            Self::Name(name) => named(index, name).map(|edge| edge.edge_idx),
        }
    }
}

/// The edge of a name with its position in front, where it has one.
fn named(index: &EdgeIndex<'_>, name: &str) -> Option<Edge> {
    match name.split_once(':') {
        Some((position, edge)) => index.find(edge, Some(position.trim().parse().ok()?)),
        None => index.find(name, None),
    }
}

impl MaskEdits {
    /// No edits.
    pub const NONE: &'static Self = &Self { sorted: Vec::new() };

    /// Edits of the edges of a graph. Of several of one edge the last counts.
    ///
    /// # Errors
    /// When the graph has not the edge, or a mask is not finite.
    pub fn new(edits: &[MaskEdit], graph: &Graph) -> Result<Self, CircuitError> {
        if edits.is_empty() {
            return Ok(Self::default());
        }
        let (index, n_edges) = (EdgeIndex::new(graph), graph.n_edges());
        let mut sorted = Vec::with_capacity(edits.len());
        for (i, edit) in edits.iter().enumerate() {
            let edge_idx = edit.edge.find(&index, n_edges).ok_or_else(|| unknown_edge(i, &edit.edge, graph))?;
            if !edit.mask.is_finite() {
                let field = format!("edits[{i}].mask");
                return Err(CircuitError::field("edits", &field, "a finite number", edit.mask.to_string()));
            }
            sorted.push((edge_idx, edit.mask));
        }
        // The sort is stable: of one edge the last comes first in the reversed list.
        sorted.reverse();
        sort_by_key(&mut sorted, |&(edge_idx, _)| edge_idx);
        sorted.dedup_by_key(|&mut (edge_idx, _)| edge_idx);
        Ok(Self { sorted })
    }

    /// Edge index and mask of each, by edge index.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.sorted.iter().copied()
    }

    /// The mask of an edge, where it was edited.
    pub fn get(&self, edge_idx: usize) -> Option<f32> {
        let found = self.sorted.binary_search_by_key(&edge_idx, |&(edge_idx, _)| edge_idx);
        found.ok().map(|i| self.sorted[i].1)
    }
}

/// The error of an edit of an edge that the graph has not.
fn unknown_edge(i: usize, edge: &EdgeRef, graph: &Graph) -> CircuitError {
    let such_as = graph.edges().next().map_or(String::new(), |edge| format!(" such as {}", edge_name(graph, edge)));
    let (expected, found) = match edge {
        EdgeRef::Idx(edge_idx) => {
            (format!("below {}, the number of edges of the graph", graph.n_edges()), edge_idx.to_string())
        }
        EdgeRef::Name(name) => (format!("an edge of this graph{such_as}"), format!("{name:?}")),
    };
    CircuitError::field("edits", &format!("edits[{i}].edge"), expected, found)
}

impl<'a> From<&'a PruneScores> for CircuitMasks<'a> {
    /// Circuits of scores, without edits.
    fn from(values: &'a PruneScores) -> Self {
        Self { values, meaning: EdgeValues::Scores, edits: MaskEdits::NONE }
    }
}

impl<'a> CircuitMasks<'a> {
    /// The one circuit of a mask.
    pub fn of_mask(values: &'a PruneScores) -> Self {
        Self { values, meaning: EdgeValues::Mask, edits: MaskEdits::NONE }
    }

    /// The same circuits with edits.
    #[must_use]
    pub fn with_edits(self, edits: &'a MaskEdits) -> Self {
        Self { edits, ..self }
    }

    /// One circuit for each edge count; of a mask there is one, whatever is asked for.
    ///
    /// # Errors
    /// See [`edge_counts`].
    pub fn circuits(&self, counts: &EdgeCounts) -> Result<Vec<Circuit>, CircuitError> {
        match self.meaning {
            EdgeValues::Scores => edge_counts(counts, self.values)?.into_iter().map(|n| self.circuit(n)).collect(),
            EdgeValues::Mask => Ok(vec![self.circuit(0)?]),
        }
    }

    /// The circuit of an edge count; of a mask there is one, whatever is asked for.
    ///
    /// # Errors
    /// When there are fewer edges than that.
    pub fn circuit(&self, n: usize) -> Result<Circuit, CircuitError> {
        let circuit = match self.meaning {
            EdgeValues::Scores => self.values.circuit(n)?,
            // Its edges are those whose mask is not 0, and so the largest of the masks taken as scores.
            EdgeValues::Mask => {
                self.values.circuit(self.values.values().iter().filter(|&&mask| mask != 0.0).count())?
            }
        };
        let was = |edge_idx| usize::from(self.unedited(circuit, edge_idx) != 0.0);
        let n_edges = self.edits.iter().fold(circuit.n_edges, |n, (edge_idx, mask)| {
            // Every edge is edited once, so that no edge is taken away that was not counted.
            n + usize::from(mask != 0.0) - was(edge_idx)
        });
        Ok(Circuit { n_edges, ..circuit })
    }

    /// How much of an edge is in a circuit that [`CircuitMasks::circuit`] gave.
    pub fn mask(&self, circuit: Circuit, edge_idx: usize) -> f32 {
        self.edits.get(edge_idx).unwrap_or_else(|| self.unedited(circuit, edge_idx))
    }

    fn unedited(&self, circuit: Circuit, edge_idx: usize) -> f32 {
        let value = self.values.values()[edge_idx];
        match self.meaning {
            EdgeValues::Scores => f32::from(u8::from(circuit.contains(value))),
            EdgeValues::Mask => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelConfig, Sizes};
    use crate::graph::GraphConfig;

    fn graph(seq_len: Option<usize>) -> Graph {
        let (d_model, d_head, d_mlp, n_ctx, d_vocab) = (8, 4, Some(8), 16, 16);
        let sizes = Sizes { n_layers: 1, n_heads: 2, d_model, d_head, d_mlp, n_ctx, d_vocab };
        Graph::new(&ModelConfig::decoder("gpt2", sizes), GraphConfig { seq_len, ..GraphConfig::default() })
    }

    fn edit(edge: EdgeRef, mask: f32) -> MaskEdit {
        MaskEdit { edge, mask }
    }

    fn named_edit(name: &str, mask: f32) -> MaskEdit {
        edit(EdgeRef::Name(name.to_owned()), mask)
    }

    #[test]
    fn edits_are_found_by_index_and_by_name() {
        let graph = graph(Some(3));
        let edges: Vec<Edge> = graph.edges().collect();
        let wanted = edges.iter().find(|edge| edge_name(&graph, **edge) == "2:A0.1->MLP 0").unwrap();
        let edits = [edit(EdgeRef::Idx(4), 0.5), named_edit("2:A0.1->MLP 0", 1.0), edit(EdgeRef::Idx(4), -0.25)];
        let edits = MaskEdits::new(&edits, &graph).unwrap();
        assert_eq!(edits.iter().collect::<Vec<_>>(), [(4, -0.25), (wanted.edge_idx, 1.0)]);
        assert_eq!((edits.get(4), edits.get(5)), (Some(-0.25), None));
    }

    #[test]
    fn edits_that_no_edge_has_say_so() {
        let (plain, token_wise) = (graph(None), graph(Some(3)));
        let error = |edit: MaskEdit, graph| MaskEdits::new(&[edit], graph).unwrap_err().to_string();
        let n_edges = plain.n_edges();
        let rows = [
            (error(edit(EdgeRef::Idx(n_edges), 1.0), &plain), format!("`edits[0].edge` should be below {n_edges}")),
            (
                error(named_edit("A0.5->MLP 0", 1.0), &plain),
                "such as Resid Start->A0.0.Q, found \"A0.5->MLP 0\"".to_owned(),
            ),
            (error(named_edit("1:A0.1->MLP 0", 1.0), &plain), "such as Resid Start->A0.0.Q".to_owned()),
            (error(named_edit("A0.1->MLP 0", 1.0), &token_wise), "such as 0:Resid Start->A0.0.Q".to_owned()),
            (error(named_edit("3:A0.1->MLP 0", 1.0), &token_wise), "found \"3:A0.1->MLP 0\"".to_owned()),
            (
                error(named_edit("A0.1->MLP 0", f32::NAN), &plain),
                "`edits[0].mask` should be a finite number".to_owned(),
            ),
        ];
        for (error, part) in rows {
            assert!(error.contains(&part), "{error}, not {part}");
        }
    }

    #[test]
    fn edits_are_read_as_they_are_written() {
        assert_eq!(MaskEdit::parse("3:A0.1->MLP 1=0.5").unwrap(), named_edit("3:A0.1->MLP 1", 0.5));
        assert_eq!(MaskEdit::parse(" A0.1->MLP 1 = -2 ").unwrap(), named_edit("A0.1->MLP 1", -2.0));
        for wrong in ["A0.1->MLP 1", "A0.1->MLP 1=", "A0.1->MLP 1=half"] {
            assert!(MaskEdit::parse(wrong).unwrap_err().to_string().contains(wrong));
        }
        for edit in [edit(EdgeRef::Idx(3), 0.5), named_edit("A0.1->MLP 1", 0.0)] {
            let json = serde_json::to_string(&edit).unwrap();
            assert_eq!(serde_json::from_str::<MaskEdit>(&json).unwrap(), edit);
        }
    }

    #[test]
    fn a_circuit_counts_the_edges_whose_mask_is_not_zero() {
        let scores = PruneScores::new(vec![3.0, -2.0, 1.0, 1.0]);
        let edits = MaskEdits { sorted: vec![(0, 0.0), (1, 0.5), (3, 0.25)] };
        let masks = CircuitMasks::from(&scores).with_edits(&edits);
        let found = |n| {
            let circuit = masks.circuit(n).unwrap();
            (circuit.n_edges, [0, 1, 2, 3].map(|edge_idx| masks.mask(circuit, edge_idx)))
        };
        assert_eq!(found(0), (2, [0.0, 0.5, 0.0, 0.25]));
        assert_eq!(found(1), (2, [0.0, 0.5, 0.0, 0.25]), "the edge that comes in first is taken out");
        assert_eq!(found(3), (3, [0.0, 0.5, 1.0, 0.25]), "ties come in together");
        assert_eq!(masks.circuit(5), Err(CircuitError::EdgeCount { n_edges: 4, found: 5 }));

        let mask = PruneScores::new(vec![0.0, -0.5, 1.0, 0.0]);
        let masks = CircuitMasks::of_mask(&mask);
        let [circuit] = masks.circuits(&EdgeCounts::All).unwrap()[..] else { panic!("one circuit") };
        assert_eq!(circuit, Circuit { requested: 2, n_edges: 2, threshold: 0.5 });
        assert_eq!([0, 1, 2].map(|edge_idx| masks.mask(circuit, edge_idx)), [0.0, -0.5, 1.0]);
        let nothing = PruneScores::new(vec![0.0, -0.0]);
        assert_eq!(CircuitMasks::of_mask(&nothing).circuit(0).unwrap().n_edges, 0);
    }

    #[test]
    fn a_mask_is_finite_and_has_a_number_for_every_edge() {
        let graph = graph(None);
        let mut values = vec![0.5; graph.n_edges()];
        assert_eq!(EdgeValues::Mask.check("m", &PruneScores::new(values.clone()), &graph), Ok(()));
        values[1] = f32::INFINITY;
        let infinite = PruneScores::new(values);
        assert_eq!(EdgeValues::Scores.check("m", &infinite, &graph), Ok(()));
        let error = EdgeValues::Mask.check("m.safetensors", &infinite, &graph).unwrap_err().to_string();
        assert!(error.starts_with("m.safetensors: `Resid Start->A0.1.Q` should be a finite number"), "{error}");
        let error = EdgeValues::Mask.check("m", &PruneScores::new(vec![1.0]), &graph).unwrap_err().to_string();
        assert!(error.contains("found 1"), "{error}");
    }
}
