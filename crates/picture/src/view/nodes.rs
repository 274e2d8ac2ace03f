//! The boxes that a graph's circuits may have: its nodes, with the q, k and v inputs of a head in one.
//!
//! Src nodes come first, in `src_idx` order, and the end of the residual stream is last, so that a node's index depends on the
//! graph alone.

use circuitscope_core::{DestKind, DestModule, Graph, SrcKind, SrcNode};

use crate::drawn::{Layer, LayerPart, Node, NodeKind, Nodes, Port};

impl Nodes {
    /// The nodes of a graph. Until [`Nodes::with_places`] they lie in their layers as in the graph.
    pub fn of(graph: &Graph) -> Self {
        let mut nodes: Vec<Node> = graph.srcs.iter().map(src_node).collect();
        nodes.extend(graph.dests.last().map(|end| end_node(end.layer)));
        let layers = layers(graph);
        let mut n_in_layer = vec![0; layers.len()];
        for node in &mut nodes {
            node.place = n_in_layer[node.layer] as f64;
            n_in_layer[node.layer] += 1;
        }
        Self { nodes, layers, n_blocks: graph.n_layers, groups: Vec::new() }
    }

    /// The same nodes at other places in their layers, one for each node.
    pub fn with_places(mut self, places: &[f64]) -> Self {
        self.nodes.iter_mut().zip(places).for_each(|(node, &place)| node.place = place);
        self
    }

    /// The index of the node of a name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }
}

/// The nodes that edges end at.
pub(super) struct Dests {
    /// For each module its node, or that of its first head; those of its other heads follow.
    first: Vec<usize>,
}

impl Dests {
    pub fn new(graph: &Graph) -> Self {
        let first = graph.dests.iter().map(|module| {
            let src = graph.srcs.iter().position(|src| is_output(module, src.kind));
            src.unwrap_or(graph.srcs.len())
        });
        Self { first: first.collect() }
    }

    /// The index of a dest node among [`Nodes::nodes`].
    pub fn node(&self, module_idx: usize, head_idx: usize) -> usize {
        self.first[module_idx] + head_idx
    }
}

/// The input of a head that the nodes of a module are, where q, k and v are apart.
pub(super) fn port(module: &DestModule) -> Option<Port> {
    match module.kind {
        DestKind::Q(_) => Some(Port::Q),
        DestKind::K(_) => Some(Port::K),
        DestKind::V(_) => Some(Port::V),
        _ => None,
    }
}

/// Whether a module and a src node are the input and the output of one box. The end of the stream is no src node.
fn is_output(module: &DestModule, src: SrcKind) -> bool {
    match module.kind {
        DestKind::Q(block) | DestKind::K(block) | DestKind::V(block) | DestKind::AttnIn(block) => {
            src == SrcKind::Heads(block)
        }
        DestKind::MlpIn(block) => src == SrcKind::Mlp(block),
        DestKind::ResidMid(block) => src == SrcKind::ResidMid(block),
        DestKind::ResidPost(block) => src == SrcKind::ResidPost(block),
    }
}

fn src_node(src: &SrcNode) -> Node {
    let (kind, label, short_label) = match src.kind {
        SrcKind::ResidStart => (NodeKind::Embed, "Embed".to_owned(), "E".to_owned()),
        SrcKind::Heads(_) => (NodeKind::Head, src.name.clone(), src.name.clone()),
        SrcKind::Mlp(block) => (NodeKind::Mlp, src.name.clone(), format!("M{block}")),
        SrcKind::ResidMid(block) => (NodeKind::Resid, src.name.clone(), format!("Mid {block}")),
        SrcKind::ResidPost(block) => (NodeKind::Resid, src.name.clone(), format!("Post {block}")),
    };
    Node {
        name: src.name.clone(),
        label,
        short_label,
        kind,
        layer: src.layer,
        n_members: 1,
        place: 0.0,
        group: None,
        is_renamed: false,
    }
}

fn end_node(layer: usize) -> Node {
    Node {
        name: "Resid End".to_owned(),
        label: "Unembed".to_owned(),
        short_label: "U".to_owned(),
        kind: NodeKind::Unembed,
        layer,
        n_members: 1,
        place: 0.0,
        group: None,
        is_renamed: false,
    }
}

/// Of each layer its part and its block. In a node graph the residual stream shares its layer with the nodes that read it, and
/// the layer counts for their block; an MLP beside its attention shares the attention's.
fn layers(graph: &Graph) -> Vec<Layer> {
    let n_layers = graph.dests.last().map_or(0, |end| end.layer + 1);
    let end = Layer { part: LayerPart::Unembed, block: None };
    let mut layers = vec![end; n_layers];
    for src in &graph.srcs {
        let layer = &mut layers[src.layer];
        let part = match src.kind {
            SrcKind::ResidStart => LayerPart::Embed,
            SrcKind::Heads(_) => LayerPart::Attn,
            SrcKind::Mlp(_) => LayerPart::Mlp,
            SrcKind::ResidMid(_) | SrcKind::ResidPost(_) => LayerPart::Resid,
        };
        layer.part = first_of(layer.part, part);
        layer.block = layer.block.max(src.kind.block()).filter(|_| layer.part != LayerPart::Embed);
    }
    layers
}

/// What a layer of two kinds of nodes counts as.
fn first_of(a: LayerPart, b: LayerPart) -> LayerPart {
    let order = [LayerPart::Embed, LayerPart::Resid, LayerPart::Attn, LayerPart::Mlp];
    order.into_iter().find(|&part| part == a || part == b).unwrap_or(b)
}
