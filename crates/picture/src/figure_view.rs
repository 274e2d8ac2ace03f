//! What a figure file asks to be drawn: its circuit with its edits, looked at as its view says.

use std::collections::BTreeMap;
use std::rc::Rc;

use circuitscope_core::figure_file::view::{FigureLook, FigureOrientation, HeadBoxes};
use circuitscope_core::scores::mask::CircuitMasks;
use circuitscope_core::{AttentionDir, EdgeValues, FigureFile, FigureOnModel, PruneScores};

use crate::auto_circuit::Orientation;
use crate::drawn::{Drawn, Nodes};
use crate::sankey::{self, WeightedEdge};
use crate::view::{self, Edits, Focus, Heads, Shown, ViewOptions, ViewRequest};

/// What is drawn of a figure; none where it has no edges, or not as many as it shows.
pub fn drawn(figure: &FigureFile, on_model: &FigureOnModel, dir: AttentionDir) -> Option<Rc<Drawn>> {
    let values = on_model.values.as_ref()?;
    let nodes = Rc::new(named(placed(on_model, values), &figure.view.labels));
    let drawn = view::view(&ViewRequest {
        graph: &on_model.graph,
        nodes: &nodes,
        shown: &shown(figure, on_model, values)?,
        dir,
        seq_labels: figure.texts.seq_labels.as_deref().unwrap_or_default(),
        options: &view_options(&figure.view.look),
    });
    if !figure.view.look.compact {
        return Some(Rc::new(drawn));
    }
    let places = sankey::compact_order(&drawn);
    let nodes = Rc::new(Nodes::clone(&drawn.nodes).with_places(&places));
    Some(Rc::new(Drawn { nodes, ..drawn }))
}

/// A figure's look as the options of a picture.
pub fn view_options(look: &FigureLook) -> ViewOptions {
    ViewOptions {
        on_path_only: look.on_path_only,
        focus: look.focus.as_ref().map(|focus| Focus { name: focus.node.clone(), hops: focus.hops }),
        heads: match look.heads {
            HeadBoxes::Auto => Heads::Auto,
            HeadBoxes::Apart => Heads::Apart,
            HeadBoxes::ByLayer => Heads::ByLayer,
        },
        opened: look.opened.iter().copied().collect(),
        closed: look.closed.iter().copied().collect(),
        window: look.window.map(|window| window.first..window.end),
        merge_ports: look.merge_ports,
        merged_heads: look.merged_heads.iter().cloned().collect(),
        all_positions: look.all_positions,
        ..ViewOptions::default()
    }
}

/// Which way a figure runs.
pub fn orientation(orientation: FigureOrientation) -> Orientation {
    match orientation {
        FigureOrientation::Horizontal => Orientation::Horizontal,
        FigureOrientation::Vertical => Orientation::Vertical,
    }
}

/// The boxes of the graph, ordered by all of the figure's edges.
fn placed(on_model: &FigureOnModel, values: &PruneScores) -> Nodes {
    let weighted = view::edge_ends(&on_model.graph).zip(values.values()).map(|((src, dest), score)| WeightedEdge {
        src: src as u32,
        dest: dest as u32,
        weight: score.abs(),
    });
    let nodes = Nodes::of(&on_model.graph);
    let places = sankey::order(&nodes, &weighted.collect::<Vec<_>>());
    nodes.with_places(&places)
}

/// The boxes with a figure's own labels.
fn named(mut nodes: Nodes, labels: &BTreeMap<String, String>) -> Nodes {
    for node in &mut nodes.nodes {
        if let Some(label) = labels.get(&node.name) {
            node.label.clone_from(label);
            node.short_label.clone_from(label);
        }
    }
    nodes
}

/// The edges of the circuit that is shown, with the figure's edits.
fn shown(figure: &FigureFile, on_model: &FigureOnModel, values: &PruneScores) -> Option<Vec<Shown>> {
    let meaning = figure.circuit.as_ref().map_or(EdgeValues::Scores, |circuit| circuit.values);
    let requested = on_model.requested?;
    if meaning == EdgeValues::Scores {
        let circuit = values.circuit(requested).ok()?;
        let edits: Edits = on_model.edits.iter().collect();
        return Some(view::shown(values, &view::edges_in_circuit(values, &circuit), &edits));
    }
    let masks = CircuitMasks { values, meaning, edits: &on_model.edits };
    let circuit = masks.circuit(requested).ok()?;
    let of_mask = (0..values.n_edges()).map(|edge_idx| (edge_idx, masks.mask(circuit, edge_idx)));
    let edits: Edits = of_mask.filter(|(_, mask)| *mask != 0.0).collect();
    Some(view::shown(values, &[], &edits))
}
