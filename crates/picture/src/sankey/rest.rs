//! What is not drawn: a grey bar with its number, or a stream whose height between two layers follows the strength of the undrawn
//! edges that pass there.

use super::columns::Columns;
use super::frame::{BAR, Frame, is_token_wise};
use super::layout::RestBar;
use super::request::Request;
use super::scene::Scene;
use super::text::count;
use crate::auto_circuit::Orientation;
use crate::drawn::Side;
use crate::geometry::{Point, TextAlign, TextSpot};

/// The height of the stream where it is strongest.
const STREAM: f64 = 38.0;
/// Between the bar, or the stream, and the axis.
const ABOVE_AXIS: f64 = 10.0;
const STREAM_ABOVE_AXIS: f64 = 9.0;
/// The stream steps at a column, over this way on either side.
const STEP: f64 = 1.5;

/// Whether there is a bar.
pub(super) fn is_drawn(request: &Request) -> bool {
    let rest = &request.drawn.rest;
    rest.n_in_circuit + rest.n_outside > 0
}

/// Whether it is a stream: there is one flow, from left to right, and it is known where edges pass.
pub(super) fn is_stream(request: &Request) -> bool {
    let is_flow = request.orientation == Orientation::Horizontal && !is_token_wise(request);
    is_flow && !request.drawn.rest.stream.is_empty()
}

pub(super) fn rest(scene: &Scene) -> Option<RestBar> {
    let Scene { request, frame, columns, .. } = scene;
    if !is_drawn(request) {
        return None;
    }
    let rest = &request.drawn.rest;
    let is_stream = is_stream(request);
    let outline = if is_stream { stream(&rest.stream, frame, columns) } else { bar(frame) };
    let (left, right) = outline.iter().fold((f64::INFINITY, 0.0_f64), |(l, r), p| (l.min(p.x), r.max(p.x)));
    let bottom = outline.iter().map(|point| point.y).fold(0.0, f64::max);
    let at = Point { x: (left + right) / 2.0, y: bottom - 3.5 - if is_stream { 1.5 } else { 0.0 } };
    let text = text(request, is_stream);
    Some(RestBar { outline, is_stream, text, spot: TextSpot { at, align: TextAlign::Middle } })
}

fn bar(frame: &Frame) -> Vec<Point> {
    let ([left, right], top) = if frame.is_vertical() {
        ([frame.across[0] - 6.0, frame.width - 6.0], frame.height - BAR - 4.0)
    } else {
        (frame.along, frame.axis_at - ABOVE_AXIS - BAR)
    };
    let at = |x, y| Point { x, y };
    vec![at(left, top), at(right, top), at(right, top + BAR), at(left, top + BAR)]
}

/// One step for each gap between two columns: the strongest of the gaps between their layers.
fn stream(strengths: &[f64], frame: &Frame, columns: &Columns) -> Vec<Point> {
    let most = strengths.iter().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let bottom = frame.axis_at - STREAM_ABOVE_AXIS;
    let mut outline = vec![Point { x: columns.centres[0], y: bottom }];
    for (layers, xs) in columns.layers.windows(2).zip(columns.centres.windows(2)) {
        let here = strengths.get(layers[0]..layers[1].min(strengths.len())).unwrap_or_default();
        let y = bottom - STREAM * here.iter().copied().fold(0.0, f64::max) / most;
        let step = STEP.min((xs[1] - xs[0]) / 4.0);
        outline.extend([Point { x: xs[0] + step, y }, Point { x: xs[1] - step, y }]);
    }
    outline.push(Point { x: columns.centres[columns.centres.len() - 1], y: bottom });
    outline
}

/// In words: how many edges there are, and whether they belong to the circuit.
fn text(request: &Request, is_stream: bool) -> String {
    let rest = &request.drawn.rest;
    let edges = |n: usize| if n == 1 { "edge" } else { "edges" };
    let compared = request.drawn.links().any(|link| link.side != Side::One);
    match (rest.n_in_circuit, rest.n_outside) {
        (0, n) if compared => format!("{} {} in neither circuit", count(n), edges(n)),
        (0, n) => format!("{} weaker {} not drawn", count(n), edges(n)),
        (n, _) if compared && is_stream => {
            format!("{} weaker {} of the two circuits in one grey stream", count(n), edges(n))
        }
        (n, m) if compared => format!("{} more of the two circuits and {} in neither not drawn", count(n), count(m)),
        (n, m) if is_stream => {
            let elsewhere = n.saturating_sub(rest.n_weaker);
            let shown = format!("{} weaker {} in one grey stream", count(n - elsewhere), edges(n - elsewhere));
            let more = [(elsewhere, "elsewhere in the circuit"), (m, "outside it")];
            let more = more.into_iter().filter(|(n, _)| *n > 0).map(|(n, place)| format!(", {} {place}", count(n)));
            shown + &more.collect::<String>()
        }
        (n, 0) => format!("{} more {} of the circuit not drawn", count(n), edges(n)),
        (n, m) => format!("{} more of the circuit and {} weaker {} not drawn", count(n), count(m), edges(m)),
    }
}
