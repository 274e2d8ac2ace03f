//! Before step 1: the request for a graph with its scores or with a patch mask. Links and sub-diagrams are chosen as auto-circuit's
//! `draw_seq_graph` does (`visualize.py`).

use std::collections::{BTreeSet, HashMap};

use circuitscope_core::{Circuit, DestKind, DestModule, Graph, PruneScores};

use super::domains::{self, Excess};
use super::request::{DrawOptions, DrawnNode, LayoutRequest, Link, SubDiagram};

impl LayoutRequest {
    /// The edges whose score is at least `threshold` in absolute value. At threshold 0 that is every edge.
    ///
    /// `seq_labels` has a label for each token position; without them the reference writes no labels.
    pub fn new(
        graph: &Graph,
        scores: &PruneScores,
        threshold: f32,
        seq_labels: Option<&[String]>,
        options: DrawOptions,
    ) -> Self {
        let cut = Cut { threshold, is_empty: false, mask: None };
        Self::from_cut(graph, scores, &cut, seq_labels, options)
    }

    /// The edges of a circuit; none for the empty one. `seq_labels` as in [`LayoutRequest::new`].
    pub fn for_circuit(
        graph: &Graph,
        scores: &PruneScores,
        circuit: &Circuit,
        seq_labels: Option<&[String]>,
        options: DrawOptions,
    ) -> Self {
        let cut = Cut { threshold: circuit.threshold, is_empty: circuit.n_edges == 0, mask: None };
        Self::from_cut(graph, scores, &cut, seq_labels, options)
    }

    /// The edges of a patch mask that is at least `threshold` in absolute value: the reference's drawing without scores. Patched
    /// edges and unpatched ones, those of mask 0, have a colour each, and all are as wide. `seq_labels` as in
    /// [`LayoutRequest::new`].
    pub fn of_mask(
        graph: &Graph,
        mask: &PatchMask,
        threshold: f32,
        seq_labels: Option<&[String]>,
        options: DrawOptions,
    ) -> Self {
        let cut = Cut { threshold, is_empty: false, mask: Some(mask) };
        Self::from_cut(graph, mask.values, &cut, seq_labels, options)
    }

    fn from_cut(
        graph: &Graph,
        scores: &PruneScores,
        cut: &Cut,
        seq_labels: Option<&[String]>,
        options: DrawOptions,
    ) -> Self {
        let table = NodeTable::new(graph);
        let PositionLinks { excess, mut links } = position_links(graph, scores, cut, &table);
        let has_links: Vec<bool> = links.iter().map(|links| !links.is_empty()).collect();
        let sub_diagrams: Vec<_> = domains::domains(&excess, &has_links, options.seq_positions)
            .into_iter()
            .map(|(position, domain)| {
                let seq_idx = graph.config.seq_len.map(|_| position);
                let links = std::mem::take(&mut links[position]);
                SubDiagram { seq_idx, seq_label: seq_label(seq_labels, seq_idx), domain, links }
            })
            .collect();
        let nodes = table.nodes;
        let n_graph_layers = nodes.iter().map(|node| node.layer + 1).max().unwrap_or(0);
        let reference_size = domains::reference_size(&sub_diagrams, &nodes, n_graph_layers, options);
        Self { options, nodes, n_graph_layers, sub_diagrams, reference_size, by_mask: cut.mask.is_some() }
    }
}

/// A patch mask, with what it patches.
#[derive(Debug, Clone, Copy)]
pub struct PatchMask<'a> {
    /// For every edge how much of it is patched: 1 all, 0 nothing.
    pub values: &'a PruneScores,
    /// The only edges that may be drawn, by index; all where there is none.
    pub edges: Option<&'a BTreeSet<usize>>,
    /// What the edges carry, where it is known.
    pub activations: Option<&'a Activations>,
}

/// The activations of src nodes: by token position, one for all in a graph without positions, then by `src_idx`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Activations {
    /// In the run that is patched.
    pub current: Vec<Vec<Activation>>,
    /// What edges are patched with.
    pub patched: Vec<Vec<Activation>>,
}

/// An activation in short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activation {
    /// Its first two numbers, of the first prompt: as many as the reference shows.
    pub first: [f32; 2],
    pub norm: f32,
}

impl PatchMask<'_> {
    /// What an edge carries. As in the reference that is the patched activation where the mask is 1, else the current one.
    fn activation(&self, position: usize, src_idx: usize, mask: f32) -> Option<String> {
        let activations = self.activations?;
        let by_position = if mask == 1.0 { &activations.patched } else { &activations.current };
        let Activation { first: [first, second], norm } = by_position.get(position)?.get(src_idx)?;
        Some(format!("[{first:.2}, {second:.2} …] norm {norm:.2}"))
    }
}

/// Which edges are drawn.
struct Cut<'a> {
    /// Those whose score is at least this in absolute value …
    threshold: f32,
    /// … or none: that of the empty circuit is infinite, which a score may be.
    is_empty: bool,
    /// Whose values the scores are, where a mask is drawn.
    mask: Option<&'a PatchMask<'a>>,
}

/// The drawn edges of each token position, or of all at once in a graph without positions.
struct PositionLinks {
    excess: Excess,
    /// By position, in the graph's edge order.
    links: Vec<Vec<Link>>,
}

fn position_links(graph: &Graph, scores: &PruneScores, cut: &Cut, table: &NodeTable) -> PositionLinks {
    let seq = graph.config.seq_len.unwrap_or(1);
    let mut excess = Excess::new(seq, cut.threshold, scores);
    let mut links = vec![Vec::new(); seq];
    // Few of the edges are drawn: none is looked at closely before its score shows that it is.
    for node in graph.dest_nodes().filter(|_| !cut.is_empty) {
        let (position, module) = (node.seq_idx.unwrap_or(0), &graph.dests[node.module_idx]);
        let (dest, of_node) = (table.dests[node.module_idx][node.head_idx], &scores.values()[node.first_edge..]);
        for (offset, &score) in of_node[..module.n_src].iter().enumerate() {
            let edge_idx = node.first_edge + offset;
            let only = cut.mask.and_then(|mask| mask.edges);
            if score.abs() < cut.threshold || only.is_some_and(|only| !only.contains(&edge_idx)) {
                continue;
            }
            excess.add(position, score);
            let src_idx = module.min_src_idx + offset;
            let edge_name = format!("{}->{}", graph.srcs[src_idx].name, graph.dest_node_name(node));
            let activation = cut.mask.and_then(|mask| mask.activation(position, src_idx, score));
            links[position].push(Link { edge_idx, edge_name, src: table.srcs[src_idx], dest, score, activation });
        }
    }
    PositionLinks { excess, links }
}

/// The reference's label: none without labels, `All tokens` in a graph without positions.
fn seq_label(seq_labels: Option<&[String]>, seq_idx: Option<usize>) -> Option<String> {
    let labels = seq_labels.filter(|labels| !labels.is_empty())?;
    match seq_idx {
        None => Some("All tokens".to_owned()),
        Some(seq_idx) => labels.get(seq_idx).cloned(),
    }
}

/// The nodes of a graph with q, k and v merged, and the index among them of each src and dest node.
struct NodeTable {
    nodes: Vec<DrawnNode>,
    /// For each `src_idx`, the index in `nodes`.
    srcs: Vec<usize>,
    /// For each dest module and head, the index in `nodes`.
    dests: Vec<Vec<usize>>,
}

impl NodeTable {
    /// Src nodes come first, in `src_idx` order, so that a node's index does not depend on what is drawn.
    fn new(graph: &Graph) -> Self {
        let mut nodes: Vec<DrawnNode> =
            graph.srcs.iter().map(|src| DrawnNode { name: src.name.clone(), layer: src.layer }).collect();
        let srcs: Vec<usize> = (0..nodes.len()).collect();
        let mut indices: HashMap<String, usize> = srcs.iter().map(|&src| (nodes[src].name.clone(), src)).collect();
        let mut node_idx = |name: String, layer: usize| {
            *indices.entry(name).or_insert_with_key(|name| {
                nodes.push(DrawnNode { name: name.clone(), layer });
                nodes.len() - 1
            })
        };
        let dests = graph
            .dests
            .iter()
            .map(|module| {
                let names = (0..module.n_nodes()).map(|head_idx| merged_name(module, head_idx, graph.n_layers));
                names.map(|name| node_idx(name, module.layer)).collect()
            })
            .collect();
        Self { nodes, srcs, dests }
    }
}

/// A dest node's name, without `.Q`, `.K` or `.V`.
fn merged_name(module: &DestModule, head_idx: usize, n_layers: usize) -> String {
    match module.kind {
        DestKind::Q(block) | DestKind::K(block) | DestKind::V(block) => format!("A{block}.{head_idx}"),
        _ => module.node_name(head_idx, n_layers),
    }
}
