//! Inputs of dest nodes that are added up only when it is known which norm follows.

use std::ops::Range;
use std::rc::Rc;

use burn::tensor::{Tensor, TensorData};

use super::kernels::{self, HostNorm};
use circuitscope_kernels::{EdgeScores, EdgeSums, InputGradients, Source, Term, differences, total};

/// What src nodes would change if all edges from them were patched, in this program's memory.
#[derive(Debug, Clone)]
pub struct Row {
    /// `[circuit | 1, batch, position, d_model]`
    pub values: Rc<Vec<f32>>,
    /// The number of positions; they end with the sequence.
    pub positions: usize,
}

impl Row {
    /// `patch - out` of some nodes of a kind, one after the other.
    ///
    /// # Shapes
    /// - patch: `[1, node, batch | 1, position | 1, d_model]`
    /// - out: `[circuit, index in nodes, batch, position, d_model]`
    pub fn differences(patch: Tensor<5>, out: Tensor<5>, nodes: &[usize]) -> Vec<Self> {
        let ([circuits, _, batch, positions, d], [_, _, patch_batch, patch_positions, _]) = (out.dims(), patch.dims());
        let (patch, out) = (kernels::Host::new(patch), kernels::Host::new(out));
        let patch = (patch.slice(), patch_batch, patch_positions);
        let rows = differences(patch, out.slice(), [circuits, batch, positions, d], nodes);
        rows.into_iter().map(|values| Self { values: Rc::new(values), positions }).collect()
    }

    /// The sum of rows of one number of positions; `None` for no rows.
    pub fn total(rows: &[Self]) -> Option<Self> {
        match rows {
            [] => None,
            [one] => Some(one.clone()),
            [first, ..] => {
                let values: Vec<&[f32]> = rows.iter().map(|row| row.values.as_slice()).collect();
                Some(Self { values: Rc::new(total(&values)), positions: first.positions })
            }
        }
    }
}

/// Every product of gradients by the inputs of dest nodes with rows, which are without circuits.
///
/// # Shapes
/// - gradients: each `[1, node, batch, position, d_model]`, at one number of positions, with the rows that it is multiplied with
/// - output: for each `[position | 1, node, row]`
pub fn scores(rows: &[Row], gradients: Vec<(Tensor<5>, Range<usize>)>, by_position: bool) -> Vec<Tensor<3>> {
    let Some((first, _)) = gradients.first() else { return Vec::new() };
    let ([_, _, batch, positions, d], device) = (first.dims(), first.device());
    let n_positions = if by_position { positions } else { 1 };
    let sources: Vec<Source<'_>> =
        rows.iter().map(|row| Source { rows: &row.values, positions: row.positions }).collect();
    // A source of fewer positions has no edge to inputs of more.
    let n_reached = gradients.iter().map(|(_, rows)| rows.end).max().unwrap_or(0);
    let gradients: Vec<_> = gradients.into_iter().map(|(x, rows)| (x.dims()[1], kernels::Host::new(x), rows)).collect();
    let inputs: Vec<_> = gradients
        .iter()
        .map(|(n, x, rows)| InputGradients { values: x.slice(), n_inputs: *n, sources: rows.clone() })
        .collect();
    let (inputs, sources) = (inputs.as_slice(), &sources[..n_reached]);
    let found = EdgeScores { inputs, batch, positions, d, sources, by_position }.compute();
    let shape = |group: &InputGradients<'_>| [n_positions, group.n_inputs, group.sources.len()];
    found
        .into_iter()
        .zip(inputs)
        .map(|(values, group)| Tensor::from_data(TensorData::new(values, shape(group)), &device))
        .collect()
}

/// Inputs that are sums of the residual stream and patched edges.
#[derive(Debug, Clone)]
pub struct NodeSums {
    /// For each node which of the inputs is its own.
    pub sources: Vec<usize>,
    pub n_inputs: usize,
    pub n_circuits: usize,
    /// `[circuit | 1, batch, position, d_model]`
    pub resid: Tensor<4>,
    pub rows: Vec<Row>,
    /// `[circuit, input]`, or `[circuit, input, position]`; their sources are `rows`.
    pub terms: Vec<Vec<Term>>,
}

impl NodeSums {
    /// For each of `n_nodes` nodes which of the inputs is its own: nodes that serve queries, keys and values are as many as there are
    /// heads.
    pub fn sources(&self, n_nodes: usize) -> Vec<usize> {
        (0..n_nodes).map(|node| self.sources[node % self.sources.len()]).collect()
    }

    /// The inputs, after a norm where there is one.
    ///
    /// # Shapes
    /// - output: `[circuit, input, batch, position, d_model]`
    pub fn compute(&self, norm: Option<&HostNorm>) -> Tensor<5> {
        let &Self { n_inputs, n_circuits: circuits, .. } = self;
        let ([_, batch, positions, d], device) = (self.resid.dims(), self.resid.device());
        let resid = kernels::Host::new(self.resid.clone());
        let sources: Vec<Source<'_>> =
            self.rows.iter().map(|row| Source { rows: &row.values, positions: row.positions }).collect();
        let (resid, terms, norm) = (resid.slice(), self.terms.as_slice(), norm.map(HostNorm::norm));
        let sums = EdgeSums { circuits, batch, positions, d, resid, sources: &sources, terms, n_inputs, norm };
        Tensor::from_data(TensorData::new(sums.compute(), [circuits, n_inputs, batch, positions, d]), &device)
    }
}
