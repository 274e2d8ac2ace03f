//! The edges of a circuit, each with the positions at which it counts.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::CircuitError;
use crate::graph::{EdgeIndex, Graph};

/// A block and a head.
pub type Head = (usize, usize);

/// The edges of a circuit.
#[derive(Default)]
pub struct Edges {
    pub positions: BTreeMap<String, Positions>,
    /// Edges that a graph of the circuit's model has in any case.
    pub required: Vec<String>,
}

impl Edges {
    /// The same positions for all.
    pub fn at(positions: &[usize], names: &[&str]) -> Self {
        let mut edges = Self::default();
        for name in names {
            edges.add(name, positions);
            edges.required.push((*name).to_owned());
        }
        edges
    }

    /// An edge that the circuit needs and a graph lacks.
    pub fn missing(&self, index: &EdgeIndex) -> Option<&str> {
        let is_there = |name: &str| index.find(name, index.is_token_wise().then_some(0)).is_some();
        self.required.iter().map(String::as_str).find(|name| !is_there(name))
    }

    /// An edge that counts at these positions, beside those that it counts at already.
    pub fn add(&mut self, name: &str, positions: &[usize]) {
        let entry = self.positions.entry(name.to_owned()).or_insert_with(|| Positions::These(BTreeSet::new()));
        if let Positions::These(these) = entry {
            these.extend(positions);
        }
    }
}

/// The positions at which an edge counts.
#[derive(Debug, Clone, PartialEq)]
pub enum Positions {
    All,
    These(BTreeSet<usize>),
}

impl Positions {
    /// The positions of a token-wise graph, or the one of another graph, which is none.
    pub fn of(&self, graph: &Graph) -> Vec<Option<usize>> {
        match (graph.config.seq_len, self) {
            (None, _) => vec![None],
            (Some(seq_len), Self::All) => (0..seq_len).map(Some).collect(),
            (Some(_), Self::These(positions)) => positions.iter().copied().map(Some).collect(),
        }
    }
}

/// The positions of the named words of a prompts file; `None` where the graph is not token-wise.
pub struct Words<'a> {
    pub idxs: Option<&'a BTreeMap<String, usize>>,
}

impl Words<'_> {
    /// Those of a graph that is not token-wise.
    pub fn none() -> Self {
        Self { idxs: None }
    }

    /// The position of a word. Without positions every word is at 0, which also says that no MLP before the output is on a
    /// path of the IOI circuit: so auto-circuit's tasks have it.
    pub fn at(&self, word: &str) -> Result<usize, CircuitError> {
        let Some(idxs) = self.idxs else { return Ok(0) };
        idxs.get(word).copied().ok_or_else(|| {
            let expected = format!("the position of {word:?}, for the circuit's token positions");
            CircuitError::field("prompts", "word_idxs", expected, "nothing")
        })
    }
}
