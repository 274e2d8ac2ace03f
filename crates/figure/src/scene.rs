//! A drawn circuit as the drawing takes it: its markup, and what there is to walk through by keys.

use std::fmt::{self, Debug, Formatter};
use std::rc::Rc;

use circuitscope_picture::sankey::{self, svg};
use circuitscope_picture::{Orientation, Size};

/// A drawn circuit. Two are equal where they are the same one.
#[derive(Debug, Clone)]
pub struct Scene(Rc<SceneParts>);

/// What a scene is made of.
#[derive(Debug, Default)]
pub struct SceneParts {
    pub width: f64,
    pub height: f64,
    /// The class of the `<svg>` element, which its style knows.
    pub class: &'static str,
    /// Everything within the `<svg>` element.
    pub markup: Markup,
    /// The picture in a sentence, for readers who do not see it.
    pub description: String,
    /// The boxes that the keys walk through; none where there is nothing to walk through.
    pub stops: Vec<Stop>,
    pub links: Vec<StopLink>,
}

/// Markup at once, or in two steps.
pub enum Markup {
    Whole(String),
    /// Where there is much to draw: what looks the same and costs little while the drawing changes all the time, and the
    /// whole, made once it rests.
    InSteps {
        quick: String,
        whole: Box<dyn Fn() -> String>,
    },
}

impl Default for Markup {
    fn default() -> Self {
        Self::Whole(String::new())
    }
}

impl Debug for Markup {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let (Self::Whole(markup) | Self::InSteps { quick: markup, .. }) = self;
        f.debug_tuple("Markup").field(markup).finish()
    }
}

/// A box at which the keys stop.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// The node's name, as in `data-node`.
    pub name: String,
    /// The token position, as in `data-seq`.
    pub seq_idx: Option<usize>,
    /// Counted along the flow.
    pub column: usize,
    /// The middle of the box across the flow, in pixels.
    pub across: f64,
}

/// A link between two stops.
#[derive(Debug, Clone, PartialEq)]
pub struct StopLink {
    /// The edge's name, as in `data-edge`.
    pub name: String,
    /// Indices of stops.
    pub src: usize,
    pub dest: usize,
    /// |score|.
    pub strength: f32,
}

impl Scene {
    pub fn new(parts: SceneParts) -> Self {
        Self(Rc::new(parts))
    }

    pub fn size(&self) -> Size {
        Size { width: self.0.width, height: self.0.height }
    }
}

impl PartialEq for Scene {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl std::ops::Deref for Scene {
    type Target = SceneParts;

    fn deref(&self) -> &SceneParts {
        &self.0
    }
}

/// The scene of a layout of `sankey`. Its boxes are the stops of the keys.
pub fn flow_scene(layout: sankey::Layout) -> Scene {
    let vertical = layout.orientation == Orientation::Vertical;
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
    let (stops, links) = (stops.collect(), links.collect());
    Scene::new(SceneParts {
        width: layout.size.width,
        height: layout.size.height,
        class: "circuit-flow",
        description: svg::description(&layout),
        stops,
        links,
        markup: flow_markup(layout),
    })
}

fn flow_markup(layout: sankey::Layout) -> Markup {
    let look = svg::Look::in_page("drawing");
    if layout.ribbons.len() <= svg::MAX_HIT_PATHS {
        return Markup::Whole(svg::markup(&layout, &look));
    }
    let quick = svg::markup(&layout, &look.merged());
    Markup::InSteps { quick, whole: Box::new(move || svg::markup(&layout, &look)) }
}
