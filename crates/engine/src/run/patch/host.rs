//! Patching by the kernels of the CPU: a patched input costs what its patched edges cost.
//!
//! When a src node has its output, the difference `patch - out` is kept as a row, if any edge from it is patched. An input is the
//! residual stream and the rows of its patched edges; where most edges to a node are patched, all rows less those of the others.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::model::{Dest, DestInput, Hooks};
use crate::ops::edges::{NodeSums, Row};
use crate::run::ablation::SrcActivations;
use crate::run::kept::Kept;
use crate::run::masks::{Masks, PatchedEdges};
use circuitscope_core::SrcKind;
use circuitscope_kernels::Term;

/// Patches the edges of some circuits, all in one forward pass.
pub struct HostPatcher<'a, 'm> {
    masks: &'m mut Masks<'a>,
    patch: &'m SrcActivations,
    /// Of each src node.
    rows: Vec<Option<Row>>,
    /// The unpatched run that the pass goes on from, and the block: the outputs before it are that run's.
    kept: Option<(&'m Kept, usize)>,
    /// The sum of the rows of some src nodes that follow each other.
    total: Option<(Range<usize>, Row)>,
}

impl<'a, 'm> HostPatcher<'a, 'm> {
    pub fn new(masks: &'m mut Masks<'a>, patch: &'m SrcActivations, kept: Option<(&'m Kept, usize)>) -> Self {
        let rows = vec![None; masks.graph().srcs.len()];
        Self { masks, patch, rows, kept, total: None }
    }

    /// The row of a src node; `None` where no edge from it is patched.
    fn row(&mut self, src: usize) -> Option<Row> {
        if self.rows[src].is_none()
            && self.masks.is_patched(src)
            && let Some((kept, block)) = self.kept
        {
            self.rows[src] = kept.row(self.masks.graph(), self.patch, block, src);
        }
        self.rows[src].clone()
    }

    /// The rows of those src nodes that have one at as many positions as the first: which they are, and their sum.
    fn total(&mut self, srcs: &Range<usize>) -> Option<(Vec<bool>, Row)> {
        let rows: Vec<Option<Row>> = srcs.clone().map(|src| self.row(src)).collect();
        let positions = rows.iter().flatten().next()?.positions;
        let is_in = |row: &Option<Row>| row.as_ref().is_some_and(|row| row.positions == positions);
        let (included, end) = (rows.iter().map(is_in).collect::<Vec<_>>(), srcs.end);
        // Most sums are that of the dest node before and a few rows more.
        let known = self
            .total
            .take()
            .filter(|(done, row)| done.start == srcs.start && done.end <= end && row.positions == positions);
        let first = known.as_ref().map_or(srcs.start, |(done, _)| done.end);
        let more = rows.into_iter().zip(&included).skip(first - srcs.start).filter(|(_, included)| **included);
        let parts: Vec<Row> = known.map(|(_, row)| row).into_iter().chain(more.filter_map(|(row, _)| row)).collect();
        let row = Row::total(&parts)?;
        self.total = Some((srcs.clone(), row.clone()));
        Some((included, row))
    }

    fn sums(&mut self, list: &PatchedEdges, resid: &Tensor<4>) -> NodeSums {
        let PatchedEdges { nodes, n_nodes, srcs, edges } = list;
        // A node without patched edges has the residual stream for its input, like all of its kind.
        let shares = nodes.len() < *n_nodes;
        let source = |node| nodes.iter().position(|n| *n == node).map_or(0, |i| i + usize::from(shares));
        let (mut rows, mut row_of) = (Vec::new(), vec![None; self.rows.len()]);
        let mut index_of = |src: usize, row: &Row, rows: &mut Vec<Row>| {
            *row_of[src].get_or_insert_with(|| {
                rows.push(row.clone());
                rows.len() - 1
            }) as u32
        };
        let most = |edges: &[(usize, f32)]| edges.len() > srcs.len() / 2 + 1;
        let total = if edges.iter().any(|edges| most(edges)) { self.total(srcs) } else { None };
        let total = total.map(|(included, row)| {
            rows.push(row);
            included
        });
        let mut terms = Vec::with_capacity(edges.len());
        for edges in edges {
            let mut list = Vec::new();
            let mut add = |src: usize, amount: f32, patcher: &mut Self, rows: &mut Vec<Row>| {
                if amount != 0.0
                    && let Some(row) = patcher.row(src)
                {
                    list.push(Term { source: index_of(src, &row, rows), amount });
                }
            };
            match total.as_ref().filter(|_| most(edges)) {
                None => edges.iter().for_each(|&(src, amount)| add(src, amount, self, &mut rows)),
                Some(included) => {
                    let mut amounts = vec![0.0; srcs.len()];
                    for &(src, amount) in edges {
                        amounts[src - srcs.start] = amount;
                    }
                    for (i, (amount, included)) in amounts.into_iter().zip(included).enumerate() {
                        add(srcs.start + i, if *included { amount - 1.0 } else { amount }, self, &mut rows);
                    }
                    list.push(Term { source: 0, amount: 1.0 });
                }
            }
            terms.push(list);
        }
        let n_circuits = self.masks.n_circuits();
        if shares {
            let per_circuit = terms.len() / n_circuits;
            let per_input = per_circuit / nodes.len();
            let circuits = terms.chunks(per_circuit);
            terms = circuits.flat_map(|of_circuit| [&vec![Vec::new(); per_input], of_circuit].concat()).collect();
        }
        let (sources, n_inputs) = ((0..*n_nodes).map(source).collect(), nodes.len() + usize::from(shares));
        NodeSums { sources, n_inputs, n_circuits, resid: resid.clone(), rows, terms }
    }
}

impl Hooks for HostPatcher<'_, '_> {
    fn dest_input(&mut self, dest: &Dest, resid: &Tensor<4>) -> DestInput {
        match self.masks.edges(dest) {
            None => DestInput::Resid,
            Some(list) => DestInput::Sums(Box::new(self.sums(&list, resid))),
        }
    }

    fn src_output(&mut self, src: SrcKind, out: Tensor<5>, positions: &Range<usize>) {
        let graph = self.masks.graph();
        let Some(first) = graph.srcs.iter().position(|s| s.kind == src) else { return };
        let Some(patch) = self.patch.at(src, positions.start) else { return };
        let wanted = self.masks.patched_nodes(src);
        if wanted.is_empty() {
            return;
        }
        let n_shown = out.dims()[1];
        let out = if n_shown == wanted.len() {
            out
        } else {
            Tensor::cat(wanted.iter().map(|&node| out.clone().narrow(1, node, 1)).collect(), 1)
        };
        for (node, row) in wanted.iter().zip(Row::differences(patch, out, &wanted)) {
            self.rows[first + node] = Some(row);
        }
    }

    fn wants(&self, src: SrcKind) -> bool {
        self.masks.patches_from(src)
    }

    fn wanted_nodes(&self, src: SrcKind) -> Option<Vec<usize>> {
        Some(self.masks.patched_nodes(src))
    }
}
