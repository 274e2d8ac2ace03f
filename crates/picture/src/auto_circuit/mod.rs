//! The geometry of a drawn circuit: a Sankey diagram whose boxes are nodes and whose ribbons are edges.
//!
//! [`LayoutRequest`] holds everything that a picture depends on, [`Layout`] everything that is drawn. [`layout`] computes one
//! from the other in named steps, as d3-sankey does. It is pure, and neither hash order nor the order of ties reaches the
//! picture:
//!
//! 1. `diagram`: which layers get a column, and which nodes get a box in each sub-diagram (one a token position).
//! 2. `breadths`: one scale from score to pixels for the whole picture, and from it the room that each sub-diagram takes.
//! 3. `lanes`: where a wide link passes a column, it takes room there.
//! 4. `relax`: boxes and lanes move towards the boxes that they are linked to, which takes out crossings; they never overlap.
//! 5. `ribbons`: the ends of the links are sorted within their boxes.
//! 6. `draw`: from the flow's own directions to those of the `page`.
//!
//! Up to step 6, *along* is the direction of the flow, from the embedding to the unembedding, and *across* the other one;
//! all lengths are CSS pixels.
//!
//! `from_scores` writes the request for a graph with its scores or a patch mask, and [`svg`] the picture of the layout.

mod breadths;
mod diagram;
mod domains;
mod draw;
mod from_scores;
mod lanes;
mod layout;
mod margins;
mod page;
mod relax;
mod request;
mod ribbons;
pub mod svg;
mod text;

pub use from_scores::{Activation, Activations, PatchMask};
pub use layout::{Layout, NodeBox, PositionLabel, Ribbon};
pub use request::{DrawOptions, DrawnNode, LayoutRequest, Link, Orientation, SeqPositions, SubDiagram};
pub use text::score_text;

/// The positions of everything in a picture. The same request gives the same layout.
pub fn layout(request: &LayoutRequest) -> Layout {
    let columns = diagram::columns(request);
    let mut diagrams: Vec<_> =
        request.sub_diagrams.iter().map(|sub| diagram::diagram(request, sub, &columns)).collect();
    let bands = breadths::breadths(request, &mut diagrams);
    for (diagram, band) in diagrams.iter_mut().zip(&bands) {
        relax::relax(diagram, band.breadth);
        ribbons::ribbons(diagram);
    }
    draw::draw(request, &diagrams, &bands)
}
