//! A window of blocks: its layers as they are, all earlier ones in one column and all later ones in another.

use std::ops::Range;
use std::rc::Rc;

use circuitscope_core::sort::sort_by;

use crate::drawn::{Layer, LayerPart, Nodes};

/// The layers of a window, by their indices; none where no layer is of such a block.
pub(super) fn layers(nodes: &Nodes, blocks: &Range<usize>) -> Option<Range<usize>> {
    let is_inside = |layer: &Layer| layer.block.is_some_and(|block| blocks.contains(&block));
    let first = nodes.layers.iter().position(is_inside)?;
    let last = nodes.layers.iter().rposition(is_inside)?;
    Some(first..last + 1)
}

/// The nodes with a layer for all that comes before the window and one for all that comes after it.
///
/// Nodes of several layers meet in these two: each has the place there that it has in its own layer, from 0 at the top to 1.
pub(super) fn columns(nodes: &Nodes, window: &Range<usize>) -> Rc<Nodes> {
    let heights = heights(nodes);
    let mut in_columns = nodes.clone();
    for (node, height) in in_columns.nodes.iter_mut().zip(heights) {
        if !window.contains(&node.layer) {
            node.place = height;
        }
        node.layer = (node.layer + 1).saturating_sub(window.start).min(window.len() + 1);
    }
    let [first, last] = [Some(0), nodes.layers.len().checked_sub(1)];
    let earlier = side(LayerPart::Earlier, nodes, window.start.checked_sub(1), first);
    let later = side(LayerPart::Later, nodes, Some(window.end), last);
    in_columns.layers =
        [earlier].into_iter().chain(nodes.layers[window.clone()].iter().copied()).chain([later]).collect();
    Rc::new(in_columns)
}

/// A column beside the window: the embedding or the end as it is, where it holds nothing else.
fn side(part: LayerPart, nodes: &Nodes, nearest: Option<usize>, outermost: Option<usize>) -> Layer {
    let nearest_layer = nearest.and_then(|layer| nodes.layers.get(layer));
    match nearest_layer {
        Some(layer) if nearest == outermost => *layer,
        Some(layer) => Layer { part, block: layer.block },
        None => Layer { part, block: None },
    }
}

/// For each node its place among those of its layer, from 0 at the top to 1.
fn heights(nodes: &Nodes) -> Vec<f64> {
    let mut by_place: Vec<usize> = (0..nodes.nodes.len()).collect();
    sort_by(&mut by_place, |&a, &b| {
        let [a, b] = [a, b].map(|i| &nodes.nodes[i]);
        a.layer.cmp(&b.layer).then(a.place.total_cmp(&b.place))
    });
    let mut heights = vec![0.0; nodes.nodes.len()];
    for layer in by_place.chunk_by(|&a, &b| nodes.nodes[a].layer == nodes.nodes[b].layer) {
        for (rank, &node) in layer.iter().enumerate() {
            heights[node] = (rank as f64 + 0.5) / layer.len() as f64;
        }
    }
    heights
}
