//! From a circuit to what is drawn of it. [`view()`] is pure, and the same whatever order its edges come in.
//!
//! 1. `nodes`: the boxes that the graph may have.
//! 2. `edges`: which edges are shown: of a circuit with a reader's changes, or of two circuits.
//! 3. `paths`: which of them lie on a path from the embedding to the end.
//! 4. `focus`, `window`: the part that a reader looks at.
//! 5. `boxes`, `group`: the heads of a block in one box, and the edges between two boxes in one link.
//! 6. `overview`: the strongest links, and a stream of the others.
//!
//! `table` says of the shown edges what stands beside the picture.
//!
//! Whatever is left out is counted: the edges of the circuit that are drawn and those in [`Rest::n_in_circuit`] are all of them.

mod boxes;
mod edges;
mod ends;
mod focus;
mod group;
mod nodes;
mod of_figure;
mod options;
mod overview;
mod paths;
mod table;
mod window;

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use circuitscope_core::{AttentionDir, Graph, edge_name};

pub use self::edges::{Compared, Edits, Shown, compared, edges_in_circuit, scale_to, shown, strength};
pub use self::ends::edge_ends;
pub use self::focus::Focus;
pub use self::options::{Heads, Limits, ViewOptions};
pub use self::table::{
    BlockStrength, NodeEdges, Used, edges_of, find_edge, name_of, strength_by_block, strongest, used,
};

use self::boxes::Boxes;
use self::group::Bundle;
use self::paths::Placed;
use crate::drawn::{Band, Drawn, Link, Nodes, Port, Rest, Side};

/// Everything that a picture's content depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewRequest<'a> {
    pub graph: &'a Graph,
    /// Those of [`Nodes::of`] the graph, with their places.
    pub nodes: &'a Rc<Nodes>,
    pub shown: &'a [Shown],
    pub dir: AttentionDir,
    /// A label for each token position; empty for none.
    pub seq_labels: &'a [String],
    pub options: &'a ViewOptions,
}

/// What is drawn of a circuit.
pub fn view(request: &ViewRequest) -> Drawn {
    let placed = paths::placed(request.graph, request.shown, request.dir);
    let window = request.options.window.as_ref().and_then(|blocks| window::layers(request.nodes, blocks));
    let kept = kept(request, &placed, window.as_ref());
    let n_kept = kept.iter().filter(|placed| placed.shown.is_in_circuit()).count();
    let plan = plan(request, n_kept, window.as_ref());
    let mut boxes = boxes(request, &kept, &plan, window.as_ref());
    boxes.merge_ports(request.options.merge_ports, &request.options.merged_heads);
    let mut bundles = group::bundles(&kept, &boxes);
    let weaker = overview::cut(&mut bundles, plan.limit);
    let rest = rest(&placed, request.graph, Cut { nodes: &boxes.nodes, drawn: &bundles, weaker: &weaker });
    Drawn { bands: bands(request, &boxes.nodes, &bundles), nodes: boxes.nodes, rest }
}

/// The edges of the part that a reader looks at. Edges that the reader took out lie on no path, and are kept nevertheless.
fn kept<'a>(request: &ViewRequest, placed: &'a [Placed], window: Option<&Range<usize>>) -> Vec<&'a Placed> {
    let ViewRequest { nodes, options, .. } = *request;
    let around = options.focus.as_ref().and_then(|focus| focus::around(request, placed, focus));
    let is_inside = |node: usize| window.is_none_or(|window| window.contains(&nodes.nodes[node].layer));
    let is_kept = |(i, placed): &(usize, &Placed)| {
        (placed.on_path || !options.on_path_only || !placed.shown.is_in_circuit())
            && (placed.shown.side != Side::Both || !options.differences_only)
            && (is_inside(placed.src) || is_inside(placed.dest))
            && around.as_ref().is_none_or(|around| around[*i])
    };
    placed.iter().enumerate().filter(is_kept).map(|(_, placed)| placed).collect()
}

/// Which heads share a box, and how many links are drawn.
struct Plan {
    closed: BTreeSet<usize>,
    limit: usize,
}

fn plan(request: &ViewRequest, n_edges: usize, window: Option<&Range<usize>>) -> Plan {
    let options = request.options;
    let ViewOptions { opened, closed, limits, .. } = options;
    if let Some(window) = window {
        let heads = request.graph.srcs.iter().filter(|src| src.head_idx.is_some());
        let outside = heads.filter(|head| !window.contains(&head.layer)).filter_map(|head| head.kind.block());
        let closed = outside.chain(closed.iter().copied()).collect();
        Plan { closed, limit: limits.in_window }
    } else if options.is_by_layer(n_edges) {
        Plan {
            closed: (0..request.graph.n_layers).filter(|block| !opened.contains(block)).collect(),
            limit: limits.by_layer,
        }
    } else {
        Plan { closed: closed.clone(), limit: limits.apart }
    }
}

fn boxes(request: &ViewRequest, kept: &[&Placed], plan: &Plan, window: Option<&Range<usize>>) -> Boxes {
    let nodes = request.nodes;
    let nodes = window.map_or_else(|| Rc::clone(nodes), |window| window::columns(nodes, window));
    if plan.closed.is_empty() {
        return Boxes::apart(nodes);
    }
    let mut is_drawn = vec![false; nodes.nodes.len()];
    kept.iter().flat_map(|placed| [placed.src, placed.dest]).for_each(|node| is_drawn[node] = true);
    Boxes::by_block(request.graph, &nodes, &plan.closed, &is_drawn)
}

/// The links that are drawn, and those that are not.
struct Cut<'a> {
    nodes: &'a Nodes,
    drawn: &'a [Bundle<'a>],
    weaker: &'a [Bundle<'a>],
}

fn rest(placed: &[Placed], graph: &Graph, Cut { nodes, drawn, weaker }: Cut) -> Rest {
    let n_edges = |bundles: &[Bundle], is_in_circuit: bool| -> usize {
        bundles.iter().filter(|bundle| bundle.is_in_circuit() == is_in_circuit).map(|bundle| bundle.n_edges).sum()
    };
    let n_in_circuit = placed.iter().filter(|placed| placed.shown.is_in_circuit()).count();
    Rest {
        n_in_circuit: n_in_circuit - n_edges(drawn, true),
        n_outside: graph.n_edges() - n_in_circuit - n_edges(drawn, false),
        n_weaker: n_edges(weaker, true),
        n_weaker_links: weaker.iter().filter(|bundle| bundle.is_in_circuit()).count(),
        stream: overview::stream(nodes, weaker),
    }
}

/// The links by token position. A graph without positions has one band, a token-wise one a band for each position with links.
fn bands(request: &ViewRequest, nodes: &Nodes, bundles: &[Bundle]) -> Vec<Band> {
    let seq_len = request.graph.config.seq_len;
    let mut links = vec![Vec::new(); seq_len.unwrap_or(1)];
    for bundle in bundles {
        links[bundle.ends.seq_idx.unwrap_or(0)].push(link(request.graph, nodes, bundle));
    }
    let bands = links.into_iter().enumerate().map(|(position, links)| {
        let seq_idx = seq_len.map(|_| position);
        let label = seq_idx.and_then(|seq_idx| request.seq_labels.get(seq_idx).cloned());
        Band { seq_idx, label, links }
    });
    bands.filter(|band| seq_len.is_none() || request.options.all_positions || !band.links.is_empty()).collect()
}

fn link(graph: &Graph, nodes: &Nodes, bundle: &Bundle) -> Link {
    let group::Ends { src, dest, port, side, .. } = bundle.ends;
    Link {
        edge_idx: bundle.strongest.edge.edge_idx,
        n_edges: bundle.n_edges,
        name: link_name(graph, nodes, bundle),
        src,
        dest,
        port,
        score: bundle.score as f32,
        mask: bundle.mask(),
        side,
        on_path: bundle.on_path,
    }
}

/// The name of the edge; of several the names of their boxes.
fn link_name(graph: &Graph, nodes: &Nodes, bundle: &Bundle) -> String {
    if bundle.n_edges == 1 {
        return edge_name(graph, bundle.strongest.edge);
    }
    let [src, dest] = [bundle.ends.src, bundle.ends.dest].map(|node| nodes.nodes[node].name.as_str());
    let position = bundle.ends.seq_idx.map_or(String::new(), |seq_idx| format!("{seq_idx}:"));
    let port = bundle.ends.port.map_or("", Port::letter);
    let dot = if port.is_empty() { "" } else { "." };
    format!("{position}{src}->{dest}{dot}{port}")
}
