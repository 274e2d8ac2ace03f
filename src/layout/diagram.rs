//! Step 1: columns, and the boxes and links of a sub-diagram.

use super::request::{LayoutRequest, Link, SubDiagram};

/// A sub-diagram on its way to a picture.
pub(super) struct Diagram<'a> {
    /// By column, and within a column in the graph's order.
    pub nodes: Vec<FlowNode>,
    /// For each column, its nodes by their place, in the order across that `relax` finds.
    pub columns: Vec<Vec<usize>>,
    /// In the graph's edge order.
    pub links: Vec<FlowLink<'a>>,
}

/// A node that gets a box.
pub(super) struct FlowNode {
    /// The place in the request's nodes.
    pub node_idx: usize,
    pub column: usize,
    /// Links by their place, ordered by `ribbons` from the start of the box across.
    pub incoming: Vec<usize>,
    pub outgoing: Vec<usize>,
    /// The box's length across.
    pub breadth: f64,
    /// What the box takes with its label and the gap to the next.
    pub slot: f64,
    /// Where the middle of the box is across, from the start of the band.
    pub centre: f64,
}

/// A link that gets a ribbon.
pub(super) struct FlowLink<'a> {
    pub link: &'a Link,
    /// Nodes by their place in [`Diagram::nodes`].
    pub src: usize,
    pub dest: usize,
    pub width: f64,
    /// Where the middle of the ribbon is across, at either end.
    pub src_at: f64,
    pub dest_at: f64,
}

/// For each layer of the graph its column, if it has one: every layer with `layer_spacing`, else those that are drawn in
/// some sub-diagram, so that columns line up between sub-diagrams.
pub(super) fn columns(request: &LayoutRequest) -> Vec<Option<usize>> {
    let mut used = vec![request.options.layer_spacing; request.n_graph_layers];
    for link in request.sub_diagrams.iter().flat_map(|sub| &sub.links) {
        used[request.nodes[link.src].layer] = true;
        used[request.nodes[link.dest].layer] = true;
    }
    let n_before = |layer: usize| used[..layer].iter().filter(|&&used| used).count();
    (0..used.len()).map(|layer| used[layer].then(|| n_before(layer))).collect()
}

/// The boxes and links of a sub-diagram.
pub(super) fn diagram<'a>(request: &LayoutRequest, sub: &'a SubDiagram, columns: &[Option<usize>]) -> Diagram<'a> {
    let mut links: Vec<&Link> = sub.links.iter().collect();
    links.sort_by_key(|link| link.edge_idx);
    let mut nodes = nodes(request, &links, columns);
    let mut places = vec![0; request.nodes.len()];
    for (place, node) in nodes.iter().enumerate() {
        places[node.node_idx] = place;
    }
    for (i, link) in links.iter().enumerate() {
        nodes[places[link.src]].outgoing.push(i);
        nodes[places[link.dest]].incoming.push(i);
    }
    let flow = |link: &&'a Link| FlowLink {
        link,
        src: places[link.src],
        dest: places[link.dest],
        width: 0.0,
        src_at: 0.0,
        dest_at: 0.0,
    };
    let links = links.iter().map(flow).collect();
    Diagram { columns: members(&nodes, columns), nodes, links }
}

/// The nodes that have a link, by column.
fn nodes(request: &LayoutRequest, links: &[&Link], columns: &[Option<usize>]) -> Vec<FlowNode> {
    let mut drawn: Vec<_> = links
        .iter()
        .flat_map(|link| [link.src, link.dest])
        .filter_map(|node_idx| Some((columns[request.nodes[node_idx].layer]?, node_idx)))
        .collect();
    drawn.sort_unstable();
    drawn.dedup();
    let node = |(column, node_idx)| FlowNode {
        node_idx,
        column,
        incoming: Vec::new(),
        outgoing: Vec::new(),
        breadth: 0.0,
        slot: 0.0,
        centre: 0.0,
    };
    drawn.into_iter().map(node).collect()
}

/// For each column its nodes, by their place.
fn members(nodes: &[FlowNode], columns: &[Option<usize>]) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); columns.iter().flatten().count()];
    for (place, node) in nodes.iter().enumerate() {
        members[node.column].push(place);
    }
    members
}

impl Diagram<'_> {
    /// The larger of what goes into a node and what comes out, in a measure of links.
    pub fn throughput(&self, node: &FlowNode, measure: impl Fn(&FlowLink) -> f64) -> f64 {
        let sum = |links: &[usize]| links.iter().map(|&i| measure(&self.links[i])).sum::<f64>();
        sum(&node.incoming).max(sum(&node.outgoing))
    }
}
