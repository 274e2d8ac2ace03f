//! Checks of what a figure's view says, as far as they need no model.

use std::collections::BTreeSet;

use super::{MAX_NAME, at_most, shortened, text};
use crate::config::MAX_LAYERS;
use crate::error::CircuitError;
use crate::figure_file::MAX_FIGURE_EDGES;
use crate::figure_file::edges::EdgeEdit;
use crate::figure_file::view::{CircuitSize, FigureLook, FigureSelection, FigureView};

/// The most edits, labels and groups; each is a person's.
const MAX_BY_HAND: usize = 10_000;

pub fn view(file: &str, view: &FigureView) -> Result<(), CircuitError> {
    match view.size {
        CircuitSize::Edges(n) => at_most(file, "view.size.edges", n, MAX_FIGURE_EDGES, "edges")?,
        CircuitSize::Threshold(threshold) if !(threshold.is_finite() && threshold >= 0.0) => {
            return Err(CircuitError::field(file, "view.size.threshold", "a number from 0", threshold.to_string()));
        }
        CircuitSize::Threshold(_) => {}
    }
    edits(file, &view.edits)?;
    look(file, &view.look)?;
    match &view.selection {
        Some(FigureSelection::Node(name)) => text(file, "view.selection.node", name, MAX_NAME)?,
        Some(FigureSelection::Edge(name)) => text(file, "view.selection.edge", name, MAX_NAME)?,
        None => {}
    }
    labels(file, view)?;
    groups(file, view)
}

fn edits(file: &str, edits: &[EdgeEdit]) -> Result<(), CircuitError> {
    at_most(file, "view.edits", edits.len(), MAX_BY_HAND, "edits")?;
    let mut edited = BTreeSet::new();
    for (i, EdgeEdit { edge, mask }) in edits.iter().enumerate() {
        let field = |name: &str| format!("view.edits[{i}].{name}");
        text(file, &field("edge"), edge, MAX_NAME)?;
        super::finite(file, &field("mask"), f64::from(*mask))?;
        if !edited.insert(edge) {
            return Err(CircuitError::field(file, &field("edge"), "an edge that has no edit yet", shortened(edge)));
        }
    }
    Ok(())
}

fn look(file: &str, look: &FigureLook) -> Result<(), CircuitError> {
    for (field, blocks) in [("view.look.opened", &look.opened), ("view.look.closed", &look.closed)] {
        at_most(file, field, blocks.len(), MAX_LAYERS, "blocks")?;
    }
    at_most(file, "view.look.mergedHeads", look.merged_heads.len(), MAX_BY_HAND, "heads")?;
    for (i, head) in look.merged_heads.iter().enumerate() {
        text(file, &format!("view.look.mergedHeads[{i}]"), head, MAX_NAME)?;
    }
    if let Some(focus) = &look.focus {
        text(file, "view.look.focus.node", &focus.node, MAX_NAME)?;
    }
    match look.window.filter(|window| window.first >= window.end) {
        Some(window) => {
            let expected = format!("above {}, where the window begins", window.first);
            Err(CircuitError::field(file, "view.look.window.end", expected, window.end.to_string()))
        }
        None => Ok(()),
    }
}

fn labels(file: &str, view: &FigureView) -> Result<(), CircuitError> {
    at_most(file, "view.labels", view.labels.len(), MAX_BY_HAND, "labels")?;
    view.labels.iter().try_for_each(|(node, label)| {
        text(file, "view.labels", node, MAX_NAME)?;
        text(file, &format!("view.labels.{}", shortened(node)), label, MAX_NAME)
    })
}

fn groups(file: &str, view: &FigureView) -> Result<(), CircuitError> {
    at_most(file, "view.groups", view.groups.values().map(|nodes| nodes.len() + 1).sum(), MAX_BY_HAND, "names")?;
    let mut grouped = BTreeSet::new();
    for (name, nodes) in &view.groups {
        text(file, "view.groups", name, MAX_NAME)?;
        for node in nodes {
            let field = format!("view.groups.{}", shortened(name));
            text(file, &field, node, MAX_NAME)?;
            if !grouped.insert(node) {
                let expected = "nodes that are in no other group";
                return Err(CircuitError::field(file, &field, expected, format!("{:?} again", shortened(node))));
            }
        }
    }
    Ok(())
}
