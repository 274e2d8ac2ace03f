//! The drawing: which edges it shows, and what is said of what is pointed at.

use std::rc::Rc;

use super::picture::seq_labels;
use super::two_circuits::{self, Other};
use crate::state::State;
use crate::state::circuit::{Choice, Edits};
use crate::state::load::Shared;
use crate::state::picture::{Look, Selection, View};
use crate::state::scores::Scored;
use crate::words::{counted, grouped};
use circuitscope_core::{AttentionDir, Graph, PatchType, PruneScores};
use circuitscope_figure::{Scene, SceneParts, Stop, StopLink, Target};
use circuitscope_picture::auto_circuit::PatchMask;
use circuitscope_picture::drawn::{Drawn, Link, Nodes};
use circuitscope_picture::sankey::svg::{self, About, LegendItem, legend_items};
use circuitscope_picture::sankey::{self, WeightedEdge};
use circuitscope_picture::strip::text::decimal_text;
use circuitscope_picture::view::{self, Heads, Shown, ViewRequest};
use circuitscope_picture::{DrawOptions, LayoutRequest, Size, Theme, auto_circuit, matrix, svg_string};

/// What the drawn edges depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnRequest {
    scored: Shared<Scored>,
    nodes: PlacedNodes,
    choice: Choice,
    /// The circuit that it is compared with.
    other: Option<Other>,
    dir: AttentionDir,
    seq_labels: Vec<String>,
    view: View,
    /// Whether the circuit's edges are patched, and not all others.
    patches_circuit: bool,
}

/// The boxes of a graph, with their places. Equal where they are the same.
#[derive(Debug, Clone)]
pub struct PlacedNodes(pub Rc<Nodes>);

impl PartialEq for PlacedNodes {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The boxes of the graph of some scores, ordered once by all of its edges.
pub fn placed_nodes(scored: &Option<Shared<Scored>>) -> Option<PlacedNodes> {
    let scored = scored.as_ref()?;
    let nodes = Nodes::of(&scored.graph);
    let places = sankey::order(&nodes, &weighted_edges(&scored.graph, scored.scores.values()));
    Some(PlacedNodes(Rc::new(nodes.with_places(&places))))
}

fn weighted_edges(graph: &Graph, scores: &[f32]) -> Vec<WeightedEdge> {
    view::edge_ends(graph)
        .zip(scores)
        .map(|((src, dest), score)| WeightedEdge { src: src as u32, dest: dest as u32, weight: score.abs() })
        .collect()
}

impl DrawnRequest {
    /// What is to be drawn, where there is something.
    pub fn new(state: &State, nodes: Option<PlacedNodes>) -> Option<Self> {
        Some(Self {
            scored: state.inputs.scored.clone()?,
            nodes: nodes?,
            choice: state.picture.choice(),
            other: Other::new(state),
            dir: state.inputs.model.as_ref()?.attention_dir,
            seq_labels: seq_labels(state).unwrap_or_default(),
            view: state.picture.view.clone(),
            patches_circuit: state.settings.run.patch_type == PatchType::Edge,
        })
    }

    /// What is drawn of the circuit.
    pub fn drawn(&self) -> Option<Rc<Drawn>> {
        let shown = self.shown()?;
        let graph = &*self.scored.graph;
        let mut options = self.view.options.clone();
        if self.view.look == Look::Matrix {
            // A cell is a pair of nodes: all of them are drawn, each in a row of its own as far as there is room.
            options.heads = Heads::Apart;
            options.limits.apart = usize::MAX;
            options.window = None;
        }
        let options = &options;
        let draw = |nodes: &Rc<Nodes>| {
            view::view(&ViewRequest {
                graph,
                nodes,
                shown: &shown,
                dir: self.dir,
                seq_labels: &self.seq_labels,
                options,
            })
        };
        let drawn = draw(&self.nodes.0);
        if !self.view.compact {
            return Some(Rc::new(drawn));
        }
        let places = sankey::compact_order(&drawn);
        let nodes = Nodes::clone(&drawn.nodes).with_places(&places);
        Some(Rc::new(Drawn { nodes: Rc::new(nodes), ..drawn }))
    }

    /// The circuit's edges and those that were taken out, with how much of each is patched.
    fn of_mask(&self, labels: Option<&[String]>, options: DrawOptions) -> Option<LayoutRequest> {
        let shown = self.shown()?;
        let mut values = vec![0.0; self.scored.scores.n_edges()];
        for shown in &shown {
            *values.get_mut(shown.edge_idx)? = if self.patches_circuit { shown.mask } else { 1.0 - shown.mask };
        }
        let edges = shown.iter().map(|shown| shown.edge_idx).collect();
        let mask = PatchMask { values: &PruneScores::new(values), edges: Some(&edges), activations: None };
        Some(LayoutRequest::of_mask(&self.scored.graph, &mask, 0.0, labels, options))
    }

    fn shown(&self) -> Option<Vec<Shown>> {
        let scores = &self.scored.scores;
        let circuit = scores.circuit(self.choice.requested).ok()?;
        let shown = view::shown(scores, &view::edges_in_circuit(scores, &circuit), self.choice.edits.map());
        Some(self.other.as_ref().map_or_else(|| shown.clone(), |other| other.compared(scores, &shown)))
    }
}

/// What a scene depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneRequest {
    pub request: DrawnRequest,
    pub drawn: DrawnRc,
    pub size: Size,
}

/// What is drawn. Equal where it is the same.
#[derive(Debug, Clone)]
pub struct DrawnRc(pub Rc<Drawn>);

impl PartialEq for DrawnRc {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// A scene with what its legend says.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    pub scene: Scene,
    pub legend: Vec<LegendItem>,
    /// How many boxes show their name at the pointer only.
    pub n_unnamed: usize,
}

impl SceneRequest {
    /// The scene in its look.
    pub fn drawing(&self) -> Drawing {
        match self.request.view.look {
            Look::Flow => self.flow(),
            Look::Matrix => self.matrix(),
            Look::AutoCircuit => self.auto_circuit(),
        }
    }

    /// The drawing as the text of an SVG file, with its legend or without. auto-circuit's look has its own size and legend.
    pub fn file(&self, theme: Theme, legend: bool) -> String {
        match self.request.view.look {
            Look::Flow => svg::svg_string(&self.flow_layout(), theme, &About { legend, ..About::default() }),
            Look::Matrix => {
                let request = matrix::Request { drawn: &self.drawn.0, size: self.size, steps: matrix::STEPS };
                let layout = matrix::layout(&request);
                if legend {
                    matrix::svg::svg_string(&layout, theme)
                } else {
                    matrix::svg::bare_svg_string(&layout, theme)
                }
            }
            Look::AutoCircuit => self.auto_circuit_layout().map_or(String::new(), |layout| svg_string(&layout, theme)),
        }
    }

    fn flow_layout(&self) -> sankey::Layout {
        let View { orientation, ref options, layer_spacing, .. } = self.request.view;
        let options = sankey::Options { layer_spacing, merge_ports: options.merge_ports };
        sankey::layout(&sankey::Request {
            orientation,
            options,
            ..sankey::Request::new(self.drawn.0.clone(), self.size)
        })
    }

    fn flow(&self) -> Drawing {
        let layout = self.flow_layout();
        Drawing { scene: flow_scene(&layout), legend: legend_items(&layout), n_unnamed: layout.n_late_labels() }
    }

    fn matrix_layout(&self) -> matrix::Layout {
        matrix::layout(&matrix::Request { drawn: &self.drawn.0, size: self.size, steps: matrix::STEPS })
    }

    fn matrix(&self) -> Drawing {
        let layout = self.matrix_layout();
        let n_edges = self.drawn.0.n_edges();
        let scene = Scene::new(SceneParts {
            width: layout.size.width,
            height: layout.size.height,
            // The markup brings an element of its own.
            class: "",
            markup: matrix::svg::markup(&layout),
            description: format!("Matrix of {}: rows are sources, columns destinations", counted(n_edges, "edge")),
            ..SceneParts::default()
        });
        Drawing { scene, legend: Vec::new(), n_unnamed: 0 }
    }

    fn auto_circuit_layout(&self) -> Option<auto_circuit::Layout> {
        let DrawnRequest { scored, choice, view, seq_labels, .. } = &self.request;
        let circuit = scored.scores.circuit(choice.requested).ok()?;
        let options =
            DrawOptions { orientation: view.orientation, layer_spacing: view.layer_spacing, ..DrawOptions::default() };
        let labels = (!seq_labels.is_empty()).then_some(seq_labels.as_slice());
        if view.by_mask {
            return Some(auto_circuit::layout(&self.request.of_mask(labels, options)?));
        }
        Some(auto_circuit::layout(&LayoutRequest::for_circuit(
            &scored.graph,
            &scored.scores,
            &circuit,
            labels,
            options,
        )))
    }

    fn auto_circuit(&self) -> Drawing {
        let Some(layout) = self.auto_circuit_layout() else { return Drawing::empty() };
        let scene = Scene::new(SceneParts {
            width: layout.size.width,
            height: layout.size.height,
            class: "circuit",
            markup: auto_circuit::svg::markup(&layout, "drawing"),
            description: format!("Circuit of {}, as auto-circuit draws it", counted(layout.ribbons.len(), "edge")),
            ..SceneParts::default()
        });
        Drawing { scene, legend: Vec::new(), n_unnamed: 0 }
    }
}

impl Drawing {
    fn empty() -> Self {
        Self { scene: Scene::new(SceneParts::default()), legend: Vec::new(), n_unnamed: 0 }
    }
}

fn flow_scene(layout: &sankey::Layout) -> Scene {
    let vertical = layout.orientation == circuitscope_picture::Orientation::Vertical;
    let stops = layout.boxes.iter().map(|node_box| {
        let rect = node_box.rect;
        let across = if vertical { rect.x + rect.width / 2.0 } else { rect.y + rect.height / 2.0 };
        Stop {
            name: layout.node(node_box).name.clone(),
            seq_idx: layout.seq_idx(node_box),
            column: node_box.column,
            across,
        }
    });
    let links = layout.ribbons.iter().map(|ribbon| {
        let link = layout.link(ribbon);
        StopLink { name: link.name.clone(), src: ribbon.src_box, dest: ribbon.dest_box, strength: link.score.abs() }
    });
    Scene::new(SceneParts {
        width: layout.size.width,
        height: layout.size.height,
        class: "circuit-flow",
        markup: svg::markup(layout, &svg::Look::in_page("drawing")),
        description: svg::description(layout),
        stops: stops.collect(),
        links: links.collect(),
    })
}

/// What is said beside the pointer.
#[derive(Debug, Clone, PartialEq)]
pub struct Tip {
    pub title: String,
    /// The score, with its sign.
    pub score: Option<(String, bool)>,
    pub text: String,
}

/// What there is to say of what is pointed at.
pub fn tip(state: &State, drawn: &Drawn, target: &Target) -> Option<Tip> {
    match target {
        Target::Edge(name) => edge_tip(state, drawn.links().find(|link| link.name == *name)?),
        Target::Node(name) => {
            let node_idx = drawn.nodes.nodes.iter().rposition(|node| node.name == *name)?;
            let node = &drawn.nodes.nodes[node_idx];
            let count = |is_of: fn(&Link) -> usize| {
                drawn.links().filter(|link| is_of(link) == node_idx).map(|link| link.n_edges).sum::<usize>()
            };
            let heads = if node.n_members > 1 { "Click to draw the heads apart. " } else { "" };
            let title = if node.n_members > 1 {
                format!("{} heads of layer {}", node.n_members, node.name.trim_start_matches('A'))
            } else {
                node.label.clone()
            };
            let text =
                format!("{heads}{} in, {} out", counted(count(|link| link.dest), "edge"), count(|link| link.src));
            Some(Tip { title, score: None, text })
        }
    }
}

fn edge_tip(state: &State, link: &Link) -> Option<Tip> {
    let score = Some((signed(link.score.into()), link.score < 0.0));
    if link.n_edges > 1 {
        let text = format!("{} together. Click to draw them apart.", counted(link.n_edges, "edge"));
        return Some(Tip { title: edge_title(&link.name), score, text });
    }
    if let Some(text) = two_circuits::edge_line(state, link) {
        return Some(Tip { title: edge_title(&link.name), score: None, text });
    }
    let scored = state.scored()?;
    let rank = scored.scores.ranking().rank(link.score);
    let path = if link.on_path || link.mask == 0.0 { "" } else { ", on no path from Embed to Unembed" };
    let mask = match link.mask {
        0.0 => ", taken out".to_owned(),
        mask if mask < 1.0 => format!(", mask {mask:.2}"),
        _ => String::new(),
    };
    let text = format!("rank {} of {}{mask}{path}", grouped(rank), grouped(scored.scores.n_edges()));
    Some(Tip { title: edge_title(&link.name), score, text })
}

/// An edge's name for people: `MLP 0 → A3.1 · V`.
pub fn edge_title(name: &str) -> String {
    let (position, name) = match name.split_once(':') {
        Some((position, name)) => (format!(" at {position}"), name),
        None => (String::new(), name),
    };
    let (src, dest) = name.split_once("->").unwrap_or((name, ""));
    let port = dest.rsplit_once('.').filter(|(_, port)| ["Q", "K", "V"].contains(port));
    let dest = port.map_or_else(|| node_title(dest).to_owned(), |(head, port)| format!("{head} · {port}"));
    format!("{} → {dest}{position}", node_title(src))
}

/// A node's name for people: auto-circuit's, but for the ends of the residual stream.
pub fn node_title(name: &str) -> &str {
    match name {
        "Resid Start" => "Embed",
        "Resid End" => "Unembed",
        name => name,
    }
}

/// A number with its sign and about three significant digits.
pub fn signed(x: f64) -> String {
    let sign = if x < 0.0 { "\u{2212}" } else { "+" };
    if x == 0.0 {
        "0".to_owned()
    } else if x.is_infinite() {
        format!("{sign}∞")
    } else {
        format!("{sign}{}", decimal_text(x.abs()))
    }
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

/// The blocks whose heads a click on something draws apart.
pub fn blocks_to_open(drawn: &Drawn, target: &Target) -> Vec<usize> {
    let shared = |node_idx: usize| {
        let node = &drawn.nodes.nodes[node_idx];
        (node.n_members > 1).then(|| drawn.nodes.layers.get(node.layer)?.block).flatten()
    };
    match target {
        Target::Node(name) => {
            drawn.nodes.nodes.iter().rposition(|node| node.name == *name).and_then(shared).into_iter().collect()
        }
        Target::Edge(name) => {
            let link = drawn.links().find(|link| link.name == *name && link.n_edges > 1);
            link.map_or(Vec::new(), |link| [link.src, link.dest].into_iter().filter_map(shared).collect())
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
    let n_drawn = counted(drawn.n_edges(), "edge");
    if left_out.is_empty() {
        format!("All {n_drawn} drawn")
    } else {
        format!("{n_drawn} drawn; not drawn: {}", left_out.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_have_titles_for_people() {
        for (name, title) in [
            ("Resid Start->A0.1.Q", "Embed → A0.1 · Q"),
            ("3:A0.1->MLP 1", "A0.1 → MLP 1 at 3"),
            ("A1.0->Resid End", "A1.0 → Unembed"),
            ("A0.1->A1.2", "A0.1 → A1.2"),
        ] {
            assert_eq!(edge_title(name), title);
        }
        assert_eq!([1.5, -0.25, 0.0, f64::INFINITY].map(signed), ["+1.50", "\u{2212}0.25", "0", "+∞"]);
    }
}
