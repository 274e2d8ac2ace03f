//! The geometry of a drawn circuit: a Sankey diagram whose boxes are nodes and whose ribbons are edges.
//!
//! [`LayoutRequest`] holds all that counts, [`Layout`] all that is drawn; [`layout`] leads from one to the other in named
//! steps, in the way of d3-sankey. It is pure, and neither hash order nor the order of ties reaches the picture:
//!
//! 1. `diagram`: which layers get a column, and which nodes get a box in each sub-diagram (one a token position).
//! 2. `breadths`: one scale from score to pixels for the whole picture, and from it the room that each sub-diagram takes.
//! 3. `lanes`: where a wide link passes a column, it takes room there.
//! 4. `relax`: boxes and lanes move towards what they are linked to, which takes out crossings, and never overlap.
//! 5. `ribbons`: the ends of the links are sorted within their boxes.
//! 6. `place`: from the flow's own directions to the page's.
//!
//! Up to step 6, *along* is the direction of the flow, from the embedding to the unembedding, and *across* the other one;
//! all lengths are CSS pixels.

mod breadths;
mod diagram;
mod domains;
mod geometry;
mod lanes;
mod place;
mod relax;
mod request;
mod ribbons;
mod text;

pub use geometry::{Curve, Layout, NodeBox, Point, PositionLabel, Rect, Ribbon, Size, TextAlign, TextSpot};
pub use request::{DrawOptions, DrawnNode, LayoutRequest, Link, Orientation, SeqPositions, SubDiagram};
pub use text::score_text;

/// Where everything of a picture goes. The same request gives the same layout.
pub fn layout(request: &LayoutRequest) -> Layout {
    let columns = diagram::columns(request);
    let mut diagrams: Vec<_> =
        request.sub_diagrams.iter().map(|sub| diagram::diagram(request, sub, &columns)).collect();
    let bands = breadths::breadths(request, &mut diagrams);
    for (diagram, band) in diagrams.iter_mut().zip(&bands) {
        relax::relax(diagram, band.breadth);
        ribbons::ribbons(diagram);
    }
    place::place(request, &diagrams, &bands)
}
