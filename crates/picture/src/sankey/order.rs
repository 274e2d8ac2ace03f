//! The place of every node within its layer, from the scores of all edges: once for a graph, so that drawing more or fewer of
//! its edges never moves a box past another.
//!
//! 1. Weighted barycentres (Sugiyama, Tagawa and Toda 1981, "Methods for Visual Understanding of Hierarchical System Structures"):
//!    layer by layer, each node moves to the mean place of the nodes that it is linked to, an edge counting by its |score|; from the
//!    embedding to the end by the edges into the layer, and back by those out of it. Ties keep the order of the graph.
//! 2. The strongest edges are arranged as a drawing is (`arrange`), boxes free to move. What a crossing costs falls with the rank of
//!    its weaker edge, as fast as crossings grow in number: small circuits count as much as large ones.
//! 3. The other nodes are put between those by their barycentres.

use circuitscope_core::sort::{sort_by, sort_by_key};

use super::arrange::{BoxOrder, arrange};
use super::csr::Lists;
use super::flow::{FlowInput, ItemKind, flow};
use super::isotonic::Isotonic;
use crate::drawn::{Band, Drawn, Link, Nodes, Side};

/// How often the layers are passed, there and back. Places hardly change after the third time.
const N_SWEEPS: usize = 3;
/// How many of the strongest edges are arranged: more are seldom drawn one by one.
const N_ARRANGED: usize = 500;
/// How fast the cost of a crossing falls with the rank r of its weaker edge. There are r - 1 edges that it may cross, and a circuit
/// is seen at a share of 1 / r of the places of the cursor, whose axis is logarithmic: that makes 2. Of 0.5, 1, 1.5 and 2 the
/// third gave the fewest crossings from 12 to 200 edges, on deep and shallow random models.
const RANK_POWER: f32 = 1.5;

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
    let layers = Lists::new(nodes.layers.len(), nodes.nodes.iter().map(|node| node.layer));
    let ends = |end: fn(&WeightedEdge) -> u32, other: fn(&WeightedEdge) -> u32| {
        let lists = Lists::new(nodes.nodes.len(), edges.iter().map(|edge| end(edge) as usize));
        let linked =
            |node| lists.of(node).iter().map(|&e| &edges[e as usize]).map(|e| (other(e), finite(e.weight, largest)));
        Neighbours::new(nodes.nodes.len(), linked)
    };
    let (into, out) = (ends(|e| e.dest, |e| e.src), ends(|e| e.src, |e| e.dest));
    let mut sweep = Sweep::new(&layers, nodes.layers.len(), nodes.nodes.len());
    for _ in 0..N_SWEEPS {
        (0..nodes.layers.len()).for_each(|layer| sweep.place(layer, &into));
        (0..nodes.layers.len()).rev().for_each(|layer| sweep.place(layer, &out));
    }
    arrange_strongest(nodes, edges, &mut sweep);
    (0..nodes.layers.len()).for_each(|layer| sweep.place(layer, &into));
    (0..nodes.layers.len()).rev().for_each(|layer| sweep.place(layer, &out));
    sweep.places
}

/// Gives the nodes of the strongest edges an order of few crossings, which later sweeps keep.
fn arrange_strongest(nodes: &Nodes, edges: &[WeightedEdge], sweep: &mut Sweep) {
    let mut placed = nodes.clone();
    placed.nodes.iter_mut().zip(&sweep.places).for_each(|(node, &place)| node.place = place);
    let band = Band { seq_idx: None, label: None, links: strongest(edges) };
    let n_columns = nodes.layers.len();
    let column_of: Vec<_> = (0..n_columns).map(Some).collect();
    let input =
        FlowInput { nodes: &placed, band: &band, column_of: &column_of, n_columns, merge_ports: true, largest: 1.0 };
    let mut flow = flow(&input);
    arrange(&mut flow, &placed, BoxOrder::Free);
    for items in &flow.columns {
        for (i, &item) in items.iter().enumerate() {
            if let ItemKind::Box(node) = flow.items[item].kind {
                sweep.fixed[node] = Some(i as u32);
                sweep.places[node] = (i as f64 + 0.5) / items.len() as f64;
            }
        }
    }
}

/// The strongest edges as links, which are as strong as their ranks say.
fn strongest(edges: &[WeightedEdge]) -> Vec<Link> {
    let mut ranked: Vec<usize> = (0..edges.len()).filter(|&i| edges[i].weight != 0.0).collect();
    let by_size = |&a: &usize, &b: &usize| edges[b].weight.abs().total_cmp(&edges[a].weight.abs()).then(a.cmp(&b));
    if ranked.len() > N_ARRANGED {
        ranked.select_nth_unstable_by(N_ARRANGED - 1, by_size);
        ranked.truncate(N_ARRANGED);
    }
    sort_by(&mut ranked, by_size);
    let link = |(rank, edge_idx): (usize, usize)| Link {
        edge_idx,
        n_edges: 1,
        name: String::new(),
        src: edges[edge_idx].src as usize,
        dest: edges[edge_idx].dest as usize,
        port: None,
        score: (rank as f32 + 1.0).powf(-RANK_POWER),
        mask: 1.0,
        side: Side::One,
        on_path: true,
    };
    ranked.into_iter().enumerate().map(link).collect()
}

/// The same by the drawn links alone: fewer crossings, but another order for every circuit.
pub fn compact_order(drawn: &Drawn) -> Vec<f64> {
    let edge = |link: &Link| WeightedEdge { src: link.src as u32, dest: link.dest as u32, weight: link.score.abs() };
    let mut links: Vec<_> = drawn.links().collect();
    // Sums of floats depend on their order, and that of the links should not count.
    sort_by_key(&mut links, |link| (link.edge_idx, link.src, link.dest));
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
    /// By node: its rank among the nodes of its layer that keep their order.
    fixed: Vec<Option<u32>>,
    wanted: Vec<f64>,
    isotonic: Isotonic,
}

impl Sweep {
    fn new(layers: &Lists, n_layers: usize, n_nodes: usize) -> Self {
        let layers = (0..n_layers).map(|layer| layers.of(layer).to_vec()).collect();
        let (places, fixed, wanted) = (vec![0.5; n_nodes], vec![None; n_nodes], vec![0.0; n_nodes]);
        let mut sweep = Self { layers, places, fixed, wanted, isotonic: Isotonic::default() };
        (0..n_layers).for_each(|layer| sweep.spread(layer));
        sweep
    }

    /// Orders a layer by the mean places of its nodes' neighbours; nodes without neighbours stay about where they are.
    fn place(&mut self, layer: usize, neighbours: &Neighbours) {
        for &node in &self.layers[layer] {
            let node = node as usize;
            self.wanted[node] = neighbours.mean(node, &self.places).unwrap_or(self.places[node]);
        }
        self.keep_fixed(layer);
        let (wanted, fixed) = (&self.wanted, &self.fixed);
        sort_by(&mut self.layers[layer], |&a, &b| {
            let by_wish = wanted[a as usize].total_cmp(&wanted[b as usize]);
            by_wish.then(fixed[a as usize].cmp(&fixed[b as usize])).then(a.cmp(&b))
        });
        self.spread(layer);
    }

    /// Makes the wishes of the nodes that keep their order agree with it.
    fn keep_fixed(&mut self, layer: usize) {
        let mut kept: Vec<u32> =
            self.layers[layer].iter().copied().filter(|&n| self.fixed[n as usize].is_some()).collect();
        sort_by_key(&mut kept, |&node| self.fixed[node as usize]);
        self.isotonic.clear();
        kept.iter().for_each(|&node| self.isotonic.push(self.wanted[node as usize], 1.0));
        for (wish, node) in self.isotonic.values().zip(kept) {
            self.wanted[node as usize] = wish;
        }
    }

    /// Gives the nodes of a layer places at equal distances.
    fn spread(&mut self, layer: usize) {
        let n = self.layers[layer].len() as f64;
        for (i, &node) in self.layers[layer].iter().enumerate() {
            self.places[node as usize] = (i as f64 + 0.5) / n;
        }
    }
}
