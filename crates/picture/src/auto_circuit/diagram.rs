//! Step 1: columns, and the boxes and links of a sub-diagram.

use super::request::{LayoutRequest, Link, SubDiagram};

/// A sub-diagram on its way to a picture.
pub(super) struct Diagram<'a> {
    /// By column, and within a column in the graph's order.
    pub nodes: Vec<FlowNode>,
    /// For each column the indices of its nodes, in the order across that `relax` finds.
    pub columns: Vec<Vec<usize>>,
    /// First the segments at which links leave their src box, in the graph's edge order.
    pub segments: Vec<Segment<'a>>,
}

/// A node that gets a box, or a lane on which a link passes a column.
pub(super) struct FlowNode {
    /// The index in the request's nodes; `None` for a lane.
    pub node_idx: Option<usize>,
    pub column: usize,
    /// Indices of segments, ordered by `ribbons` from the start of the box across.
    pub incoming: Vec<usize>,
    pub outgoing: Vec<usize>,
    /// The length across.
    pub breadth: f64,
    /// Its breadth with its label and the gap to the next node.
    pub slot: f64,
    /// Its middle across, from the start of the band.
    pub centre: f64,
}

/// A link, or the part of one between two lanes.
pub(super) struct Segment<'a> {
    pub link: &'a Link,
    /// Indices in [`Diagram::nodes`].
    pub src: usize,
    pub dest: usize,
    /// The segment that goes on from the lane at its end.
    pub next: Option<usize>,
    pub width: f64,
    /// The middle of the ribbon across, at either end.
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
    // For each of the request's nodes its index in this diagram.
    let mut index = vec![0; request.nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        node.node_idx.into_iter().for_each(|node_idx| index[node_idx] = i);
    }
    for (i, link) in links.iter().enumerate() {
        nodes[index[link.src]].outgoing.push(i);
        nodes[index[link.dest]].incoming.push(i);
    }
    let segments = links.into_iter().map(|link| Segment::new(link, index[link.src], index[link.dest])).collect();
    Diagram { columns: members(&nodes, columns), nodes, segments }
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
    drawn.into_iter().map(|(column, node_idx)| FlowNode::new(Some(node_idx), column)).collect()
}

/// For each column the indices of its nodes.
fn members(nodes: &[FlowNode], columns: &[Option<usize>]) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); columns.iter().flatten().count()];
    for (i, node) in nodes.iter().enumerate() {
        members[node.column].push(i);
    }
    members
}

impl FlowNode {
    pub fn new(node_idx: Option<usize>, column: usize) -> Self {
        let (incoming, outgoing) = (Vec::new(), Vec::new());
        Self { node_idx, column, incoming, outgoing, breadth: 0.0, slot: 0.0, centre: 0.0 }
    }

    pub fn is_lane(&self) -> bool {
        self.node_idx.is_none()
    }

    /// The label of the box; empty for a lane.
    pub fn label<'a>(&self, request: &'a LayoutRequest) -> &'a str {
        self.node_idx.map_or("", |node_idx| request.nodes[node_idx].label())
    }
}

impl<'a> Segment<'a> {
    pub fn new(link: &'a Link, src: usize, dest: usize) -> Self {
        Self { link, src, dest, next: None, width: 0.0, src_at: 0.0, dest_at: 0.0 }
    }
}

impl Diagram<'_> {
    /// The larger of what goes into a node and what comes out, in a measure of segments.
    pub fn throughput(&self, node: &FlowNode, measure: impl Fn(&Segment) -> f64) -> f64 {
        let sum = |segments: &[usize]| segments.iter().map(|&i| measure(&self.segments[i])).sum::<f64>();
        sum(&node.incoming).max(sum(&node.outgoing))
    }

    /// The columns between the ends of a segment.
    pub fn passed(&self, segment: &Segment) -> std::ops::Range<usize> {
        self.nodes[segment.src].column + 1..self.nodes[segment.dest].column
    }
}
