//! Patch masks on the device, for several circuits at once.
//!
//! A mask says for each dest node how much of each src node's difference `patch - current` its input gets: 1 where the edge
//! is patched, 0 where it is not, and any other number for a part of it. A row of a mask is one dest node; its first column,
//! always 1, is for the residual stream itself, so that one product gives the patched input.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use burn::tensor::{Device, Tensor, TensorData};

use crate::model::{Dest, Model};
use crate::ops::nodes::Nodes;
use circuitscope_core::{DestKind, DestModule, Graph, SrcKind};

/// The masks of some circuits, uploaded when they are first asked for and kept.
pub struct Masks<'a> {
    graph: &'a Graph,
    n_circuits: usize,
    /// How much of its patch a circuit, by its index, gives an edge, by its index.
    amounts: Box<dyn Fn(usize, usize) -> f32 + 'a>,
    first_edges: Vec<usize>,
    /// For each src node, whether an edge from it is patched in any circuit.
    patched_srcs: Vec<bool>,
    /// The first block with a dest node that an edge is patched to, in any circuit.
    first_block: Option<usize>,
    device: Device,
    on_host: bool,
    uploaded: HashMap<(DestKind, usize, usize), Mask>,
    lists: HashMap<(DestKind, usize, usize), Option<Rc<PatchedEdges>>>,
}

/// The patched edges to some dest nodes.
#[derive(Debug)]
pub struct PatchedEdges {
    /// The nodes with patched edges in any circuit.
    pub nodes: Vec<usize>,
    /// How many nodes there are.
    pub n_nodes: usize,
    /// The src nodes that have edges to them.
    pub srcs: Range<usize>,
    /// For `[circuit, index in nodes]`, or `[circuit, index in nodes, position]` where the graph is token-wise: src nodes, and how much
    /// of each one's patch is added.
    pub edges: Vec<Vec<(usize, f32)>>,
}

/// The mask of some dest nodes.
#[derive(Debug, Clone)]
pub enum Mask {
    /// None of their edges is patched in any circuit.
    Nothing,
    /// `[circuit, position, node, 1 + src]`; position is 1 where the graph is not token-wise, and src counts from the first
    /// src node to the last that has an edge to these nodes.
    Each(Tensor<4>),
    /// The same for some nodes, the only ones with patched edges.
    Some { nodes: Rc<Nodes>, mask: Tensor<4> },
}

/// Nodes without patched edges share a norm and a projection. That costs one more projection for all nodes, so that it pays
/// only where at least this share of the nodes has no patched edge: the patched input of a node and its norm cost about
/// twice its projection.
const SHARED_AT_LEAST: f64 = 0.3;

/// How much of its patch an edge gets that is patched, or not.
pub fn whole(patched: bool) -> f32 {
    f32::from(u8::from(patched))
}

impl<'a> Masks<'a> {
    /// `amounts` says how much of its patch a circuit, by its index, gives an edge, by its index: 1 all of it, 0 none.
    pub fn new(
        graph: &'a Graph,
        n_circuits: usize,
        amounts: impl Fn(usize, usize) -> f32 + 'a,
        model: &dyn Model,
    ) -> Self {
        let mut patched_srcs = vec![false; graph.srcs.len()];
        let mut first_block = None;
        for edge in graph.edges() {
            let block = graph.dests[edge.module_idx].kind.block();
            let is_first = first_block.is_none_or(|first| block < first);
            if (is_first || !patched_srcs[edge.src_idx]) && (0..n_circuits).any(|c| amounts(c, edge.edge_idx) != 0.0) {
                patched_srcs[edge.src_idx] = true;
                first_block = Some(first_block.map_or(block, |first: usize| first.min(block)));
            }
        }
        Self {
            graph,
            n_circuits,
            amounts: Box::new(amounts),
            first_edges: graph.first_edges(),
            patched_srcs,
            first_block,
            device: model.device().clone(),
            on_host: model.uses_kernels(),
            uploaded: HashMap::new(),
            lists: HashMap::new(),
        }
    }

    /// The first block with a dest node that an edge is patched to, in any circuit; `None` where no edge is patched.
    pub fn first_block(&self) -> Option<usize> {
        self.first_block
    }

    /// Whether an edge from a src node is patched, in any circuit.
    pub fn is_patched(&self, src_idx: usize) -> bool {
        self.patched_srcs[src_idx]
    }

    /// Which src nodes of a kind edges are patched from, in any circuit.
    pub fn patched_nodes(&self, src: SrcKind) -> Vec<usize> {
        let of_kind = self.graph.srcs.iter().zip(&self.patched_srcs).filter(|(s, _)| s.kind == src);
        of_kind.enumerate().filter(|(_, (_, patched))| **patched).map(|(node, _)| node).collect()
    }

    /// Whether the kernels patch.
    pub fn on_host(&self) -> bool {
        self.on_host
    }

    /// The patched edges to some dest nodes, one by one; `None` where none is patched in any circuit.
    pub fn edges(&mut self, dest: &Dest) -> Option<Rc<PatchedEdges>> {
        let key = (*dest.kinds.first()?, dest.kinds.len(), dest.positions.start);
        if let Some(list) = self.lists.get(&key) {
            return list.clone();
        }
        let list = self.list(dest).map(Rc::new);
        self.lists.insert(key, list.clone());
        list
    }

    fn list(&self, dest: &Dest) -> Option<PatchedEdges> {
        let (modules, _) = self.graph.modules_of(&dest.kinds);
        let modules_of = || modules.iter().map(|&m| &self.graph.dests[m]);
        let start = modules_of().map(|module| module.min_src_idx).min()?;
        let end = modules_of().map(|module| module.min_src_idx + module.n_src).max()?;
        let positions = self.positions(dest);
        let all: Vec<(usize, usize)> =
            modules.iter().flat_map(|&m| (0..self.graph.dests[m].n_nodes()).map(move |head| (m, head))).collect();
        let edges_of = |circuit: usize, (m, head): (usize, usize), position: usize| -> Vec<(usize, f32)> {
            let first_src = self.graph.dests[m].min_src_idx;
            let amounts = self.edges_to(m, head, position).map(|edge_idx| (self.amounts)(circuit, edge_idx));
            amounts
                .enumerate()
                .filter(|(_, amount)| *amount != 0.0)
                .map(|(i, amount)| (first_src + i, amount))
                .collect()
        };
        let of_node = |node: &(usize, usize)| -> Vec<Vec<Vec<(usize, f32)>>> {
            let of_circuit = |circuit| positions.clone().map(|position| edges_of(circuit, *node, position)).collect();
            (0..self.n_circuits).map(of_circuit).collect()
        };
        let is_patched = |edges: &[Vec<Vec<(usize, f32)>>]| edges.iter().flatten().any(|edges| !edges.is_empty());
        let (mut nodes, mut found) = (Vec::new(), Vec::new());
        for (i, node) in all.iter().enumerate() {
            let edges = of_node(node);
            if is_patched(&edges) {
                nodes.push(i);
                found.push(edges);
            }
        }
        let edges = (0..self.n_circuits)
            .flat_map(|circuit| {
                found.iter_mut().flat_map(move |edges| std::mem::take(&mut edges[circuit])).collect::<Vec<_>>()
            })
            .collect();
        (!nodes.is_empty()).then_some(PatchedEdges { nodes, n_nodes: all.len(), srcs: start..end, edges })
    }

    /// The positions that masks of some dest nodes tell apart: one for all where the graph is not token-wise.
    fn positions(&self, dest: &Dest) -> Range<usize> {
        if self.graph.config.seq_len.is_some() { dest.positions.clone() } else { 0..1 }
    }

    pub fn graph(&self) -> &'a Graph {
        self.graph
    }

    pub fn n_circuits(&self) -> usize {
        self.n_circuits
    }

    /// The mask of some dest nodes.
    pub fn of(&mut self, dest: &Dest) -> Mask {
        let Some(&kind) = dest.kinds.first() else { return Mask::Nothing };
        let key = (kind, dest.kinds.len(), self.positions(dest).start);
        if let Some(mask) = self.uploaded.get(&key) {
            return mask.clone();
        }
        let mask = self.upload(dest);
        self.uploaded.insert(key, mask.clone());
        mask
    }

    /// Uploads the masks of some dest nodes before a pass begins: a GPU is handed whatever waits to be computed before each upload.
    pub fn upload_all<'d>(&mut self, dests: impl Iterator<Item = &'d Dest>) {
        if !self.on_host && self.graph.config.seq_len.is_none() {
            dests.for_each(|dest| drop(self.of(dest)));
        }
    }

    /// Whether an edge from a src node of this kind is patched in any circuit.
    pub fn patches_from(&self, src: SrcKind) -> bool {
        self.graph.srcs.iter().zip(&self.patched_srcs).any(|(s, patched)| s.kind == src && *patched)
    }

    fn upload(&self, dest: &Dest) -> Mask {
        let (modules, joint) = self.graph.modules_of(&dest.kinds);
        let n_src = modules.iter().map(|&m| self.graph.dests[m].min_src_idx + self.graph.dests[m].n_src).max();
        let positions = self.positions(dest);
        let nodes = modules.iter().flat_map(|&m| (0..self.graph.dests[m].n_nodes()).map(move |head| (m, head)));
        let rows = |(m, head): (usize, usize)| {
            (0..self.n_circuits).flat_map({
                let positions = positions.clone();
                move |c| positions.clone().map(move |position| (m, head, position, c))
            })
        };
        let nodes: Vec<(usize, usize)> = nodes.collect();
        let n_nodes = nodes.len();
        let is_patched =
            |node: &(usize, usize)| rows(*node).any(|(m, head, position, c)| self.any_patched(m, head, position, c));
        let patched: Vec<usize> = (0..nodes.len()).filter(|&i| is_patched(&nodes[i])).collect();
        let Some(n_src) = n_src.filter(|_| !patched.is_empty()) else { return Mask::Nothing };
        let share = !joint && (patched.len() as f64) <= (1.0 - SHARED_AT_LEAST) * nodes.len() as f64;
        let kept: Vec<_> = if share { patched.iter().map(|&i| nodes[i]).collect() } else { nodes };
        let shape = [self.n_circuits, positions.len(), kept.len(), 1 + n_src];
        let mut mask = Vec::with_capacity(shape.iter().product());
        for circuit in 0..self.n_circuits {
            for position in positions.clone() {
                for &(m, head) in &kept {
                    self.push_row(&mut mask, m, position, head, circuit, n_src);
                }
            }
        }
        let mask = Tensor::from_data(TensorData::new(mask, shape), &self.device);
        if share {
            let nodes = Nodes::new(patched, n_nodes);
            if !self.on_host {
                nodes.upload(&self.device);
            }
            Mask::Some { nodes: Rc::new(nodes), mask }
        } else {
            Mask::Each(mask)
        }
    }

    /// The edges to a node, by index.
    fn edges_to(&self, m: usize, head: usize, position: usize) -> Range<usize> {
        let module: &DestModule = &self.graph.dests[m];
        let row = (position * module.n_nodes() + head) * module.n_src + self.first_edges[m];
        row..row + module.n_src
    }

    fn any_patched(&self, m: usize, head: usize, position: usize, circuit: usize) -> bool {
        self.edges_to(m, head, position).any(|edge_idx| (self.amounts)(circuit, edge_idx) != 0.0)
    }

    /// Appends the row of a node.
    fn push_row(&self, mask: &mut Vec<f32>, m: usize, position: usize, head: usize, circuit: usize, n_src: usize) {
        let module: &DestModule = &self.graph.dests[m];
        mask.push(1.0);
        mask.extend(std::iter::repeat_n(0.0, module.min_src_idx));
        mask.extend(self.edges_to(m, head, position).map(|edge_idx| (self.amounts)(circuit, edge_idx)));
        mask.extend(std::iter::repeat_n(0.0, n_src - module.min_src_idx - module.n_src));
    }
}
