//! What all later steps look at: the request, and what the first steps found.

use super::columns::{Columns, columns, has_side_labels};
use super::frame::{Frame, frame, is_token_wise};
use super::request::Request;
use crate::drawn::Nodes;

pub(super) struct Scene<'a> {
    pub request: &'a Request,
    pub nodes: &'a Nodes,
    pub frame: Frame,
    pub columns: Columns,
    /// Whether there is a band for each token position.
    pub token_wise: bool,
    /// Whether the names of the first and of the last column are out of the flow.
    pub sides: [bool; 2],
    /// The links of all bands.
    pub n_links: usize,
    /// The largest finite |score| that is drawn; 1 where there is none above 0.
    pub largest: f32,
}

pub(super) fn scene(request: &Request) -> Scene<'_> {
    let frame = frame(request);
    let sizes = request.drawn.links().map(|link| link.score.abs()).filter(|size| size.is_finite());
    let largest = sizes.fold(0.0, f32::max);
    Scene {
        request,
        nodes: &request.drawn.nodes,
        columns: columns(request, frame.along[0], frame.along[1]),
        frame,
        token_wise: is_token_wise(request),
        sides: has_side_labels(request),
        n_links: request.drawn.links().count(),
        largest: if largest > 0.0 { largest } else { 1.0 },
    }
}
