//! What is said of what is pointed at in the drawing, and what a click on it does.

use super::two_circuits;
use crate::state::State;
use crate::state::circuit::Edits;
use crate::state::picture::Selection;
use crate::words::{counted, grouped};
use circuitscope_figure::Target;
use circuitscope_figure::names::edge_title;
use circuitscope_figure::tip::{self, Tip, node_tip};
use circuitscope_picture::drawn::{Drawn, Link};
use circuitscope_picture::view;

/// What there is to say of what is pointed at.
pub fn tip(state: &State, drawn: &Drawn, target: &Target) -> Option<Tip> {
    match target {
        Target::Edge(name) => edge_tip(state, drawn.links().find(|link| link.name == *name)?),
        Target::Node(name) => node_tip(drawn, name),
    }
}

fn edge_tip(state: &State, link: &Link) -> Option<Tip> {
    if let Some(text) = two_circuits::edge_line(state, link).filter(|_| link.n_edges == 1) {
        return Some(Tip { title: edge_title(&link.name), score: None, text });
    }
    Some(tip::edge_tip(link, &state.scored()?.scores))
}

/// What a click on something selects; nothing where it opens boxes instead.
pub fn selection(drawn: &Drawn, target: &Target) -> Option<Selection> {
    match target {
        Target::Node(name) => {
            let node = drawn.nodes.nodes.iter().rfind(|node| node.name == *name)?;
            (node.n_members == 1).then(|| Selection::Node(name.clone()))
        }
        Target::Edge(name) => {
            let link = drawn.links().find(|link| link.name == *name)?;
            (link.n_edges == 1).then_some(Selection::Edge(link.edge_idx))
        }
    }
}

/// The selected thing, by the name that its element carries.
pub fn target(state: &State) -> Option<Target> {
    match state.picture.selection.as_ref()? {
        Selection::Node(name) => Some(Target::Node(name.clone())),
        Selection::Edge(edge_idx) => Some(Target::Edge(view::name_of(&state.scored()?.graph, *edge_idx)?)),
    }
}

/// The edits of a circuit in a few words: `1 taken out, 2 put in`.
pub fn edits_in_words(state: &State) -> Option<String> {
    let (mut n_out, mut n_in, mut n_partly) = (0, 0, 0);
    for (edge_idx, mask) in state.picture.edits.iter() {
        match mask {
            0.0 => n_out += 1,
            1.0 => n_in += 1,
            _ if state.usual_mask(edge_idx) == 0.0 => n_in += 1,
            _ => n_partly += 1,
        }
    }
    let kinds = [(n_out, "taken out"), (n_in, "put in"), (n_partly, "in part")];
    let words: Vec<_> =
        kinds.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", grouped(*n))).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// The edits of a circuit in a sentence.
pub fn edits_line(edits: &Edits) -> Option<String> {
    let (out, n) = (edits.iter().filter(|(_, mask)| *mask == 0.0).count(), edits.len());
    (n > 0).then(|| format!("{} changed, {out} of them taken out", counted(n, "edge")))
}

/// What is drawn and what is not, in words.
pub fn left_out(drawn: &Drawn) -> String {
    let rest = &drawn.rest;
    let of_circuit = (rest.n_in_circuit > 0).then(|| format!("{} of the circuit", counted(rest.n_in_circuit, "edge")));
    let outside = (rest.n_outside > 0).then(|| format!("{} outside it", counted(rest.n_outside, "edge")));
    let left_out: Vec<_> = [of_circuit, outside].into_iter().flatten().collect();
    let n_drawn = match drawn.n_edges() {
        0 => "No edge".to_owned(),
        n => counted(n, "edge"),
    };
    // They are there, dotted, and are no edges of the circuit.
    let taken_out = match drawn.n_taken_out() {
        0 => String::new(),
        1 => ", and one that was taken out".to_owned(),
        n => format!(", and {} that were taken out", grouped(n)),
    };
    match left_out.as_slice() {
        [] if drawn.n_edges() > 1 => format!("All {n_drawn} drawn{taken_out}"),
        [] => format!("{n_drawn} drawn{taken_out}"),
        left_out => format!("{n_drawn} drawn{taken_out}; not drawn: {}", left_out.join(", ")),
    }
}
