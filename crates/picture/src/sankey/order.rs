//! The place of every node within its layer, from the scores of all edges: once for a graph, so that drawing more or fewer of
//! its edges never moves a box past another.
//!
//! Weighted barycentres (Sugiyama, Tagawa and Toda 1981, "Methods for Visual Understanding of Hierarchical System Structures"):
//! layer by layer, each node moves to the mean place of the nodes that it is linked to, an edge counting by its |score|; from the
//! embedding to the end by the edges into the layer, and back by those out of it. Ties keep the order of the graph.

use super::csr::Lists;
use crate::drawn::{Drawn, Nodes};

/// How often the layers are passed, there and back. Places hardly change after the fourth time.
const N_SWEEPS: usize = 6;

/// An edge between two nodes, by their indices in [`Nodes::nodes`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightedEdge {
    pub src: u32,
    pub dest: u32,
    /// |score|; an infinite one counts as the largest finite one.
    pub weight: f32,
}

/// The place of every node, from 0 (top, or left) to 1, by all edges of a graph.
pub fn order(nodes: &Nodes, edges: &[WeightedEdge]) -> Vec<f64> {
    let largest = edges.iter().map(|edge| edge.weight.abs()).filter(|weight| weight.is_finite()).fold(0.0, f32::max);
    let weight = |edge: &WeightedEdge| finite(edge.weight, largest) as f64;
    let layers = Lists::new(nodes.layers.len(), nodes.nodes.iter().map(|node| node.layer));
    let ends = |end: fn(&WeightedEdge) -> u32, other: fn(&WeightedEdge) -> u32| {
        let lists = Lists::new(nodes.nodes.len(), edges.iter().map(|edge| end(edge) as usize));
        let linked = |node| lists.of(node).iter().map(|&e| &edges[e as usize]).map(|e| (other(e), weight(e) as f32));
        Neighbours::new(nodes.nodes.len(), linked)
    };
    let (into, out) = (ends(|e| e.dest, |e| e.src), ends(|e| e.src, |e| e.dest));
    let mut sweep = Sweep::new(&layers, nodes.layers.len(), nodes.nodes.len());
    for _ in 0..N_SWEEPS {
        (0..nodes.layers.len()).for_each(|layer| sweep.place(layer, &into));
        (0..nodes.layers.len()).rev().for_each(|layer| sweep.place(layer, &out));
    }
    sweep.places
}

/// The same by the drawn links alone: fewer crossings, but another order for every circuit.
pub fn compact_order(drawn: &Drawn) -> Vec<f64> {
    let edge = |link: &crate::drawn::Link| WeightedEdge {
        src: link.src as u32,
        dest: link.dest as u32,
        weight: link.score.abs(),
    };
    let mut links: Vec<_> = drawn.links().collect();
    // Sums of floats depend on their order, and that of the links should not count.
    links.sort_by_key(|link| (link.edge_idx, link.src, link.dest));
    let edges: Vec<_> = links.into_iter().map(edge).collect();
    order(&drawn.nodes, &edges)
}

/// |score|, of which an infinite one is as large as the largest finite one.
pub(super) fn finite(score: f32, largest: f32) -> f32 {
    let size = score.abs();
    if size.is_finite() {
        size
    } else if largest > 0.0 {
        largest
    } else {
        1.0
    }
}

/// The linked nodes of every node, with their weights.
struct Neighbours {
    starts: Vec<u32>,
    nodes: Vec<u32>,
    weights: Vec<f32>,
}

impl Neighbours {
    fn new<I: Iterator<Item = (u32, f32)>>(n_nodes: usize, linked: impl Fn(usize) -> I) -> Self {
        let mut all = Self { starts: vec![0], nodes: Vec::new(), weights: Vec::new() };
        for node in 0..n_nodes {
            for (other, weight) in linked(node) {
                all.nodes.push(other);
                all.weights.push(weight);
            }
            all.starts.push(all.nodes.len() as u32);
        }
        all
    }

    /// The mean place of a node's neighbours.
    fn mean(&self, node: usize, places: &[f64]) -> Option<f64> {
        let range = self.starts[node] as usize..self.starts[node + 1] as usize;
        let (mut sum, mut total) = (0.0, 0.0);
        for (&other, &weight) in self.nodes[range.clone()].iter().zip(&self.weights[range]) {
            sum += f64::from(weight) * places[other as usize];
            total += f64::from(weight);
        }
        (total > 0.0).then(|| sum / total)
    }
}

/// The order of the nodes within their layers, as it is improved.
struct Sweep {
    /// By layer, in their order.
    layers: Vec<Vec<u32>>,
    /// By node, from 0 to 1.
    places: Vec<f64>,
    wanted: Vec<f64>,
}

impl Sweep {
    fn new(layers: &Lists, n_layers: usize, n_nodes: usize) -> Self {
        let layers = (0..n_layers).map(|layer| layers.of(layer).to_vec()).collect();
        let mut sweep = Self { layers, places: vec![0.5; n_nodes], wanted: vec![0.0; n_nodes] };
        (0..n_layers).for_each(|layer| sweep.spread(layer));
        sweep
    }

    /// Orders a layer by the mean places of its nodes' neighbours; nodes without neighbours stay about where they are.
    fn place(&mut self, layer: usize, neighbours: &Neighbours) {
        for &node in &self.layers[layer] {
            let node = node as usize;
            self.wanted[node] = neighbours.mean(node, &self.places).unwrap_or(self.places[node]);
        }
        let wanted = &self.wanted;
        self.layers[layer].sort_by(|&a, &b| wanted[a as usize].total_cmp(&wanted[b as usize]).then(a.cmp(&b)));
        self.spread(layer);
    }

    /// Gives the nodes of a layer places at equal distances.
    fn spread(&mut self, layer: usize) {
        let n = self.layers[layer].len() as f64;
        for (i, &node) in self.layers[layer].iter().enumerate() {
            self.places[node as usize] = (i as f64 + 0.5) / n;
        }
    }
}
