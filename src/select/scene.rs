//! The drawing in its look: where everything goes, and what the legend says.

use std::rc::Rc;

use super::figure::DrawnRequest;
use crate::state::picture::{Look, View};
use crate::words::counted;
use circuitscope_figure::scene::{Markup, Scene, SceneParts, flow_scene};
use circuitscope_picture::auto_circuit::Activations;
use circuitscope_picture::drawn::Drawn;
use circuitscope_picture::sankey::svg::{self, About, LegendItem, legend_items};
use circuitscope_picture::sankey::{self, AttentionArc};
use circuitscope_picture::{DrawOptions, LayoutRequest, Size, Theme, auto_circuit, matrix, svg_string};

/// What a scene depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneRequest {
    pub request: DrawnRequest,
    pub drawn: DrawnRc,
    pub size: Size,
    /// What the selected head looks back at.
    pub arcs: Rc<[AttentionArc]>,
    /// What edges carry, where auto-circuit's look draws the mask.
    pub activations: Option<Rc<Activations>>,
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
            arcs: self.arcs.clone(),
            ..sankey::Request::new(self.drawn.0.clone(), self.size)
        })
    }

    fn flow(&self) -> Drawing {
        let layout = self.flow_layout();
        let (legend, n_unnamed) = (legend_items(&layout), layout.n_late_labels());
        Drawing { scene: flow_scene(layout), legend, n_unnamed }
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
            markup: Markup::Whole(matrix::svg::markup(&layout)),
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
            return Some(auto_circuit::layout(&self.request.of_mask(labels, self.activations.as_deref(), options)?));
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
            markup: Markup::Whole(auto_circuit::svg::markup(&layout, "drawing")),
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
