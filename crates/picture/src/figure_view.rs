//! What a figure file asks to be drawn: its circuit with its edits, looked at as its view says.

use std::rc::Rc;

use circuitscope_core::figure_file::view::FigureView;
use circuitscope_core::{AttentionDir, EdgeValues, FigureFile, FigureOnModel, Graph, PruneScores};

use crate::drawn::{Drawn, Nodes};
use crate::placed::placed_nodes;
use crate::sankey;
use crate::view::{self, Edits, Shown, ViewOptions, ViewRequest};

/// A part of a figure, as a reader looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub figure: &'a FigureFile,
    pub graph: &'a Graph,
    /// `[edge]`, in the graph's edge order.
    pub values: &'a PruneScores,
    /// Those of [`nodes`].
    pub nodes: &'a Rc<Nodes>,
    pub dir: AttentionDir,
    /// How many edges are asked for. A mask has one circuit, whatever is asked for.
    pub requested: usize,
    pub edits: &'a Edits,
    pub options: &'a ViewOptions,
}

/// What is drawn of a figure as it opens; none where it has no edges, or not as many as it shows.
pub fn drawn(figure: &FigureFile, on_model: &FigureOnModel, dir: AttentionDir) -> Option<Rc<Drawn>> {
    let (graph, values) = (&on_model.graph, on_model.values.as_ref()?);
    drawn_part(&Part {
        figure,
        graph,
        values,
        nodes: &nodes(figure, graph, values),
        dir,
        requested: on_model.requested?,
        edits: &on_model.edits.iter().collect(),
        options: &ViewOptions::from(&figure.view.look),
    })
}

/// What is drawn of a part of a figure; none where the graph has not as many edges as are asked for.
pub fn drawn_part(part: &Part) -> Option<Rc<Drawn>> {
    let drawn = view::view(&ViewRequest {
        graph: part.graph,
        nodes: part.nodes,
        shown: &shown(part)?,
        dir: part.dir,
        seq_labels: part.figure.texts.seq_labels.as_deref().unwrap_or_default(),
        options: part.options,
    });
    if !part.figure.view.look.compact {
        return Some(Rc::new(drawn));
    }
    let places = sankey::compact_order(&drawn);
    let nodes = Rc::new(Nodes::clone(&drawn.nodes).with_places(&places));
    Some(Rc::new(Drawn { nodes, ..drawn }))
}

/// The boxes of a figure, ordered by all of its edges, with its own labels.
pub fn nodes(figure: &FigureFile, graph: &Graph, values: &PruneScores) -> Rc<Nodes> {
    Rc::new(named(placed_nodes(graph, values.values()), &figure.view))
}

/// Whether a figure's numbers are the mask of one circuit.
pub fn is_mask(figure: &FigureFile) -> bool {
    figure.circuit.as_ref().is_some_and(|circuit| circuit.values == EdgeValues::Mask)
}

/// The boxes with a figure's own labels, and in its groups.
pub fn named(mut nodes: Nodes, view: &FigureView) -> Nodes {
    for node in &mut nodes.nodes {
        if let Some(label) = view.labels.get(&node.name) {
            node.label.clone_from(label);
            node.short_label.clone_from(label);
            node.is_renamed = true;
        }
        node.group = view.groups.values().position(|members| members.contains(&node.name));
    }
    nodes.groups = view.groups.keys().cloned().collect();
    nodes
}

/// The edges that are shown, with their edits.
fn shown(part: &Part) -> Option<Vec<Shown>> {
    let Part { figure, values, requested, edits, .. } = *part;
    if is_mask(figure) {
        let mut masks: Edits = values.values().iter().copied().enumerate().filter(|(_, mask)| *mask != 0.0).collect();
        masks.extend(edits);
        return Some(view::shown(values, &[], &masks));
    }
    let circuit = values.circuit(requested).ok()?;
    Some(view::shown(values, &view::edges_in_circuit(values, &circuit), edits))
}
