//! Patch masks on the device, for several circuits at once.
//!
//! A mask says for each dest node how much of each src node's difference `patch - current` its input gets: 1 where the edge
//! is patched, else 0. A row of a mask is one dest node; its first column, always 1, stands for the residual stream itself,
//! so that one product gives the patched input.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};

use crate::circuit::{Circuit, DestKind, DestModule, Graph, PatchType, PruneScores, SrcKind};
use crate::model::Dest;

/// The masks of some circuits, uploaded when they are first asked for and kept.
pub struct Masks<'a> {
    graph: &'a Graph,
    scores: &'a PruneScores,
    circuits: &'a [Circuit],
    patch_type: PatchType,
    first_edges: Vec<usize>,
    /// For each src node, whether an edge from it is patched in any circuit.
    patched_srcs: Vec<bool>,
    device: Device,
    uploaded: HashMap<(DestKind, usize, usize), Option<Tensor<4>>>,
}

impl<'a> Masks<'a> {
    pub fn new(
        graph: &'a Graph,
        scores: &'a PruneScores,
        circuits: &'a [Circuit],
        patch_type: PatchType,
        device: &Device,
    ) -> Self {
        let patched_srcs = vec![false; graph.srcs.len()];
        let (first_edges, uploaded, device) = (graph.first_edges(), HashMap::new(), device.clone());
        let mut masks = Self { graph, scores, circuits, patch_type, first_edges, patched_srcs, device, uploaded };
        for edge in graph.edges() {
            let score = scores.score(edge);
            masks.patched_srcs[edge.src_idx] |= circuits.iter().any(|c| masks.patches(*c, score));
        }
        masks
    }

    pub fn graph(&self) -> &'a Graph {
        self.graph
    }

    pub fn n_circuits(&self) -> usize {
        self.circuits.len()
    }

    /// The mask of some dest nodes, or `None` where none of their edges is patched in any circuit.
    ///
    /// # Shapes
    /// - output: `[circuit, position, node, 1 + src]`; position is 1 where the graph is not token-wise, and src counts from
    ///   the first src node to the last that has an edge to these nodes
    pub fn of(&mut self, dest: &Dest) -> Option<Tensor<4>> {
        let key = (*dest.kinds.first()?, dest.kinds.len(), dest.positions.start);
        if let Some(mask) = self.uploaded.get(&key) {
            return mask.clone();
        }
        let mask = self.upload(dest);
        self.uploaded.insert(key, mask.clone());
        mask
    }

    /// Whether an edge from a src node of this kind is patched in any circuit.
    pub fn patches_from(&self, src: SrcKind) -> bool {
        self.graph.srcs.iter().zip(&self.patched_srcs).any(|(s, patched)| s.kind == src && *patched)
    }

    /// Whether a circuit patches an edge of this score.
    fn patches(&self, circuit: Circuit, score: f32) -> bool {
        circuit.contains(score) == (self.patch_type == PatchType::Edge)
    }

    fn upload(&self, dest: &Dest) -> Option<Tensor<4>> {
        let modules = self.modules(&dest.kinds);
        let n_src = modules.iter().map(|&m| self.graph.dests[m].min_src_idx + self.graph.dests[m].n_src).max()?;
        let positions = if self.graph.config.seq_len.is_some() { dest.positions.clone() } else { 0..1 };
        let n_nodes: usize = modules.iter().map(|&m| self.graph.dests[m].n_nodes()).sum();
        let shape = [self.circuits.len(), positions.len(), n_nodes, 1 + n_src];
        let (mut mask, mut any) = (Vec::with_capacity(shape.iter().product()), false);
        for circuit in self.circuits {
            for position in positions.clone() {
                for &m in &modules {
                    for head in 0..self.graph.dests[m].n_nodes() {
                        any |= self.push_row(&mut mask, m, position, head, *circuit, n_src);
                    }
                }
            }
        }
        any.then(|| Tensor::from_data(TensorData::new(mask, shape), &self.device))
    }

    /// Appends the row of a node; says whether any of its edges is patched.
    fn push_row(&self, mask: &mut Vec<f32>, m: usize, position: usize, head: usize, c: Circuit, n_src: usize) -> bool {
        let module: &DestModule = &self.graph.dests[m];
        let row = (position * module.n_nodes() + head) * module.n_src + self.first_edges[m];
        let scores = &self.scores.values()[row..row + module.n_src];
        mask.push(1.0);
        mask.extend(std::iter::repeat_n(0.0, module.min_src_idx));
        let mut any = false;
        for &score in scores {
            let patched = self.patches(c, score);
            any |= patched;
            mask.push(f32::from(u8::from(patched)));
        }
        mask.extend(std::iter::repeat_n(0.0, n_src - module.min_src_idx - module.n_src));
        any
    }

    /// The modules of the graph that are these inputs of the model. In a graph with joint q, k and v any of the three is
    /// the joint module.
    fn modules(&self, kinds: &[DestKind]) -> Vec<usize> {
        let place = |kind| self.graph.dests.iter().position(|d| d.kind == kind);
        let joint = match kinds {
            [DestKind::Q(block) | DestKind::K(block) | DestKind::V(block), ..] => place(DestKind::AttnIn(*block)),
            _ => None,
        };
        joint.map_or_else(|| kinds.iter().filter_map(|&kind| place(kind)).collect(), |m| vec![m])
    }
}
