//! Where every edge of a graph begins and ends.

use circuitscope_core::Graph;

use super::nodes::Dests;

/// For every edge of a graph, in its order, the indices among [`Nodes::of`](crate::drawn::Nodes::of) of its two ends.
pub fn edge_ends(graph: &Graph) -> impl Iterator<Item = (usize, usize)> + '_ {
    let dests = Dests::new(graph);
    graph.dest_nodes().flat_map(move |node| {
        let module = &graph.dests[node.module_idx];
        let dest = dests.node(node.module_idx, node.head_idx);
        (module.min_src_idx..module.min_src_idx + module.n_src).map(move |src| (src, dest))
    })
}
